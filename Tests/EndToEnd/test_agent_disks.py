"""An agent whose disk is full: others do what it cannot, and a task is not blamed for a machine."""

import os
import unittest

from sluice_server import fill, small_disk, wait_until
from test_agents import COPY, AgentTestCase


@unittest.skipUnless(os.geteuid() == 0, "skipped: needs root to mount a small disk")
class FullDisk(AgentTestCase):
    """`small` keeps and works on a disk of 16 MiB; `large` has room."""

    def start(self):
        super().start()
        self.small = self.server.home / "small"
        small_disk(self, 16, self.small)

    def far(self, name, folder):
        return self.agent(name, "--stream", "--cores", "1", "--cache", folder)

    def assertDone(self, applied, folders="a"):
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce(folders)
        self.assertEqual(list(self.small.glob("work/**/*.txt")), [], "nothing half is left")
        self.assertEqual(list(self.small.rglob("*.part")), [])

    def trouble(self, name):
        return next(agent for agent in self.server.ask("agents")["agents"] if agent["name"] == name).get("trouble")

    def elsewhere(self, script, size=0):
        """The task comes to the small one, and is done by the large one."""
        self.show(script, folders="a")
        if size:
            self.server.ask("publish", "demo/a/source", self.server.file("large.txt", "x" * size))
        self.far("small", self.small)
        applied = self.server.ask("apply", "demo")
        said = wait_until(lambda: self.says("small", "trouble"), f"it says so; {self.words('small')}")
        self.assertIn(f"its disk is full ({self.small})", said[0]["text"])
        wait_until(lambda: self.says("small", "givenBack"), "it gives it back")
        self.assertIn("is full", self.trouble("small"))
        self.assertIn("small takes no tasks for now: its disk is full", self.server.run("agents").output)
        why = self.server.run("queue", "why", f"{applied['runs'][0]['id']}.1").output
        self.assertIn("it starts as soon as an agent asks; small takes nothing for now: its disk is full", why)
        self.far("large", self.server.home / "large")
        self.assertDone(applied)
        self.assertEqual(len(self.says("small", "started")), 1)

    def test_an_input_that_does_not_fit(self):
        self.elsewhere(COPY, size=20_000_000)

    def test_an_output_that_does_not_fit(self):
        self.elsewhere('head -c 20000000 /dev/zero > "$2"')
        wait_until(lambda: self.says("small", "rested"), "it has room again, and goes on")
        wait_until(lambda: self.trouble("small") is None, "and says so")

    def test_a_log_that_does_not_fit(self):
        self.elsewhere(f'head -c 20000000 /dev/zero || exit 1\n{COPY}')

    def test_what_no_task_reads_makes_room_first(self):
        self.large_inputs('echo $3 >> HOME/done; echo $3 > "$2"')
        self.assertDone(self.server.ask("apply", "demo"), "abc")
        self.assertEqual(self.says("small", "trouble"), [])

    def test_nor_does_what_is_kept_stand_in_the_way_of_an_output(self):
        """It cannot be known beforehand, so the task is given back once."""
        self.large_inputs('echo $3 >> HOME/done; head -c 9000000 /dev/zero > "$2"', "ab")
        self.assertDone(self.server.ask("apply", "demo"), "ab")

    def large_inputs(self, script, folders="abc"):
        self.show(script, folders=folders)
        for folder in folders:
            self.server.ask("publish", f"demo/{folder}/source", self.server.file(f"{folder}.txt", folder * 6_000_000))
        self.far("small", self.small)

    def test_a_task_that_fits_nowhere_fails_and_says_why(self):
        self.show('echo $3 >> HOME/began; head -c 20000000 /dev/zero > "$2"', folders="a")
        self.far("small", self.small)
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.assertEqual(len(self.who("began")), 3)
        failure = self.server.ask("status", "demo/a/result")["products"][0]["failure"]
        self.assertError(failure, "task.failed", f"its disk is full ({self.small})")
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())

    def test_one_whose_disk_was_full_before_it_came(self):
        filler = fill(self.small)
        self.show(COPY, folders="ab")
        self.far("small", self.small)
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.says("small", "trouble"), f"it says so; {self.words('small')}")
        filler.unlink()
        self.assertDone(applied, "ab")


if __name__ == "__main__":
    unittest.main()
