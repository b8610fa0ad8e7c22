"""Events of a real server: nothing lost, nothing doubled, across kills and restarts."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
import unittest

from support import within

from sluice_server import Server, ServerTestCase, SharedServerTestCase, wait_until  # isort: skip

import sluice

SEED = random.SystemRandom().randrange(10**6)


class Listening:
    def client(self, **more: object) -> sluice.Client:
        client = sluice.Client(self.server.url, actor="ada", **more)
        self.addCleanup(client.close)
        return client

    def publish(self, name: str, count: int = 1) -> None:
        """Small publishes that know of no client."""
        content = base64.b64encode(b"a").decode()
        for _ in range(count):
            body = {
                "products": [
                    {"ref": f"demo/{name}", "representations": [{"files": [{"path": "a.txt", "content": content}]}]}
                ]
            }
            answer = self.server.post("/api/v1/publish", body)
            if answer.status != 200:
                raise AssertionError(str(answer))

    def everything(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.server.get("/api/v1/events").body.decode().splitlines()]


class Reading(Listening, SharedServerTestCase):
    @classmethod
    def prepare(cls, server: Server) -> None:
        server.ask("folder", "add", "demo")
        server.ask("folder", "add", "other")

    def test_what_is_there_is_what_the_log_has(self):
        self.publish("a", 3)
        found = list(self.client().events(follow=False))
        self.assertEqual([{**event.to_json(), "position": event.position} for event in found], self.everything())

    def test_it_begins_behind_a_position_and_now(self):
        client = self.client()
        self.publish("b", 3)
        start = client.position()
        self.publish("b", 2)
        found = list(client.events(start=start, types="sluice.version.*", follow=False))
        self.assertEqual([event.data["number"] for event in found], [4, 5])
        self.assertEqual(list(client.events(start=client.position(), follow=False)), [])

    def test_types_and_projects_narrow_it(self):
        client = self.client()
        client.publish("other/x", self.server.file("x.txt"), tag="approved")
        self.assertEqual(
            {event.extensions["project"] for event in client.events(project="other", follow=False)}, {"other"}
        )
        for types in ("sluice.tag.*", ["sluice.tag.*"], ["sluice.tag.*", "nothing"]):
            self.assertEqual(
                {event.type for event in client.events(types=types, follow=False)}, {"sluice.tag.moved.v1"}
            )
        kinds = {event.type for event in client.events(types=["sluice.tag.*", "sluice.folder.*"], follow=False)}
        self.assertEqual(kinds, {"sluice.tag.moved.v1", "sluice.folder.changed.v1"} & kinds)

    def test_what_happens_is_heard_at_once(self):
        client = self.client()
        events = client.events(start=client.position())
        self.addCleanup(events.close)
        threading.Timer(0.3, self.publish, ("heard",)).start()
        with within(5):
            kinds = [next(events).type for _ in range(1)]
        self.assertEqual(kinds, ["sluice.version.published.v1"])

    def test_an_expression_is_refused_while_the_server_would_pass_it_over(self):
        client = self.client()
        document = self.server.get("/openapi.json").json
        parameters = json.dumps(document["paths"]["/api/v1/stream"]["get"]["parameters"])
        if '"where"' in parameters:
            self.skipTest("this server knows expressions")
        with self.assertRaises(sluice.SluiceError) as raised:
            client.events(where="type = 'x'")
        self.assertEqual(raised.exception.code, "usage")


class Following(Listening, ServerTestCase):
    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")

    def test_killed_again_and_again_nothing_is_lost_or_doubled(self):
        chance = random.Random(SEED)
        heard: list[sluice.Event] = []
        client = self.client(timeout=10.0)
        small = self.server.file("small.txt")
        stop = threading.Event()
        errors: list[Exception] = []

        def listen() -> None:
            try:
                for event in client.events():
                    heard.append(event)
            except Exception as error:
                errors.append(error)

        def write(name: str) -> None:
            try:
                with sluice.Client(self.server.url, actor=name, timeout=120.0) as writer:
                    while not stop.is_set():
                        writer.publish(f"demo/{name}", small)
            except Exception as error:
                errors.append(error)

        crowd = [threading.Thread(target=write, args=(f"w{number}",), daemon=True) for number in range(3)]
        listener = threading.Thread(target=listen, daemon=True)
        for thread in [listener, *crowd]:
            thread.start()
        for _ in range(6):
            time.sleep(chance.uniform(0.1, 0.8))
            self.server.kill()
            time.sleep(chance.uniform(0, 0.5))
            self.server.start()
        time.sleep(0.3)
        stop.set()
        for thread in crowd:
            thread.join(120)
        everything = [event["position"] for event in self.everything()]
        wait_until(lambda: len(heard) >= len(everything) or errors, f"all is heard, seed {SEED}", 30)
        client.close()
        listener.join(10)
        self.assertEqual(errors, [], f"seed {SEED}")
        self.assertGreater(len(everything), 20)
        self.assertEqual([event.position for event in heard], everything, f"seed {SEED}")


if __name__ == "__main__":
    unittest.main()
