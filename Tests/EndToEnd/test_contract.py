"""The command line keeps its contract: commands, JSON fields, exit codes, references, selections."""

import hashlib
import json
import re
import subprocess
import time
import unittest

import tiny_show
from sluice_server import Server, ServerTestCase, SharedServerTestCase, program, wait_until

COMMANDS = [
    "serve", "pipeline check", "pipeline apply", "pipeline show", "folder add", "folder set", "folder omit",
    "folder list", "cast add", "cast remove", "cast list", "cast set", "conform", "publish", "identify", "show", "status", "plan", "plan show", "plan decline", "apply", "plans", "cancel", "retry",
    "run list", "run show", "run log", "run retry", "run cancel",
    "task list", "task show", "task log", "task retry", "task cancel", "why", "impact", "graph", "savings", "sizes", "tag", "approve", "reject", "vouch", "freeze", "thaw", "release", "fetch", "purge", "events", "event send", "subscription create", "subscription list",
    "subscription show", "subscription pause", "subscription resume", "subscription reset", "subscription delete",
    "subscription dead", "subscription retry", "subscription test", "replay", "token create", "person list",
    "person erase", "log verify", "log archive", "backup", "restore", "job check", "job summary", "job submit", "job list",
    "job show", "job log", "job retry", "job cancel",
    "agent", "agents", "farm check", "farm run", "queue", "queue why", "queue priority", "queue pause", "queue resume", "queue pass",
]  # fmt: skip
GROUPS = ["pipeline", "folder", "cast", "run", "task", "event", "subscription", "token", "person", "log", "job", "farm"]
VERSION = re.compile(r"^v-\d{8}-\d{6}-main(-\d\d)?$")
POSITION = re.compile(r"^main:\d+$")


class Help(unittest.TestCase):
    def help(self, *command):
        return subprocess.run([program(), *command, "--help"], capture_output=True, text=True, timeout=30)

    def test_every_command_has_help_with_an_example(self):
        for command in [*COMMANDS, *GROUPS]:
            with self.subTest(command):
                ran = self.help(*command.split())
                self.assertEqual(ran.returncode, 0, ran.stderr)
                self.assertRegex(ran.stdout, rf"EXAMPLE: sluice {command.split()[0]}\b")

    def test_the_commands_are_those_of_the_contract(self):
        listed = set(re.findall(r"^  ([a-z]+)\s", self.help().stdout.split("SUBCOMMANDS:")[1], re.MULTILINE))
        self.assertEqual(listed - {"help"}, {command.split()[0] for command in COMMANDS})

    def test_every_command_that_asks_a_server_takes_json_and_server(self):
        for command in COMMANDS:
            if command in ("serve", "pipeline check", "subscription test", "restore", "job check", "job summary", "farm check", "farm run"):
                continue  # They ask no server.
            with self.subTest(command):
                text = self.help(*command.split()).stdout
                self.assertIn("--json", text)
                self.assertIn("--server", text)


class ExitCodes(SharedServerTestCase):
    @classmethod
    def prepare(cls, server):
        server.pipeline(tiny_show.PIPELINE)

    def test_0_for_an_empty_plan(self):
        for command in (["plan", "demo"], ["apply", "demo"], ["apply", "demo", "--watch"]):
            answer = self.server.ask(*command, "--select", "state:failed")
            self.assertEqual((answer["runs"], answer["untouched"]), ([], 0), command)

    def test_2_for_wrong_usage_as_json_on_stderr(self):
        for arguments in (["publish"], ["publish", "demo/x"], ["status", "--nonsense"], ["plan"], ["no-such-command"]):
            with self.subTest(arguments):
                self.assertError(self.server.refused(*arguments), "usage")

    def test_2_for_wrong_usage_without_json_says_how_to_call_it(self):
        ran = self.server.run("publish", "demo/x", code=2)
        self.assertIn("publish", ran.errors)
        self.assertEqual(ran.output, "")

    def test_2_for_what_is_not_known(self):
        for arguments, code in (
            (["status", "dmeo"], "project.unknown"),
            (["show", "demo/look/nothing"], "product.unknown"),
            (["plan", "demo", "--select", "step:reviw"], "selection.invalid"),
            (["plan", "demo", "--select", "state:stael"], "selection.invalid"),
            (["plan", "demo", "--frames", "9-1"], "frames.invalid"),
            (["plan", "show", "p-000000000000"], "plan.unknown"),
            (["apply", "demo", "--plan", "p-000000000000"], "plan.unknown"),
            (["cancel", "r-000000000000"], "run.unknown"),
            (["retry", "r-000000000000"], "run.unknown"),
            (["task", "log", "r-000000000000.1001"], "task.unknown"),
            (["folder", "set", "demo/sq010/sh9999", "--set", "fps=25"], "folder.unknown"),
            (["events", "--from", "elsewhere:1"], "usage"),
        ):
            with self.subTest(arguments):
                self.assertError(self.server.refused(*arguments), code)

    def test_the_nearest_word_is_suggested(self):
        self.assertError(self.server.refused("status", "dmeo"), "project.unknown", "demo")
        self.assertError(self.server.refused("plan", "demo", "--select", "step:reviw"), "selection.invalid", "review")

    def test_3_without_a_server(self):
        for command in (["status"], ["publish", "demo/x", self.server.file("x.txt")], ["events"], ["plan", "demo"]):
            with self.subTest(command):
                error = self.server.refused(*command, "--server", "http://127.0.0.1:9", code=3, timeout=10)
                self.assertError(error, "server.unreachable")

    def test_sluice_server_names_the_server_and_the_option_wins(self):
        away = {"SLUICE_SERVER": "http://127.0.0.1:9"}
        self.server.run("status", code=3, environment=away, timeout=10)
        self.server.run("status", "--server", self.server.url, environment=away)

    def test_check_needs_no_server(self):
        good = self.server.file("good.yaml", tiny_show.PIPELINE)
        self.assertTrue(self.server.ask("pipeline", "check", good, server=False)["ok"])
        bad = self.server.file("bad.yaml", tiny_show.PIPELINE.replace("command:", "comand:", 1))
        ran = self.server.run("pipeline", "check", bad, "--json", code=2, server=False)
        self.assertFalse(ran.json["ok"])

    def test_serve_refuses_what_it_does_not_take(self):
        for arguments in (["--listen", "nowhere"], ["--workers=-1"], ["--site", "a-b"], ["--log-level", "loud"]):
            with self.subTest(arguments):
                self.server.run("serve", "--data", self.server.home / "other", *arguments, code=2)


