"""Sluice reacts by itself: plans that run, proposals that wait, and what survives being killed.

Environment:
  SLUICE_TEST_SEED    the seed of the random moments (default: a new one each time; it is printed where a test fails)
  SLUICE_TEST_ROUNDS  kills per test (default: as each test says)
  SLUICE_TEST_BATCH   products in each request of the burst (default: 10, so that it takes moments; 1 is hardest)
"""

import base64
import json
import os
import random
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import tiny_show
from sluice_server import ServerTestCase, wait_until

REACTION_SECONDS = 40


def pipeline(**policies):
    """The tiny show's pipeline with `on_change` and more per step: `review="on_change: auto"`."""
    text = tiny_show.PIPELINE
    for step, lines in policies.items():
        before, after = text.split(f"  {step}:\n", 1)
        text = before + f"  {step}:\n" + "".join(f"    {line}\n" for line in lines.split("\n")) + after
    return text


AUTO = {step: "on_change: auto" for step in ("review", "review_movie", "neutral", "contact")}


class ReactionTestCase(ServerTestCase):
    def plans(self, *statuses):
        """Plans of these states (all where none is named), newest first."""
        found = self.server.get("/api/v1/plans", project="demo").json["plans"]
        return [plan for plan in found if not statuses or plan["status"] in statuses]

    def waiting(self):
        """The one proposal that waits; None where none does."""
        found = self.plans("proposed")
        self.assertLessEqual(len(found), 1, found)
        return found[0] if found else None

    def wait_for_proposal(self, what="a proposal waits", other_than=None):
        return wait_until(
            lambda: (found := self.waiting()) and found["id"] != other_than and found, what, REACTION_SECONDS)  # fmt: skip

    def wait_until_current(self, seconds=REACTION_SECONDS):
        wait_until(lambda: set(self.server.states().values()) == {"current"}, "everything is current", seconds, 0.2)

    def reactions(self, project="demo"):
        """Plans that Sluice set going by itself, as events."""
        return [
            event for event in self.server.events("sluice.plan.applied.v1")
            if event["actortrust"] == "system" and event["project"] == project
        ]  # fmt: skip

    def published(self, version):
        """The event of a version."""
        return next(
            event for event in self.server.events("sluice.version.published.v1")
            if (event["product"], event["data"]["version"]) == (version["ref"], version["version"])
        )  # fmt: skip

    def runs(self, plan):
        return sorted(f"{run['step']} {run['folder']}" for run in self.server.get(f"/api/v1/plans/{plan}").json["plan"]["runs"])


