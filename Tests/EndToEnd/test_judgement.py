"""Human steps, vouches, verdicts, freezes, holds, and pipeline edits that accept what exists."""

import time
import unittest

import tiny_show
from sluice_server import ServerTestCase

PIPELINE = """\
sluice: 1
project: demo
folders:
  - { path: hero, type: asset }
  - { path: sh010, type: shot }
steps:
  animation:
    for: { type: shot }
    inputs:
      rig: { product: /hero/rig }
      layout: { product: layout }
    outputs:
      animation: { product: animation }
  render:
    for: { type: shot }
    inputs:
      animation: { product: animation }
      look: { product: /hero/look, tag: approved }
    outputs:
      beauty: { product: beauty, files: "beauty.txt" }
    command: [sh, -c, 'cat "$1" "$2" > "$3"', sh, "{animation}", "{look}", "{beauty}"]
"""
ANIMATION, BEAUTY = "demo/sh010/animation", "demo/sh010/beauty"


class JudgementTestCase(ServerTestCase):
    def publish(self, ref, text, *arguments):
        name = ref.rpartition("/")[2]
        return self.server.ask("publish", ref, self.server.file(f"{name}.txt", text), *arguments)

    def product(self, ref):
        return self.server.ask("status", ref)["products"][0]

    def kinds(self, ref):
        return [reason["kind"] for reason in self.product(ref)["reasons"]]


class HumanSteps(JudgementTestCase):
    def setUp(self):
        super().setUp()
        self.server.pipeline(PIPELINE)
        self.publish("demo/hero/rig", "rig one\n")
        self.publish("demo/sh010/layout", "layout one\n")
        self.publish("demo/hero/look", "grey\n")
        self.server.ask("approve", "demo/hero/look@1")

    def test_nothing_runs_them_and_the_plan_says_who_is_wanted(self):
        plan = self.server.ask("plan", "demo")
        self.assertEqual(plan["runs"], [])
        self.assertEqual([(work["product"], work["freshness"]) for work in plan["byHand"]], [(ANIMATION, "missing")])
        self.assertIn("only a person can help", self.server.run("plan", "demo").output)

    def test_from_inputs_records_all_that_the_step_declares(self):
        self.publish(ANIMATION, "she walks\n", "--from", "inputs")
        made = self.server.ask("show", ANIMATION)["selected"]["madeFrom"]
        self.assertEqual([used["input"] for used in made], ["rig", "layout"])
        self.assertEqual(self.product(ANIMATION)["freshness"], "current")
        self.assertEqual(self.server.apply()["succeeded"], 1)

    def test_from_names_are_matched_and_what_lacks_is_unknown(self):
        self.publish(ANIMATION, "she walks\n", "--from", "demo/hero/rig")
        product = self.product(ANIMATION)
        self.assertEqual((product["freshness"], product["state"]), ("unknown", "unknown"))
        self.assertEqual([reason["input"] for reason in product["reasons"]], ["demo/sh010/layout"])

    def test_dubious_then_vouched_then_published_anew(self):
        self.publish(ANIMATION, "she walks\n", "--from", "inputs")
        self.server.apply()
        self.publish("demo/hero/rig", "rig two\n")
        product = self.product(ANIMATION)
        self.assertEqual(product["freshness"], "dubious")
        self.assertRegex(product["reasons"][0]["text"], r"^hero/rig moved from v001 to v002 \(tester, \w{3} \d+ ")
        self.assertEqual(self.product(BEAUTY)["freshness"], "current")
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        answer = self.server.ask("vouch", ANIMATION, "--because", "only the tail")
        self.assertEqual((answer["number"], answer["because"], answer["core"]), (1, "only the tail", None))
        self.assertEqual([used["input"] for used in answer["inputs"]], ["rig", "layout"])
        self.assertEqual((self.product(ANIMATION)["freshness"], self.kinds(ANIMATION)), ("current", ["vouched"]))
        self.publish(ANIMATION, "she runs\n", "--from", "inputs")
        self.assertEqual((self.product(ANIMATION)["freshness"], self.product(BEAUTY)["freshness"]), ("current", "stale"))

    def test_what_no_step_makes_cannot_be_vouched_for(self):
        self.assertError(self.server.refused("vouch", "demo/hero/rig"), "vouch.nothing")

    def test_the_pipeline_file_refuses_what_says_nothing_of_them(self):
        for line in ("chunk: 4", "timeout: 1h", "tools: [maya]", "max_core_hours: 2", "on_change: auto"):
            with self.subTest(line):
                text = PIPELINE.replace("  render:", f"    {line}\n  render:")
                self.assertError(self.server.refused("pipeline", "apply", self.server.file("bad.yaml", text)), "pipeline.shape")


