"""Casting, the cut, and what is left out: from a timeline on disk to what is stale and what is cancelled."""

import json
import unittest

import tiny_show
from sluice_server import ROOT, VENV, ServerTestCase, SharedServerTestCase, wait_until

SHARED = ROOT.parent / "shared" / "data" / "editorial"

CAST_PIPELINE = """\
sluice: 1
project: demo
folders:
  - { path: sq010, type: sequence }
  - { path: sq010/sh0010, type: shot }
  - { path: sq010/sh0020, type: shot }
  - { path: assets/chair, type: asset }
  - { path: assets/tree, type: asset }
steps:
  layout:
    for: { type: shot }
    inputs:
      models: { product: model, from: cast }
    outputs:
      scene: { product: layout, files: layout.txt }
    command: [sh, -c, 'scene=$1; shift; for model; do cat "$model"; echo "$model" | sed "s,.*/in/,,"; done > "$scene"', sh,
              "{scene}", "{models}"]
"""


def clip(name, start, duration, media=None, folder=None):
    """A clip as OTIO writes it."""
    time_of = {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0}
    return {
        "OTIO_SCHEMA": "Clip.1",
        "name": name,
        "metadata": {"sluice": {"folder": folder}} if folder else {},
        "source_range": {
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": {**time_of, "value": start},
            "duration": {**time_of, "value": duration},
        },
        "media_reference": {"OTIO_SCHEMA": "ExternalReference.1", "target_url": media}
        if media
        else {"OTIO_SCHEMA": "MissingReference.1"},
    }


def timeline(*clips, name="cut"):
    track = {"OTIO_SCHEMA": "Track.1", "name": "V", "kind": "Video", "children": list(clips)}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    return json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": name, "tracks": stack})


