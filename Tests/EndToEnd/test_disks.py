"""A disk that is full or takes no writes any more: an error that says so, reads go on, and afterwards all does."""

import os
import shutil
import subprocess
import unittest

from sluice_server import Server, cursor_files, fill, log_files, small_disk, wait_until
from subscribers import SubscriptionTestCase, first_sightings


@unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small disk")
class DiskTestCase(SubscriptionTestCase):
    programs = {"keep": "cat >> got-keep", "refuses-1": "cat > now; grep -q '\"n\":\"1\"' now && exit 1; cat now >> got-rest"}

    def write(self, number, size=0):
        """One fact; the answer, whatever it is."""
        body = {"project": "demo", "path": "numbers", "set": {"n": str(number), "text": "x" * size}}
        return self.server.post("/api/v1/folders", body)

    def assertReadable(self):
        """Questions are answered as ever."""
        for path in ("/api/v1/health", "/api/v1/status", "/api/v1/folders?project=demo", "/api/v1/events?limit=5",
                     "/api/v1/subscriptions"):  # fmt: skip
            self.assertEqual(self.server.get(path).status, 200, path)

    def shut(self, files):
        """Files that take no writes any more, as on a disk that became read-only; returns what opens them again."""
        if not shutil.which("chattr"):
            self.skipTest("chattr is not installed")
        made = subprocess.run(["chattr", "+i", *files], capture_output=True, text=True)
        if made.returncode != 0:
            self.skipTest(f"this file system has no immutable files: {made.stderr.strip()}")
        opened = lambda: subprocess.run(["chattr", "-i", *files], capture_output=True)  # noqa: E731
        self.addCleanup(opened)
        return opened


class LogTestCase(DiskTestCase):
    def refused_and_back(self, shut, codes):
        """Writes until it is refused, looks, has it opened again, and goes on."""
        self.create("p")
        self.create("program", kind="command", command="keep", tries=1)
        accepted = [number for number in range(5) if self.write(number).status == 200]
        self.wait_for_numbers("got-keep", accepted)
        opened = shut()
        refused, number = None, 5
        while refused is None:
            answer = self.write(number, size=2_000)
            if answer.status == 200:
                accepted.append(number)
            else:
                refused = answer
            number += 1
            self.assertLess(number, 5_000, "a disk that takes nothing is noticed")
        self.assertIn(refused.json["code"], codes, str(refused))
        self.assertProblem(refused, refused.status, refused.json["code"])
        self.assertReadable()
        pulled = self.pull("p")
        self.assertEqual(self.numbers(pulled["events"]), accepted[:100])
        for _ in range(3):
            self.assertIn(self.write(number).json["code"], codes)
        self.assertEqual(self.server.post("/api/v1/subscriptions", {"name": "no"}).json["code"] in codes, True)
        before = self.server.position()
        opened()
        self.assertEqual(self.write(number).status, 200)
        accepted.append(number)
        self.assertEqual(int(self.server.position().split(":")[1]), int(before.split(":")[1]) + 1)
        self.assertEqual(self.numbers(self.take_all("p")), accepted)
        wait_until(lambda: first_sightings(self.got("got-keep")) == self.sequences(accepted), "the program has all", 20)
        shown = self.wait_for(lambda shown: shown["lag"]["events"] == 0, "program", "it is up to date")
        self.assertEqual((shown["dead"], shown["failing"]), (0, None))
        self.create("no")
        self.server.kill()
        self.start()
        self.assertEqual(self.numbers(event for event in self.server.events() if "set" in event["data"]), accepted)
        self.assertEqual(self.pull("p")["events"], [])

    def sequences(self, accepted):
        """The places of numbers in the log."""
        found = {self.numbers([event])[0]: event for event in self.server.events() if self.numbers([event])}
        return [int(found[number]["position"].split(":")[1]) for number in accepted]


class FullLog(LogTestCase):
    """Log, cursors and views on one disk; the store lies elsewhere."""

    def start(self, *arguments):
        if not self.server.data.exists():
            small_disk(self, 4, self.server.data)
            store = self.server.home / "store"
            store.mkdir()
            (self.server.data / "store").symlink_to(store)
        super().start(*arguments)

    def test_commands_are_refused_and_everything_else_goes_on(self):
        self.refused_and_back(lambda: fill(self.server.data).unlink, ["log.full"])

    def test_full_to_the_last_byte_while_a_command_fails(self):
        """Room for nothing at all: also what became of a delivery waits for it."""
        self.create("program", kind="command", command="refuses-1", tries=1)
        filler = fill(self.server.data)
        number = 0
        while self.write(number, size=2_000).status == 200:
            number += 1
        self.assertReadable()
        filler.unlink()
        self.assertEqual(self.write(number).status, 200)
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "program", "it is up to date")
        dead = self.numbers(letter["event"] for letter in self.dead("program"))
        heard = self.numbers(self.got("got-rest"))
        self.assertEqual(sorted({*heard, *dead}), list(range(number + 1)))
        self.assertEqual(dead, [1] if number >= 1 else [])