class Verdicts(JudgementTestCase):
    def setUp(self):
        super().setUp()
        self.server.pipeline(PIPELINE)
        self.publish("demo/hero/look", "grey\n")
        self.publish("demo/hero/look", "green\n")

    def test_approve_names_who_and_when_and_moves_the_tag(self):
        answer = self.server.ask("approve", "demo/hero/look@1", "--because", "seen in dailies")
        self.assertEqual(answer["approved"]["verdict"], "approved")
        shown = self.server.ask("show", "demo/hero/look")
        self.assertEqual(shown["tags"]["approved"], answer["version"])
        self.assertEqual([version.get("judged", {}).get("by") for version in shown["versions"]], [None, "tester"])
        types = [event["type"] for event in self.server.events()][-2:]
        self.assertEqual(types, ["sluice.version.judged.v1", "sluice.tag.moved.v1"])

    def test_reject_takes_a_version_out_of_latest_and_approve_brings_it_back(self):
        newest = self.server.versions("demo/hero/look")[-1]
        answer = self.server.ask("reject", f"demo/hero/look@{newest}", "--because", "too green")
        self.assertEqual(answer["latest"], self.server.versions("demo/hero/look")[0])
        product = self.product("demo/hero/look")
        self.assertEqual((product["number"], self.kinds("demo/hero/look")), (1, ["rejected"]))
        self.assertIn("too green", product["reasons"][0]["text"])
        self.assertEqual(self.server.ask("show", "demo/hero/look")["selected"]["number"], 1)
        self.server.ask("reject", "demo/hero/look@2", "--withdraw")
        self.assertEqual(self.product("demo/hero/look")["number"], 2)

    def test_what_is_approved_is_taken_and_a_rejection_leaves_nothing(self):
        self.publish(ANIMATION, "she walks\n")
        self.assertIn("has no approved version", self.server.ask("plan", "demo")["blocked"][0]["text"])
        self.server.ask("approve", "demo/hero/look@1")
        self.server.apply("--select", "sh010/beauty")
        self.server.ask("approve", "demo/hero/look@2")
        self.assertEqual(self.product(BEAUTY)["freshness"], "stale")
        self.server.ask("reject", "demo/hero/look@2", "--because", "clips")
        text = self.server.ask("plan", "demo")["blocked"][0]["text"]
        self.assertRegex(text, r"v002 was rejected by tester \(.*\): because “clips”")

    def test_a_product_of_which_every_version_was_rejected_can_still_be_looked_at(self):
        for number in (1, 2):
            self.server.ask("reject", f"demo/hero/look@{number}", "--because", "no")
        product = self.product("demo/hero/look")
        self.assertEqual((product["freshness"], product["version"]), ("missing", None))
        self.assertEqual(product["approved"]["verdict"], "rejected")
        self.assertEqual(self.server.ask("show", "demo/hero/look")["selected"]["number"], 2)
        why = self.server.ask("why", "demo/hero/look")
        self.assertEqual([reason["kind"] for reason in why["reasons"]], ["rejected"])
        self.assertIn("published", why["chain"][0]["text"])

    def test_said_twice_it_is_recorded_once(self):
        self.server.ask("reject", "demo/hero/look@1")
        before = self.server.position()
        self.server.ask("reject", "demo/hero/look@1")
        self.assertEqual(self.server.position(), before)

    def test_status_keeps_the_four_apart(self):
        self.server.ask("approve", "demo/hero/look@2", "--because", "seen")
        product = self.product("demo/hero/look")
        self.assertEqual((product["freshness"], product["activity"]), ("current", "idle"))
        self.assertEqual(product["complete"], {"value": True, "reason": None})
        approved = product["approved"]
        self.assertEqual((approved["value"], approved["by"], approved["because"]), (True, "tester", "seen"))
        self.assertRegex(approved["time"], r"^\d{4}-\d\d-\d\dT")
        missing = self.product(BEAUTY)
        self.assertEqual(missing["complete"], {"value": False, "reason": "it has not been made yet"})
        self.assertEqual(missing["approved"]["value"], False)


