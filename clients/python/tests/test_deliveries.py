"""Pull subscriptions: what is acknowledged when, and what comes again."""

from __future__ import annotations

import gc
import threading
import time
import unittest
from unittest import mock

from subscription import Subscription
from support import Asked, FakeTestCase, answer, problem, says, within

import sluice
from sluice import _deliveries


class Pulling(FakeTestCase):
    #: What the contract leaves open must not matter.
    keeps_batch = False

    def subscription(self, head: int, **more: object) -> Subscription:
        subscription = Subscription(head, keeps_batch=self.keeps_batch, **more)
        self.server = self.fake(subscription)
        self.own = self.client(self.server, timeout=2.0)
        return subscription

    def pull(self, limit: int = 100, wait: float = 0.2):
        deliveries = self.own.pull("dailies", limit=limit, wait=wait)
        self.addCleanup(deliveries.close)
        return deliveries

    @staticmethod
    def number(delivery: sluice.Delivery) -> int:
        return delivery.event.data["number"]

    def take(self, deliveries, count: int) -> list[int]:
        return [self.number(next(deliveries)) for _ in range(count)]

    def test_each_event_comes_once_and_in_order(self):
        subscription = self.subscription(250)
        deliveries = self.pull()
        self.assertEqual(self.take(deliveries, 250), list(range(1, 251)))
        deliveries.close()
        self.assertEqual(subscription.cursor, 249, "the last one was never finished")

    def test_asking_for_the_next_one_acknowledges(self):
        subscription = self.subscription(3)
        with mock.patch.object(_deliveries, "_SLOW_SECONDS", 0.0):
            deliveries = self.pull()
            for number in (1, 2, 3):
                self.assertEqual(self.take(deliveries, 1), [number])
                self.assertEqual(subscription.cursor, number - 1)

    def test_an_error_in_the_loop_leaves_its_event_and_no_other(self):
        subscription = self.subscription(10)
        with self.assertRaises(ZeroDivisionError):
            for delivery in self.own.pull("dailies", wait=0.2):
                if self.number(delivery) == 4:
                    1 / 0  # noqa: B018
        gc.collect()
        self.assertEqual(subscription.cursor, 3)
        self.assertEqual(self.take(self.pull(), 2), [4, 5])

    def test_a_break_leaves_its_event_too(self):
        subscription = self.subscription(10)
        for delivery in self.own.pull("dailies", wait=0.2):
            if self.number(delivery) == 1:
                break
        gc.collect()
        self.assertEqual((subscription.cursor, subscription.acknowledgements), (0, []))

    def test_a_fast_loop_acknowledges_a_batch_at_a_time(self):
        subscription = self.subscription(250)
        self.take(self.pull(), 250)
        self.assertLessEqual(len(subscription.acknowledgements), 4)

    def test_a_slow_one_is_acknowledged_at_once(self):
        subscription = self.subscription(3)
        deliveries = self.pull()
        next(deliveries)
        time.sleep(0.06)
        next(deliveries)
        self.assertEqual(subscription.cursor, 1)

    def test_many_fast_ones_do_not_wait_longer_than_a_second_together(self):
        subscription = self.subscription(100)
        with mock.patch.object(_deliveries, "_GATHER_SECONDS", 0.1):
            deliveries = self.pull()
            began = time.monotonic()
            while not subscription.cursor:
                next(deliveries)
                time.sleep(0.01)
            self.assertLess(time.monotonic() - began, 1)

    def test_what_failed_comes_again_and_then_goes_to_the_dead_letters(self):
        subscription = self.subscription(4, tries=3)
        deliveries = self.pull()
        seen = []
        for delivery in deliveries:
            seen.append((self.number(delivery), delivery.redelivery))
            if seen[-1][0] == 2:
                delivery.fail("no disk")
            if seen[-1][0] == 4:
                break
        self.assertEqual(seen, [(1, None), (2, None), (2, 1), (2, 2), (3, None), (4, None)])
        self.assertEqual((subscription.dead, subscription.failures), ([2], {2: ["no disk"] * 3}))

    def test_a_failure_is_told_when_the_loop_is_left_with_it(self):
        subscription = self.subscription(4)
        for delivery in self.own.pull("dailies", wait=0.2):
            if self.number(delivery) == 2:
                delivery.fail("no disk")
                break
        gc.collect()
        self.assertEqual((subscription.cursor, subscription.failures), (1, {2: ["no disk"]}))

    def test_an_empty_subscription_is_waited_at_until_something_happens(self):
        subscription = self.subscription(0)
        deliveries = self.pull(wait=0.1)

        def publish() -> None:
            time.sleep(0.5)
            subscription.head = 1

        threading.Thread(target=publish, daemon=True).start()
        with within(3):
            self.assertEqual(self.take(deliveries, 1), [1])
        self.assertLess(len(self.server.asked), 12)

    def test_asking_without_waiting_is_no_storm(self):
        self.subscription(0)
        threading.Timer(0.6, self.own.close).start()
        self.assertEqual(list(self.pull(wait=0)), [])
        self.assertLess(len(self.server.asked), 8)

    def test_a_server_that_goes_away_is_waited_for(self):
        """Whenever it breaks, before or after it did what was asked: no event is lost, and what was done stays done."""
        for when in ("before", "after"):
            for turn in range(1, 9):
                subscription = self.subscription(7)
                calls = [0]

                def breaks(_: Asked, when=when, turn=turn, calls=calls) -> str:
                    calls[0] += 1
                    return when if calls[0] % 9 == turn else ""

                first = self.pull(limit=2)
                with mock.patch.object(_deliveries.Backoff, "next", lambda _: 0.001):
                    self.assertEqual(self.take(first, 1), [1])
                    subscription.breaks = breaks
                    self.assertEqual(self.take(first, 6), [2, 3, 4, 5, 6, 7], f"{when} {turn}")

    def test_a_batch_that_is_not_the_current_one_any_more_is_given_up(self):
        """Somebody else took the subscription, or it was set back: the server says what comes now."""
        subscription = self.subscription(4)
        deliveries = self.pull()
        self.assertEqual(self.take(deliveries, 4), [1, 2, 3, 4])
        with subscription.lock:
            subscription.batch, subscription.cursor = None, 2
        self.assertEqual(self.take(deliveries, 2), [3, 4])

    def test_a_first_answer_that_is_an_error_is_raised(self):
        with self.assertRaisesCode("subscription.unknown"):
            next(self.client(self.fake(says(problem(404, "subscription.unknown")))).pull("nosuch"))
        with within(1), self.assertRaisesCode("server.unreachable"):
            next(self.client("http://127.0.0.1:1").pull("dailies"))

    def test_closing_the_client_ends_the_loop(self):
        self.subscription(0)
        threading.Timer(0.3, self.own.close).start()
        with within(3):
            self.assertEqual(list(self.pull(wait=20)), [])


