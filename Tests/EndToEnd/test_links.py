"""Links and ranges: neighbours of frames, what an input names, and the frames that there should be.

Every program of the show writes down what it was given, so the text of a result says what it was made from.
"""

import unittest
from pathlib import Path

from sluice_server import ServerTestCase

PIPELINE = """\
sluice: 1
project: demo
folders:
  - { path: assets/chair, type: asset }
  - { path: sq010/sh0010, type: shot, range: 1001-1004 }
steps:
  scene:
    for: { type: asset }
    inputs:
      model: { product: model }
      texture: { product: texture, link: reference }
      brief: { product: brief, link: association }
    outputs:
      scene: { product: scene, files: scene.txt }
    command: [sh, -c, '(cat "$1"; echo "names $2") > "$3"', sh, "{model}", "{texture}.txt", "{scene}"]
  render:
    for: { type: shot }
    inputs:
      scene: { product: /assets/chair/scene }
    outputs:
      beauty: { product: beauty, files: "beauty.####.txt" }
    frames: range
    chunk: 2
    command: [sh, -c, 'for frame in $(seq "$3" "$4"); do
                (echo "frame $frame"; cat "$1" "$2/assets/chair/texture.txt") > "$5/beauty.$frame.txt"; done',
              sh, "{scene}", "{scene.through}", "{frame.first}", "{frame.last}", "{beauty.dir}"]
  blur:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: { offset: [-1, 1] } }
    outputs:
      frames: { product: blur, files: "blur.####.txt" }
    command: [sh, -c, 'for frame in $(seq "$2" "$3"); do cat "$1/plate.$frame.txt"; done > "$4"', sh,
              "{plate.dir}", "{plate.first}", "{plate.last}", "{frames}"]
  movie:
    for: { type: shot }
    inputs:
      frames: { product: blur }
    outputs:
      movie: { product: movie, files: movie.txt }
    command: [sh, -c, 'cat "$1"/*.txt > "$2"', sh, "{frames.dir}", "{movie}"]
"""
SHOT = "demo/sq010/sh0010"