class PipelineAndFolders(ServerTestCase):
    def test_apply_dry_run_records_nothing(self):
        before = self.server.position()
        file = self.server.file("sluice.yaml", tiny_show.PIPELINE)
        answer = self.server.ask("pipeline", "apply", file, "--dry-run")
        self.assertFalse(answer["applied"])
        self.assertEqual(answer["added"], ["review", "review_movie", "neutral", "contact"])
        self.assertEqual(self.server.position(), before)
        self.assertEqual(self.server.get("/api/v1/projects").json["projects"], [])

    def test_apply_makes_the_project_its_folders_and_a_revision(self):
        answer = self.server.pipeline(tiny_show.PIPELINE)
        self.assertEqual((answer["project"], answer["revision"], answer["applied"]), ("demo", 1, True))
        self.assertEqual(answer["steps"], ["review", "review_movie", "neutral", "contact"])
        listed = self.server.ask("folder", "list", "demo")["folders"]
        shot = next(folder for folder in listed if folder["path"] == "sq010/sh0010")
        self.assertEqual((shot["type"], shot["attributes"]), ("shot", {"fps": "24", "range": "1001-1004"}))
        self.assertEqual({event["type"] for event in self.server.events()} - {"sluice.folder.changed.v1"},
                         {"sluice.project.created.v1", "sluice.pipeline.applied.v1"})  # fmt: skip

    def test_the_same_file_again_is_no_new_revision(self):
        self.server.pipeline(tiny_show.PIPELINE)
        before = self.server.position()
        self.assertEqual(self.server.pipeline(tiny_show.PIPELINE)["revision"], 1)
        self.assertEqual(self.server.position(), before)

    def test_show_prints_the_file_as_it_was_written(self):
        self.server.pipeline(tiny_show.PIPELINE)
        self.assertEqual(self.server.ask("pipeline", "show", "demo")["source"], tiny_show.PIPELINE)
        self.assertIn("project: demo", self.server.run("pipeline", "show", "demo").output)

    def test_an_edited_step_makes_its_products_stale_and_says_so(self):
        tiny_show.make(self.server)
        edited = tiny_show.PIPELINE.replace('cat "$1" "$2" > "$3"', 'cat "$2" "$1" > "$3"')
        dry = self.server.ask("pipeline", "apply", self.server.file("edited.yaml", edited), "--dry-run")
        self.assertEqual(dry["changed"], ["neutral"])
        self.assertEqual({run["step"] for run in dry["plan"]["runs"]}, {"neutral"})
        self.assertNotIn("stale", self.server.states().values())
        self.server.pipeline(edited)
        stale = {ref for ref, state in self.server.states().items() if state == "stale"}
        self.assertEqual(stale, {f"demo/{shot}/neutral_frames" for shot in tiny_show.SHOTS})
        reasons = self.server.ask("status", "demo", "--stale")["products"][0]["reasons"]
        self.assertEqual(reasons[0]["kind"], "step")

    def test_folders_are_added_changed_listed_and_omitted(self):
        self.server.pipeline(tiny_show.PIPELINE)
        added = self.server.ask("folder", "add", "demo/sq030/sh0040", "--type", "shot", "--set", "range=1-3", "--set", "fps=25")
        self.assertEqual(added["folder"]["attributes"], {"range": "1-3", "fps": "25"})
        self.assertIn("demo/sq030/sh0040/review_frames", self.server.states())
        self.server.ask("folder", "set", "demo/sq030/sh0040", "--set", "range=1-5")
        listed = self.server.ask("folder", "list", "demo/sq030")["folders"]
        self.assertEqual([folder["path"] for folder in listed if folder["type"] == "shot"], ["sq030/sh0040"])
        self.assertEqual(listed[-1]["attributes"]["range"], "1-5")
        self.server.ask("folder", "omit", "demo/sq030/sh0040")
        self.assertNotIn("demo/sq030/sh0040/review_frames", self.server.states())

    def test_a_pipeline_without_a_published_source_says_which_is_missing(self):
        self.server.pipeline(tiny_show.PIPELINE)
        plan = self.server.ask("plan", "demo")
        self.assertIn("demo/look/show_lut", plan["missing"])
        self.assertEqual(self.server.states()["demo/look/show_lut"], "missing")


