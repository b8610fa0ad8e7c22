"""kill -9 again and again under load: what was acknowledged is there once, and every subscriber saw everything in order.

Sixteen clients write without a pause while four subscribers read, and the server is killed and started anew beside
them. Clients and subscribers do what real ones should: after a broken connection they send the same command again, and
ask again for what they had not acknowledged.

Environment:
  SLUICE_SEED    the seed of the random moments and sizes (default: a new one each time; it is printed)
  SLUICE_ROUNDS  how often the server is killed (default: 50)
"""

import base64
import hashlib
import http.client
import json
import os
import random
import threading
import time
import unittest
from collections import Counter

from sluice_server import say, wait_until
from subscribers import SubscriptionTestCase, first_sightings

PUBLISHERS = 16
SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))
ROUNDS = int(os.environ.get("SLUICE_ROUNDS") or 50)
PATIENCE = 60
"""Seconds after which something that should go on counts as stuck."""


def sequence(event):
    return int(event["position"].split(":")[1])


class Line:
    """A connection that is made again when it breaks, as it does each time the server is killed."""

    def __init__(self, server):
        self.server, self.connection, self.breaks = server, None, 0

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def once(self, method, path, body=None, timeout=30):
        """Status and JSON; None where there was no connection or it broke, so that nobody knows what became of it."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
            headers = {"Content-Type": "application/json", "X-Sluice-Actor": "tester"}
            self.connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            answer = self.connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Refused is no broken request: the server had not begun to listen.
            self.breaks += not isinstance(error, ConnectionRefusedError)
            self.close()
            return None

    def call(self, method, path, body=None, timeout=30):
        """The same request until it is answered."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.once(method, path, body, timeout)
            if answer is not None:
                return answer
            time.sleep(0.02)
        raise AssertionError(f"no answer within {PATIENCE} s: {method} {path}")


class Publisher:
    """Publishes small versions, and changes a folder of its own now and then; keeps what it was told."""

    def __init__(self, index, server):
        self.index, self.line = index, Line(server)
        self.random = random.Random(SEED * 1_000 + index)
        self.number = 0
        self.versions, self.changes = [], []

    def run(self, stop):
        while not stop.is_set():
            self.number += 1
            if self.random.random() < 0.25:
                self.change()
            else:
                self.publish()
        self.line.close()

    def publish(self):
        ref = f"demo/own/p{self.index}/look" if self.random.random() < 0.7 else "demo/shared/look"
        text, command = f"{SEED} {self.index} {self.number}\n", f"{SEED}-{self.index}-{self.number}"
        files = [{"path": "look.txt", "content": base64.b64encode(text.encode()).decode()}]
        body = {"command": command, "products": [{"ref": ref, "representations": [{"files": files}]}]}
        status, answer = self.line.call("POST", "/api/v1/publish", body)
        if status != 200:
            raise AssertionError(f"{command}: {status} {answer}")
        self.versions.append((ref, text, body, answer))

    def change(self):
        """A folder takes no command id; the same value twice is no second fact."""
        body = {"project": "demo", "path": f"own/p{self.index}", "set": {"n": str(self.number)}}
        status, answer = self.line.call("POST", "/api/v1/folders", body)
        if status != 200:
            raise AssertionError(f"{body}: {status} {answer}")
        self.changes.append((body["path"], body["set"]["n"]))


class Puller:
    """Pulls batches of any size, and acknowledges all of them, a part, or now and then nothing."""

    def __init__(self, name, server):
        self.name, self.line = name, Line(server)
        self.random = random.Random(f"{SEED} {name}")
        self.events, self.acknowledged = [], 0

    def run(self, stop):
        path = f"/api/v1/subscriptions/{self.name}"
        while True:
            limit = self.random.choice([1, 3, 20, 200, 1000])
            status, pulled = self.line.call("GET", f"{path}/pull?limit={limit}&wait={self.random.choice([0, 1])}", timeout=30)
            if status != 200:
                raise AssertionError(f"{self.name}: {status} {pulled}")
            self.events += pulled["events"]
            if pulled["batch"] is None:
                if stop.is_set():
                    break
                continue
            body = {"batch": pulled["batch"]}
            if self.random.random() < 0.2 and len(pulled["events"]) > 1:
                body["done"] = self.random.randrange(1, len(pulled["events"]))
            if self.random.random() < 0.9 or stop.is_set():
                status, answer = self.line.call("POST", f"{path}/ack", body)
                # Of an acknowledgement whose answer was lost nobody knows whether it was taken; then it is no more.
                if status not in (200, 409):
                    raise AssertionError(f"{self.name}: {status} {answer}")
                self.acknowledged += status == 200
        self.line.close()


