"""Selections, forced runs, what-if and savings, on a show of which every number is known."""

import tiny_show
from sluice_server import ServerTestCase, SharedServerTestCase


class Selections(SharedServerTestCase):
    @classmethod
    def prepare(cls, server):
        tiny_show.make(server)
        cls.after_making = server.position()
        tiny_show.change_look(server)

    def runs(self, *arguments):
        plan = self.server.ask("plan", "demo", *arguments)
        return sorted(f"{run['step']} {run['folder']}" for run in plan["runs"])

    def refs(self, *arguments):
        return sorted(product["ref"] for product in self.server.ask(*arguments)["products"])

    def test_a_plan_takes_the_whole_grammar(self):
        self.assertEqual(
            self.runs("--select", "step:review and not folder:sq010"),
            ["review sq020/sh0030"],
        )
        self.assertEqual(
            self.runs("--select", "(type:sequence or 1+(step:review_movie and sq020)) and state:stale"),
            ["contact sq020", "review sq020/sh0030", "review_movie sq020/sh0030"])  # fmt: skip

    def test_exclude_takes_away(self):
        self.assertEqual(
            self.runs("--select", "step:review", "--exclude", "sq010"),
            ["review sq020/sh0030"],
        )
        plan = self.server.ask("plan", "demo", "--select", "step:review", "--exclude", "sq010")
        self.assertEqual(plan["selection"], "step:review and not sq010")

    def test_until_ends_at_a_step(self):
        reviews = [f"review {shot}" for shot in tiny_show.SHOTS]
        self.assertEqual(self.runs("--until", "review"), sorted(reviews))

    def test_what_changed_since_a_position_and_since_hours(self):
        self.assertEqual(
            self.refs("status", "demo", "--select", f"changed:{self.after_making}"),
            ["demo/look/show_lut"],
        )
        self.assertEqual(
            len(self.refs("status", "demo", "--select", "changed:2h")),
            len(self.refs("status", "demo")),
        )

    def test_status_and_impact_take_selections_too(self):
        self.assertEqual(
            self.refs("status", "demo/sq020", "--select", "step:review step:contact", "--exclude", "type:shot"),
            ["demo/sq020/contact"])  # fmt: skip
        self.assertEqual(
            self.refs("impact", "demo/look/show_lut", "--select", "type:sequence"),
            ["demo/sq010/contact", "demo/sq020/contact"])  # fmt: skip
        self.assertIn(
            "one project",
            self.server.refused("status", "--select", "state:stale")["what"],
        )

    def test_what_is_wrong_is_named_with_its_place(self):
        error = self.server.refused("plan", "demo", "--select", "sq010 and not stat:stale")
        self.assertEqual(error["code"], "selection.invalid")
        self.assertEqual(error["at"], "selection, character 15: 'stat:stale'")
        self.assertIn("did you mean 'state:'", error["what"])
        self.assertIn("'review'", self.server.refused("plan", "demo", "--until", "revew")["what"])

    def test_a_plan_brings_its_own_selection(self):
        for option in (["--exclude", "sq010"], ["--until", "review"], ["--force"]):
            with self.subTest(option):
                self.server.refused("apply", "demo", "--plan", "p-0123456789ab", *option)


class Forcing(ServerTestCase):
    def force(self):
        return self.server.ask(
            "apply", "demo", "--select", "sq010/sh0010/review_frames", "--frames", "1001-1003", "--force", "--watch")  # fmt: skip

    def test_it_makes_anew_what_is_current_as_often_as_it_is_asked_for(self):
        tiny_show.make(self.server)
        first = self.force()
        self.assertEqual((first["succeeded"], first["reused"], first["force"]), (1, 0, True))
        self.assertEqual((first["runs"][0]["frames"], first["runs"][0]["tasks"]), ("1001-1003", 3))
        reason = first["runs"][0]["reasons"][0]
        self.assertEqual(reason["kind"], "forced")
        self.assertRegex(
            reason["text"],
            r"^tester wants it made anew \(\w{3} \d+ \w{3} \d\d:\d\d UTC\)$",
        )
        second = self.force()
        self.assertNotEqual(second["id"], first["id"])
        self.assertEqual(second["succeeded"], 1)
        ends = [event["data"] for event in self.server.events("sluice.run.finished.v1")]
        self.assertEqual([end["executed"] for end in ends if end["plan"] == second["id"]], [3])
        self.assertEqual(set(self.server.states().values()), {"current"})