class Publishing(ServerTestCase):
    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")

    def publish(self, *arguments, **more):
        return self.server.ask("publish", *arguments, **more)

    def test_publish_answers_with_every_field(self):
        file = self.server.file("show.cube", "warm\n")
        answer = self.publish("demo/look/show_lut", file)
        self.assertEqual(answer["ref"], "demo/look/show_lut")
        self.assertRegex(answer["version"], VERSION)
        self.assertRegex(answer["position"], POSITION)
        self.assertEqual((answer["number"], answer["files"], answer["bytes"]), (1, 1, 5))
        self.assertEqual(answer["representation"], "cube")
        self.assertEqual(answer["sha256"], hashlib.sha256(b"warm\n").hexdigest())
        self.assertEqual(self.publish("demo/look/show_lut", file)["number"], 2)

    def test_a_folder_that_is_not_there_is_made_with_those_above(self):
        self.publish("demo/a/b/product", self.server.file("x.txt"))
        listed = {folder["path"]: folder["type"] for folder in self.server.ask("folder", "list", "demo")["folders"]}
        self.assertEqual(listed, {"a": "folder", "a/b": "folder"})

    def test_files_that_differ_in_the_last_number_are_one_sequence(self):
        answer = self.publish("demo/plate", *self.server.frames(1001, 1005))
        self.assertEqual(answer["files"], 5)
        shown = self.server.ask("show", "demo/plate")["selected"]
        self.assertEqual(shown["representations"][0]["kind"], "sequence")
        self.assertEqual(shown["representations"][0]["frames"], "1001-1005")

    def test_one_numbered_file_is_itself(self):
        self.publish("demo/still", self.server.file("still.0001.txt"))
        self.assertEqual(self.server.ask("show", "demo/still")["selected"]["representations"][0]["kind"], "file")

    def test_the_frame_is_the_last_number_before_the_extension(self):
        files = [self.server.file(f"s/sq010_v2.{frame}.mp4", str(frame)) for frame in (7, 8)]
        self.publish("demo/clip", *files)
        self.assertEqual(self.server.ask("show", "demo/clip")["selected"]["representations"][0]["frames"], "7-8")

    def test_a_directory_is_a_tree_with_its_paths(self):
        self.server.file("tree/a/one.txt", "1")
        self.server.file("tree/b/two.txt", "2")
        self.server.file("tree/three.txt", "3")
        answer = self.publish("demo/kit", self.server.home / "files" / "tree")
        self.assertEqual(answer["files"], 3)
        shown = self.server.ask("show", "demo/kit")["selected"]
        self.assertEqual(shown["representations"][0]["kind"], "tree")
        self.assertEqual({file["path"] for file in shown["files"]}, {"a/one.txt", "b/two.txt", "three.txt"})
        self.server.ask("fetch", "demo/kit", "--to", self.server.home / "out")
        self.assertEqual((self.server.home / "out/a/one.txt").read_text(), "1")

    def test_stored_files_have_readable_paths_and_are_read_only(self):
        answer = self.publish("demo/look/show_lut", self.server.file("show.cube", "warm\n"))
        path = self.server.data / "store/demo/look/show_lut" / answer["version"] / "cube" / "show.cube"
        self.assertEqual(path.read_text(), "warm\n")
        self.assertEqual(path.stat().st_mode & 0o222, 0)

    def test_large_and_many_files_come_whole(self):
        big = self.server.file("big.bin", bytes(range(256)) * 8192)
        answer = self.publish("demo/big", big)
        self.assertEqual(answer["bytes"], 2 * 1024 * 1024)
        self.assertEqual(answer["sha256"], hashlib.sha256(big.read_bytes()).hexdigest())
        many = self.server.frames(1, 200)
        self.assertEqual(self.publish("demo/many", *many)["files"], 200)

    def test_a_representation_has_the_name_that_is_given(self):
        answer = self.publish("demo/model", self.server.file("m.usd"), "--representation", "geometry")
        self.assertEqual(answer["representation"], "geometry")

    def test_note_label_and_tag(self):
        answer = self.publish(
            "demo/cut", self.server.file("cut.edl"), "--note", "für den Schnitt", "--label", "R1_v7", "--tag", "approved"
        )
        shown = self.server.ask("show", "demo/cut@approved")
        self.assertEqual(shown["selected"]["version"], answer["version"])
        self.assertEqual((shown["selected"]["note"], shown["selected"]["label"]), ("für den Schnitt", "R1_v7"))
        self.assertEqual(shown["tags"], {"approved": answer["version"]})
        self.assertEqual(shown["selected"]["actor"]["name"], "tester")

    def test_from_takes_references_and_paths(self):
        scan = self.publish("demo/scan", self.server.file("scan.txt", "scan"))
        other = self.publish("demo/other", self.server.file("other.txt", "other"))
        shown = self.server.ask("show", "demo/scan")["selected"]
        stored = f"{shown['path']}/{shown['files'][0]['representation']}/{shown['files'][0]['path']}"
        made = self.server.file("made.txt", "made")
        self.publish("demo/made", made, "--from", "demo/other@1", stored)
        used = {(link["ref"], link["version"]) for link in self.server.ask("show", "demo/made")["selected"]["madeFrom"]}
        self.assertEqual(used, {("demo/scan", scan["version"]), ("demo/other", other["version"])})
        # By content too: the file outside of the store is the same.
        self.publish("demo/made", made, "--from", self.server.file("copy.txt", "scan"))
        used = [link["ref"] for link in self.server.ask("show", "demo/made")["selected"]["madeFrom"]]
        self.assertEqual(used, ["demo/scan"])
        self.assertIn("demo/made", self.server.ask("show", "demo/scan")["usedBy"])

    def test_from_refuses_what_nobody_published(self):
        file = self.server.file("made.txt", "made")
        unknown = self.server.file("unknown.txt", "nobody knows this")
        self.assertError(self.server.refused("publish", "demo/made", file, "--from", unknown), "publish.unknownSource")
        self.assertNotIn("demo/made", self.server.states())

    def test_a_patch_brings_the_changed_frames_and_carries_the_rest(self):
        self.publish("demo/plate", *self.server.frames(1001, 1004))
        patch = self.server.file("fix/fixed.1002.txt", "fixed\n")
        answer = self.publish("demo/plate", patch, "--patch")
        self.assertEqual((answer["number"], answer["files"], answer["changed"]), (2, 4, "1002"))
        self.server.ask("fetch", "demo/plate", "--to", self.server.home / "out")
        texts = [path.read_text() for path in sorted((self.server.home / "out").iterdir())]
        self.assertEqual(texts, ["frame 1001\n", "fixed\n", "frame 1003\n", "frame 1004\n"])
        self.server.ask("fetch", "demo/plate@1", "--to", self.server.home / "before")
        self.assertEqual((self.server.home / "before/plate.1002.txt").read_text(), "frame 1002\n")

    def test_a_patch_goes_over_the_version_that_is_named(self):
        self.publish("demo/plate", *self.server.frames(1, 3, text="first {}"))
        self.publish("demo/plate", *self.server.frames(1, 3, text="second {}"))
        self.publish("demo/plate@1", self.server.file("fix/plate.0002.txt", "fixed"), "--patch")
        self.server.ask("fetch", "demo/plate", "--to", self.server.home / "out")
        texts = [path.read_text() for path in sorted((self.server.home / "out").iterdir())]
        self.assertEqual(texts, ["first 1", "fixed", "first 3"])

    def test_a_patch_without_anything_below_is_refused(self):
        patch = self.server.file("fixed.1002.txt", "fixed\n")
        self.assertError(self.server.refused("publish", "demo/plate", patch, "--patch"), "publish.patch")

    def test_a_manifest_publishes_representations_and_products_at_once(self):
        self.server.file("turnover/hero.usd", "usd")
        self.server.file("turnover/turntable.mov", "mov")
        self.server.file("turnover/other.txt", "other")
        manifest = {
            "products": [
                {"ref": "demo/hero/model", "note": "approved proportions", "tag": "approved",
                 "representations": [{"name": "usd", "files": [{"path": "hero.usd"}]},
                                     {"name": "mov", "files": [{"path": "turntable.mov"}]}]},
                {"ref": "demo/hero/other", "representations": [{"files": ["other.txt"]}]},
            ]
        }  # fmt: skip
        file = self.server.file("turnover/turnover.json", json.dumps(manifest))
        answer = self.publish("--manifest", file)
        self.assertEqual([published["ref"] for published in answer["published"]], ["demo/hero/model", "demo/hero/other"])
        self.assertEqual(len({published["position"] for published in answer["published"]}), 1)
        shown = self.server.ask("show", "demo/hero/model@approved")
        self.assertEqual({entry["name"] for entry in shown["selected"]["representations"]}, {"usd", "mov"})
        self.assertEqual(len(shown["versions"]), 1)
        self.server.ask("fetch", "demo/hero/model", "--to", self.server.home / "out")
        self.assertEqual((self.server.home / "out/usd/hero.usd").read_text(), "usd")
        self.assertEqual((self.server.home / "out/mov/turntable.mov").read_text(), "mov")

    def test_a_manifest_comes_by_stdin_too(self):
        self.server.file("one.txt", "1")
        manifest = {"products": [{"ref": "demo/one", "representations": [{"files": ["one.txt"]}]}]}
        self.publish("--manifest", "-", input=json.dumps(manifest).encode(), cwd=self.server.home / "files")
        self.assertEqual(self.server.states(), {"demo/one": "current"})

    def test_a_manifest_is_all_or_nothing(self):
        self.server.file("one.txt", "1")
        manifest = {"products": [{"ref": "demo/one", "representations": [{"files": ["one.txt"]}]},
                                 {"ref": "nosuch/two", "representations": [{"files": ["one.txt"]}]}]}  # fmt: skip
        before = self.server.position()
        error = self.server.refused("publish", "--manifest", self.server.file("m.json", json.dumps(manifest)))
        self.assertError(error, "project.unknown")
        self.assertEqual(self.server.position(), before)
        self.assertEqual(self.server.stored_versions(), set())

    def test_a_product_that_a_step_makes_cannot_be_published(self):
        self.server.pipeline(tiny_show.PIPELINE)
        error = self.server.refused("publish", "demo/sq010/contact", self.server.file("c.txt"), code=None)
        self.assertError(error, "publish.madeByStep")

    def test_a_repeated_command_gives_the_first_answer(self):
        body = {"command": "4f4b7d9e-0000-4000-8000-000000000001", "products": [
            {"ref": "demo/once", "representations": [{"files": [{"path": "a.txt", "content": "YQ=="}]}]}]}  # fmt: skip
        first = self.server.post("/api/v1/publish", body).json
        self.assertEqual(self.server.post("/api/v1/publish", body).json, first)
        self.assertEqual(len(self.server.versions("demo/once")), 1)


