"""What people and agents said about the farm outlives a killed server, and a view that is built anew says the same."""

import os
import signal
import unittest

import test_agents
from sluice_server import wait_until
from test_agents import COPY, AgentTestCase


class FarmMemoryTestCase(AgentTestCase):
    lease = 2

    def kill_and_start(self, forgetting=False):
        """Kills the server and starts it on the same data; `forgetting` takes away what can be made from the log."""
        self.server.kill()
        if forgetting:
            for file in self.server.data.glob("views*"):
                file.unlink()
        self.server.start("--agent-lease", str(self.lease), *self.serve)

    def queued(self):
        return [(run["run"], run["tier"], run.get("hold")) for run in self.server.ask("queue")["runs"]]

    def wait_for_queue(self, expected):
        wait_until(lambda: self.queued() == expected, f"the queue is {expected}; it is {self.queued()}")


class Runs(FarmMemoryTestCase):
    def test_tiers_and_pauses_stay(self):
        for forgetting in (False, True):
            with self.subTest(forgetting=forgetting):
                folders = "cd" if forgetting else "ab"
                self.show(COPY, folders="abcd" if forgetting else "ab")
                plans = [self.server.ask("apply", "demo", "--select", f"demo/{folder}") for folder in folders]
                first, second = [plan["runs"][0]["id"] for plan in plans]
                wait_until(lambda: len(self.queued()) == 2, "both wait")
                self.server.ask("queue", "priority", second, "high", "--yes")
                self.server.ask("queue", "pause", first)
                before = self.server.position()
                self.server.ask("queue", "priority", second, "high", "--yes")
                self.server.ask("queue", "pause", first)
                self.assertEqual(self.server.position(), before, "what is so already is no fact")
                self.kill_and_start(forgetting)
                self.wait_for_queue([(second, "high", None), (first, "normal", "paused")])
                name = "two" if forgetting else "one"
                self.agent(name)
                self.assertEqual(self.server.wait_for_plan(plans[1]["id"])["state"]["status"], "succeeded")
                self.assertNotIn(folders[0], self.who("done"))
                self.server.ask("queue", "resume", first)
                self.assertEqual(self.server.wait_for_plan(plans[0]["id"])["state"]["status"], "succeeded")
                self.server.ask("agents", "pause", name)

    def test_a_retry_is_not_paused_and_keeps_its_tier(self):
        self.show(COPY, folders="a")
        plan = self.server.ask("apply", "demo")
        run = plan["runs"][0]["id"]
        wait_until(self.queued, "it waits")
        self.server.ask("queue", "priority", run, "low", "--yes")
        self.server.ask("queue", "pause", run)
        self.server.ask("cancel", plan["id"])
        self.server.wait_for_plan(plan["id"])
        self.server.ask("retry", plan["id"])
        self.wait_for_queue([(run, "low", None)])
        self.kill_and_start()
        self.wait_for_queue([(run, "low", None)])

    def test_who_said_it_stands_in_the_log(self):
        self.show(COPY, folders="a")
        run = self.server.ask("apply", "demo")["runs"][0]["id"]
        wait_until(self.queued, "it waits")
        self.server.ask("queue", "priority", run, "critical", "--yes")
        [event] = self.server.events("sluice.queue.changed.v1")
        self.assertEqual(event["data"], {"run": run, "tier": "critical"})
        self.assertEqual((event["actor"], event["project"], event["folder"]), ("tester", "demo", "a"))


class Looks(FarmMemoryTestCase):
    workers = 2

    def test_test_frames_wait_for_a_look_after_a_restart_too_and_a_look_counts_after_one(self):
        script = 'echo "$4" >> HOME/order; while [ -e HOME/slow ] && [ $4 = 1005 ]; do sleep 0.1; done'
        text = test_agents.Streaming.SHOW.replace("pwd >> HOME/where", script).replace("HOME", str(self.server.home))
        self.server.pipeline(text.replace("  work:\n", "  work:\n    tests: look\n"))
        self.server.ask("publish", "demo/a/plate", *self.server.frames(1001, 1006))
        self.server.ask("publish", "demo/a/look", self.server.file("look.txt", "warm\n"))
        applied = self.server.ask("apply", "demo")
        run = next(run["id"] for run in applied["runs"] if run["step"] == "work")
        wait_until(lambda: [hold for _, _, hold in self.queued()] == ["look"], "the tests passed")
        self.kill_and_start(forgetting=True)
        self.wait_for_queue([(run, "normal", "look")])
        self.assertEqual(self.server.ask("queue", "why", f"{run}.1002")["reason"], "look")
        self.assertEqual(sorted(self.who("order")), ["1001", "1004", "1006"])
        slow = self.server.file("slow").rename(self.server.home / "slow")
        self.server.ask("queue", "pass", run)
        wait_until(lambda: len(self.who("order")) == 6, "the rest is begun")
        wait_until(lambda: len(self.server.events("sluice.task.finished.v1")) == 5, "all but one have ended")
        self.server.kill()
        slow.unlink()
        self.server.start("--agent-lease", str(self.lease))
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(sorted(self.who("order")[3:]), ["1002", "1003", "1005", "1005"])