class Freezes(JudgementTestCase):
    def setUp(self):
        super().setUp()
        tiny_show.make(self.server)
        self.version = self.server.versions("demo/look/show_lut")[0]

    def test_a_change_is_kept_out_and_plans_say_so(self):
        answer = self.server.ask("freeze", "demo/look/show_lut", "--at", self.version, "--because", "the cut is locked")
        self.assertEqual((answer["at"], answer["number"], answer["until"]), (self.version, 1, None))
        tiny_show.change_look(self.server)
        plan = self.server.ask("plan", "demo")
        self.assertEqual(plan["runs"], [])
        frozen = plan["frozen"][0]
        self.assertEqual((frozen["product"], frozen["at"], frozen["by"], frozen["units"]),
                         ("demo/look/show_lut", self.version, "tester", 3))  # fmt: skip
        self.assertEqual(frozen["keptOut"], self.server.versions("demo/look/show_lut")[1])
        words = self.server.run("plan", "demo").output
        self.assertRegex(words, r"look/show_lut is frozen at v001 by tester \(.*\): because “the cut is locked”; v002")
        self.assertEqual(self.kinds("demo/sq010/sh0010/review_frames"), ["frozen"])
        latest = {"refs": ["sluice:///demo/look/show_lut/v-latest"]}
        resolved = self.server.post("/api/v1/resolve", latest).json["results"][0]
        self.assertEqual(resolved["version"], self.version)
        self.assertEqual(self.server.ask("show", "demo/look/show_lut")["selected"]["number"], 2)
        self.server.ask("thaw", "demo/look/show_lut")
        self.assertTrue(self.server.ask("plan", "demo")["runs"])

    def test_it_ends_by_itself(self):
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
        self.server.ask("freeze", "demo/look/show_lut", "--at", "1", "--until", until, "--because", "dailies")
        tiny_show.change_look(self.server)
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        time.sleep(5)
        self.assertTrue(self.server.ask("plan", "demo")["runs"])

    def test_what_makes_no_sense_is_refused(self):
        for arguments, code in (
            (["--at", self.version], "usage"),
            (["--at", "latest", "--because", "x"], "usage"),
            (["--at", "7", "--because", "x"], "version.unknown"),
            (["--at", "1", "--until", "2020-01-01", "--because", "x"], "usage"),
            (["--at", "1", "--until", "friday", "--because", "x"], "usage"),
        ):
            with self.subTest(arguments):
                self.assertError(self.server.refused("freeze", "demo/look/show_lut", *arguments), code)


class PaintingOver(JudgementTestCase):
    PRODUCT = "demo/sq010/sh0010/review_frames"

    def setUp(self):
        super().setUp()
        tiny_show.make(self.server)

    def paint(self, *arguments, **more):
        frame = self.server.file("painted/review.1002.txt", "painted\n")
        return self.server.ask("publish", self.PRODUCT, frame, "--patch", *arguments, **more)

    def test_it_is_held_until_somebody_releases_it(self):
        self.paint("--override", "--because", "wires painted out")
        tiny_show.change_look(self.server)
        plan = self.server.ask("plan", "demo")
        self.assertNotIn(("review", "sq010/sh0010"), [(run["step"], run["folder"]) for run in plan["runs"]])
        held = plan["held"][0]
        self.assertEqual((held["product"], held["step"], held["by"], held["because"]),
                         (self.PRODUCT, "review", "tester", "wires painted out"))  # fmt: skip
        self.assertIn("is held by tester since", self.server.run("plan", "demo").output)
        self.assertEqual((self.product(self.PRODUCT)["freshness"], self.kinds(self.PRODUCT)), ("current", ["held"]))
        self.server.apply()
        self.assertEqual(self.server.ask("show", self.PRODUCT)["selected"]["number"], 2)
        self.assertFalse(self.server.ask("release", self.PRODUCT)["held"])
        self.server.apply()
        self.assertEqual(self.server.ask("show", self.PRODUCT)["selected"]["number"], 3)
        self.assertEqual(set(self.server.states().values()), {"current"})

    def test_without_override_it_is_refused_and_the_way_is_named(self):
        frame = self.server.file("painted/review.1002.txt", "painted\n")
        error = self.server.refused("publish", self.PRODUCT, frame, "--patch", code=None)
        self.assertError(error, "publish.madeByStep", "--override")

    def test_override_wants_a_reason_and_something_to_override(self):
        file = self.server.file("lut.cube", "x\n")
        self.assertError(self.server.refused("publish", self.PRODUCT, file, "--override"), "usage")
        self.assertError(
            self.server.refused("publish", "demo/look/show_lut", file, "--override", "--because", "x"), "usage")


