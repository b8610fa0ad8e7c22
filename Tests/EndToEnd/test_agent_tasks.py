"""Tasks that behave badly, on agents: each ends, is published at most once, and leaves nothing behind."""

import json
import unittest
from pathlib import Path

from sluice_server import is_alive, processes_with, wait_until
from test_agents import COPY, AgentTestCase


class BadTasks(AgentTestCase):
    """On an agent that sees the store; `Streaming` below does the same on one that does not."""

    arguments = ()

    def start(self):
        super().start()
        self.agent("one", "--cores", "2", *self.arguments)

    def tidy(self):
        wait_until(lambda: not processes_with(self.marker), "nothing is left behind", 5)
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        self.assertEqual(self.standing(), {"one": "active"})

    def run_of(self, applied):
        return applied["runs"][0]["id"]

    def log_size(self, run):
        return int(self.server.get(f"/api/v1/tasks/{run}.1/log", **{"from": 10**12}).headers["x-sluice-log-size"])

    def test_those_that_ignore_sigterm_are_ended_all_the_same(self):
        self.show("trap '' TERM INT HUP\n"
                  "sh -c 'trap \"\" TERM INT HUP; sleep 300 & sleep 300; : MARKER' &\n"
                  "echo $$ > HOME/leader.tmp; mv HOME/leader.tmp HOME/leader\n"
                  "while :; do sleep 1; done; : MARKER", folders="a")  # fmt: skip
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "it is up")
        self.server.ask("cancel", applied["id"])
        wait_until(lambda: not is_alive(int(self.who("leader")[0])), "it is ended")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "cancelled")
        self.assertEqual(self.server.versions("demo/a/source") and self.server.stored_versions(), self.server.recorded_versions())
        self.tidy()

    def test_those_that_fork_twice_leave_nothing(self):
        """One in the same session, and one that made a session of its own: both would write on into what is published."""
        self.show("python3 -c '\n"
                  "import os, sys, time\n"
                  "for leave in (False, True):\n"
                  "    if os.fork() == 0:\n"
                  "        if leave: os.setsid()\n"
                  "        if os.fork() == 0:\n"
                  "            open(\"HOME/daemon%d\" % leave, \"w\").write(str(os.getpid()))\n"
                  "            time.sleep(300)\n"
                  "        os._exit(0)\n"
                  "    os.wait()\n"
                  "' MARKER\n"
                  "while [ ! -s HOME/daemon0 ] || [ ! -s HOME/daemon1 ]; do sleep 0.05; done\n" + COPY, folders="a")  # fmt: skip
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        for number in (0, 1):
            daemon = int(self.who(f"daemon{number}")[0])
            wait_until(lambda: not is_alive(daemon), f"daemon {number} is ended", 5)  # noqa: B023
        self.assertPublishedOnce("a")
        self.tidy()

    def test_one_that_fills_the_log_with_short_lines(self):
        self.show('yes "a line of the log" | head -n 3000000\n' + COPY, folders="a")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.log_size(self.run_of(applied)), 18 * 3_000_000)
        self.assertPublishedOnce("a")
        self.tidy()

    def test_one_that_prints_a_gigabyte_without_a_newline(self):
        size = 1_000_000_000
        self.show(f'head -c {size} /dev/zero\necho the end\n' + COPY, folders="a")
        before = self.agent_memory()
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual((self.log_size(self.run_of(applied)) + 1024) // 1024**2, 65, "64 MiB, and the last one")
        self.assertLess(self.agent_memory() - before, 200_000_000, "a log does not go through memory as a whole")
        for event in self.server.events("sluice.task.finished.v1"):
            self.assertLess(len(json.dumps(event)), 10_000)
        self.assertPublishedOnce("a")
        self.tidy()

    def agent_memory(self):
        lines = Path(f"/proc/{self.agents['one'].pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    def test_one_that_says_that_all_is_well_and_made_nothing(self):
        self.show("[ -e HOME/mended ] || exit 0\n" + COPY, folders="a")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        failure = self.server.ask("status", "demo/a/result")["products"][0]["failure"]
        self.assertError(failure, "task.outputMissing", "result.txt")
        self.tidy()
        (self.server.home / "mended").touch()
        self.server.ask("retry", applied["id"])
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("a")

    def test_one_that_makes_something_else_in_place_of_its_output(self):
        """A folder, a link to a file elsewhere, a pipe: none of them is a file."""
        for number, what in enumerate(('mkdir "$2"', 'ln -s /etc/hostname "$2"', 'mkfifo "$2"')):
            with self.subTest(what):
                self.show(what, folders="a")
                self.server.ask("publish", "demo/a/source", self.server.file("source.txt", f"{number}\n"))
                applied = self.server.ask("apply", "demo")
                self.assertEqual(self.server.wait_for_plan(applied["id"], 20)["state"]["status"], "failed")
                self.tidy()


class StreamedBadTasks(BadTasks):
    def start(self):
        self.arguments = ("--stream", "--cache", self.server.home / "far")
        super().start()

    def tidy(self):
        super().tidy()
        wait_until(lambda: not [f for f in (self.server.home / "far" / "work").rglob("*") if f.is_file()], "benches are taken away")
        self.assertEqual(list(self.server.data.glob("work/**/.arriving/*/*")), [])


if __name__ == "__main__":
    unittest.main()
