"""Sending events and pull subscriptions on the real server, as soon as it has their routes.

The same is tested against a server in memory in test_deliveries.py and test_following.py.
"""

from __future__ import annotations

import unittest

import support  # noqa: F401 (finds the client)

from sluice_server import Server, ServerTestCase  # isort: skip

import sluice


def has(server: Server, method: str, path: str) -> bool:
    """Whether the server has a route, whatever it says of this request."""
    answer = server.http(method, path, b"[]" if method == "POST" else None)
    return not (answer.status == 404 and answer.json.get("code") == "route.unknown")


class WithRoutes(ServerTestCase):
    routes: tuple[tuple[str, str], ...] = ()

    def setUp(self):
        super().setUp()
        for method, path in self.routes:
            if not has(self.server, method, path):
                self.skipTest(f"this server does not have {method} {path} yet")
        self.server.ask("folder", "add", "demo")
        self.client = sluice.Client(self.server.url, actor="ada", timeout=30.0)
        self.addCleanup(self.client.close)


class Sending(WithRoutes):
    routes = (("POST", "/api/v1/events"),)

    def test_an_event_from_outside_is_in_the_log_once(self):
        event = sluice.Event("studio.render.finished", "/farm", data={"frames": "1001-1010"}, subject="demo/sq010")
        (first,) = self.client.send(event)
        self.assertEqual((first.id, first.error, first.duplicate), (event.id, None, False))
        (again,) = self.client.send(event)
        self.assertTrue(again.duplicate)
        found = [one for one in self.client.events(follow=False) if one.id == event.id]
        self.assertEqual([(one.type, one.source, one.data) for one in found], [(event.type, event.source, event.data)])

    def test_a_bad_one_fails_alone(self):
        good = sluice.Event("studio.render.finished", "/farm")
        sent = self.client.send([{"specversion": "1.0", "id": "1", "source": "/farm"}, good])
        self.assertIsNotNone(sent[0].error)
        self.assertIsNone(sent[1].error)

    def test_across_a_kill_each_is_there_once(self):
        events = [sluice.Event("studio.tick", "/farm", data=number) for number in range(50)]
        for event in events:
            if event.data % 20 == 10:
                self.server.kill()
                self.server.start()
            self.client.send(event)
        found = [event.data for event in self.client.events(types="studio.tick", follow=False)]
        self.assertEqual(found, list(range(50)))


class Pulling(WithRoutes):
    routes = (("GET", "/api/v1/subscriptions/none/pull"), ("POST", "/api/v1/subscriptions/none/ack"))

    def setUp(self):
        super().setUp()
        body = {"name": "dailies", "kind": "pull"}
        answer = self.server.post("/api/v1/subscriptions", body)
        if answer.status >= 300:
            self.skipTest(f"this server makes subscriptions in another way than with {body}: {answer}")

    def publish(self, count: int) -> None:
        for _ in range(count):
            self.client.publish("demo/x", self.server.file("x.txt"))

    def test_each_event_comes_until_it_is_acknowledged(self):
        self.publish(3)
        batch = self.client.pull_batch("dailies", wait=5)
        self.assertTrue(batch.events)
        self.assertEqual(self.client.pull_batch("dailies", wait=5).events, batch.events)
        self.client.acknowledge(batch)
        self.assertEqual(self.client.pull_batch("dailies", wait=0.2).events, ())
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client.acknowledge(batch)
        self.assertEqual(raised.exception.code, "subscription.batch")

    def test_a_loop_goes_on_across_a_kill_and_leaves_nothing_out(self):
        numbers: set[int] = set()
        self.publish(5)
        for delivery in self.client.pull("dailies", limit=2, wait=1):
            if delivery.event.type != "sluice.version.published.v1":
                continue
            numbers.add(delivery.event.data["number"])
            if delivery.event.data["number"] == 5 and len(numbers) == 5:
                self.server.kill()
                self.server.start()
                self.publish(3)
            if len(numbers) == 8:
                break
        self.assertEqual(numbers, set(range(1, 9)))


if __name__ == "__main__":
    unittest.main()