class Edits(JudgementTestCase):
    def setUp(self):
        super().setUp()
        tiny_show.make(self.server)
        text = tiny_show.PIPELINE.replace('(cat "$1"; grep', '(cat "$1" ; grep')
        self.edited = self.server.file("edited.yaml", text)
        self.comments = self.server.file("comments.yaml", "# who reads this\n" + tiny_show.PIPELINE)

    def test_dry_run_shows_the_plan_that_the_edit_would_cause_and_applies_nothing(self):
        before = self.server.position()
        answer = self.server.ask("pipeline", "apply", self.edited, "--dry-run")
        self.assertEqual({run["step"] for run in answer["plan"]["runs"]}, {"review", "review_movie", "contact"})
        reason = answer["plan"]["runs"][0]["reasons"][0]
        self.assertRegex(reason["text"], r"^the step 'review' was edited \(tester, .*, revision 2\)$")
        self.assertEqual((answer["applied"], self.server.position()), (False, before))

    def test_layout_and_comments_cause_none(self):
        answer = self.server.ask("pipeline", "apply", self.comments, "--dry-run")
        self.assertEqual(answer["plan"]["runs"], [])

    def test_grandfather_accepts_what_exists_in_one_record_with_the_steps(self):
        dry = self.server.ask("pipeline", "apply", self.edited, "--grandfather", "--dry-run")
        self.assertEqual((dry["plan"]["runs"], len(dry["grandfathered"])), ([], 3))
        before = self.server.position()
        answer = self.server.ask("pipeline", "apply", self.edited, "--grandfather", "--because", "a space")
        self.assertEqual(len(answer["grandfathered"]), 3)
        events = self.server.events(start=before)
        self.assertEqual({event["type"] for event in events}, {"sluice.version.vouched.v1", "sluice.pipeline.applied.v1"})
        self.assertEqual({event["data"].get("because") for event in events} - {None}, {"a space"})
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.server.ask("publish", "demo/sq010/sh0010/plate", self.server.file("p/plate.1002.txt", "new\n"), "--patch")
        plan = self.server.ask("plan", "demo", "--select", "step:review")
        self.assertEqual([(run["folder"], run["frames"]) for run in plan["runs"]], [("sq010/sh0010", "1002")])
        self.server.apply()
        self.assertEqual(set(self.server.states().values()), {"current"})

    def test_grandfather_leaves_stale_what_was_stale(self):
        tiny_show.change_look(self.server)
        before = {ref for ref, state in self.server.states().items() if state == "stale"}
        self.server.ask("pipeline", "apply", self.edited, "--grandfather")
        self.assertEqual({ref for ref, state in self.server.states().items() if state == "stale"}, before)


class AfterARestart(JudgementTestCase):
    def test_what_people_said_is_still_known(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        self.server.ask("reject", "demo/look/show_lut@2")
        self.server.ask("freeze", "demo/look/neutral_lut", "--at", "1", "--because", "locked")
        before = self.server.ask("status", "demo")["products"]
        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.ask("status", "demo")["products"], before)
        self.server.stop()
        self.server.start("--rebuild")
        self.assertEqual(self.server.ask("status", "demo")["products"], before)


if __name__ == "__main__":
    unittest.main()