class Casting(ServerTestCase):
    def setUp(self):
        super().setUp()
        self.server.pipeline(CAST_PIPELINE)
        for asset in ("chair", "tree"):
            self.server.ask("publish", f"demo/assets/{asset}/model", self.server.file(f"{asset}.txt", f"a {asset}\n"))

    def scene(self, shot):
        version = self.server.ask("show", f"demo/sq010/{shot}/layout")["versions"][0]["version"]
        folder = self.server.data / "store" / "demo" / "sq010" / shot / "layout" / version
        return next(folder.rglob("layout.txt")).read_text()

    def stale(self):
        return [ref for ref, state in sorted(self.server.states().items()) if state != "current"]

    def test_a_step_sees_what_is_cast_and_a_new_asset_reaches_only_its_shots(self):
        self.server.apply()
        self.assertEqual((self.stale(), self.scene("sh0010")), ([], ""))
        answer = self.server.ask("cast", "add", "demo/sq010/sh0010", "demo/assets/tree", "demo/assets/chair")
        self.assertEqual(
            answer["changes"], [{"shot": "sq010/sh0010", "added": ["assets/chair", "assets/tree"], "removed": []}]
        )
        self.assertEqual(self.stale(), ["demo/sq010/sh0010/layout"])
        reasons = self.server.ask("status", "demo/sq010/sh0010/layout")["products"][0]["reasons"]
        self.assertEqual([reason["kind"] for reason in reasons], ["cast", "cast"])
        self.assertIn("assets/chair was cast in sq010/sh0010 (tester, ", reasons[0]["text"])
        self.server.apply()
        self.assertEqual(
            self.scene("sh0010"),
            "a chair\nmodels/assets/chair/model.txt\na tree\nmodels/assets/tree/model.txt\n",
        )
        self.server.ask("folder", "omit", "demo/assets/tree")
        self.server.apply()
        self.assertEqual(self.scene("sh0010"), "a chair\nmodels/assets/chair/model.txt\n")
        listed = self.server.ask("cast", "list", "demo/sq010")["shots"]
        self.assertEqual(
            listed,
            [
                {
                    "shot": "sq010/sh0010",
                    "assets": [{"asset": "assets/chair", "omitted": False}, {"asset": "assets/tree", "omitted": True}],
                }
            ],
        )
        self.server.ask("cast", "remove", "demo/sq010/sh0010", "demo/assets/chair")
        self.server.apply()
        self.assertEqual((self.stale(), self.scene("sh0010")), ([], ""))

    def test_many_shots_at_once_show_what_changed_and_nothing_twice(self):
        shots = {"sq010/sh0010": ["assets/chair", "assets/tree"], "sq010/sh0020": ["assets/tree"]}
        file = self.server.file("casting.json", json.dumps(shots))
        before = self.server.position()
        shown = self.server.ask("cast", "set", "demo", "--file", file, "--dry-run")
        self.assertEqual((len(shown["changes"]), self.server.position()), (2, before))
        self.assertEqual(self.server.ask("cast", "set", "demo", "--file", file)["changes"], shown["changes"])
        self.assertEqual(self.server.ask("cast", "set", "demo", "--file", file)["changes"], [])
        fewer = json.dumps({"sq010/sh0010": ["assets/tree"]}).encode()
        ran = self.server.run("cast", "set", "demo", input=fewer)
        self.assertEqual(ran.output, "sq010/sh0010  -assets/chair\n")
        events = self.server.events("sluice.casting.*")
        self.assertEqual(events[-1]["data"], {"remove": ["assets/chair"]})
        self.assertEqual(len(events), 3)

    def test_more_shots_than_one_record_holds(self):
        folders = "".join(f"  - {{ path: sq020/sh{n:04}, type: shot }}\n" for n in range(1200))
        self.server.pipeline(CAST_PIPELINE.replace("steps:", folders + "steps:"))
        shots = {f"sq020/sh{n:04}": ["assets/chair"] for n in range(1200)}
        answer = self.server.ask("cast", "set", "demo", "--file", self.server.file("all.json", json.dumps(shots)))
        self.assertEqual((len(answer["changes"]), len(answer["shots"])), (1200, 1200))
        self.assertEqual(len(self.server.ask("cast", "list", "demo")["shots"]), 1200)

    def test_what_cannot_be_cast_is_refused_and_nothing_recorded(self):
        before = self.server.position()
        for arguments, code in (
            (["cast", "add", "demo/sq010/sh0010", "demo/assets/chiar"], "folder.unknown"),
            (["cast", "add", "demo/sq010/sh0099", "demo/assets/chair"], "folder.unknown"),
            (["cast", "add", "demo/sq010/sh0010", "other/assets/chair"], "usage"),
            (["cast", "add", "demo/sq010/sh0010", "demo/sq010/sh0010"], "usage"),
            (["cast", "add", "demo/sq010/sh0010"], "usage"),
            (["cast", "list", "demo/sq099"], "folder.unknown"),
            (["cast", "set", "demo", "--file", self.server.file("a.json", "[1]")], "body.invalid"),
            (["cast", "set", "demo", "--file", "nowhere.json"], "publish.fileMissing"),
        ):
            with self.subTest(arguments):
                self.assertError(self.server.refused(*arguments), code)
        both = {"project": "demo", "add": {"sq010/sh0010": []}, "set": {"sq010/sh0010": []}}
        self.assertProblem(self.server.post("/api/v1/casting", both), 400, "usage")
        self.assertEqual(self.server.position(), before)

    def test_a_restart_keeps_it(self):
        self.server.ask("cast", "add", "demo/sq010/sh0010", "demo/assets/tree")
        for arguments in ([], ["--rebuild"]):
            self.server.stop()
            self.server.start(*arguments)
            self.assertEqual(len(self.server.ask("cast", "list", "demo/sq010/sh0010")["shots"][0]["assets"]), 1)

    def test_a_file_with_a_wrong_list_says_which(self):
        for text, place in (("[]", ""), ('{"sq010/sh0010": "assets/chair"}', "sq010/sh0010"), ('{"sq010/sh0020": [1]}', "sq010/sh0020")):
            with self.subTest(text):
                error = self.server.refused("cast", "set", "demo", "--file", self.server.file("cast.json", text))
                self.assertError(error, "body.invalid")
                self.assertIn(place, error["at"])