class Follower:
    """Follows the live stream, and comes back with the last id that it had."""

    def __init__(self, server):
        self.server, self.events, self.last, self.breaks = server, [], "main:0", 0

    def run(self, stop):
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=2)
            try:
                connection.request("GET", "/api/v1/stream", headers={"Last-Event-ID": self.last})
                answer = connection.getresponse()
                if answer.status != 200:
                    raise AssertionError(f"stream: {answer.status} {answer.read()}")
                self.read(answer, stop)
            except (OSError, http.client.HTTPException):
                self.breaks += 1
                time.sleep(0.02)
            finally:
                connection.close()

    def read(self, answer, stop):
        kind, id, data = None, None, None
        while not stop.is_set():
            line = answer.readline()
            if not line.endswith(b"\n"):
                return  # Torn: what stands there did not come whole.
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                kind = text[7:]
            elif text.startswith("id: "):
                id = text[4:]
            elif text.startswith("data: "):
                data = text[6:]
            elif not text:
                if kind == "fact":
                    self.events.append(json.loads(data))
                    self.last = id
                kind, id, data = None, None, None


class Killed(SubscriptionTestCase):
    programs = {"keep": "cat >> got-keep"}

    def setUp(self):
        say(f"SLUICE_SEED={SEED} SLUICE_ROUNDS={ROUNDS}")
        super().setUp()
        self.random = random.Random(SEED)
        self.server.ask("folder", "add", "demo/own")
        for index in range(PUBLISHERS):
            self.server.ask("folder", "add", f"demo/own/p{index}")
        self.create("all", types=["*"], **{"from": "beginning"})
        self.create("versions", types=["sluice.version.*"], where="project = 'demo'", **{"from": "beginning"})
        self.create("program", types=["*"], kind="command", command="keep", tries=100, **{"from": "beginning"})

    def _formatMessage(self, message, standard):
        return f"{super()._formatMessage(message, standard)}\nrepeat with SLUICE_SEED={SEED} SLUICE_ROUNDS={ROUNDS}"

    def together(self, works):
        """Runs each `run(stop)` on a thread of its own; returns what ends them and gives up on the first problem."""
        stop, problems = threading.Event(), []

        def one(work):
            try:
                work.run(stop)
            except BaseException as error:
                problems.append(error)

        crowd = [threading.Thread(target=one, args=(work,), daemon=True) for work in works]
        for thread in crowd:
            thread.start()

        def end():
            stop.set()
            for thread in crowd:
                thread.join(PATIENCE + 10)
                self.assertFalse(thread.is_alive(), "somebody is stuck")
            self.assertEqual(problems, [])

        return end, problems

    def test_nothing_acknowledged_is_lost_and_everybody_sees_everything_in_order(self):
        publishers = [Publisher(index, self.server) for index in range(PUBLISHERS)]
        pullers, follower = [Puller("all", self.server), Puller("versions", self.server)], Follower(self.server)
        end_publishers, wrong = self.together(publishers)
        end_pullers, wrong_too = self.together(pullers)
        end_follower, wrong_three = self.together([follower])
        began, down = time.monotonic(), 0.0
        for _ in range(ROUNDS):
            time.sleep(self.random.uniform(0.5, 1.0))
            self.assertEqual([*wrong, *wrong_too, *wrong_three], [])
            self.server.kill()
            killed = time.monotonic()
            self.start()
            down += time.monotonic() - killed
        end_publishers()
        ended = time.monotonic()
        end_pullers()
        events = self.everything()
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "program", "the program has all", PATIENCE)
        wait_until(lambda: follower.events and sequence(follower.events[-1]) >= sequence(events[-1]), "the stream has all")
        end_follower()
        self.check_commands(publishers, events)
        self.check_subscribers(events, pullers, follower)
        self.check_files(events)
        self.check_repeats(publishers, events)
        self.check_rebuild()
        breaks = sum(publisher.line.breaks for publisher in publishers)
        say(
            f"{ROUNDS} kills in {ended - began:.0f} s ({down:.0f} s of them down), {breaks} broken requests; "
            f"{sum(len(p.versions) for p in publishers)} versions, {len(events)} events, "
            f"{sum(p.acknowledged for p in pullers)} acknowledgements"
        )
        self.assertGreater(breaks, ROUNDS, "the test needs requests that a kill interrupts")

    def everything(self):
        """All events of the log, which has no gap."""
        events, place = [], "main:0"
        while page := self.server.get("/api/v1/events", **{"from": place}).lines:
            events += page
            place = page[-1]["position"]
        self.assertEqual([sequence(event) for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(len({event["id"] for event in events}), len(events))
        return events

    def check_commands(self, publishers, events):
        """Each command once, where its answer says, and each client's commands in the order in which it sent them."""
        published = [event for event in events if event["type"] == "sluice.version.published.v1"]
        found = Counter(event["data"]["representations"][0]["sha256"] for event in published)
        wanted = Counter(
            hashlib.sha256(text.encode()).hexdigest() for publisher in publishers for _, text, _, _ in publisher.versions
        )
        self.assertEqual(found, wanted, "versions by their content")
        by_name = {(event["product"], event["data"]["version"]): event for event in published}
        self.assertEqual(len(by_name), len(published), "a version id was given twice")
        for publisher in publishers:
            places = []
            for ref, text, _, answer in publisher.versions:
                answer = answer["published"][0]
                event = by_name[(ref, answer["version"])]
                self.assertEqual(event["data"]["number"], answer["number"])
                self.assertEqual(event["data"]["representations"][0]["sha256"], hashlib.sha256(text.encode()).hexdigest())
                self.assertGreaterEqual(int(answer["position"].split(":")[1]), sequence(event))
                places.append(sequence(event))
            self.assertEqual(places, sorted(places), "a client's own order")
        changes = [
            (event["folder"], event["data"]["set"]["n"])
            for event in events
            if event["type"] == "sluice.folder.changed.v1" and "n" in event["data"].get("set", {})
        ]
        self.assertEqual(Counter(changes), Counter(change for publisher in publishers for change in publisher.changes))
        numbers = [event["data"]["number"] for event in published if event["product"] == "demo/shared/look"]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def check_subscribers(self, events, pullers, follower):
        """Everybody saw everything that he wanted at least once, for the first time in the order of the log."""
        every = [sequence(event) for event in events]
        versions = [sequence(event) for event in events if event["type"].startswith("sluice.version.")]
        got = {"pull all": (pullers[0].events, every), "pull versions": (pullers[1].events, versions),
               "program": (self.got("got-keep"), every), "stream": (follower.events, every)}  # fmt: skip
        known = {event["id"]: sequence(event) for event in events}
        for name, (heard, wanted) in got.items():
            with self.subTest(name):
                self.assertEqual(first_sightings(heard), wanted)
                for event in heard:
                    self.assertEqual(known.get(event["id"]), sequence(event), "an event that is not in the log")
        self.assertEqual([sequence(event) for event in follower.events], every, "with an id to come back with, once")
        for name in ("all", "versions", "program"):
            self.assertEqual(self.dead(name), [], name)

    def check_files(self, events):
        """Every version that the log names is in the store with the right bytes, and nothing else is."""
        named = set()
        for event in events:
            if event["type"] == "sluice.version.published.v1":
                summary = event["data"]["representations"][0]
                folder = self.server.data / "store" / event["product"] / event["data"]["version"]
                data = (folder / summary["name"] / "look.txt").read_bytes()
                self.assertEqual(hashlib.sha256(data).hexdigest(), summary["sha256"], folder)
                named.add(f"{event['product']}@{event['data']['version']}")
        self.assertEqual(self.server.stored_versions(), named)

    def check_repeats(self, publishers, events):
        """A command that somebody sends once more is answered as it was, and does nothing."""
        line = Line(self.server)
        for publisher in publishers:
            for _, _, body, answer in self.random.sample(publisher.versions, min(5, len(publisher.versions))):
                self.assertEqual(line.call("POST", "/api/v1/publish", body), (200, answer))
        line.close()
        self.assertEqual(self.server.position(), events[-1]["position"])

    def check_rebuild(self):
        def answers():
            refs = ["demo/shared/look", *(f"demo/own/p{index}/look" for index in range(PUBLISHERS))]
            return {
                "status": self.server.get("/api/v1/status").json,
                "folders": self.server.get("/api/v1/folders", project="demo").json,
                **{ref: self.server.get("/api/v1/show", ref=ref).json for ref in refs},
                "subscriptions": [one["name"] for one in self.server.get("/api/v1/subscriptions").json["subscriptions"]],
            }

        before = answers()
        self.server.kill()
        self.start("--rebuild")
        self.assertEqual(answers(), before)


if __name__ == "__main__":
    unittest.main()
