"""Subscriptions: in order, at least once, with dead letters and replay, over restarts."""

import json
import unittest

from sluice_server import ServerTestCase, SharedServerTestCase, wait_until
from test_api import ApiTestCase

NAME = "/api/v1/subscriptions/{name}"


class Pull(ApiTestCase, SharedServerTestCase):
    """A subscription that somebody pulls from; every answer is held to the description."""

    def make(self, name, **more):
        return self.call("post", "/api/v1/subscriptions", body={"name": name, "kind": "pull", **more}).json

    def pull(self, name, **query):
        return self.call("get", f"{NAME}/pull", name=name, **query).json

    def acknowledge(self, name, batch, **more):
        return self.call("post", f"{NAME}/ack", name=name, body={"batch": batch, **more}).json

    def folders(self, *names):
        for name in names:
            self.server.ask("folder", "add", f"demo/{name}")

    def test_the_same_events_come_until_they_are_acknowledged(self):
        self.make("again", types=["sluice.folder.*"])
        self.folders("a1", "a2", "a3")
        first = self.pull("again", limit=2)
        self.assertEqual([event["folder"] for event in first["events"]], ["a1", "a2"])
        self.assertEqual(self.pull("again", limit=2)["events"], first["events"])
        self.acknowledge("again", first["batch"], done=1)
        self.assertEqual([event["folder"] for event in self.pull("again")["events"]], ["a2", "a3"])

    def test_a_batch_is_acknowledged_once(self):
        self.make("once", types=["sluice.folder.*"])
        self.folders("b1")
        batch = self.pull("once")["batch"]
        self.acknowledge("once", batch)
        problem = self.call("post", f"{NAME}/ack", expect=409, name="once", body={"batch": batch}).json
        self.assertEqual(problem["code"], "subscription.batch")

    def test_what_fails_goes_to_the_dead_letters_and_can_be_tried_again(self):
        self.make("sick", types=["sluice.folder.*"], tries=1)
        self.folders("c1", "c2")
        batch = self.pull("sick")
        self.acknowledge("sick", batch["batch"], error="no disk")
        dead = self.server.ask("subscription", "dead", "sick")["dead"]
        self.assertEqual([(d["error"], d["tries"], d["event"]["folder"]) for d in dead], [("no disk", 1, "c1")])
        self.acknowledge("sick", self.pull("sick")["batch"])
        self.assertEqual(self.server.ask("subscription", "retry", "sick")["retrying"], 1)
        again = self.pull("sick")
        self.assertEqual([(e["folder"], e["redelivery"]) for e in again["events"]], [("c1", "retry")])
        self.acknowledge("sick", again["batch"])
        self.assertEqual(self.server.ask("subscription", "show", "sick")["dead"], 0)

    def test_a_replay_reaches_the_one_that_asked_marked_and_only_when_told_to(self):
        self.make("mine", types=["sluice.folder.*"])
        self.make("other", types=["sluice.folder.*"])
        self.folders("d1", "d2")
        for name in ("mine", "other"):
            self.acknowledge(name, self.pull(name)["batch"])
        counted = self.server.ask("replay", "mine", "--where", "folder = 'd2'")
        self.assertEqual((counted["count"], counted.get("replay")), (1, None))
        self.assertEqual(self.pull("mine")["events"], [])
        began = self.server.ask("replay", "mine", "--where", "folder = 'd2'", "--because", "lost", "--yes")
        (event,) = self.pull("mine")["events"]
        self.assertEqual((event["folder"], event["replay"]), ("d2", began["replay"]))
        self.assertEqual(event["replaybecause"], "lost")
        self.assertEqual(self.pull("other")["events"], [])

    def test_paused_nothing_comes_and_nothing_is_lost(self):
        self.make("rest", types=["sluice.folder.*"])
        self.server.ask("subscription", "pause", "rest")
        self.folders("e1")
        self.assertEqual(self.pull("rest")["events"], [])
        self.assertEqual(self.server.ask("subscription", "resume", "rest")["lag"]["events"], 1)
        self.assertEqual([e["folder"] for e in self.pull("rest")["events"]], ["e1"])

    def test_reset_to_the_beginning_delivers_everything_again(self):
        self.make("anew", types=["sluice.project.created.v1"], **{"from": "beginning"})
        self.folders("f1")
        self.acknowledge("anew", self.pull("anew")["batch"])
        self.assertEqual(self.pull("anew")["events"], [])
        self.server.ask("subscription", "reset", "anew", "--to", "beginning")
        self.assertEqual(len(self.pull("anew")["events"]), 1)

    def test_a_filter_says_what_it_makes_of_an_event(self):
        event = self.server.file("event.json", '{"specversion":"1.0","id":"1","source":"/x","type":"render.done"}')
        for expression, result, error in (
            ("type = 'render.done'", True, None),
            ("missing = 1", False, "missingAttribute"),
        ):
            answer = self.server.ask("subscription", "test", "--where", expression, "--event", event)
            self.assertEqual((answer["result"], (answer["error"] or {}).get("kind")), (result, error))

    def test_what_cannot_be_is_refused(self):
        self.make("there")
        for arguments, code in (
            (["show", "nobody"], "subscription.unknown"),
            (["create", "there", "--pull"], "subscription.exists"),
            (["create", "x", "--command", "nothing"], "subscription.command"),
            (["create", "x", "--pull", "--where", "type =="], "filter.syntax"),
        ):
            code_of_exit = 1 if code == "subscription.exists" else 2
            self.assertError(self.server.refused("subscription", *arguments, code=code_of_exit), code)
        self.call("post", "/api/v1/subscriptions", expect=400, body={"name": "x", "kind": "webhook", "url": "http://x/"})


class Commands(ServerTestCase):
    def test_every_event_comes_in_order_over_a_kill_of_the_server(self):
        got = self.server.home / "got.ndjson"
        take = self.server.file("take.sh", f"#!/bin/sh\ncat >> {got}\n")
        take.chmod(0o755)
        self.server.stop()
        self.server.start(f"--subscriber-command=take={take}")
        self.server.ask("subscription", "create", "all", "--types", "sluice.folder.*", "--command", "take")
        for number in range(5):
            self.server.ask("folder", "add", f"demo/s{number}")
            if number == 2:
                self.server.kill()
                self.server.start(f"--subscriber-command=take={take}")
        wanted = [f"s{number}" for number in range(5)]

        def folders():
            lines = got.read_text().splitlines() if got.exists() else []
            return list(dict.fromkeys(json.loads(line)["folder"] for line in lines))

        wait_until(lambda: folders() == wanted, f"{wanted} in order")


if __name__ == "__main__":
    unittest.main()