class References(SharedServerTestCase):
    @classmethod
    def prepare(cls, server):
        server.ask("folder", "add", "demo")
        cls.published = [
            server.ask("publish", "demo/look/show_lut", server.file("show.cube", f"look {number}\n"), "--note", f"note {number}")
            for number in (1, 2, 3)
        ]
        server.ask("tag", "demo/look/show_lut@2", "approved")

    def test_a_version_is_named_by_id_number_tag_and_entity(self):
        ids = [published["version"] for published in self.published]
        for reference, expected in (
            ("demo/look/show_lut", ids[2]),
            ("demo/look/show_lut@latest", ids[2]),
            ("demo/look/show_lut@1", ids[0]),
            ("demo/look/show_lut@3", ids[2]),
            (f"demo/look/show_lut@{ids[1]}", ids[1]),
            ("demo/look/show_lut@approved", ids[1]),
            (f"sluice:///demo/look/show_lut/{ids[0]}", ids[0]),
            (f"sluice:///demo/look/show_lut/{ids[0]}/show.cube", ids[0]),
            (f"sluice:/demo/look/show_lut/{ids[0]}", ids[0]),
            ("sluice:///demo/look/show_lut", ids[2]),
            ("sluice:///demo/look/show_lut/v-latest", ids[2]),
        ):
            with self.subTest(reference):
                self.assertEqual(self.server.ask("show", reference)["selected"]["version"], expected)
                fetched = self.server.ask("fetch", reference, "--to", self.server.home / "fetched")
                self.assertEqual(fetched["version"], expected)
                self.assertEqual(
                    (self.server.home / "fetched/show.cube").read_text(), f"look {ids.index(expected) + 1}\n"
                )

    def test_what_is_not_there_is_said(self):
        for reference in ("demo/look/show_lut@9", "demo/look/show_lut@nosuch", "demo/look/show_lut@v-20200101-000000-main"):
            with self.subTest(reference):
                self.assertError(self.server.refused("show", reference), "version.unknown")

    def test_show_has_every_field(self):
        shown = self.server.ask("show", "demo/look/show_lut")
        self.assertEqual([version["number"] for version in shown["versions"]], [3, 2, 1])
        self.assertEqual([version["note"] for version in shown["versions"]], ["note 3", "note 2", "note 1"])
        self.assertEqual(shown["tags"]["approved"], self.published[1]["version"])
        self.assertEqual(shown["usedBy"], [])
        selected = shown["selected"]
        self.assertEqual(selected["uri"], f"sluice:///demo/look/show_lut/{selected['version']}")
        self.assertEqual(selected["madeFrom"], [])
        self.assertEqual([file["path"] for file in selected["files"]], ["show.cube"])

    def test_identify_by_place_and_by_content(self):
        shown = self.server.ask("show", "demo/look/show_lut@1")["selected"]
        stored = f"{shown['path']}/cube/show.cube"
        elsewhere = self.server.file("renamed.bin", "look 2\n")
        unknown = self.server.file("unknown.bin", "nobody knows this")
        answers = self.server.ask("identify", stored, elsewhere, unknown, self.server.home / "absent", code=1)["files"]
        self.assertEqual([answer.get("by") for answer in answers], ["place", "content", None, None])
        self.assertEqual(answers[0]["version"], self.published[0]["version"])
        self.assertEqual((answers[0]["ref"], answers[0]["number"]), ("demo/look/show_lut", 1))
        self.assertEqual(answers[1]["version"], self.published[1]["version"])
        self.assertNotIn("ref", answers[2])
        self.assertEqual(answers[3]["error"]["code"], "publish.fileMissing")
        self.assertEqual(answers[0]["path"], stored)
        self.server.ask("identify", stored, elsewhere)

    def test_a_tag_moves_and_moves_back(self):
        first = self.server.ask("tag", "demo/look/show_lut@1", "delivered")
        self.assertEqual((first["ref"], first["tag"]), ("demo/look/show_lut", "delivered"))
        self.assertEqual(first["version"], self.published[0]["version"])
        self.server.ask("tag", "demo/look/show_lut", "delivered")
        self.assertEqual(
            self.server.ask("show", "demo/look/show_lut@delivered")["selected"]["version"], self.published[2]["version"]
        )

    def test_a_tag_that_cannot_be_is_refused(self):
        for tag in ("latest", "7", "v7", "with space", "-x", "../up"):
            with self.subTest(tag):
                self.server.run("tag", "demo/look/show_lut", "--json", "--", tag, code=2)

    def test_fetch_verifies_what_it_brings(self):
        published = self.server.ask("publish", "demo/damaged", self.server.file("d.bin", "good"))
        path = self.server.data / "store/demo/damaged" / published["version"] / "bin" / "d.bin"
        path.chmod(0o644)
        path.write_text("evil")
        target = self.server.home / "damaged"
        error = self.server.refused("fetch", "demo/damaged", "--to", target, code=None)
        self.assertIn(error["code"], ("publish.digestMismatch", "store.damaged"))
        self.assertEqual([entry.name for entry in target.iterdir()] if target.exists() else [], [])
        path.unlink()
        error = self.server.refused("fetch", "demo/damaged", "--to", target, code=1)
        self.assertError(error, "store.damaged")