class Cuts(ServerTestCase):
    """Timelines of the demo's shots."""

    def setUp(self):
        super().setUp()
        tiny_show.make(self.server)

    def cut(self, *clips, **more):
        return self.server.file("cut.otio", timeline(*clips, **more))

    def conform(self, *clips, arguments=("--yes",)):
        answer = self.server.ask("conform", self.cut(*clips), "--project", "demo", "--sequence", "sq010", *arguments)
        return [(change["kind"], change["folder"]) for change in answer["changes"]]

    def planned(self):
        return sorted((run["folder"], run["step"]) for run in self.server.ask("plan", "demo")["runs"])

    def test_it_shows_first_and_records_in_one_record_when_told_to(self):
        clips = clip("sh0010", 1001, 4), clip("sh0020", 1001, 4)
        before = self.server.position()
        expected = [("added", "sq010/sh0010"), ("added", "sq010/sh0020")]
        self.assertEqual(self.conform(*clips, arguments=()), expected)
        self.assertEqual(self.server.position(), before)
        self.assertEqual(self.conform(*clips), expected)
        self.assertEqual(self.conform(*clips), [])
        self.assertEqual(self.planned(), [])
        folders = {folder["path"]: folder["attributes"] for folder in self.server.ask("folder", "list", "demo")["folders"]}
        self.assertEqual(
            folders["sq010/sh0020"], {"range": "1001-1004", "fps": "24", "order": "20", "cut_clip": "sh0020"}
        )

    def test_a_new_order_touches_only_what_gathers_the_shots(self):
        one, two = clip("sh0010", 1001, 4), clip("sh0020", 1001, 4)
        self.conform(one, two)
        self.assertEqual(self.conform(two, one), [("moved", "sq010/sh0010")])
        self.assertEqual(self.planned(), [("sq010", "contact")])
        self.server.apply()
        self.assertEqual(self.planned(), [])

    def test_a_clip_that_is_gone_leaves_its_shot_out_and_one_that_is_back_brings_it_back(self):
        one, two = clip("sh0010", 1001, 4), clip("sh0020", 1001, 4)
        self.conform(one, two)
        self.assertEqual(self.conform(one), [("omitted", "sq010/sh0020")])
        self.assertEqual(self.planned(), [("sq010", "contact")])
        reason = self.server.ask("plan", "demo")["runs"][0]["reasons"][0]
        self.assertEqual(reason["kind"], "omitted")
        self.assertIn("sq010/sh0020 was omitted (tester, ", reason["text"])
        self.server.apply()
        self.assertEqual(self.conform(one, two), [("restored", "sq010/sh0020")])
        self.assertEqual(self.planned(), [("sq010", "contact")])

    def test_what_the_timeline_and_a_hand_say_of_a_clip_goes_first(self):
        comp = clip("comp v3", 1001, 4, folder="sq010/sh0010")
        other = clip("B = 2", 1001, 4)
        found = self.conform(comp, other, arguments=("--yes", "--map", "B = 2=sq010/sh0020"))
        self.assertEqual(found, [("added", "sq010/sh0010"), ("added", "sq010/sh0020")])

    def test_words_for_people(self):
        ran = self.server.run("conform", self.cut(clip("sh0010", 1001, 4)), "--project", "demo", "--sequence", "sq010")
        self.assertIn("Nothing was recorded; 0 clips unchanged. --yes records it.", ran.output)
        self.assertIn("it is new in the cut, frames 1001-1004; its folder is there", ran.output)

    def test_what_is_wrong_is_refused_and_nothing_recorded(self):
        before = self.server.position()
        fine = self.cut(clip("sh0010", 1001, 4))
        for arguments, code in (
            ([fine, "--project", "dmeo"], "project.unknown"),
            ([fine, "--project", "demo", "--sequence", "sq01"], "folder.unknown"),
            ([fine, "--project", "demo", "--map", "sh001=sq010/sh0010"], "cut.invalid"),
            ([fine, "--project", "demo", "--map", "sh0010=a b"], "reference.invalid"),
            ([self.server.file("empty.otio", timeline()), "--project", "demo"], "cut.invalid"),
            ([self.server.file("no.otio", "{"), "--project", "demo"], "timeline.unreadable"),
            ([self.server.file("cut.mov", "no timeline"), "--project", "demo"], "timeline.unreadable"),
            (["nowhere.otio", "--project", "demo"], "timeline.unreadable"),
        ):
            with self.subTest(arguments):
                self.assertError(self.server.refused("conform", *arguments, "--yes"), code)
        cut = {"name": "c", "clips": [{"name": "a", "start": 1, "duration": 0, "rate": 24}]}
        body = {"project": "demo", "cut": cut, "apply": True}
        self.assertProblem(self.server.post("/api/v1/conform", body), 400, "cut.invalid")
        self.assertEqual(self.server.position(), before)

    def test_without_opentimelineio_it_says_how_to_install_it(self):
        tools = self.server.home / "tools"
        tools.mkdir()
        arguments = ["conform", self.cut(clip("sh0010", 1001, 4)), "--project", "demo"]
        error = self.server.refused(*arguments, code=1, environment={"PATH": str(tools)})
        self.assertError(error, "timeline.tool", "pip install opentimelineio otio-cmx3600-adapter")
        # The same Python without its packages.
        python = tools / "python3"
        python.write_text(f'#!/bin/sh\nexec {VENV}/python3 -S "$@"\n')
        python.chmod(0o755)
        error = self.server.refused(*arguments, code=1, environment={"PATH": f"{tools}:/usr/bin:/bin"})
        self.assertError(error, "timeline.tool", "opentimelineio is not installed")


