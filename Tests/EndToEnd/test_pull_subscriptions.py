"""Subscriptions that are pulled from: in order, at least once, each at its own pace, over restarts."""

import contextlib
import http.client
import selectors
import signal
import socket
import threading
import time
import unittest

from sluice_server import Server, log_files, say, threads, wait_until
from subscribers import CHANGED, SubscriptionTestCase, first_sightings, now


class Long:
    """A pull that waits as long as one may; the other tests go on meanwhile."""

    answer = seconds = thread = None

    @classmethod
    def ask(cls, server):
        began = time.monotonic()
        cls.answer = server.get("/api/v1/subscriptions/long/pull", wait=1_000, timeout=90)
        cls.seconds = time.monotonic() - began


def setUpModule():
    server = Server().start()
    unittest.addModuleCleanup(server.close)
    server.ask("subscription", "create", "long", "--pull")
    Long.thread = threading.Thread(target=Long.ask, args=(server,), daemon=True)
    Long.thread.start()


class Pulling(SubscriptionTestCase):
    def test_events_come_in_order_and_each_once_where_all_goes_well(self):
        self.create("p")
        self.change(*range(25))
        events = self.take_all("p", limit=7)
        self.assertEqual(self.numbers(events), list(range(25)))
        positions = [int(event["position"].split(":")[1]) for event in events]
        self.assertEqual(positions, sorted(positions))
        self.assertFalse([event for event in events if "replay" in event or "redelivery" in event])

    def test_what_is_not_acknowledged_comes_again(self):
        self.create("p")
        self.change(1, 2, 3)
        first = self.pull("p")
        again = self.pull("p")
        self.assertEqual((again["batch"], again["events"]), (first["batch"], first["events"]))
        self.ack("p", first)
        self.assertEqual(self.pull("p")["events"], [])

    def test_an_answer_has_every_field_also_where_there_is_nothing(self):
        self.create("p")
        empty = self.pull("p")
        self.assertEqual(empty, {"subscription": "p", "batch": None, "events": [], "lag": {"events": 0, "seconds": 0}})

    def test_a_part_may_be_acknowledged(self):
        self.create("p")
        self.change(*range(5))
        pulled = self.pull("p")
        left = self.ack("p", pulled, done=2)
        self.assertEqual(left["cursor"], pulled["events"][1]["position"])
        self.assertEqual(self.numbers(self.pull("p")["events"]), [2, 3, 4])
        # The rest has a batch of its own.
        self.ack("p", pulled, status=409)

    def test_an_error_is_a_try_and_after_the_last_one_the_event_is_dead(self):
        self.create("p", tries=2)
        self.change(1, 2, 3)
        self.ack("p", self.pull("p"), done=1, error="the database is read-only")
        shown = self.show("p")
        self.assertEqual(shown["failing"], {"tries": 1, "error": "the database is read-only"})
        self.assertEqual(self.pull("p")["events"], [], "the next try has its time")
        again = self.pull("p", wait=5)
        self.assertEqual(self.numbers(again["events"]), [2, 3])
        self.ack("p", again, error="still read-only")
        shown = self.show("p")
        self.assertEqual((shown["failing"], shown["dead"]), (None, 1))
        letter = self.dead("p")[0]
        self.assertEqual((letter["tries"], letter["error"], letter["retrying"]), (2, "still read-only", False))
        self.assertEqual(letter["event"]["id"], again["events"][0]["id"])
        self.assertEqual(letter["position"], again["events"][0]["position"])
        self.assertEqual(self.numbers(self.take("p")), [3])

    def test_a_retry_is_marked_and_the_letter_goes_when_it_arrived(self):
        self.create("p", tries=1)
        self.change(1, 2)
        self.ack("p", self.pull("p", limit=1), error="no")
        self.ack("p", self.pull("p", limit=1), error="no")
        first, second = self.dead("p")
        answer = self.post("p", "retry", events=[second["event"]["id"]])
        self.assertEqual((answer["retrying"], answer["left"]), (1, 1))
        self.assertEqual([letter["retrying"] for letter in self.dead("p")], [False, True])
        pulled = self.pull("p")
        self.assertEqual([event["redelivery"] for event in pulled["events"]], ["retry"])
        self.assertEqual(self.numbers(pulled["events"]), [2])
        self.ack("p", pulled)
        self.assertEqual([letter["event"]["id"] for letter in self.dead("p")], [first["event"]["id"]])
        self.post("p", "retry")
        self.assertEqual(self.numbers(self.take_all("p")), [1])
        self.assertEqual(self.dead("p"), [])

    def test_a_retry_that_fails_is_a_dead_letter_again(self):
        self.create("p", tries=1)
        self.change(1)
        self.ack("p", self.pull("p"), error="no")
        self.post("p", "retry")
        self.ack("p", self.pull("p"), error="still no")
        self.assertEqual([(letter["error"], letter["retrying"]) for letter in self.dead("p")], [("still no", False)])

    def test_a_dead_letter_is_named_by_its_position_too(self):
        self.create("p", tries=1)
        self.change(1)
        self.ack("p", self.pull("p"), error="no")
        self.assertEqual(self.post("p", "retry", events=[self.dead("p")[0]["position"]])["retrying"], 1)

    def test_a_long_poll_wakes_at_once(self):
        self.create("p")
        waits = []
        for number in range(5):
            found = {}
            reader = threading.Thread(target=lambda found=found: found.update(self.pull("p", wait=30)), daemon=True)
            reader.start()
            time.sleep(0.2)
            self.assertTrue(reader.is_alive())
            began = time.monotonic()
            self.change(number)
            reader.join(10)
            waits.append(time.monotonic() - began)
            self.assertEqual(self.numbers(found["events"]), [number])
            self.ack("p", found)
        self.assertLess(sorted(waits)[2], 0.5, waits)

    def test_a_long_poll_is_not_woken_by_what_is_not_wanted_and_ends_in_time(self):
        self.create("p", types=["sluice.version.*"])
        began, found = time.monotonic(), {}
        reader = threading.Thread(target=lambda: found.update(self.pull("p", wait=2)), daemon=True)
        reader.start()
        while reader.is_alive():
            self.change(1)
            time.sleep(0.05)
        self.assertEqual((found["batch"], found["events"]), (None, []))
        self.assertTrue(1.9 < time.monotonic() - began < 6, time.monotonic() - began)

    def test_filters_by_glob_and_by_expression(self):
        self.server.ask("folder", "add", "other")
        self.create("glob", types=["sluice.*.changed.v1", "sluice.tag.*"])
        self.create("expression", types=["*"], where="project = 'other' AND EXISTS folder")
        self.create("both", types=[CHANGED], where="project = 'other'")
        self.create("everything", types=["*"])
        self.change(1)
        self.change(2, project="other")
        self.server.ask("publish", "other/thing", self.server.file("a.txt"))
        self.server.ask("tag", "other/thing", "good")
        types = lambda name: [event["type"].split(".")[1] for event in self.take_all(name)]  # noqa: E731
        self.assertEqual(types("glob"), ["folder", "folder", "tag"])
        # A folder of a project has none above it, and a product of the project itself has an empty one.
        expression = self.take_all("expression")
        self.assertEqual({event["project"] for event in expression}, {"other"})
        self.assertIn(2, self.numbers(expression))
        self.assertEqual(self.numbers(self.take_all("both")), [2])
        everything = types("everything")
        self.assertEqual(everything, ["folder", "folder", "version", "tag"])

    def test_one_begins_where_it_says(self):
        positions = self.change(1, 2, 3)
        time.sleep(0.01)
        moment = now()
        time.sleep(0.01)
        self.change(4)
        for name, start, expected in (
            ("all", "beginning", [1, 2, 3, 4]), ("none", "now", []), ("unsaid", None, []),
            ("place", positions[0], [2, 3, 4]), ("time", moment, [4]), ("before", "2001-01-01T00:00:00Z", [1, 2, 3, 4]),
            ("later", "2999-01-01T00:00:00Z", []),
        ):  # fmt: skip
            with self.subTest(name):
                self.create(name, **({"from": start} if start else {}))
                self.assertEqual(self.numbers(self.take_all(name)), expected)

    def test_two_that_pull_from_one_have_the_same_events_and_one_acknowledgement(self):
        self.create("p")
        self.change(*range(10))
        first, second = self.pull("p", limit=4), self.pull("p", limit=8)
        self.assertEqual(first["events"], second["events"][:4])
        self.ack("p", second)
        self.assertEqual(self.ack("p", first, status=409)["code"], "subscription.batch")
        self.assertEqual(self.numbers(self.take_all("p")), [8, 9])

    def test_a_pull_that_nobody_waits_for_any_more_does_not_spoil_the_next_one(self):
        """A connection broke while it waited; its answer goes nowhere, and is another one than that of the next pull."""
        self.create("p", tries=1)
        self.change(*range(10))
        pulled = self.pull("p", limit=4)
        self.pull("p", limit=8)
        self.ack("p", pulled, done=2, error="no")
        self.assertEqual(self.numbers(letter["event"] for letter in self.dead("p")), [2])

    def test_eight_that_pull_from_one_miss_nothing_and_cursors_never_go_back(self):
        self.create("p")
        heard, cursors, stop = [], [], threading.Event()

        def puller(_):
            while not stop.is_set():
                pulled = self.pull("p", limit=5, wait=0.2)
                if pulled["batch"] is not None:
                    answer = self.server.post(self.path("p", "ack"), {"batch": pulled["batch"]})
                    self.assertIn(answer.status, (200, 409), str(answer))
                    if answer.status == 200:
                        heard.extend(self.numbers(pulled["events"]))
                        cursors.append(int(answer.json["cursor"].split(":")[1]))

        def publisher():
            self.change(*range(100))
            wait_until(lambda: len(heard) >= 100, "all are acknowledged")
            stop.set()

        threads(9, lambda index: publisher() if index == 8 else puller(index))
        self.assertEqual(sorted(set(heard)), list(range(100)))
        self.assertEqual(len(heard), 100, "one acknowledgement for each")

    def test_events_of_a_great_size_come_in_answers_of_a_bounded_one(self):
        self.create("p")
        self.change(*range(60), size=150_000)
        answer = self.server.get(self.path("p", "pull"), limit=1_000)
        self.assertLess(len(answer.body), 6_000_000)
        self.assertGreater(len(answer.json["events"]), 10)
        self.assertEqual(self.numbers(self.take_all("p", limit=1_000)), list(range(60)))

    def test_lag_is_how_many_and_how_old(self):
        self.create("p")
        self.assertEqual(self.show("p")["lag"], {"events": 0, "seconds": 0})
        self.change(1, 2, 3)
        self.server.ask("publish", "demo/unwanted", self.server.file("a.txt"))
        time.sleep(1.2)
        lag = self.show("p")["lag"]
        self.assertEqual(lag["events"], 3, "what is not wanted does not wait")
        self.assertTrue(1.2 <= lag["seconds"] < 5, lag)
        self.change(4)
        self.assertEqual(self.show("p")["lag"]["events"], 4)
        self.assertGreaterEqual(self.show("p")["lag"]["seconds"], lag["seconds"])
        self.ack("p", self.pull("p"), done=1)
        self.assertEqual(self.show("p")["lag"]["events"], 3)
        self.take_all("p")
        self.assertEqual(self.show("p")["lag"], {"events": 0, "seconds": 0})


