"""Artists and the farm: licences that they have, machines that they sit at, and tries on other machines."""

import unittest

from sluice_server import is_alive, wait_until
from test_agents import COPY, ONCE_SLOW, AgentTestCase


class Licences(AgentTestCase):
    """A licence server, as a program that prints what a file says."""

    workers = 4

    def start(self):
        self.licences = self.server.home / "licences"
        self.licences.write_text("echo 3 3\n")
        self.program = self.server.home / "ask-licences"
        self.program.write_text(f"#!/bin/sh\n. {self.licences}\n")
        self.program.chmod(0o755)
        self.serve = ("--limit-command", f"nuke={self.program}", "--limit-seconds", "0.5")
        super().start()

    def limit(self):
        (limit,) = self.server.ask("queue")["limits"]
        return limit

    def test_seats_of_artists_count_and_a_program_that_fails_keeps_its_last_value(self):
        self.show(COPY, folders="ab", needs="needs: { limits: { nuke: 1 } }")
        wait_until(lambda: self.limit()["count"] == 3, "it was asked")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: len(self.server.ask("queue")["runs"]) == 2, "both wait")
        run = applied["runs"][0]["id"]
        why = self.server.ask("queue", "why", f"{run}.1")
        self.assertEqual(why["reason"], "limit")
        self.assertIn("3 of 3 of 'nuke' are in use", why["text"])
        self.licences.write_text("echo cannot reach the licence server; exit 1\n")
        wait_until(lambda: self.limit().get("trouble"), "it says that nobody knows")
        self.assertIn("cannot reach the licence server", self.limit()["trouble"])
        self.assertEqual((self.limit()["count"], self.limit()["taken"]), (3, 3))
        self.assertIn("This is the last value that is known", self.server.run("queue").output)
        self.assertEqual(self.who("done"), [])
        self.licences.write_text("echo 3 1\n")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual((self.limit()["taken"], self.limit().get("trouble")), (1, None))


class AnArtistsMachine(AgentTestCase):
    def test_it_works_while_nobody_is_there_and_leaves_at_once(self):
        away = self.server.home / "away"
        away.write_text("")
        self.show(ONCE_SLOW, folders="a")
        self.agent("desk", "--nimby", "--idle-command", self.program(f"test -e {away}"))
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        leader = int(self.who("leader")[0])
        away.unlink()
        wait_until(lambda: not is_alive(leader), "it leaves", 10)
        wait_until(lambda: self.standing()["desk"] == "inUse", "and says so")
        self.assertTrue(self.says("desk", "inUse"))
        run = applied["runs"][0]["id"]
        wait_until(lambda: self.server.ask("queue", "why", f"{run}.1")["state"] == "waiting", "its task waits again")
        self.server.ask("agents", "pause", "desk")
        away.write_text("")
        wait_until(lambda: len(self.says("desk", "idle")) == 2, "nobody is there")
        self.assertEqual(self.standing()["desk"], "paused")
        self.server.ask("agents", "resume", "desk")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("a")

    def program(self, line):
        path = self.server.home / "idle"
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
        return path


class TriesElsewhere(AgentTestCase):
    # The machine is what differs: one of them lacks something.
    script = 'echo $WHERE >> HOME/tried; [ "$WHERE" != bad ] || { echo no licence; exit 4; }; ' + COPY

    def test_a_failed_task_is_run_again_on_another_agent(self):
        self.show(self.script, folders="abcd", needs="retries: 1")
        self.agent("bad", WHERE="bad")
        self.agent("good", WHERE="good")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        facts = [event["data"] for event in self.server.events("sluice.task.finished.v1")]
        self.assertEqual([(fact["agent"], fact["outcome"]) for fact in facts], [("good", "succeeded")] * 4)
        tried = [fact for fact in facts if "tries" in fact]
        self.assertTrue(tried)
        for fact in tried:
            (first,) = fact["tries"]
            self.assertEqual((first["agent"], first["failure"]["code"]), ("bad", "task.failed"))
            self.assertIn("sluice: try 2, on good: on bad", self.server.run("task", "log", fact["task"]).output)
        self.assertPublishedOnce("abcd")

    def test_a_retry_by_hand_goes_to_another_agent(self):
        self.show(self.script, folders="a")
        self.agent("bad", WHERE="bad")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.agent("good", WHERE="good")
        self.server.ask("retry", applied["id"])
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.who("tried"), ["bad", "good"])


if __name__ == "__main__":
    unittest.main()