class Agents(FarmMemoryTestCase):
    def test_drains_and_pauses_stay_until_somebody_takes_them_back(self):
        self.show(COPY, folders="a")
        for name, verb in (("one", "drain"), ("two", "pause"), ("three", "pause")):
            self.agent(name)
            self.server.ask("agents", verb, name)
        self.server.ask("agents", "resume", "three")
        expected = {"one": "draining", "two": "paused", "three": "active"}
        for forgetting in (False, True):
            self.kill_and_start(forgetting)
            wait_until(lambda: self.standing() == expected, f"they are what they were: {self.standing()}")
        self.server.ask("agents", "pause", "three")
        applied = self.server.ask("apply", "demo")
        wait_until(self.queued, "it waits")
        self.assertEqual(self.who("done"), [])
        self.server.ask("agents", "resume", "one")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")

    def test_one_that_is_gone_can_be_resumed_and_a_removed_one_comes_back_as_any_other(self):
        self.agent("one")
        self.server.ask("agents", "drain", "one")
        self.agents["one"].kill()
        self.agents["one"].wait()
        self.kill_and_start()
        self.assertEqual(self.standing(), {})
        self.server.ask("agents", "resume", "one")
        self.assertError(self.server.refused("agents", "resume", "one"), "agent.unknown")
        self.agent("two")
        self.server.ask("agents", "pause", "two")
        os.kill(self.agents["two"].pid, signal.SIGSTOP)
        wait_until(lambda: self.standing() == {"two": "lost"}, "it is lost")
        self.server.ask("agents", "remove", "two")
        self.assertEqual(self.standing(), {})
        os.kill(self.agents["two"].pid, signal.SIGCONT)
        wait_until(lambda: self.standing() == {"two": "active"}, "it joins again by itself")

    def test_quarantine_stays_and_ends_when_the_step_is_to_blame(self):
        self.show("exit 7", folders="abcdefgh")
        self.agent("bad", "--cores", "1")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.standing()["bad"] == "quarantined", "it is in quarantine")
        wait_until(lambda: self.server.events("sluice.agent.changed.v1"), "it is recorded")
        [event] = self.server.events("sluice.agent.changed.v1")
        self.assertEqual(
            event["data"], {"agent": "bad", "standing": "quarantined", "suspects": [{"project": "demo", "step": "work"}]}
        )
        self.assertEqual(event["actortrust"], "system")
        self.kill_and_start(forgetting=True)
        wait_until(lambda: self.standing() == {"bad": "quarantined"}, "it is still there")
        self.server.ask("cancel", applied["id"])
        self.server.wait_for_plan(applied["id"])
        self.server.ask("agents", "resume", "bad")
        self.kill_and_start()
        wait_until(lambda: self.standing() == {"bad": "active"}, "it is out, and stays out")


class OwnMachine(FarmMemoryTestCase):
    workers = 1

    def test_the_servers_own_machine_stays_paused(self):
        self.show(COPY, folders="a")
        self.server.ask("agents", "pause", "server")
        applied = self.server.ask("apply", "demo")
        wait_until(self.queued, "it waits")
        self.kill_and_start()
        self.assertEqual(self.standing(), {"server": "paused"})
        wait_until(self.queued, "it waits again")
        self.assertEqual(self.who("done"), [])
        self.server.ask("agents", "resume", "server")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")

    def test_a_broken_task_does_not_get_all_its_tries_anew(self):
        self.show(
            """\
echo x >> HOME/tries
while [ $(wc -l < HOME/tries) = 3 ] && [ ! -e HOME/go ]; do sleep 0.1; : MARKER; done
exit 7
""",
            folders="a",
            needs="retries: 2",
        )
        applied = self.server.ask("apply", "demo")
        run = applied["runs"][0]["id"]
        wait_until(lambda: len(self.who("tries")) == 3, "two tries have failed, and the third goes on")
        wait_until(lambda: len(self.server.events("sluice.task.retried.v1")) == 2, "they are recorded")
        self.server.kill()
        self.server.file("go").rename(self.server.home / "go")
        self.server.start()
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.assertEqual(len(self.who("tries")), 4, "two before, one that was torn away, and the last one")
        [task] = [event["data"] for event in self.server.events("sluice.task.finished.v1")]
        self.assertEqual([tried["failure"]["code"] for tried in task["tries"]], ["task.failed", "task.failed"])
        self.assertIn("try 3", self.server.run("queue", "why", f"{run}.1").output)
        self.server.ask("retry", applied["id"])
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.assertEqual(len(self.who("tries")), 7, "whoever asks for a retry gets all tries again")


if __name__ == "__main__":
    unittest.main()