class Links(ServerTestCase):
    def setUp(self):
        super().setUp()
        self.server.pipeline(PIPELINE)
        self.server.ask("publish", "demo/assets/chair/model", self.server.file("model.txt", "four legs\n"))
        self.server.ask("publish", "demo/assets/chair/texture", self.server.file("red.txt", "red\n"))
        self.server.ask("publish", "demo/assets/chair/brief", self.server.file("brief.txt", "a chair\n"))
        self.server.ask("publish", f"{SHOT}/plate", *self.server.frames(1001, 1006))
        self.server.apply()

    def file(self, ref, frame=None):
        """A file of a version, where it lies in the store."""
        shown = self.server.ask("show", ref)["selected"]
        file = next(file for file in shown["files"] if file.get("frame") == frame)
        return Path(shown["path"]) / file["representation"] / file["path"]

    def text(self, ref, frame=None):
        return self.file(ref, frame).read_text()

    def status(self, ref):
        return next(p for p in self.server.ask("status", "demo")["products"] if p["ref"] == ref)

    def stale(self):
        return {ref.removeprefix("demo/"): self.status(ref).get("staleFrames")
                for ref, state in self.server.states().items() if state != "current"}  # fmt: skip

    def planned(self):
        plan = self.server.ask("plan", "demo")
        return {run["step"]: run["frames"] for run in plan["runs"]}

    def test_motion_blur_is_stale_around_a_frame_that_changed(self):
        self.assertEqual(self.text(f"{SHOT}/blur", 1001), "frame 1001\nframe 1002\n")
        self.assertEqual(self.text(f"{SHOT}/blur", 1002), "frame 1001\nframe 1002\nframe 1003\n")
        patch = self.server.file("patch/plate.1001.txt", "repainted\n")
        self.server.ask("publish", f"{SHOT}/plate", patch, "--patch")
        self.assertEqual(self.stale(), {"sq010/sh0010/blur": "1001-1002", "sq010/sh0010/movie": None})
        self.assertEqual(self.planned(), {"blur": "1001-1002", "movie": None})
        self.server.apply()
        self.assertEqual(self.stale(), {})
        self.assertEqual(self.text(f"{SHOT}/blur", 1002), "repainted\nframe 1002\nframe 1003\n")
        self.assertEqual(self.server.ask("show", f"{SHOT}/blur")["versions"][0]["changed"], "1001-1002")
        # The others are the same files as before.
        one, other = (self.server.ask("show", f"{SHOT}/blur@{number}")["selected"] for number in (1, 2))
        self.assertNotEqual(one["path"], other["path"])
        for frame, is_carried in ((1002, False), (1003, True), (1004, True)):
            files = [self.file(f"{SHOT}/blur@{number}", frame) for number in (1, 2)]
            self.assertEqual(files[0].samefile(files[1]), is_carried, frame)

    def test_a_texture_makes_the_render_stale_and_the_scene_not(self):
        self.assertEqual(self.text("demo/assets/chair/scene"), "four legs\nnames assets/chair/texture.txt\n")
        self.assertTrue(self.text(f"{SHOT}/beauty", 1003).endswith("red\n"))
        self.server.ask("publish", "demo/assets/chair/texture", self.server.file("blue.txt", "blue\n"))
        self.server.ask("publish", "demo/assets/chair/brief", self.server.file("brief.txt", "make it nice\n"))
        self.assertEqual(self.stale(), {"sq010/sh0010/beauty": "1001-1004"})
        reason = self.status(f"{SHOT}/beauty")["reasons"][0]
        self.assertEqual((reason["kind"], reason["input"], reason["via"]),
                         ("reference", "demo/assets/chair/texture", "demo/assets/chair/scene"))  # fmt: skip
        self.assertRegex(
            reason["text"],
            r"^assets/chair/texture moved from v001 to v002 \(tester, .* UTC\), through assets/chair/scene$",
        )
        reached = self.server.ask("impact", "demo/assets/chair/texture")["products"]
        self.assertEqual([product["ref"] for product in reached], [f"{SHOT}/beauty"])
        self.server.apply()
        self.assertEqual(self.stale(), {})
        self.assertTrue(self.text(f"{SHOT}/beauty", 1003).endswith("blue\n"))
        made_from = self.server.ask("show", f"{SHOT}/beauty")["selected"]["madeFrom"]
        self.assertEqual([(used["ref"], used.get("through")) for used in made_from],
                         [("demo/assets/chair/scene", None),
                          ("demo/assets/chair/texture", "demo/assets/chair/scene")])  # fmt: skip

    def test_a_shorter_range_makes_no_frame_and_a_longer_one_only_new_ones(self):
        self.server.ask("folder", "set", SHOT, "--set", "range=1001-1002")
        self.assertEqual(self.planned(), {"movie": None})
        reason = self.status(f"{SHOT}/movie")["reasons"][0]
        self.assertEqual(reason["kind"], "range")
        self.assertIn("sq010/sh0010 has the range 1001-1002 (tester, ", reason["text"])
        self.server.apply()
        self.assertEqual(self.text(f"{SHOT}/movie").count("\n"), 2 + 3)
        self.assertEqual(self.status(f"{SHOT}/blur")["frames"], "1001-1004")
        self.server.ask("folder", "set", SHOT, "--set", "range=1001-1006")
        self.assertEqual(self.planned(), {"render": "1005-1006", "blur": "1005-1006", "movie": None})
        self.server.apply()
        self.assertEqual(self.stale(), {})
        self.assertEqual(self.status(f"{SHOT}/beauty")["frames"], "1001-1006")
        self.assertEqual(self.server.ask("show", f"{SHOT}/beauty")["versions"][0]["changed"], "1005-1006")

    def test_missing_frames_are_named_and_hinder_nothing(self):
        self.server.ask("folder", "set", SHOT, "--set", "range=1002-1007", "--set", "handles=1")
        self.server.apply()
        blur = self.status(f"{SHOT}/blur")
        self.assertEqual((blur["state"], blur["frames"], blur["missingFrames"]), ("current", "1001-1006", "1007-1008"))
        self.assertEqual([reason["text"] for reason in blur["reasons"]], ["sq010/sh0010/plate has no frames 1007-1008"])
        self.assertNotIn("missingFrames", self.status(f"{SHOT}/beauty"))
        self.assertEqual(self.status(f"{SHOT}/beauty")["frames"], "1001-1008")

    def test_a_wrong_link_is_refused_with_its_place(self):
        wrong = self.server.file("wrong.yaml", PIPELINE.replace("link: reference", "link: refrence"))
        ran = self.server.run("pipeline", "check", wrong, code=2)
        self.assertIn("did you mean 'reference'?", str(ran))
        self.assertIn("line 11", str(ran))


if __name__ == "__main__":
    unittest.main()