class MainJob(ServerTestCase):
    """The demo's story, on text."""

    def steps(self, plan):
        return sorted((run["step"], run["folder"]) for run in plan["runs"])

    def test_from_nothing_to_current_and_on(self):
        self.server.pipeline(tiny_show.PIPELINE)
        tiny_show.publish_sources(self.server)
        plan = self.server.ask("plan", "demo")
        self.check_plan(plan)
        self.assertEqual(len(plan["runs"]), 3 + 3 + 3 + 2)
        self.assertEqual(plan["untouched"], 5)
        self.assertTrue(all(run["estimate"] is None for run in plan["runs"]))
        applied = self.server.apply()
        self.check_plan(applied)
        self.assertEqual(applied["id"], plan["id"])
        counts = [applied[word] for word in ("succeeded", "failed", "unchanged", "reused")]
        self.assertEqual(counts, [11, 0, 0, 0])
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.look_changes()
        self.one_frame_changes()
        self.same_bytes_again()
        self.comment_only()
        self.back_to_an_earlier_look()

    def check_plan(self, plan):
        self.assertRegex(plan["id"], r"^p-[0-9a-f]{12}$")
        self.assertIsInstance(plan["untouched"], int)
        for run in plan["runs"]:
            for field in ("step", "folder", "outputs", "reasons", "tasks", "frames", "estimate"):
                self.assertIn(field, run)
            self.assertFalse(run["folder"].startswith("demo"))
            self.assertTrue(all(ref.startswith("demo/") for ref in run["outputs"]))
            self.assertTrue(run["reasons"])
            for reason in run["reasons"]:
                self.assertIn(reason["kind"], ("input", "upstream", "missing", "missingInput", "step", "tool", "frames"))
                self.assertTrue(reason["text"])

    def look_changes(self):
        old = self.server.ask("show", "demo/look/show_lut")["selected"]["version"]
        published = tiny_show.change_look(self.server)
        status = self.server.ask("status", "demo", "--stale")
        self.assertRegex(status["asOf"], POSITION)
        stale = {product["ref"]: product for product in status["products"]}
        expected = {f"demo/{shot}/{name}" for shot in tiny_show.SHOTS for name in ("review_frames", "review_movie")}
        self.assertEqual(set(stale), expected | {"demo/sq010/contact", "demo/sq020/contact"})
        review = stale["demo/sq010/sh0010/review_frames"]
        self.assertEqual((review["state"], review["freshness"], review["activity"]), ("stale", "stale", "idle"))
        reason = review["reasons"][0]
        self.assertEqual((reason["kind"], reason["input"]), ("input", "demo/look/show_lut"))
        self.assertEqual((reason["used"], reason["now"]), (old, published["version"]))
        self.assertIn("show_lut", reason["text"])
        self.assertIn("tester", reason["text"])
        self.assertEqual(stale["demo/sq010/contact"]["reasons"][0]["kind"], "upstream")
        impact = self.server.ask("impact", "demo/look/show_lut")
        self.assertEqual(impact["ref"], "demo/look/show_lut")
        reached = {product["ref"]: (product["distance"], product["via"]) for product in impact["products"]}
        self.assertEqual(set(reached), set(stale))
        self.assertEqual(reached["demo/sq010/sh0010/review_frames"], (1, "demo/look/show_lut"))
        self.assertEqual(reached["demo/sq020/contact"], (2, "demo/sq020/sh0030/review_frames"))
        before = self.server.position()
        plan = self.server.ask("plan", "demo")
        self.check_plan(plan)
        self.assertEqual(self.server.position(), before)
        self.assertEqual({step for step, _ in self.steps(plan)}, {"review", "review_movie", "contact"})
        self.assertEqual(plan["untouched"], 5 + 3)
        self.assertTrue(all(run["estimate"]["seconds"] >= 0 for run in plan["runs"]))
        review = next(run for run in plan["runs"] if run["step"] == "review")
        self.assertEqual((review["frames"], review["tasks"]), ("1001-1004", 4))
        movie = next(run for run in plan["runs"] if run["step"] == "review_movie")
        self.assertEqual((movie["frames"], movie["tasks"]), (None, 1))
        applied = self.server.apply("--plan", plan["id"])
        self.assertEqual((applied["succeeded"], applied["failed"]), (8, 0))
        self.why(published)

    def why(self, published):
        why = self.server.ask("why", "demo/sq010/contact")
        self.assertEqual(why["ref"], "demo/sq010/contact")
        for link in why["chain"]:
            self.assertLessEqual({"event", "type", "time", "actor", "text"}, set(link))
        known = {event["id"]: event for event in self.server.events()}
        self.assertTrue(all(link["event"] in known for link in why["chain"]))
        first = known[why["chain"][-1]["event"]]
        self.assertEqual(first["product"], "demo/look/show_lut")
        self.assertEqual(first["data"]["version"], published["version"])
        self.assertEqual(why["chain"][-1]["actor"], "tester")
        self.assertEqual(known[why["chain"][0]["event"]]["product"], "demo/sq010/contact")

    def one_frame_changes(self):
        patch = self.server.file("fix/plate.1003.txt", "retouched\n")
        self.server.ask("publish", "demo/sq010/sh0020/plate", patch, "--patch")
        plan = self.server.ask("plan", "demo")
        self.assertEqual(
            {(run["step"], run["folder"]): run["frames"] for run in plan["runs"]},
            {
                ("review", "sq010/sh0020"): "1003",
                ("neutral", "sq010/sh0020"): "1003",
                ("review_movie", "sq010/sh0020"): None,
                ("contact", "sq010"): None,
            },
        )
        before = self.server.position()
        applied = self.server.apply("--plan", plan["id"])
        self.assertEqual(applied["succeeded"], 4)
        tasks = self.server.events("sluice.task.finished.v1", before)
        self.assertEqual(sorted(event["data"].get("frames", "") for event in tasks), ["", "", "1003", "1003"])
        self.server.ask("fetch", "demo/sq010/sh0020/review_frames", "--to", self.server.home / "out")
        texts = [path.read_text() for path in sorted((self.server.home / "out").iterdir())]
        self.assertEqual(texts[2], "retouched\ncold\n")
        self.assertEqual(texts[0], "sq010/sh0020 plate 1001\ncold\n")
        # A whole sequence again with one new frame counts as one frame.
        frames = self.server.frames(1001, 1004, folder="again", text="sq020/sh0030 plate {}\n")
        frames[1].write_text("another\n")
        self.server.ask("publish", "demo/sq020/sh0030/plate", *frames)
        plan = self.server.ask("plan", "demo")
        self.assertEqual({run["frames"] for run in plan["runs"] if run["step"] in ("review", "neutral")}, {"1002"})
        self.server.apply()

    def same_bytes_again(self):
        tiny_show.change_look(self.server, "cold\n")
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        empty = self.server.apply()
        self.assertEqual((empty["runs"], empty["succeeded"]), ([], 0))

    def comment_only(self):
        tiny_show.change_look(self.server, "# a comment\ncold\n")
        before = self.server.position()
        applied = self.server.apply()
        self.assertEqual(len(applied["runs"]), 8)
        self.assertEqual((applied["succeeded"], applied["unchanged"], applied["failed"]), (3, 5, 0))
        started = {event["data"]["step"] for event in self.server.events("sluice.run.started.v1", before)}
        self.assertEqual(started, {"review"})
        self.assertEqual(set(self.server.states().values()), {"current"})

    def back_to_an_earlier_look(self):
        tiny_show.change_look(self.server, "warm\n")
        before = self.server.position()
        applied = self.server.apply()
        self.assertEqual(applied["failed"], 0)
        self.assertGreaterEqual(applied["reused"], 1)
        self.assertGreaterEqual(applied["succeeded"], applied["reused"])
        executed = [event for event in self.server.events("sluice.task.finished.v1", before)]
        # sq010/sh0010 was made with this look before: nothing of it runs again.
        self.assertFalse([event for event in executed if event.get("folder") == "sq010/sh0010"])
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.server.ask("fetch", "demo/sq010/sh0010/review_frames", "--to", self.server.home / "reused")
        self.assertEqual((self.server.home / "reused/review.1001.txt").read_text(), "sq010/sh0010 plate 1001\nwarm\n")


