"""The log as a whole: a damaged one is told, an old part goes to an archive, a backup is made and restored."""

import json
import random
import shutil
import threading

import tiny_show
from sluice_server import PLAN_SECONDS, Server, wait_until
from subscribers import CHANGED, SubscriptionTestCase


class UpkeepTestCase(SubscriptionTestCase):
    @property
    def segment(self):
        """The file that is written to."""
        return sorted((self.server.data / "log").glob("*.seg"))[-1]

    def verify(self, code=0, **where):
        more = ("--data", where["data"]) if where else ()
        return self.server.ask("log", "verify", *more, code=code, timeout=PLAN_SECONDS)


class Damage(UpkeepTestCase):
    def flip(self, needle):
        """Turns one bit of the bytes of an event that has `needle` in it; the place."""
        data = bytearray(self.segment.read_bytes())
        place = data.index(needle) + len(needle) // 2
        data[place] ^= 1 << random.Random(place).randrange(8)
        self.segment.write_bytes(data)
        return place

    def test_a_sound_log_is_said_to_be_sound(self):
        tiny_show.make(self.server)
        for where in ({}, {"data": self.server.data}):
            if where:
                position = self.server.position()
                self.server.stop()
            answer = self.verify(**where)
            self.assertTrue(answer["sound"])
            self.assertEqual((answer["damages"], answer["damageCount"], answer["archives"]), ([], 0, []))
            self.assertGreater(answer["events"], 20)
            self.assertGreater(answer["blobs"], 5)
        self.assertEqual(answer["position"], position)

    def test_a_flipped_bit_is_found_and_the_event_named(self):
        positions = self.change(*range(30), size=300)
        ids = {event["position"]: event["id"] for event in self.server.events()}
        place = self.flip(b'"17 xxx')
        answer = self.verify(code=1)
        self.assertFalse(answer["sound"])
        self.assertEqual(answer["damageCount"], 1)
        [damage] = answer["damages"]
        self.assertEqual((damage["kind"], damage["file"]), ("record", self.segment.name))
        self.assertTrue(damage["offset"] <= place < damage["offset"] + damage["bytes"], damage)
        self.assertEqual((damage["first"], damage["last"]), (positions[17], positions[17]))
        self.assertEqual([event["type"] for event in damage["events"]], [CHANGED])
        self.assertEqual([event["id"] for event in damage["events"]], [ids[positions[17]]])
        self.assertEqual((damage["follows"], damage["precedes"]), (ids[positions[16]], ids[positions[18]]))
        text = self.server.run("log", "verify", code=1).output
        self.assertIn(f"reaches {positions[17]}", text)
        self.assertIn(ids[positions[17]], text)

    def test_a_reader_is_told_and_what_is_whole_goes_on(self):
        positions = self.change(*range(10), size=300)
        self.flip(b'"4 xxx')
        self.create("p", **{"from": positions[2]})
        self.assertEqual(self.server.states(), {})
        error = self.server.refused("events", "--from", positions[2], code=1)
        self.assertError(error, "log.damaged", "log verify", positions[4].split(":")[1])
        self.change(10)
        self.assertEqual(self.numbers(self.server.events(start=positions[5])), [6, 7, 8, 9, 10])

    def test_a_server_that_finds_it_when_it_starts_takes_no_more_facts_and_answers(self):
        positions = self.change(*range(10), size=300)
        self.server.stop()
        self.flip(b'"4 xxx')
        self.start()
        self.assertEqual(self.server.get("/api/v1/status?ref=demo").status, 200)
        self.assertProblem(self.server.post("/api/v1/folders", {"project": "demo", "path": "x"}), 500, "log.damaged")
        self.assertEqual(self.verify(code=1)["damages"][0]["first"], positions[4])
        self.assertIn("the log is damaged", self.server.log())

    def test_any_flipped_bit_is_found(self):
        """Not in zeros that lie ready behind the end."""
        self.change(*range(20), size=50)
        self.server.stop()
        whole = self.segment.read_bytes()
        end = len(whole.rstrip(b"\0"))
        for seed in range(25):
            chance = random.Random(seed)
            data = bytearray(whole)
            data[chance.randrange(4096, end)] ^= 1 << chance.randrange(8)
            self.segment.write_bytes(data)
            with self.subTest(seed=seed):
                self.assertFalse(self.verify(code=1, data=self.server.data)["sound"])
        self.segment.write_bytes(whole)
        self.assertTrue(self.verify(data=self.server.data)["sound"])


class Archives(UpkeepTestCase):
    def fill(self):
        """More than a segment."""
        body = {"project": "demo", "path": "numbers"}
        with_text = lambda number: {**body, "set": {"n": str(number), "text": f"{number} " + "x" * 200_000}}  # noqa: E731
        threads = []
        for lane in range(8):
            def run(lane=lane):
                for number in range(lane, 400, 8):
                    self.assertEqual(self.server.post("/api/v1/folders", with_text(number)).status, 200)
            threads.append(threading.Thread(target=run))
            threads[-1].start()
        for one in threads:
            one.join()

    def test_old_segments_go_and_everything_is_known_as_before(self):
        self.create("p")
        self.fill()
        before, archive = self.server.ask("folder", "list", "demo"), self.server.home / "archive"
        head = self.server.position()
        self.assertProblem(
            self.server.post("/api/v1/log/archive", {"before": head, "to": "relative"}), 400, "usage")
        held = self.server.ask("log", "archive", "--before", head, "--to", archive)
        self.assertEqual((held["moved"], held["heldBy"]), ([], "p"))
        self.take_all("p")
        moved = self.server.ask("log", "archive", "--before", head, "--to", archive, timeout=PLAN_SECONDS)
        self.assertGreater(len(moved["moved"]), 0)
        self.assertIsNone(moved["heldBy"])
        self.assertEqual(len(list(archive.glob("*.seg"))), len(moved["moved"]))
        answer = self.verify()
        self.assertTrue(answer["sound"])
        self.assertEqual([part["reachable"] for part in answer["archives"]], [True] * len(moved["moved"]))
        shutil.move(archive, self.server.home / "shelf")
        self.assertEqual([part["reachable"] for part in self.verify()["archives"]], [False] * len(moved["moved"]))
        self.server.stop()
        self.start()
        self.assertEqual(self.server.ask("folder", "list", "demo"), before)
        self.assertError(self.server.refused("events", "--from", "main:0", code=1), "log.archived")
        self.assertEqual(self.change(1_000_000)[0], f"main:{int(head.split(':')[1]) + 1}")


