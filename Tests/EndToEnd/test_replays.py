"""Replays: marked, for the one that asked alone, beside what is new, and of what exactly."""

import time
import unittest

from subscribers import CHANGED, SubscriptionTestCase, now


class Replaying(SubscriptionTestCase):
    def setUp(self):
        super().setUp()
        self.create("p")
        self.create("other")
        self.positions = self.change(1, 2, 3, 4, 5)
        self.take_all("p")
        self.take_all("other")

    def test_it_is_marked_and_only_for_the_one_that_asked(self):
        answer = self.post("p", "replay", **{"from": "beginning", "because": "the index was lost"})
        self.assertEqual(answer["count"], 5)
        events = self.take_all("p")
        self.assertEqual(self.numbers(events), [1, 2, 3, 4, 5])
        self.assertEqual({event["replay"] for event in events}, {answer["replay"]})
        self.assertEqual({event["replaybecause"] for event in events}, {"the index was lost"})
        self.assertEqual(self.take_all("other"), [])
        asked = [event for event in self.server.events() if event["type"] == "sluice.replay.requested.v1"]
        self.assertEqual([event["id"] for event in asked], [answer["replay"]])
        self.assertEqual(self.take_all("p"), [], "once")
        self.assertIsNone(self.show("p")["replay"])

    def numbers_of_replay(self, **request):
        answer = self.post("p", "replay", **request)
        events = self.take_all("p")
        self.assertEqual(len(events), answer["count"])
        return self.numbers(events)

    def test_ranges_by_position(self):
        self.assertEqual(self.numbers_of_replay(**{"from": self.positions[1], "to": self.positions[3]}), [3, 4])
        self.assertEqual(self.numbers_of_replay(**{"from": self.positions[3]}), [5])

    def test_ranges_by_time(self):
        time.sleep(0.01)
        first = now()
        time.sleep(0.01)
        self.change(6, 7)
        time.sleep(0.01)
        second = now()
        time.sleep(0.01)
        self.change(8)
        self.take_all("p")
        self.assertEqual(self.numbers_of_replay(**{"from": first, "to": second}), [6, 7])

    def test_one_event_by_id_or_position(self):
        event = next(event for event in self.server.events(CHANGED) if self.numbers([event]) == [3])
        self.assertEqual(self.numbers_of_replay(event=event["id"]), [3])
        self.assertEqual(self.numbers_of_replay(event=event["position"]), [3])

    def test_a_condition_narrows_it(self):
        wanted = [event for event in self.server.events(CHANGED) if self.numbers([event]) in ([2], [4])]
        condition = " OR ".join(f"id = '{event['id']}'" for event in wanted)
        self.assertEqual(self.numbers_of_replay(where=condition), [2, 4])

    def test_the_count_alone_records_nothing(self):
        before = self.server.position()
        answer = self.post("p", "replay", **{"from": self.positions[0], "dryRun": True})
        self.assertEqual((answer["count"], answer["replay"]), (4, None))
        self.assertEqual(self.server.position(), before)
        self.assertEqual(self.pull("p")["events"], [])

    def test_what_cannot_be(self):
        head = self.server.position()
        ahead = f"main:{int(head.split(':')[1]) + 50}"
        for body, status, code in (
            ({}, 400, "usage"), ({"to": "now"}, 400, "usage"), ({"from": "yesterday"}, 400, "usage"),
            ({"from": ahead}, 400, "usage"), ({"from": "elsewhere:1"}, 400, "usage"),
            ({"event": "no-such"}, 404, "event.unknown"), ({"event": ahead}, 404, "event.unknown"),
            ({"event": ahead, "dryRun": True}, 404, "event.unknown"), ({"event": "main:0"}, 404, "event.unknown"),
            ({"event": head, "from": "beginning"}, 400, "usage"), ({"event": head, "where": "TRUE"}, 400, "usage"),
            ({"from": "now"}, 400, "replay.nothing"), ({"from": head, "to": "beginning"}, 400, "replay.nothing"),
            ({"where": "project ="}, 400, "filter.syntax"), ({"where": "FALSE"}, 400, "replay.nothing"),
        ):  # fmt: skip
            with self.subTest(body):
                self.assertProblem(self.server.post(self.path("p", "replay"), body), status, code)
        self.assertEqual(self.server.position(), head)

    def test_new_events_and_a_long_replay_take_turns(self):
        self.post("p", "replay", **{"from": "beginning"})
        self.change(6)
        order = []
        while events := self.take("p", limit=2):
            order.append(("replay" if "replay" in events[0] else "live", self.numbers(events)))
        self.assertEqual([numbers for kind, numbers in order if kind == "live"], [[6]])
        self.assertLess([kind for kind, _ in order].index("live"), 3, order)
        self.assertEqual([n for kind, numbers in order for n in numbers if kind == "replay"], [1, 2, 3, 4, 5])

    def test_a_replay_that_fails_holds_up_nothing_new_and_is_seen_to_fail(self):
        self.post("p", "replay", event=self.positions[2])
        self.ack("p", self.pull("p"), error="not again")
        self.change(6)
        self.assertEqual(self.numbers(self.take("p")), [6])
        self.assertEqual(self.show("p")["replay"]["failing"], {"tries": 1, "error": "not again"})
        self.assertIsNone(self.show("p")["failing"])

    def test_replays_are_not_without_bound(self):
        for _ in range(100):
            self.post("p", "replay", event=self.positions[0])
        self.assertEqual(self.show("p")["replay"]["waiting"], 99)
        self.assertProblem(self.server.post(self.path("p", "replay"), {"event": self.positions[0]}), 400, "usage")
        events = self.take_all("p")
        self.assertEqual(self.numbers(events), [1] * 100, "none of those that were taken is forgotten")
        self.assertEqual(len({event["replay"] for event in events}), 100)
        self.post("p", "replay", event=self.positions[0])


if __name__ == "__main__":
    unittest.main()