class PlansAndSelections(SharedServerTestCase):
    @classmethod
    def prepare(cls, server):
        tiny_show.make(server)
        tiny_show.change_look(server)

    def products(self, selection):
        plan = self.server.ask("plan", "demo", "--select", selection)
        return {ref.removeprefix("demo/") for run in plan["runs"] for ref in run["outputs"]}

    def test_the_selection_grammar(self):
        all_reviews = {f"{shot}/review_frames" for shot in tiny_show.SHOTS}
        all_movies = {f"{shot}/review_movie" for shot in tiny_show.SHOTS}
        contacts = {"sq010/contact", "sq020/contact"}
        for selection, expected in (
            ("step:review", all_reviews),
            ("step:review step:contact", all_reviews | contacts),
            ("demo", all_reviews | all_movies | contacts),
            ("sq020", {"sq020/sh0030/review_frames", "sq020/sh0030/review_movie", "sq020/contact"}),
            ("demo/sq010/sh0010", {"sq010/sh0010/review_frames", "sq010/sh0010/review_movie"}),
            ("sq010/sh0010/review_frames", {"sq010/sh0010/review_frames"}),
            ("sluice:///demo/sq010/sh0010/review_frames", {"sq010/sh0010/review_frames"}),
            ("sq*/sh*/review_frames", all_reviews),
            ("**/review_movie", all_movies),
            ("look/show_lut+", all_reviews | all_movies | contacts),
            ("+sq020/contact", {"sq020/sh0030/review_frames", "sq020/contact"}),
            ("sq010/sh0020/review_frames+", {"sq010/sh0020/review_frames", "sq010/sh0020/review_movie", "sq010/contact"}),
            ("state:stale", all_reviews | all_movies | contacts),
            ("state:failed", set()),
            ("step:neutral", set()),
        ):
            with self.subTest(selection):
                found = self.products(selection)
                # A step waits for stale inputs that are not selected: it is then blocked or left out, never wider.
                if selection in ("step:review step:contact", "**/review_movie"):
                    self.assertLessEqual(found, expected)
                else:
                    self.assertEqual(found, expected)

    def test_frames_narrow_what_works_frame_by_frame(self):
        plan = self.server.ask("plan", "demo", "--select", "step:review", "--frames", "1002-1003")
        self.assertEqual({(run["frames"], run["tasks"]) for run in plan["runs"]}, {("1002-1003", 2)})

    def test_the_id_follows_what_the_plan_says_not_the_position(self):
        first = self.server.ask("plan", "demo")["id"]
        self.server.ask("publish", "demo/aside/thing", self.server.file("aside.txt"))
        # Another product is not in any run, but `untouched` is no part of the id.
        self.assertEqual(self.server.ask("plan", "demo")["id"], first)
        self.assertNotEqual(self.server.ask("plan", "demo", "--select", "sq010")["id"], first)

    def test_plan_show_without_an_application(self):
        plan = self.server.ask("plan", "demo", "--select", "sq020")
        shown = self.server.ask("plan", "show", plan["id"])
        self.assertEqual(shown["plan"]["id"], plan["id"])
        self.assertNotIn("progress", shown)

    def test_a_limit_shows_the_first_runs_and_what_the_others_come_to(self):
        whole = self.server.ask("plan", "demo")
        self.assertGreater(len(whole["runs"]), 1)
        self.assertNotIn("rest", whole)
        first = self.server.ask("plan", "demo", "--limit", "1")
        self.assertEqual(first["id"], whole["id"])
        self.assertEqual(first["runs"], whole["runs"][:1])
        self.assertEqual(first["rest"]["runs"], len(whole["runs"]) - 1)
        self.assertEqual(first["rest"]["tasks"], sum(run["tasks"] for run in whole["runs"][1:]))
        words = self.server.run("plan", "demo", "--limit", "1").output
        self.assertIn(f"{len(whole['runs'])} runs", words)
        self.assertIn(f"and {len(whole['runs']) - 1} more runs", words)

    def test_plan_takes_no_selection_beside_an_id(self):
        self.assertError(
            self.server.refused("apply", "demo", "--plan", "p-000000000000", "--select", "sq010"), "usage"
        )