class Auto(ReactionTestCase):
    def test_a_new_look_is_followed_by_itself_with_one_plan(self):
        self.server.pipeline(pipeline(**AUTO))
        tiny_show.publish_sources(self.server)
        self.wait_until_current()
        before = len(self.reactions())
        look = tiny_show.change_look(self.server)
        self.wait_until_current()
        new = self.reactions()[before:]
        self.assertEqual(len(new), 1, new)
        # Because of the look, by nobody else.
        published = self.published(look)
        self.assertEqual((new[0]["actor"], new[0]["causationid"]), ("sluice", published["id"]))
        self.assertEqual(new[0]["data"]["runs"], 8)
        chain = self.server.ask("why", "demo/sq010/contact")["chain"]
        self.assertIn("by itself", " ".join(link["text"] for link in chain))
        self.assertIn("tester", chain[-1]["text"])

    def test_manual_steps_only_show_it_and_what_follows_them_waits(self):
        self.server.pipeline(pipeline(**{**AUTO, "review": "on_change: manual"}))
        tiny_show.publish_sources(self.server)
        wait_until(lambda: self.server.states().get("demo/sq010/sh0010/neutral_frames") == "current", "neutrals are made", REACTION_SECONDS)
        time.sleep(3)
        states = self.server.states()
        self.assertEqual(states["demo/sq010/sh0010/review_frames"], "missing")
        self.assertEqual(states["demo/sq010/contact"], "missing")
        self.assertIsNone(self.waiting())
        status = {p["ref"]: p for p in self.server.ask("status", "demo")["products"]}
        self.assertEqual(status["demo/sq010/sh0010/review_frames"]["reaction"]["kind"], "manual")
        self.assertEqual(status["demo/sq010/sh0010/review_movie"]["reaction"]["kind"], "waits")
        # An explicit plan includes every step.
        self.server.apply("--select", "step:review")
        self.wait_until_current()

    def test_a_step_above_its_ceiling_is_proposed(self):
        text = pipeline(review="on_change: auto\nmax_core_hours: 0.001", neutral="on_change: auto")
        self.server.pipeline(text.replace('echo "frame $4', 'sleep 0.4; echo "frame $4'))
        tiny_show.publish_sources(self.server)
        plan = self.server.get(f"/api/v1/plans/{self.wait_for_proposal()['id']}").json["plan"]
        review = next(run for run in plan["runs"] if run["step"] == "review")
        self.assertIn("nobody knows yet what it takes", review["note"])
        self.server.apply("--plan", plan["id"])
        self.wait_until_current()
        tiny_show.change_look(self.server)
        plan = self.server.get(f"/api/v1/plans/{self.wait_for_proposal()['id']}").json["plan"]
        review = next(run for run in plan["runs"] if run["step"] == "review")
        self.assertRegex(review["note"], r"^its step may take 0.001 core-hours by itself, and this takes about 0\.00\d+$")
        self.assertIn("only proposed: its step may take", self.server.run("plan", "show", plan["id"]).output)

    def test_what_failed_is_not_started_again_with_the_same_inputs(self):
        broken = pipeline(**AUTO).replace("for folder; do cat", "for folder; do false; exit 3; cat")
        self.server.pipeline(broken)
        tiny_show.publish_sources(self.server)
        wait_until(lambda: self.plans("failed"), "a plan failed", REACTION_SECONDS)
        wait_until(lambda: not self.plans("running"), "it ended", REACTION_SECONDS)
        before = len(self.reactions())
        self.server.ask("publish", "demo/notes/reel", self.server.file("reel.mov"))
        time.sleep(6)
        self.assertEqual(len(self.reactions()), before)
        self.assertIn("failed with the same inputs", self.server.run("why", "demo/sq010/contact").output)
        # Nor after a restart.
        self.server.stop()
        self.server.start()
        time.sleep(4)
        self.assertEqual(len(self.reactions()), before)
        # A step that was mended is other work.
        self.server.pipeline(pipeline(**AUTO))
        self.wait_until_current()