class ReadOnlyLog(LogTestCase):
    """The log's files take no writes although the disk has room."""

    codes = ("log.failed", "log.full")

    def test_commands_are_refused_and_everything_else_goes_on(self):
        self.refused_and_back(lambda: self.shut(log_files(self.server.data)), self.codes)

    def test_from_the_first_command_on(self):
        opened = self.shut(log_files(self.server.data))
        self.assertIn(self.write(0).json["code"], self.codes)
        self.assertReadable()
        opened()
        self.assertEqual(self.write(0).status, 200)


class CursorsTestCase(DiskTestCase):
    """Only what subscriptions keep lies on a disk that takes nothing; the log goes on."""

    def exhaust(self, name):
        """Acknowledges one by one until that is refused; how many were."""
        for number in range(5_000):
            pulled = self.pull(name, limit=1)
            self.assertIsNotNone(pulled["batch"], "the test needs more events")
            answer = self.server.post(self.path(name, "ack"), {"batch": pulled["batch"]})
            if answer.status != 200:
                self.assertIn(answer.json["code"], ("log.full", "log.failed"), str(answer))
                return number, pulled
        raise AssertionError("a disk that takes nothing is not noticed")

    def nothing_is_lost(self, shut):
        self.create("p")
        self.create("fails", kind="command", command="refuses-1", tries=1)
        self.create("busy")
        self.change(0)
        self.wait_for_numbers("got-rest", [0])
        self.change(*range(100, 400))
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "fails", "it is up to date")
        opened = shut()
        done, pulled = self.exhaust("busy")
        self.assertEqual(self.pull("busy", limit=1)["events"], pulled["events"], "reading goes on")
        self.change(1, 2, 3)
        self.assertReadable()
        failing = self.wait_for(lambda shown: shown["failing"], "fails", "it says why it waits")["failing"]
        self.assertEqual(failing["tries"], 0, failing)
        self.assertNotIn(2, self.numbers(self.got("got-rest")), "nothing goes out before the dead letter is kept")
        everything = self.pull("p", limit=1000)
        self.assertEqual(len(everything["events"]), 304)
        opened()
        self.wait_for(lambda shown: shown["lag"]["events"] == 0 and not shown["failing"], "fails", "it goes on", 20)
        self.assertEqual(self.numbers(letter["event"] for letter in self.dead("fails")), [1])
        self.assertEqual(self.numbers(self.got("got-rest"))[-2:], [2, 3])
        self.ack("p", everything)
        rest = self.numbers(self.take_all("busy"))
        self.assertEqual(rest, [0, *range(100, 400), 1, 2, 3][done:], "what was acknowledged is, and nothing else")
        self.server.kill()
        self.start()
        self.assertEqual([self.pull(name)["events"] for name in ("p", "busy")], [[], []])
        self.assertEqual(len(self.dead("fails")), 1)


class FullCursors(CursorsTestCase):
    def start(self, *arguments):
        small = self.server.home / "small"
        if not small.exists():
            small_disk(self, 1, small)
            self.server.data.mkdir()
            (self.server.data / "cursors.sqlite").symlink_to(small / "cursors.sqlite")
        super().start(*arguments)

    def test_nothing_is_lost(self):
        self.nothing_is_lost(lambda: fill(self.server.home / "small").unlink)


class ReadOnlyCursors(CursorsTestCase):
    def test_nothing_is_lost(self):
        self.nothing_is_lost(lambda: self.shut(cursor_files(self.server.data)))

    def test_from_the_first_acknowledgement_after_a_start_on(self):
        self.create("p")
        self.change(1)
        self.server.stop()
        self.start()
        pulled = self.pull("p")
        opened = self.shut(cursor_files(self.server.data))
        answer = self.server.post(self.path("p", "ack"), {"batch": pulled["batch"]})
        self.assertIn(answer.json["code"], ("log.failed", "log.full"))
        self.assertReadable()
        opened()
        self.ack("p", pulled)


@unittest.skipUnless(os.geteuid() == 0, "needs root to mount a disk")
class Starting(unittest.TestCase):
    def test_on_a_read_only_disk_it_says_so_and_ends(self):
        for made_before in (False, True):
            with self.subTest(made_before=made_before):
                server = Server()
                self.addCleanup(server.close)
                small_disk(self, 16, server.data)
                if made_before:
                    server.start()
                    server.ask("folder", "add", "demo")
                    server.stop()
                subprocess.run(["mount", "-o", "remount,ro", str(server.data)], check=True)
                ran = server.run(
                    "serve", "--data", server.data, "--listen", f"127.0.0.1:{server.port}", "--json", code=1, timeout=30
                )
                self.assertIn(ran.error["code"], ("store.denied", "log.failed"), str(ran))
                self.assertIn(str(server.data), ran.error["at"])
                self.assertTrue(ran.error["fix"])


if __name__ == "__main__":
    unittest.main()