class Backups(UpkeepTestCase):
    def other(self, data):
        """A server on what was restored."""
        server = Server(self.server.home / "second")
        server.home.mkdir()
        server.data = data
        self.addCleanup(server.close)
        return server

    def test_a_backup_under_load_has_all_that_was_acknowledged_before(self):
        tiny_show.make(self.server)
        self.create("p")
        self.change(1, 2)
        self.take("p", 1)
        made = self.server.ask("subscription", "create", "hook", "--webhook", "http://127.0.0.1:9/")
        acknowledged, stop = [], threading.Event()

        def write(lane):
            number = lane * 100_000 + 10
            while not stop.is_set():
                if self.server.post("/api/v1/folders", {
                    "project": "demo", "path": f"lane{lane}", "set": {"n": str(number)}}).status == 200:  # fmt: skip
                    acknowledged.append((lane, number))
                number += 1

        lanes = [threading.Thread(target=write, args=(lane,)) for lane in range(4)]
        for lane in lanes:
            lane.start()
        wait_until(lambda: len(acknowledged) > 100, "the load goes", 20)
        before = list(acknowledged)
        answer = self.server.ask("backup", self.server.home / "backup", timeout=PLAN_SECONDS)
        after = self.server.position()
        stop.set()
        for lane in lanes:
            lane.join()
        self.assertEqual(answer["damages"], [])
        self.assertGreaterEqual(int(after.split(":")[1]), int(answer["position"].split(":")[1]))
        versions = self.server.stored_versions()

        restored = self.server.ask("restore", self.server.home / "backup", "--data", self.server.home / "again")
        self.assertEqual((restored["site"], restored["position"], restored["sound"]), ("main", answer["position"], True))
        self.assertIn("--workers", restored["serve"])
        shutil.copytree(self.server.data / "store", self.server.home / "again" / "store")
        self.server.stop()
        second = self.other(self.server.home / "again")
        second.start()
        self.assertEqual(second.position(), answer["position"])
        numbers = {int(event["data"]["set"]["n"]) for event in second.events() if "n" in event["data"].get("set", {})}
        self.assertEqual([pair for pair in before if pair[1] not in numbers], [])
        self.assertEqual(second.stored_versions(), versions)
        second.ask("fetch", "demo/look/show_lut", "--to", self.server.home / "fetched")
        self.assertIn("tester", json.dumps(second.ask("person", "list")))
        pulled = second.get("/api/v1/subscriptions/p/pull", limit=1).json["events"]
        self.assertEqual(self.numbers(pulled), [2])
        self.assertEqual(second.ask("subscription", "show", "hook")["target"]["url"], made["target"]["url"])

    def test_an_offline_backup(self):
        self.change(1)
        position = self.server.position()
        self.server.stop()
        answer = self.server.ask("backup", self.server.home / "b", "--data", self.server.data)
        self.assertEqual(answer["position"], position)
        self.assertEqual((self.server.home / "b" / "names.jsonl").stat().st_mode & 0o777, 0o600)

    def test_bad_folders_are_refused_and_nothing_is_done(self):
        self.change(1)
        full = self.server.home / "full"
        full.mkdir()
        (full / "mine").write_text("x")
        self.assertError(self.server.refused("backup", full), "usage", "empty")
        self.assertEqual([path.name for path in full.iterdir()], ["mine"])
        self.server.ask("backup", self.server.home / "b")
        self.assertError(self.server.refused("restore", self.server.home / "b", "--data", full), "usage", "empty")
        self.assertEqual([path.name for path in full.iterdir()], ["mine"])
        self.assertError(
            self.server.refused("restore", self.server.home / "nothing", "--data", self.server.home / "x", code=1),
            "log.damaged", "no backup")  # fmt: skip
        self.assertFalse((self.server.home / "x").exists())

    def test_a_backup_that_lost_a_bit_is_not_restored(self):
        self.change(*range(5))
        for number, name in enumerate(("log", "names.jsonl", "cursors.sqlite")):
            backup = self.server.home / f"b{number}"
            self.server.ask("backup", backup)
            path = sorted((backup / "log").glob("*.seg"))[0] if name == "log" else backup / name
            data = bytearray(path.read_bytes())
            data[min(5_000, len(data) - 2)] ^= 1
            path.write_bytes(data)
            target = self.server.home / f"r{number}"
            error = self.server.refused("restore", backup, "--data", target, code=1)
            self.assertError(error, "log.damaged", path.name)
            # A server does not take half of it for a site.
            ran = self.server.run("serve", "--data", target, "--listen", "127.0.0.1:0", code=None, timeout=10)
            self.assertNotEqual(ran.code, 0)