class WhatIf(SharedServerTestCase):
    @classmethod
    def prepare(cls, server):
        tiny_show.make(server)

    def ask(self, *changes, **more):
        before = self.server.position()
        words = [word for change in changes for word in ("--changed", change)]
        plan = self.server.ask("plan", "demo", *words, **more)
        self.assertEqual(self.server.position(), before)
        return plan

    def test_the_same_file_reaches_nothing(self):
        plan = self.ask(f"demo/look/show_lut={self.server.file('again.cube', 'warm' + chr(10))}")
        self.assertEqual((plan["runs"], plan["whatIf"]["changes"][0]["differs"]), ([], False))
        ran = self.server.run(
            "plan",
            "demo",
            "--changed",
            f"demo/look/show_lut={self.server.home / 'files' / 'again.cube'}",
        )
        self.assertIn("It would reach nothing", ran.output)

    def test_another_file_reaches_what_is_made_with_it(self):
        cold = self.server.file("cold.cube", "cold\n")
        plan = self.ask(f"demo/look/show_lut={cold}")
        steps = sorted(run["step"] for run in plan["runs"])
        self.assertEqual(steps, ["contact"] * 2 + ["review"] * 3 + ["review_movie"] * 3)
        for run in plan["runs"]:
            self.assertIn("would move from v001 to cold.cube", run["reasons"][0]["text"])
        ran = self.server.run("plan", "demo", "--changed", f"demo/look/show_lut={cold}")
        self.assertIn("nothing was published, and this cannot be applied", ran.output)
        self.assertIn("It would reach 8 runs", ran.output)
        error = self.server.refused("apply", "demo", "--plan", plan["id"], code=1)
        self.assertEqual(error["code"], "plan.whatIf")

    def test_without_a_file_it_counts_as_wholly_changed(self):
        self.assertEqual(len(self.ask("demo/look/show_lut")["runs"]), 8)

    def test_one_frame_reaches_that_frame(self):
        frame = self.server.file("fixed/plate.1002.txt", "fixed\n")
        plan = self.ask(f"demo/sq010/sh0010/plate={frame}")
        self.assertEqual(
            sorted((run["step"], run["frames"]) for run in plan["runs"] if run["frames"]),
            [("neutral", "1002"), ("review", "1002")])  # fmt: skip

    def test_a_pattern_is_all_files_of_that_name(self):
        shot = tiny_show.SHOTS[0]
        self.server.frames(1001, 1004, folder="new", text=f"{shot} plate {{}}\n")
        self.server.frames(1004, 1004, folder="new", text="other\n")
        first = self.server.frames(1001, 1001, folder="new", text=f"{shot} plate {{}}\n")[0]
        pattern = str(first).replace("1001", "####")
        plan = self.ask(f"demo/{shot}/plate={pattern}")
        self.assertEqual({run["frames"] for run in plan["runs"] if run["frames"]}, {"1004"})

    def test_what_nobody_has_is_refused(self):
        self.assertEqual(
            self.server.refused("plan", "demo", "--changed", "demo/look/shw_lut")["code"], "product.unknown")  # fmt: skip
        self.assertEqual(
            self.server.refused("plan", "demo", "--changed", "demo/look/show_lut=nowhere.cube")["code"],
            "publish.fileMissing")  # fmt: skip


class Savings(ServerTestCase):
    def savings(self, *arguments):
        return self.server.ask("savings", "demo", *arguments)

    def test_each_way_of_sparing_work_is_counted(self):
        shots, frames, sheets = len(tiny_show.SHOTS), 4, len(tiny_show.SEQUENCES)
        tiny_show.make(self.server)
        made = self.savings()
        self.assertEqual(made["total"]["tasks"], 0)
        self.assertEqual(made["spent"]["tasks"], 2 * shots * frames + shots + sheets)
        self.assertEqual(made["unmeasuredRuns"], 0)

        # A comment changes the look's bytes, and no frame: movies and sheets are cut off.
        tiny_show.change_look(self.server, "# a comment\nwarm\n")
        self.server.apply()
        cut = self.savings()["cutOff"]
        self.assertEqual(
            (cut["runs"], cut["tasks"], cut["frames"]),
            (shots + sheets, shots + sheets, 0),
        )
        sizes = [
            self.server.ask("show", f"demo/{shot}/review_movie")["versions"][0]["bytes"] for shot in tiny_show.SHOTS
        ]
        sizes += [
            self.server.ask("show", f"demo/{place}/contact")["versions"][0]["bytes"] for place in tiny_show.SEQUENCES
        ]
        self.assertEqual(cut["bytes"], sum(sizes))

        # Back to the first look: its frames are there.
        tiny_show.change_look(self.server, "warm\n")
        self.server.apply()
        reuse = self.savings()["reuse"]
        self.assertEqual(
            (reuse["runs"], reuse["tasks"], reuse["frames"]),
            (shots, shots * frames, shots * frames),
        )

        # One frame of one plate: its neighbours stay.
        here = self.server.position()
        fixed = self.server.file("fixed/plate.1002.txt", "fixed\n")
        self.server.ask("publish", f"demo/{tiny_show.SHOTS[0]}/plate", fixed, "--patch")
        self.server.apply()
        answer = self.savings("--since", here)
        kept = answer["frames"]
        self.assertEqual(
            (kept["runs"], kept["tasks"], kept["frames"]),
            (2, 2 * (frames - 1), 2 * (frames - 1)),
        )
        self.assertEqual(answer["total"]["tasks"], kept["tasks"])
        self.assertEqual(answer["spent"]["tasks"], 2 + 1 + 1)

    def test_seconds_are_tasks_times_the_step_s_pace(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server, "# a comment\nwarm\n")
        self.server.apply()
        ends = [event["data"] for event in self.server.events("sluice.run.finished.v1")]
        paces = [end["spared"]["secondsPerTask"] for end in ends if end["outcome"] == "unchanged"]
        self.assertEqual(len(paces), 5)
        self.assertAlmostEqual(self.savings()["cutOff"]["seconds"], sum(paces), places=2)

    def test_words_say_what_is_estimated(self):
        tiny_show.make(self.server)
        output = self.server.run("savings", "demo", "--since", "1d").output
        for word in ("cut-off", "reuse", "frames", "estimated", "29 tasks"):
            self.assertIn(word, output)
        self.assertEqual(self.server.refused("savings", "demo", "--since", "lately")["code"], "usage")
        self.assertEqual(self.server.refused("savings", "nobody")["code"], "project.unknown")
