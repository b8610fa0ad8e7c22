"""A store whose disk is full while tasks run: that costs them no try, and they go on when there is room."""

import os
import unittest

from sluice_server import fill, small_disk, wait_until
from test_agents import COPY, AgentTestCase


@unittest.skipUnless(os.geteuid() == 0, "skipped: needs root to mount a small disk")
class FullStore(AgentTestCase):
    """Data folder, benches and log on a disk of 32 MiB."""

    workers = 1

    def start(self):
        if not self.server.data.exists():
            small_disk(self, 32, self.server.data)
        super().start()

    def fill(self, room):
        """Leaves so many bytes."""
        filler = fill(self.server.data)
        os.truncate(filler, filler.stat().st_size - room)
        return filler

    def waits(self, applied):
        task = f"{applied['runs'][0]['id']}.1"
        wait_until(lambda: "nothing starts for now" in self.server.run("queue", "why", task).output, "it waits for room", 20)
        self.assertIn("the disk of the store is full", self.server.run("queue", "why", task).output)

    def assertDoneWithoutTries(self, applied):
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("a")
        ended = [event["data"] for event in self.server.events() if event["type"] == "sluice.task.finished.v1"]
        self.assertEqual([(data["outcome"], data.get("tries")) for data in ended], [("succeeded", None)])
        self.assertEqual([event for event in self.server.events() if event["type"] == "sluice.task.retried.v1"], [])

    def holds(self):
        """A task that begins with little room and goes on when the test has taken the rest of it."""
        self.show(
            'echo $3 >> HOME/began; while [ ! -e HOME/go ]; do sleep 0.1; done; '
            f'head -c 3000000 /dev/zero > "$2" || exit 7\n{COPY}', folders="a")  # fmt: skip

    def test_a_task_that_finds_no_room_waits_for_it(self):
        self.holds()
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("began"), "it runs")
        filler = self.fill(1_500_000)
        more = self.server.data / "more"
        more.write_bytes(b"x" * 1_000_000)
        (self.server.home / "go").write_text("")
        self.waits(applied)
        filler.unlink()
        more.unlink()
        self.assertDoneWithoutTries(applied)
        self.assertEqual(len(self.who("began")), 2)

    def test_one_that_has_too_much_for_any_room_fails_and_says_why(self):
        self.show('echo $3 >> HOME/began; head -c 60000000 /dev/zero > "$2"', folders="a")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.assertEqual(len(self.who("began")), 3)
        failure = self.server.ask("status", "demo/a/result")["products"][0]["failure"]
        self.assertError(failure, "store.full", "the disk of the store is full, and so")
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())

    def test_one_that_fails_by_itself_fails_once(self):
        self.show("echo $3 >> HOME/began; exit 3", folders="a")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.assertEqual(len(self.who("began")), 1)


class FullStoreOfAnAgent(FullStore):
    """The same where an agent that sees the store does the work."""

    workers = 0

    def start(self):
        super().start()
        self.agent("near")


if __name__ == "__main__":
    unittest.main()