class Managing(SubscriptionTestCase):
    def test_pause_and_resume(self):
        self.create("p")
        self.change(1)
        self.assertTrue(self.post("p", "pause")["paused"])
        self.change(2)
        self.assertEqual(self.pull("p")["events"], [])
        self.assertEqual(self.pull("p", wait=0.3)["events"], [])
        before = self.server.position()
        self.post("p", "pause")
        self.assertEqual(self.server.position(), before, "a pause of what is paused is no fact")
        # Who waits meanwhile wakes when it goes on.
        found = {}
        reader = threading.Thread(target=lambda: found.update(self.pull("p", wait=20)), daemon=True)
        reader.start()
        time.sleep(0.2)
        self.assertFalse(self.post("p", "resume")["paused"])
        reader.join(5)
        self.assertEqual(self.numbers(found["events"]), [1, 2])

    def test_reset_to_the_beginning_a_time_a_position_and_now(self):
        self.create("p")
        positions = self.change(1, 2)
        time.sleep(0.01)
        moment = now()
        time.sleep(0.01)
        self.change(3)
        self.take_all("p")
        for place, expected in (("beginning", [1, 2, 3]), (moment, [3]), (positions[0], [2, 3]), ("now", [])):
            with self.subTest(place):
                self.post("p", "reset", to=place)
                events = self.take_all("p")
                self.assertEqual(self.numbers(events), expected)
                self.assertFalse([event for event in events if "replay" in event], "a reset is no replay")

    def test_a_reset_ends_what_was_handed_out_and_keeps_dead_letters(self):
        self.create("p", tries=1)
        self.change(1, 2)
        self.ack("p", self.pull("p", limit=1), error="no")
        pulled = self.pull("p")
        self.post("p", "reset", to="beginning")
        self.assertEqual(self.ack("p", pulled, status=409)["code"], "subscription.batch")
        self.assertEqual(len(self.dead("p")), 1)
        self.assertEqual(self.numbers(self.take_all("p")), [1, 2])

    def test_who_waits_goes_on_from_the_place_of_a_reset(self):
        self.change(1)
        self.create("p")
        found = {}
        reader = threading.Thread(target=lambda: found.update(self.pull("p", wait=20)), daemon=True)
        reader.start()
        time.sleep(0.2)
        self.post("p", "reset", to="beginning")
        reader.join(5)
        self.assertEqual(self.numbers(found.get("events", [])), [1])

    def test_deleted_and_made_again_it_knows_nothing_of_the_first(self):
        self.create("p", tries=1)
        self.change(1, 2)
        self.ack("p", self.pull("p", limit=1), error="no")
        pulled = self.pull("p")
        self.assertEqual(self.server.http("DELETE", self.path("p")).status, 204)
        self.assertEqual(self.server.get(self.path("p", "pull")).json["code"], "subscription.unknown")
        self.create("p", **{"from": "beginning"})
        self.assertEqual(self.dead("p"), [])
        self.assertEqual(self.show("p")["tries"], 10)
        self.ack("p", pulled, status=409)
        self.assertEqual(self.numbers(self.take_all("p")), [1, 2])

    def test_who_waits_hears_that_it_is_deleted(self):
        self.create("p")
        found = {}
        reader = threading.Thread(
            target=lambda: found.update(answer=self.server.get(self.path("p", "pull"), wait=20)), daemon=True
        )
        reader.start()
        time.sleep(0.2)
        self.server.http("DELETE", self.path("p"))
        reader.join(5)
        self.assertProblem(found["answer"], 404, "subscription.unknown")

    def test_of_eight_who_make_one_at_once_one_does(self):
        for turn in range(5):
            body = {"name": f"p{turn}", "types": [CHANGED], "from": "beginning"}
            answers = threads(8, lambda _, body=body: self.server.post("/api/v1/subscriptions", body))
            self.assertEqual(sorted(answer.status for answer in answers), [200] + [409] * 7)
            self.assertEqual({answer.json.get("code") for answer in answers}, {None, "subscription.exists"})

    def test_resets_and_pulls_at_once_leave_one_that_delivers_all(self):
        self.create("p")
        self.change(*range(20))

        def work(index):
            for _ in range(10):
                if index < 2:
                    self.post("p", "reset", to="beginning")
                else:
                    pulled = self.pull("p", limit=3)
                    if pulled["batch"] is not None:
                        answer = self.server.post(self.path("p", "ack"), {"batch": pulled["batch"]})
                        self.assertIn(answer.status, (200, 409), str(answer))

        threads(6, work)
        self.post("p", "reset", to="beginning")
        self.assertEqual(self.numbers(self.take_all("p")), list(range(20)))

    def test_list_and_show_have_every_field(self):
        self.create("p", where="project = 'demo'")
        self.create("q", types=[])
        listed = self.server.get("/api/v1/subscriptions").json["subscriptions"]
        self.assertEqual([one["name"] for one in listed], ["p", "q"])
        for one in listed:
            self.assertEqual(
                set(one),
                {"name", "types", "where", "target", "tries", "paused", "cursor", "lag", "dead", "retrying", "failing",
                 "replay", "created", "actor"},
            )  # fmt: skip
        self.assertEqual([one["where"] for one in listed], ["project = 'demo'", None])
        self.assertEqual([one["types"] for one in listed], [[CHANGED], ["*"]])
        self.assertEqual((listed[0]["failing"], listed[0]["replay"]), (None, None))
        self.assertEqual(listed[0], self.show("p"))