class Proposals(ReactionTestCase):
    def prepare(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        return self.wait_for_proposal()

    def test_a_new_look_is_proposed_and_applied_by_a_person(self):
        proposal = self.prepare()
        self.assertEqual((proposal["runs"], proposal["actor"]["name"]), (8, "sluice"))
        shown = self.server.run("plan", "show", proposal["id"]).output
        self.assertIn("look/show_lut moved from v001 to v002", shown)
        self.assertIn("It waits for somebody", shown)
        self.assertIn(f"the proposal {proposal['id']} waits for somebody", self.server.run("status", "demo", "--stale").output)
        self.assertIn("proposed", self.server.run("plans", "demo").output)
        self.assertEqual(set(self.server.states().values()), {"current", "stale"})
        done = self.server.apply("--plan", proposal["id"])
        self.assertEqual((done["id"], done["succeeded"]), (proposal["id"], 8))
        applied = self.server.events("sluice.plan.applied.v1")[-1]
        self.assertEqual((applied["actor"], applied["causationid"]), ("tester", proposal["event"]))

    def test_it_absorbs_what_comes_later(self):
        first = self.prepare()
        self.server.ask("publish", "demo/look/neutral_lut", self.server.file("n.cube", "other\n"))
        second = self.wait_for_proposal("a wider proposal waits", other_than=first["id"])
        self.assertEqual(second["runs"], 11)
        old = next(plan for plan in self.plans() if plan["id"] == first["id"])
        self.assertEqual((old["status"], old["supersededBy"]), ("superseded", second["id"]))
        error = self.server.refused("plan", "decline", first["id"], code=1)
        self.assertError(error, "plan.notWaiting", second["id"])

    def test_declined_it_stays_declined_until_an_input_changes(self):
        proposal = self.prepare()
        answer = self.server.ask("plan", "decline", proposal["id"], "--because", "the look is not final")
        self.assertEqual((answer["status"], answer["declined"]["because"]), ("declined", "the look is not final"))
        self.assertEqual(answer["declined"]["actor"]["name"], "tester")
        self.server.ask("publish", "demo/notes/reel", self.server.file("reel.mov"))
        time.sleep(4)
        self.assertIsNone(self.waiting())
        for _ in range(2):
            self.assertIn("(“the look is not final”)", self.server.run("status", "demo", "--stale").output)
            self.assertIn("was declined by tester", self.server.run("why", "demo/sq010/contact").output)
            # Killed and started on views built anew, it knows it still.
            self.server.kill()
            self.server.start("--rebuild")
            time.sleep(4)
            self.assertIsNone(self.waiting())
        frames = self.server.frames(tiny_show.FIRST, tiny_show.LAST, text="new {}\n")
        self.server.ask("publish", "demo/sq020/sh0030/plate", *frames)
        self.assertEqual(
            self.runs(self.wait_for_proposal()["id"]),
            ["contact sq020", "neutral sq020/sh0030", "review sq020/sh0030", "review_movie sq020/sh0030"],
        )  # fmt: skip

    def test_it_goes_when_somebody_has_done_it_otherwise(self):
        proposal = self.prepare()
        self.server.apply("--select", "step:review step:review_movie")
        self.wait_for_proposal("what is left is proposed", other_than=proposal["id"])
        self.server.apply()
        wait_until(lambda: not self.waiting(), "no proposal waits", REACTION_SECONDS)
        self.assertEqual(set(self.server.states().values()), {"current"})

    def test_it_is_the_same_after_a_restart(self):
        proposal = self.prepare()
        events = len(self.server.events("sluice.plan.*"))
        for _ in range(2):
            self.server.kill()
            self.server.start()
            time.sleep(3)
            self.assertEqual(self.waiting(), proposal)
        self.assertEqual(len(self.server.events("sluice.plan.*")), events)


class Bursts(ReactionTestCase):
    PUBLISHES = 10_000
    SHOTS = 100
    PLANS = 10

    def test_ten_thousand_publishes_make_a_handful_of_plans(self):
        """Many clients at once; the steps make every shot anew each time."""
        batch = int(os.environ.get("SLUICE_TEST_BATCH") or 10)
        folders = "".join(f"  - {{ path: s{n:03}, type: shot }}\n" for n in range(self.SHOTS))
        self.server.pipeline(
            f"sluice: 1\nproject: demo\nfolders:\n{folders}"
            "steps:\n"
            "  grade:\n    for: { type: shot }\n    on_change: auto\n    inputs:\n      plate: { product: plate }\n"
            "    outputs:\n      graded: { product: graded, files: graded.txt }\n"
            '    command: [cp, "{plate}", "{graded}"]\n'
        )
        stop = threading.Event()

        def product(number):
            content = base64.b64encode(f"plate {number}".encode()).decode()
            files = [{"path": "plate.txt", "content": content}]
            return {"ref": f"demo/s{number % self.SHOTS:03}/plate", "representations": [{"files": files}]}

        def publish(first):
            if stop.is_set():
                return
            body = {"products": [product(number) for number in range(first, first + batch)]}
            answer = self.server.post("/api/v1/publish", body, timeout=120)
            if answer.status != 200:
                stop.set()
                raise AssertionError(str(answer))

        began = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(publish, range(0, self.PUBLISHES, batch)))
        took = time.monotonic() - began
        self.wait_until_current(120)
        plans = len(self.reactions())
        print(f"\n{self.PUBLISHES} publishes in {took:.1f} s ({self.PUBLISHES / took:.0f}/s): {plans} plans by itself")
        # One when the first ten seconds are over, one for each ten seconds more, and one for the rest; a plan's own end
        # is looked at too.
        self.assertLessEqual(plans, self.PLANS, f"{took:.1f} s")
        made = [e["product"] for e in self.server.events("sluice.version.published.v1") if e["product"].endswith("/plate")]
        self.assertEqual(len(made), self.PUBLISHES)

    def test_one_publish_of_many_products_makes_one_plan(self):
        folders = "".join(f"  - {{ path: s{n:03}, type: shot }}\n" for n in range(self.SHOTS))
        self.server.pipeline(
            f"sluice: 1\nproject: demo\nfolders:\n{folders}"
            "steps:\n"
            "  grade:\n    for: { type: shot }\n    on_change: auto\n    inputs:\n      plate: { product: plate }\n"
            "    outputs:\n      graded: { product: graded, files: graded.txt }\n"
            '    command: [cp, "{plate}", "{graded}"]\n'
        )
        plates = self.server.file("plate.txt", "plate\n")
        manifest = {"products": [
            {"ref": f"demo/s{n:03}/plate", "representations": [{"files": [{"path": str(plates)}]}]} for n in range(self.SHOTS)
        ]}  # fmt: skip
        self.server.run("publish", "--manifest", self.server.file("manifest.json", json.dumps(manifest)))
        self.wait_until_current()
        self.assertEqual([event["data"]["runs"] for event in self.reactions()], [self.SHOTS])


