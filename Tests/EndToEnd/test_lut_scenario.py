"""A look changes: which reviewables are stale, and whether they show the new look once they are made again.

Builds the show of `../shared/data/scenario_lut_change` beside the repository: eight frames, and an OCIO config whose view
`show` has another look in its second version while its view `plain` stays. Skipped where that folder is not there.
"""

import json
import re
import subprocess
import unittest

from sluice_server import ROOT, VENV, ServerTestCase

DATA = ROOT.parent / "shared" / "data"
SCENARIO = DATA / "scenario_lut_change"
SHOT = "demo/sq010/sh0010"
#: A mean over a picture, of 255; another build of OpenColorIO may round single channels otherwise.
TOLERANCE = 0.5

# The config is laid out for each task as OCIO wants it, with the one look that its view needs: so a reviewable hangs on that
# look and on no other. Tasks of a run share a folder, and so each has a place of its own in it.
GRADE = """\
    command: [sh, -c, 'mkdir -p "config/$7/luts" && cp "$1" "config/$7/config.ocio" && cp "$2" "config/$7/luts/$3" &&
              exec oiiotool --threads 1 --colorconfig "config/$7/config.ocio" "$4" --ociodisplay monitor "$5" -d uint8 -o "$6"',
              sh, "{config}", "{look}", FILE, "{plate}", VIEW, "{frames}", "{frame}"]
"""
STEP = """\
  VIEW:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
      config: { product: /color/config }
      look: { product: /color/LOOK }
    outputs:
      frames: { product: VIEW_review, files: "VIEW.####.tif" }
"""
HEAD = """\
sluice: 1
project: demo
folders:
  - color
  - { path: sq010/sh0010, type: shot, range: 1001-1008 }
steps:
"""
LOOKS = {"show": "show_look", "plain": "plain"}


def step(view, look):
    text = STEP + GRADE
    return text.replace("LOOK", look).replace("FILE", f"{look}.cube").replace("VIEW", view)


def mean(path):
    """Of each channel, 0 to 255."""
    ran = subprocess.run([VENV / "oiiotool", "--stats", path], capture_output=True, text=True, check=True, timeout=60)
    return [float(number) for number in re.search(r"Stats Avg: ([\d. ]+)", ran.stdout)[1].split()[:3]]


@unittest.skipUnless(SCENARIO.is_dir(), "no shared data")
class LookChange(ServerTestCase):
    def publish_config(self, version):
        folder = SCENARIO / f"config_{version}"
        self.server.ask("publish", "demo/color/config", folder / "config.ocio", "--note", f"config {version}")
        for look in LOOKS.values():
            self.server.ask("publish", f"demo/color/{look}", folder / "luts" / f"{look}.cube", "--note", version)

    def product(self, view):
        return self.server.ask("status", f"{SHOT}/{view}_review")["products"][0]

    def means(self, view):
        """By frame."""
        resolved = self.server.post("/api/v1/resolve", {"refs": [f"{SHOT}/{view}_review"]}).json["results"][0]
        folder = self.server.data / "store"
        self.assertTrue(str(resolved["directory"]).startswith(str(folder)), resolved)
        return {str(frame): mean(f"{resolved['directory']}/{view}.{frame}.tif") for frame in range(1001, 1009)}

    def assert_looks(self, version):
        for view, frames in self.expected["views"].items():
            for frame, found in self.means(view).items():
                for channel, wanted in zip(found, frames[frame][version]["mean_rgb8"]):
                    self.assertAlmostEqual(channel, wanted, delta=TOLERANCE, msg=f"{view} {frame} {version}: {found}")

    def test_it_makes_the_reviewables_of_its_view_stale_and_no_other(self):
        self.expected = json.loads((SCENARIO / "expected.json").read_text())
        self.server.pipeline(HEAD + "".join(step(view, look) for view, look in LOOKS.items()))
        plates = sorted((DATA / "exr" / "beachball_quarter").glob("*.exr"))
        self.assertEqual(len(plates), 8)
        self.server.ask("publish", f"{SHOT}/plate", *plates)
        self.publish_config("v1")
        self.assertEqual(self.server.apply()["succeeded"], 2)
        self.assert_looks("v1")

        self.publish_config("v2")
        show, plain = self.product("show"), self.product("plain")
        changed = self.expected["changed_frames_v1_to_v2"]
        self.assertEqual((show["freshness"], plain["freshness"]), ("stale", "current"))
        self.assertEqual(show["ranges"], [{"frames": "1001-1008", "freshness": "stale", "reasons": [0]}])
        self.assertEqual((changed["show"], changed["plain"]), (8, 0))
        self.assertEqual((show["staleFrames"], plain.get("staleFrames", "")), ("1001-1008", ""))
        self.assertEqual(plain["ranges"], [{"frames": "1001-1008", "freshness": "current", "reasons": []}])
        self.assertEqual([reason["input"] for reason in show["reasons"]], ["demo/color/show_look"])
        self.assertRegex(show["reasons"][0]["text"], r"^color/show_look moved from v001 to v002 \(tester, ")
        before = self.server.versions(f"{SHOT}/plain_review")
        plan = self.server.ask("plan", "demo")
        self.assertEqual([(run["step"], run["frames"]) for run in plan["runs"]], [("show", "1001-1008")])

        self.assertEqual(self.server.apply()["succeeded"], 1)
        self.assertEqual(self.server.versions(f"{SHOT}/plain_review"), before)
        self.assert_looks("v2")
        self.assertEqual({view: self.product(view)["state"] for view in LOOKS}, {"show": "current", "plain": "current"})
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])


if not SCENARIO.is_dir():
    print("skipped: no shared data")


if __name__ == "__main__":
    unittest.main()