class Restarting(SubscriptionTestCase):
    def again(self, how):
        if how == "kill":
            self.server.kill()
        else:
            self.assertEqual(self.server.stop(seconds=15), 0)
        self.start()

    def test_cursors_tries_replays_and_retries_go_on(self):
        for how in ("kill", "stop"):
            with self.subTest(how):
                self.going_on(how)

    def going_on(self, how):
        name = f"p-{how}"
        self.create(name, tries=2)
        positions = self.change(*range(6))
        self.ack(name, self.pull(name), done=2)
        self.ack(name, self.pull(name), error="no")
        self.post(name, "replay", **{"from": positions[1], "to": positions[4]})
        replayed = self.pull(name, limit=1)
        self.assertEqual(self.numbers(replayed["events"]), [2])
        self.ack(name, replayed)
        before = self.show(name)
        self.again(how)
        after = self.show(name)
        for field in ("cursor", "failing", "replay", "dead", "retrying", "tries", "paused"):
            self.assertEqual(after[field], before[field], field)
        self.assertEqual(after["failing"], {"tries": 1, "error": "no"})
        # The second try is the last one.
        live = replay = None
        while live is None or replay is None:
            pulled = self.pull(name, limit=1, wait=5)
            if "replay" in pulled["events"][0]:
                replay = self.numbers(pulled["events"])
                self.ack(name, pulled)
            else:
                live = self.numbers(pulled["events"])
                self.ack(name, pulled, error="no")
        self.assertEqual((live, replay), ([2], [3]))
        self.assertEqual(self.numbers(letter["event"] for letter in self.dead(name)), [2])
        self.post(name, "retry")
        self.again(how)
        self.assertEqual(self.show(name)["retrying"], 1)
        events = self.take_all(name)
        marks = [("replay" if "replay" in e else "retry" if "redelivery" in e else "live", *self.numbers([e])) for e in events]
        self.assertEqual(sorted(marks), [("live", 3), ("live", 4), ("live", 5), ("replay", 4), ("retry", 2)])
        self.assertEqual(self.dead(name), [])

    def test_a_batch_from_before_a_restart_can_be_acknowledged(self):
        self.create("p")
        self.change(1, 2)
        pulled = self.pull("p")
        self.again("kill")
        self.ack("p", pulled)
        self.assertEqual(self.pull("p")["events"], [])

    def test_what_was_paused_stays_paused(self):
        self.create("p")
        self.post("p", "pause")
        self.again("kill")
        self.change(1)
        self.assertTrue(self.show("p")["paused"])
        self.assertEqual(self.pull("p")["events"], [])

    def test_a_server_that_stops_lets_go_of_who_waits(self):
        self.create("p")
        ended = []

        def wait(_):
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.server.get(self.path("p", "pull"), wait=50, timeout=60)
            ended.append(time.monotonic())

        crowd = [threading.Thread(target=wait, args=(index,), daemon=True) for index in range(20)]
        for one in crowd:
            one.start()
        time.sleep(0.5)
        self.assertEqual(ended, [])
        began = time.monotonic()
        self.assertEqual(self.server.stop(signal.SIGTERM, 20), 0)
        self.assertLess(time.monotonic() - began, 5)
        for one in crowd:
            one.join(5)
        self.assertEqual(len(ended), 20)

    def test_a_log_that_is_older_than_the_cursor_loses_nothing_new(self):
        """The log was restored from a backup; what comes after it has places that the cursor has passed."""
        self.create("p")
        self.change(1, 2)
        self.take_all("p")
        self.server.stop()
        backup = {path: path.read_bytes() for path in log_files(self.server.data)}
        self.start()
        self.change(3, 4, 5)
        self.assertEqual(self.numbers(self.take_all("p")), [3, 4, 5])
        self.server.stop()
        for path in [*log_files(self.server.data), *self.server.data.glob("views.sqlite*")]:
            path.unlink()
        for path, content in backup.items():
            path.write_bytes(content)
        self.start()
        self.change(6, 7)
        self.assertEqual(self.numbers(self.take_all("p")), [6, 7])