class PipelineFolders(ServerTestCase):
    """What a pipeline file says of folders, beside what was set since."""

    FILE = (
        "sluice: 1\nproject: demo\nfolders:\n"
        "  - {{ path: sh, type: shot, range: {range}, fps: 24 }}\n"
        "steps:\n  a:\n    for: {{ type: shot }}\n    outputs: {{ o: {{ product: o, files: o.txt }} }}\n    command: {command}\n"
    )

    def apply(self, *options, range="1001-1003", command="[touch, '{o}']"):
        text = self.FILE.format(range=range, command=command)
        return self.server.ask("pipeline", "apply", self.server.file("sluice.yaml", text), *options)

    def attributes(self):
        return self.server.ask("folder", "list", "demo")["folders"][0]["attributes"]

    def test_an_edited_step_leaves_the_cut_alone(self):
        self.apply()
        self.server.ask("folder", "set", "demo/sh", "--set", "range=1002-1002")
        answer = self.apply(command="[cp, /dev/null, '{o}']")
        self.assertEqual((answer["changed"], answer["changedFolders"]), (["a"], []))
        kept = {"folder": "sh", "attribute": "range", "value": "1002-1002", "file": "1001-1003"}
        self.assertEqual(answer["keptAttributes"], [kept])
        self.assertEqual(self.attributes(), {"range": "1002-1002", "fps": "24"})

    def test_an_edited_range_is_shown_first_and_taken(self):
        self.apply()
        self.server.ask("folder", "set", "demo/sh", "--set", "range=1002-1002")
        changed = [{"folder": "sh", "set": {"range": "1001-1009"}}]
        self.assertEqual(self.apply("--dry-run", range="1001-1009")["changedFolders"], changed)
        self.assertEqual(self.attributes()["range"], "1002-1002")
        self.assertEqual(self.apply(range="1001-1009")["changedFolders"], changed)
        self.assertEqual(self.attributes()["range"], "1001-1009")


class Omission(ServerTestCase):
    workers = 1

    def test_queued_runs_are_cancelled_and_running_tasks_end(self):
        door = self.server.home / "door"
        wait = f"while [ ! -e {door} ]; do sleep 0.05; done; "
        self.server.pipeline(tiny_show.PIPELINE.replace("""'echo "frame""", f"""'{wait}echo "frame"""))
        tiny_show.publish_sources(self.server)
        plan = self.server.ask("apply", "demo")["id"]

        def runs(folder=None):
            shown = self.server.get(f"/api/v1/plans/{plan}").json["progress"]["runs"]
            return [run for run in shown if folder in (None, run["folder"])]

        def at_the_door():
            return [run["folder"] for run in runs() if run["status"] == "running" and run["step"] == "review"]

        (busy,) = wait_until(at_the_door, "a review runs")
        left_out = next(shot for shot in tiny_show.SHOTS[:2] if shot != busy)
        self.server.ask("folder", "omit", f"demo/{left_out}")

        def is_cancelled():
            return all(run["status"] in ("cancelled", "succeeded") for run in runs(left_out))

        wait_until(is_cancelled, "they are cancelled")
        ended = [run for run in runs(left_out) if run["status"] == "cancelled"]
        self.assertGreaterEqual(len(ended), 2)
        for run in ended:
            self.assertError(run["failure"], "folder.omitted", f"{left_out} was omitted (tester, ")
        self.assertEqual({run["status"] for run in runs(busy)} & {"cancelled", "failed"}, set())
        door.touch()
        counts = self.server.wait_for_plan(plan)["state"]["counts"]
        self.assertEqual((counts["cancelled"], counts["failed"]), (len(ended), 0))
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        self.server.ask("folder", "omit", f"demo/{left_out}", "--restore")
        again = self.server.apply()
        self.assertEqual((again["succeeded"], again["failed"]), (len(ended) + 1, 0))


