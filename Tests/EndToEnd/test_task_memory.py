"""What tasks take of their machines: peaks in facts, tasks over their memory, tries on other machines."""

import unittest

from test_agents import AgentTestCase

# Takes so many MiB of memory, holds it for so long, and copies.
HOLD = """\
python3 -c '
import sys, time
held = bytearray({0} << 20)
for place in range(0, len(held), 4096): held[place] = 1
time.sleep({1})'
cp "$1" "$2"
"""


def hold(mebibytes, seconds):
    return HOLD.format(mebibytes, seconds)


class TaskMemoryTestCase(AgentTestCase):
    serve = ("--size", "XS=1,64M", "--size", "S=1,400M", "--size", "M=1,2G")

    def finished(self, step="work"):
        facts = [event["data"] for event in self.server.events("sluice.task.finished.v1")]
        return [fact for fact in facts if fact.get("step") == step]


class OnTheServer(TaskMemoryTestCase):
    workers = 2

    def test_a_task_that_fits_says_what_it_took_and_who_ran_it(self):
        self.show(hold(150, 1), folders="a", needs="needs: { size: S }")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        (fact,) = self.finished()
        self.assertEqual(fact["agent"], "server")
        self.assertEqual(fact["given"], {"cores": 1, "memory": 400, "gpus": 0, "size": "S"})
        self.assertNotIn("tries", fact)
        self.assertGreater(fact["used"]["memoryBytes"], 150 << 20)
        self.assertLess(fact["used"]["memoryBytes"], 300 << 20)
        told = self.server.ask("task", "show", fact["task"])
        self.assertEqual({name: told[name] for name in ("agent", "seconds", "used")}, {name: fact[name] for name in ("agent", "seconds", "used")})
        self.assertNotIn("tries", told)
        self.assertEqual(self.server.ask("run", "show", told["run"])["tasks"], [told])
        self.assertRegex(self.server.run("task", "show", fact["task"]).output, r"on server, .* s, .* MiB of memory, .* s of processor time")

    def test_sizes_are_learned_from_it(self):
        self.show(hold(150, 0.6), folders="abcde", needs="needs: { size: M }")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        answer = self.server.ask("sizes", "demo")
        self.assertEqual([(size["size"], size["memory"]) for size in answer["sizes"]][:3], [("XS", 64), ("S", 400), ("M", 2048)])
        (step,) = answer["steps"]
        self.assertEqual((step["step"], step["tasks"], step["measured"], step["verdict"]), ("work", 5, 5, "tooLarge"))
        self.assertEqual((step["now"]["size"], step["suggested"]["size"]), ("M", "S"))
        self.assertGreater(step["memory"]["p95"], 150 << 20)
        self.assertEqual(step["waste"]["coreHours"], 0)
        words = self.server.run("sizes", "demo").output
        self.assertIn("work: M is too large: 19 tasks in 20 had at most", words)
        self.assertIn("write needs: { size: S }", words)
        self.assertError(self.server.refused("sizes", "demp"), "project.unknown")


class OnAnAgent(TaskMemoryTestCase):
    def test_a_task_over_its_memory_is_stopped_and_run_once_more_one_size_up(self):
        self.show("sleep 300 & " + hold(200, 2), folders="a", needs="needs: { size: XS }")
        self.agent("one")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("a")
        (fact,) = self.finished()
        (first,) = fact["tries"]
        self.assertEqual((first["failure"]["code"], first["given"]["size"]), ("task.overMemory", "XS"))
        self.assertGreater(first["used"]["memoryBytes"], 64 << 20)
        self.assertEqual((fact["outcome"], fact["given"]["size"], fact["agent"]), ("succeeded", "S", "one"))
        told = self.server.ask("task", "list", fact["task"].rpartition(".")[0])["tasks"]
        self.assertEqual([(task["tries"], task["used"]) for task in told], [(fact["tries"], fact["used"])])
        self.assertIn("try 1 did not count (on one, XS, ", self.server.run("task", "show", fact["task"]).output)
        log = self.server.run("task", "log", fact["task"]).output
        self.assertIn("\x1b[1;33msluice: stopped: it had", log)
        self.assertIn("sluice: try 2, one size up: size S, 400.0 MiB of memory", log)

    def test_a_task_that_is_too_large_twice_has_failed_and_says_so(self):
        self.show(hold(500, 20), folders="a", needs="needs: { size: XS }")
        self.agent("one")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        (fact,) = self.finished()
        self.assertEqual((fact["failure"]["code"], fact["given"]["size"]), ("task.overMemory", "S"))
        self.assertEqual([earlier["given"]["size"] for earlier in fact["tries"]], ["XS"])


if __name__ == "__main__":
    unittest.main()