class PullingFromAServerThatKeepsABatch(Pulling):
    keeps_batch = True


class Batches(FakeTestCase):
    def setUp(self):
        super().setUp()
        self.subscription = Subscription(5)
        self.own = self.client(self.fake(self.subscription))

    def test_a_batch_is_the_same_until_it_is_acknowledged(self):
        first = self.own.pull_batch("dailies", 3, 0.1)
        self.assertEqual([event.position for event in first.events], ["main:1", "main:2", "main:3"])
        self.assertEqual((first.subscription, first.lag_events, first.lag_seconds), ("dailies", 5, 0.5))
        self.assertEqual(self.own.pull_batch("dailies", 3, 0.1), first)
        self.assertEqual(self.own.acknowledge(first), sluice.Acknowledged("dailies", "main:3", 0))
        self.assertEqual(len(self.own.pull_batch("dailies", 3, 0.1).events), 2)

    def test_a_part_of_a_batch(self):
        batch = self.own.pull_batch("dailies", wait=0.1)
        self.assertEqual(self.own.acknowledge(batch, 2, "no disk").left, 3)
        self.assertEqual(self.subscription.failures, {3: ["no disk"]})
        self.assertEqual(self.subscription.acknowledgements, [{"batch": "b1", "done": 2, "error": "no disk"}])

    def test_a_batch_that_is_not_the_current_one_is_an_error(self):
        batch = self.own.pull_batch("dailies", wait=0.1)
        self.own.acknowledge(batch)
        with self.assertRaisesCode("subscription.batch") as raised:
            self.own.acknowledge(batch)
        self.assertEqual(raised.error.status, 409)

    def test_an_empty_batch_is_none_to_acknowledge(self):
        self.subscription.cursor = 5
        batch = self.own.pull_batch("dailies", wait=0.1)
        self.assertEqual((batch.batch, batch.events), (None, ()))
        with self.assertRaisesCode("usage"):
            self.own.acknowledge(batch)

    def test_names_reach_the_server_as_they_are(self):
        server = self.fake(
            says(answer({"subscription": "a", "batch": None, "events": [], "lag": {"events": 0, "seconds": 0}}))
        )
        self.client(server).pull_batch("a/b?c", 5, 0.25)
        self.assertEqual(server.asked[0].target, "/api/v1/subscriptions/a%2Fb%3Fc/pull?limit=5&wait=0.25")


if __name__ == "__main__":
    unittest.main()