LISTENING = """\
sluice: 1
project: demo
folders:
  - { path: sh0010, type: shot }
  - { path: sh0020, type: shot }
steps:
  conform:
    for: { type: shot }
    on:
      event: com.studio.render.complete
      where: "quality = 'final'"
      parameters: { take: data.take }
    outputs:
      note: { product: conformed, files: note.txt }
    command: [sh, -c, 'echo "take $1 of $2" > "$3"', sh, "{take}", "{folder}", "{note}"]
"""


class Told(ReactionTestCase):
    """Steps that listen for events of other tools."""

    def tell(self, id, take, folder="sh0010", quality="final", **data):
        event = {
            "specversion": "1.0", "id": id, "source": "/farm/a", "type": "com.studio.render.complete", "project": "demo",
            "folder": folder, "quality": quality, "data": {"take": take, "host": f"node-{id}", **data},
        }  # fmt: skip
        answer = self.server.post("/api/v1/events", event, {"Content-Type": "application/cloudevents+json"})
        self.assertEqual(answer.status, 200, answer)
        return answer.json["results"][0]

    def notes(self, shot="sh0010"):
        """What the versions of a shot's note say, oldest first."""
        found = []
        for version in reversed(self.server.ask("show", f"demo/{shot}/conformed")["versions"]):
            answer = self.server.get("/api/v1/files", ref=f"demo/{shot}/conformed@{version['version']}")
            found.append(answer.body.decode())
        return found

    def wait_for_reactions(self, count):
        return wait_until(
            lambda: (found := self.reactions()) and len(found) == count and not self.plans("running") and found,
            f"{count} plans by itself", REACTION_SECONDS)  # fmt: skip

    def test_an_event_makes_a_plan_with_its_values_once(self):
        self.server.pipeline(LISTENING)
        self.assertIn("no event 'com.studio.render.complete' has come in", self.server.run("plan", "demo").output)
        self.assertFalse(self.tell("r-1", 4)["duplicate"])
        applied = self.wait_for_reactions(1)[0]
        self.assertEqual((applied["actor"], applied["causationid"], applied["data"]["runs"]), ("sluice", "r-1", 1))
        plan = self.server.get(f"/api/v1/plans/{applied['data']['plan']}").json["plan"]
        reason = next(reason for reason in plan["runs"][0]["reasons"] if reason["kind"] == "event")
        self.assertRegex(reason["text"], r"^com\.studio\.render\.complete 'r-1' came in from /farm/a \(.*\): take 4$")
        self.assertEqual(self.notes(), ["take 4 of sh0010\n"])
        chain = self.server.ask("why", "demo/sh0010/conformed")["chain"]
        self.assertIn("com.studio.render.complete 'r-1' came in from /farm/a", chain[0]["text"])
        self.assertEqual((chain[-1]["event"], chain[-1]["type"]), ("r-1", "com.studio.render.complete"))
        self.assertEqual(chain[-1]["text"], f"{chain[-1]['actor']} sent the event 'r-1' of /farm/a")
        self.assertNotIn("person-", json.dumps(chain), "people are shown by name")
        told = self.server.events("sluice.version.published.v1")[0]["data"]["made"]["told"]
        self.assertEqual((told["id"], told["source"], told["parameters"]), ("r-1", "/farm/a", {"take": "4"}))
        self.assertEqual(told["actor"]["name"], chain[-1]["actor"])
        self.assertEqual(self.server.states(), {"demo/sh0010/conformed": "current", "demo/sh0020/conformed": "missing"})
        # The same event again, another with the same take, one that the filter refuses, one without a take.
        self.assertTrue(self.tell("r-1", 4)["duplicate"])
        self.tell("r-2", 4)
        self.tell("r-3", 5, quality="draft")
        self.tell("r-4", None)
        self.tell("r-5", 5, folder="sh0030")
        time.sleep(5)
        self.assertEqual(len(self.reactions()), 1)
        self.assertEqual(len(self.notes()), 1)
        # Another take is another version.
        self.tell("r-6", 5)
        self.assertEqual(self.wait_for_reactions(2)[1]["causationid"], "r-6")
        self.assertEqual(self.notes(), ["take 4 of sh0010\n", "take 5 of sh0010\n"])

    def test_values_are_arguments_and_never_words_of_a_shell(self):
        self.server.pipeline(LISTENING)
        self.tell("r-1", '$(touch x); "a" b')
        self.wait_for_reactions(1)
        self.assertEqual(self.notes(), ['take $(touch x); "a" b of sh0010\n'])

    def test_many_events_at_once_are_one_plan(self):
        self.server.pipeline(LISTENING)
        for number in range(20):
            self.tell(f"r-{number}", number, folder=f"sh00{1 + number % 2}0")
        self.assertEqual(self.wait_for_reactions(1)[0]["data"]["runs"], 2)
        self.assertEqual(self.notes("sh0010") + self.notes("sh0020"), ["take 18 of sh0010\n", "take 19 of sh0020\n"])

    def test_above_its_ceiling_it_is_proposed_and_declined_for_this_take_alone(self):
        self.server.pipeline(LISTENING.replace("    outputs:", "    max_core_hours: 1\n    outputs:"))
        self.tell("r-1", 4)
        proposal = self.wait_for_proposal()
        self.assertIn("nobody knows yet what it takes", self.server.run("plan", "show", proposal["id"]).output)
        self.server.ask("plan", "decline", proposal["id"])
        self.tell("r-2", 4)
        time.sleep(4)
        self.assertIsNone(self.waiting())
        self.tell("r-3", 5)
        self.server.apply("--plan", self.wait_for_proposal()["id"])
        self.assertEqual(self.notes(), ["take 5 of sh0010\n"])
        # Now it is known what it takes.
        self.tell("r-4", 6)
        self.wait_for_reactions(1)
        self.assertEqual(self.notes(), ["take 5 of sh0010\n", "take 6 of sh0010\n"])

    def test_killed_between_the_event_and_the_plan_it_makes_the_plan_once(self):
        self.server.pipeline(LISTENING)
        for number, arguments in enumerate([(), ("--rebuild",), ()], start=1):
            self.tell(f"r-{number}", number)
            self.server.kill()  # It gathers for two seconds.
            self.server.start(*arguments)
            applied = self.wait_for_reactions(number)
            self.assertEqual(applied[-1]["causationid"], f"r-{number}")
            self.assertTrue(self.tell(f"r-{number}", number)["duplicate"])
        time.sleep(4)
        self.assertEqual(self.notes(), [f"take {number} of sh0010\n" for number in (1, 2, 3)])
        self.assertEqual(len(self.reactions()), 3)

    def test_what_is_wrong_with_it_is_said_with_the_place(self):
        text = LISTENING.replace("take: data.take", "take: take").replace("= 'final'", "== 'final'")
        checked = self.server.run("pipeline", "check", self.server.file("bad.yaml", text), code=2).errors
        self.assertIn("line 11, column 14", checked)
        self.assertIn("filter.syntax", checked)
        self.assertIn("line 12, column 27", checked)
        self.assertIn("write take: data.take", checked)
        self.assertNotIn("'{take}' stands for nothing", checked)