class Crowd(SubscriptionTestCase):
    def test_a_thousand_who_wait_do_not_starve_the_server(self):
        count, subscriptions = 1_000, 10
        for index in range(subscriptions):
            self.create(f"p{index}")
        sockets = []
        self.addCleanup(lambda: [one.close() for one in sockets])
        for index in range(count):
            one = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
            path = self.path(f"p{index % subscriptions}", "pull")
            one.sendall(f"GET {path}?wait=40&limit=10 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            one.setblocking(False)
            sockets.append(one)
        time.sleep(1)
        idle = self.processor_seconds()
        time.sleep(2)
        self.assertLess(self.processor_seconds() - idle, 0.6, "who waits costs nothing")
        waits = []
        for _ in range(20):
            began = time.monotonic()
            self.assertEqual(self.server.get("/api/v1/health").status, 200)
            waits.append(time.monotonic() - began)
        self.assertLess(sorted(waits)[10], 0.25, waits)
        began = time.monotonic()
        self.change(1)
        wrote = time.monotonic() - began
        answers = self.read_all(sockets, 30)
        woke = time.monotonic() - began
        say(f"1,000 who wait: a write {wrote * 1000:.0f} ms, all woken after {woke * 1000:.0f} ms")
        self.assertEqual(sum(b'"n":"1"' in answer for answer in answers), count)
        self.assertLess(wrote, 3)
        self.assertLess(woke, 15)

    def processor_seconds(self):
        with open(f"/proc/{self.server.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def read_all(self, sockets, seconds):
        found, deadline = {one: b"" for one in sockets}, time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for one in sockets:
                selector.register(one, selectors.EVENT_READ)
            while selector.get_map() and time.monotonic() < deadline:
                for key, _ in selector.select(1):
                    data = key.fileobj.recv(65_536)
                    found[key.fileobj] += data
                    if not data:
                        selector.unregister(key.fileobj)
        return list(found.values())

    def test_who_was_answered_is_not_kept(self):
        """Pulls that end at once must not leave something behind that every later commit looks at."""
        self.create("p")
        self.change(1)
        began = self.processor_seconds()
        for _ in range(300):
            self.pull("p")
        first = self.processor_seconds() - began
        began = self.processor_seconds()
        for _ in range(300):
            self.pull("p")
        self.assertLess(self.processor_seconds() - began, 2 * first + 0.5)


class Load(SubscriptionTestCase):
    def test_publishers_and_pullers_at_once(self):
        """Four write, four pull at their own pace; each has all, in order."""
        for index in range(4):
            self.create(f"p{index}")
        heard, written = [[] for _ in range(4)], []

        def work(index):
            if index < 4:
                for number in range(50):
                    written.extend(self.change(index * 1_000 + number))
            else:
                own = heard[index - 4]
                while len(own) < 200:
                    own.extend(self.take(f"p{index - 4}", limit=1 + 7 * (index - 4), wait=5))

        threads(8, work)
        expected = sorted(int(position.split(":")[1]) for position in written)
        for events in heard:
            self.assertEqual(first_sightings(events), expected)


class Waiting(unittest.TestCase):
    """The last of this file by its name."""

    def test_a_long_poll_lasts_as_long_as_it_says_and_no_longer(self):
        Long.thread.join(70)
        self.assertEqual((Long.answer.status, Long.answer.json["events"]), (200, []), str(Long.answer))
        self.assertTrue(54.5 < Long.seconds < 60, Long.seconds)


if __name__ == "__main__":
    unittest.main()