class ChangedPlan(ServerTestCase):
    def test_a_plan_that_changed_prints_the_difference_and_exits_1(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        plan = self.server.ask("plan", "demo")
        self.server.ask("publish", "demo/look/neutral_lut", self.server.file("n.cube", "new neutral\n"))
        before = self.server.position()
        error = self.server.refused("apply", "demo", "--plan", plan["id"], code=1)
        self.assertError(error, "plan.changed", "neutral", plan["id"])
        words = self.server.run("apply", "demo", "--plan", plan["id"], code=1)
        self.assertIn("neutral", words.errors)
        self.assertEqual(self.server.position(), before)
        now = re.search(r"now (p-[0-9a-f]{12})", error["at"]).group(1)
        self.assertEqual(self.server.apply("--plan", now)["failed"], 0)

    def test_plans_lists_them_newest_first_and_show_has_the_progress(self):
        first = tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        second = self.server.apply()
        listed = self.server.ask("plans", "demo")["plans"]
        self.assertEqual([plan["id"] for plan in listed], [second["id"], first["id"]])
        self.assertEqual([plan["status"] for plan in listed], ["succeeded", "succeeded"])
        self.assertEqual(listed[0]["actor"]["name"], "tester")
        shown = self.server.ask("plan", "show", second["id"])
        self.assertEqual(shown["progress"]["status"], "succeeded")
        self.assertEqual(shown["progress"]["tasksDone"], shown["progress"]["tasksTotal"])

    def test_task_log_has_what_the_command_printed(self):
        made = tiny_show.make(self.server)
        run = next(run for run in made["runs"] if run["step"] == "review" and run["folder"] == "sq010/sh0020")
        task = f"{run['id']}.1002"
        self.assertEqual(self.server.run("task", "log", task).output, "frame 1002 of sq010/sh0020\n")
        self.assertEqual(self.server.ask("task", "log", task), {"task": task, "log": "frame 1002 of sq010/sh0020\n"})


class Events(ServerTestCase):
    def test_each_line_is_a_cloud_event(self):
        tiny_show.make(self.server)
        self.server.ask("tag", "demo/look/show_lut", "approved")
        events = self.server.events()
        for event in events:
            self.assertEqual(event["specversion"], "1.0")
            for field in ("id", "source", "type", "time", "position", "data", "actor", "site"):
                self.assertIn(field, event)
            self.assertRegex(event["type"], r"^sluice\.[a-z]+\.[a-z]+\.v1$")
            self.assertRegex(event["position"], POSITION)
        self.assertEqual(len({event["id"] for event in events}), len(events))
        positions = [int(event["position"].split(":")[1]) for event in events]
        self.assertEqual(positions, list(range(1, len(events) + 1)))
        self.assertEqual(
            {event["type"] for event in events},
            {f"sluice.{name}.v1" for name in (
                "project.created", "folder.changed", "pipeline.applied", "version.published", "tag.moved",
                "plan.applied", "plan.finished", "run.started", "run.finished", "task.finished")},
        )  # fmt: skip

    def test_type_and_from_narrow(self):
        tiny_show.make(self.server)
        runs = self.server.events("sluice.run.*")
        self.assertEqual({event["type"] for event in runs}, {"sluice.run.started.v1", "sluice.run.finished.v1"})
        everything = self.server.events()
        self.assertEqual(self.server.events(start=everything[4]["position"]), everything[5:])
        self.assertEqual(self.server.events(start=everything[-1]["position"]), [])

    def test_follow_prints_what_happens_and_what_happened(self):
        self.server.ask("folder", "add", "demo")
        self.server.ask("publish", "demo/one", self.server.file("1.txt"))
        output = self.server.home / "followed"
        with open(output, "wb") as file:
            follower = self.server.popen("events", "--follow", "--type", "sluice.version.*", stdout=file)
        self.addCleanup(follower.wait, 10)
        self.addCleanup(follower.kill)
        lines = lambda: [json.loads(line) for line in output.read_text().splitlines()]  # noqa: E731
        wait_until(lambda: len(lines()) == 1, "the first publish is printed")
        for number in (2, 3):
            self.server.ask("publish", "demo/one", self.server.file("1.txt", str(number)))
            wait_until(lambda number=number: len(lines()) == number, f"publish {number} is printed")
        self.assertEqual([event["data"]["number"] for event in lines()], [1, 2, 3])
        self.assertIsNone(follower.poll())

    def test_follow_goes_on_after_a_restart_without_loss(self):
        self.server.ask("folder", "add", "demo")
        output = self.server.home / "followed"
        with open(output, "wb") as file, open(self.server.home / "errors", "wb") as errors:
            follower = self.server.popen("events", "--follow", "--type", "sluice.version.*", stdout=file, stderr=errors)
        self.addCleanup(follower.wait, 10)
        self.addCleanup(follower.kill)
        numbers = lambda: [json.loads(line)["data"]["number"] for line in output.read_text().splitlines()]  # noqa: E731
        time.sleep(0.3)
        self.server.ask("publish", "demo/one", self.server.file("1.txt", "1"))
        wait_until(lambda: numbers() == [1], "the first publish is printed")
        self.server.kill()
        self.server.start()
        self.server.ask("publish", "demo/one", self.server.file("1.txt", "2"))
        wait_until(lambda: numbers() == [1, 2], "the publish after the restart is printed")


class Reading(ServerTestCase):
    def test_status_of_a_project_a_folder_and_a_product(self):
        tiny_show.make(self.server)
        self.assertEqual(len(self.server.ask("status", "demo/sq020/sh0030")["products"]), 4)
        self.assertEqual(len(self.server.ask("status", "demo/look/show_lut")["products"]), 1)
        self.assertEqual(
            self.server.ask("status")["products"], self.server.ask("status", "demo")["products"]
        )
        for product in self.server.ask("status", "demo")["products"]:
            self.assertLessEqual({"ref", "state", "freshness", "activity", "version", "reasons"}, set(product))

    def test_people_get_words_and_json_is_one_object(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        self.assertIn("show_lut", self.server.run("status", "demo", "--stale").output)
        self.assertIn("because", self.server.run("plan", "demo").output)
        for command in (["status"], ["plan", "demo"], ["why", "demo/sq010/contact"], ["show", "demo/sq010/contact"],
                        ["impact", "demo/look/show_lut"], ["plans", "demo"], ["folder", "list", "demo"]):  # fmt: skip
            ran = self.server.run(*command, "--json")
            self.assertIsInstance(ran.json, dict)
            self.assertEqual(ran.errors, "")

    def test_a_step_with_a_tagged_input_waits_for_the_tag(self):
        pipeline = tiny_show.PIPELINE.replace(
            "lut: { product: /look/show_lut }", "lut: { product: /look/show_lut, tag: approved }"
        )
        self.server.pipeline(pipeline)
        tiny_show.publish_sources(self.server)
        self.server.ask("tag", "demo/look/show_lut", "approved")
        self.server.apply()
        tiny_show.change_look(self.server)
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.server.ask("tag", "demo/look/show_lut", "approved")
        self.assertIn("stale", self.server.states().values())


if __name__ == "__main__":
    unittest.main()