class Killed(ReactionTestCase):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("SLUICE_TEST_SEED") or time.time_ns() % 1_000_000)
        self.random = random.Random(self.seed)
        self.rounds = int(os.environ.get("SLUICE_TEST_ROUNDS") or 6)

    def test_between_the_change_and_the_plan_the_plan_is_made_after_the_restart(self):
        self.server.pipeline(pipeline(**AUTO))
        tiny_show.publish_sources(self.server)
        self.wait_until_current()
        for number in range(2):
            before = len(self.reactions())
            look = tiny_show.change_look(self.server, f"look {number}\n")
            self.server.kill()  # It gathers for two seconds.
            self.server.start()
            self.wait_until_current()
            new = self.reactions()[before:]
            self.assertEqual(len(new), 1, new)
            published = self.published(look)
            self.assertEqual(new[0]["causationid"], published["id"], "the cause is known without what was gathered")

    def test_at_any_moment_it_ends_where_it_would_have(self):
        """Auto steps below proposed ones: changes, killed at random, started, until all is calm."""
        self.server.pipeline(pipeline(review="on_change: auto", contact="on_change: auto"))
        tiny_show.publish_sources(self.server)
        self.server.apply()
        for number in range(self.rounds):
            with self.subTest(f"seed {self.seed}, round {number}"):
                tiny_show.change_look(self.server, f"look {number}\n")
                for _ in range(self.random.randint(1, 3)):
                    time.sleep(self.random.uniform(0, 4))
                    self.server.kill()
                    self.server.start()
                # The reviews run by themselves, contact sheets too; movies wait for somebody.
                expected = sorted(f"review_movie {shot}" for shot in tiny_show.SHOTS)
                proposal = wait_until(
                    lambda: (p := self.waiting()) and self.runs(p["id"]) == expected and not self.plans("running") and p,
                    f"the movies are proposed, seed {self.seed}", 60)  # fmt: skip
                stale = {ref for ref, state in self.server.states().items() if state != "current"}
                self.assertEqual(stale, {f"demo/{shot}/review_movie" for shot in tiny_show.SHOTS})
                made = [e for e in self.server.events("sluice.version.published.v1") if e["product"] == "demo/sq010/contact"]
                self.assertEqual(len(made), number + 2, "nothing is made twice")
                if self.random.random() < 0.5:
                    self.server.ask("plan", "decline", proposal["id"])
                else:
                    self.server.apply("--plan", proposal["id"])


if __name__ == "__main__":
    unittest.main()