@unittest.skipUnless(SHARED.exists(), "no shared data")
class RealCuts(SharedServerTestCase):
    """Versions of a real cut, and timelines of every kind; skipped where the shared data is not there."""

    def project(self, name):
        self.server.ask("folder", "add", f"{name}/sq010", "--type", "sequence")
        return ["--project", name, "--sequence", "sq010"]

    def test_every_change_of_a_real_cut_is_found_and_nothing_else(self):
        folder = SHARED / "cut_changes"
        where = self.project("screening")
        first = self.server.ask("conform", folder / "screening_v001.otio", *where, "--yes")
        self.assertEqual({change["kind"] for change in first["changes"]}, {"added"})
        expected = json.loads((folder / "screening_expected.json").read_text())
        self.assertEqual(len(expected), 7)
        self.assertEqual([c["clip"] for c in first["changes"]], expected[0]["clips_before"])
        for step in expected:
            with self.subTest(step["what"]):
                detail = step["detail"]
                kind, clip, frames = {
                    "head trim": ("headTrimmed", detail.get("clip"), detail.get("head_trim_frames")),
                    "tail extended": ("tailExtended", detail.get("clip"), detail.get("tail_extend_frames")),
                    "shot omitted": ("omitted", detail.get("omitted"), None),
                    "two shots swapped": ("moved", detail.get("moved"), None),
                    "shot added": ("added", detail.get("added"), detail.get("frames")),
                    "clip renamed": ("renamed", detail.get("renamed", [None])[-1], None),
                    "metadata only": (None, None, None),
                }[step["what"]]
                before = self.server.position()
                known = self.folders("screening")
                answer = self.server.ask("conform", folder / step["to"], *where, "--yes")
                found = [(c["kind"], c["clip"], c.get("frames")) for c in answer["changes"]]
                self.assertEqual(found, [(kind, clip, frames)] if kind else [])
                self.assertEqual(answer["unchanged"], len(step["clips_after"]) - len(found) + (kind == "omitted"))
                # One fact at most, about the one shot.
                events = self.server.events(start=before)
                self.assertEqual([event["type"] for event in events], ["sluice.folder.changed.v1"] * len(found))
                touched = {path for path, folder in self.folders("screening").items() if folder != known.get(path)}
                self.assertEqual(touched, {c["folder"] for c in answer["changes"]})
                self.assertEqual(self.in_cut("screening"), step["clips_after"])
                self.assertEqual(self.server.ask("conform", folder / step["to"], *where)["changes"], [])

    def folders(self, project):
        return {folder["path"]: folder for folder in self.server.ask("folder", "list", project)["folders"]}

    def in_cut(self, project):
        shots = [f for f in self.folders(project).values() if "cut_clip" in f["attributes"] and not f["omitted"]]
        shots.sort(key=lambda f: float(f["attributes"]["order"]))
        return [f["attributes"]["cut_clip"] for f in shots]

    def test_every_timeline_is_read_or_refused_with_nothing_half_done(self):
        expected = json.loads((SHARED / "_expected.json").read_text())["files"]
        self.assertGreater(len(expected), 10)
        for number, (name, known) in enumerate(sorted(expected.items())):
            with self.subTest(name):
                where = self.project(f"show{number}")
                before = self.server.position()
                seen = [clip for clip in known.get("clips", []) if clip["kind"] == "Video"]
                if not known["ok"] or not seen:
                    error = self.server.refused("conform", SHARED / name, *where, "--yes")
                    self.assertError(error, "cut.invalid" if known["ok"] else "timeline.unreadable")
                    self.assertEqual(self.server.position(), before)
                    continue
                answer = self.server.ask("conform", SHARED / name, *where, "--yes")
                frames = {}
                for clip in seen:
                    start, duration, _ = clip["source"]
                    frames.setdefault(clip["clip"], set()).update(range(int(start), int(start + duration)))
                self.assertEqual(
                    {change["clip"]: change["frames"] for change in answer["changes"]},
                    {clip: len(found) for clip, found in frames.items()},
                )
                for folder in self.folders(f"show{number}").values():
                    if "cut_clip" in folder["attributes"]:
                        first = min(frames[folder["attributes"]["cut_clip"]])
                        self.assertEqual(folder["attributes"]["range"].split("-")[0], str(first))
                by_record = sorted(seen, key=lambda clip: clip["record"][0])
                self.assertEqual(self.in_cut(f"show{number}"), list(dict.fromkeys(c["clip"] for c in by_record)))
                self.assertEqual(self.server.ask("conform", SHARED / name, *where)["changes"], [])

    def test_an_edit_list_of_another_rate_is_read_when_the_rate_is_said(self):
        where = self.project("pal")
        list_at_25 = SHARED / "edl" / "25fps.edl"
        self.assertError(self.server.refused("conform", list_at_25, *where), "timeline.unreadable", "--rate 25")
        answer = self.server.ask("conform", list_at_25, "--rate", "25", *where, "--yes")
        self.assertTrue(answer["changes"])
        rates = {f["attributes"]["fps"] for f in self.folders("pal").values() if "cut_clip" in f["attributes"]}
        self.assertEqual(rates, {"25"})


if not SHARED.exists():
    print("skipped: no shared data")

if __name__ == "__main__":
    unittest.main()
