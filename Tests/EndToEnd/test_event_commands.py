"""Programs that subscriptions send events to: good ones, slow ones, bad ones, and a server that stops meanwhile."""

import os
import signal
import time
import unittest

from sluice_server import is_alive, processes_with, wait_until
from subscribers import SubscriptionTestCase


class Programs(SubscriptionTestCase):
    programs = {
        "keep": 'cat >> "got-keep"',
        "reads-nothing": "exit 0",
        "fails-once": 'cat > now; test -e been || { touch been; echo "not yet" >&2; exit 7; }; cat now >> got-fails-once',
        "fails": 'cat >> got-fails; echo "some words" >&2; echo "the reason" >&2; exit 3',
        "loud": "cat > /dev/null; i=0; while [ $i -lt 40 ]; do head -c 50000 /dev/zero | tr '\\0' x >&2; "
        "head -c 50000 /dev/zero; i=$((i+1)); done; cat got-nothing 2>/dev/null; touch loud-done",
        "poison": "cat > now-poison; if grep -q '\"n\":\"5\"' now-poison; then exit 1; fi; cat now-poison >> got-poison",
        "killed": "cat > /dev/null; kill -9 $$",
        "background": "cat >> got-background; sleep 300 & echo $! > background.pid",
        "slow": 'while read -r line; do sleep 0.3; echo "$line" >> got-slow; done',
        "hangs": "sleep 300 & cat > /dev/null; wait",
        "polite": "trap '' TERM; touch polite-begun; sleep 1; cat >> got-polite",
    }

    def start(self, *arguments):
        super().start(*arguments, "--subscriber-command", "missing=/no/such/program", "--subscriber-command", "true=true")

    def command(self, name, program=None, **more):
        return self.create(name, kind="command", command=program or name, **more)

    def marker(self, name):
        """What stands in the command line of a program, and not in that of the server."""
        return f"\0{self.server.home / name}.sh"

    def processor_share(self, seconds=1.5):
        def used():
            with open(f"/proc/{self.server.process.pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / 100

        before = used()
        time.sleep(seconds)
        return (used() - before) / seconds

    def test_events_come_in_order_as_lines(self):
        self.command("keep")
        self.change(*range(30))
        self.wait_for_numbers("got-keep", list(range(30)))
        shown = self.wait_for(lambda shown: shown["lag"]["events"] == 0, "keep", "it is up to date")
        self.assertEqual((shown["failing"], shown["dead"]), (None, 0))
        self.assertEqual(shown["target"], {"kind": "command", "command": "keep"})

    def test_a_program_that_reads_nothing_does_no_harm(self):
        """What it does not take must not stop the server, which has more to write than a pipe holds."""
        self.change(*range(40), size=10_000)
        for name in ("reads-nothing", "true"):
            self.command(name, **{"from": "beginning"})
        for name in ("reads-nothing", "true"):
            self.wait_for(lambda shown: shown["lag"]["events"] == 0, name, "it is up to date")
            self.assertEqual(self.show(name)["dead"], 0)
        self.assertIsNone(self.server.process.poll())

    def test_a_failure_is_tried_again_with_what_the_program_said(self):
        self.command("fails-once", tries=3)
        self.change(1)
        failing = self.wait_for(lambda shown: shown["failing"], "fails-once", "it fails")["failing"]
        self.assertEqual(failing["tries"], 1)
        self.assertIn("exit code 7", failing["error"])
        self.assertIn("not yet", failing["error"])
        self.wait_for_numbers("got-fails-once", [1])
        self.assertIsNone(self.wait_for(lambda shown: shown["lag"]["events"] == 0, "fails-once", "it is done")["failing"])
        self.assertLess(self.processor_share(), 0.2, "a subscription with nothing to do costs nothing")

    def test_after_the_last_try_the_event_is_dead_and_the_next_one_comes(self):
        self.command("fails", tries=2)
        self.change(1, 2)
        self.wait_for(lambda shown: shown["dead"] == 2, "fails", "both are dead")
        for letter in self.dead("fails"):
            self.assertEqual(letter["tries"], 2)
            self.assertIn("the reason", letter["error"])
        self.assertEqual(self.numbers(letter["event"] for letter in self.dead("fails")), [1, 2])

    def test_much_output_is_no_failure(self):
        self.command("loud", tries=1)
        self.change(1)
        shown = self.wait_for(lambda shown: shown["lag"]["events"] == 0, "loud", "it is done")
        self.assertEqual(shown["dead"], 0, self.dead("loud"))
        self.assertTrue((self.server.home / "loud-done").exists())
        self.assertLess(self.server.memory_bytes(), 600_000_000)

    def test_one_event_that_a_program_cannot_digest_takes_no_other_along(self):
        self.server.stop()
        self.start()
        self.change(*range(10))
        self.command("poison", tries=1, **{"from": "beginning"})
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "poison", "it is up to date")
        self.assertEqual(self.numbers(letter["event"] for letter in self.dead("poison")), [5])
        seen = list(dict.fromkeys(self.numbers(self.got("got-poison"))))
        self.assertEqual(seen, [0, 1, 2, 3, 4, 6, 7, 8, 9])

    def test_programs_that_are_missing_or_killed_fail_with_a_reason(self):
        self.command("missing", tries=1)
        self.command("killed", tries=1)
        self.change(1)
        for name, words in (("missing", "/no/such/program"), ("killed", "signal 9")):
            self.wait_for(lambda shown: shown["dead"] == 1, name, "it is dead")
            self.assertIn(words, self.dead(name)[0]["error"])

    def test_what_a_program_leaves_in_the_background_does_not_hold_it_up(self):
        self.command("background")
        self.change(1)
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "background", "it is done", 10)
        self.addCleanup(lambda: os.kill(int((self.server.home / "background.pid").read_text()), signal.SIGKILL))

    def test_slow_failing_and_hanging_ones_hold_up_nobody_else(self):
        self.create("fast")
        for name in ("slow", "fails", "hangs", "missing"):
            self.command(name, tries=100)
        self.command("keep")
        began, latencies = time.monotonic(), []
        for number in range(30):
            sent = time.monotonic()
            self.change(number)
            self.assertEqual(self.numbers(self.take("fast", wait=5)), [number])
            latencies.append(time.monotonic() - sent)
        self.wait_for_numbers("got-keep", list(range(30)), 5)
        self.assertLess(time.monotonic() - began, 15)
        self.assertLess(sorted(latencies)[15], 0.5, latencies)
        self.assertLess(len(self.got("got-slow")), 30, "the slow one is still at it")
        self.wait_for_numbers("got-slow", list(range(30)), 40)
        self.assertEqual(self.show("slow")["dead"], 0)
        self.assertGreater(self.show("fails")["failing"]["tries"], 0)

    def test_sigterm_ends_what_is_under_way_and_counts_it_as_no_try(self):
        self.command("hangs", tries=1)
        self.change(1)
        marker = self.marker("hangs")
        wait_until(lambda: processes_with(marker), "the program runs")
        programs = processes_with(marker)
        began = time.monotonic()
        self.assertEqual(self.server.stop(signal.SIGTERM, 20), 0)
        self.assertLess(time.monotonic() - began, 8)
        wait_until(lambda: not any(map(is_alive, programs)), "the program has ended", 2)
        self.programs = {**self.programs, "hangs": "cat >> got-hangs"}
        self.start()
        self.wait_for_numbers("got-hangs", [1])
        self.assertEqual(self.dead("hangs"), [])

    def test_what_is_done_within_the_grace_of_a_sigterm_counts(self):
        self.command("polite")
        self.change(1)
        wait_until((self.server.home / "polite-begun").exists, "the program runs")
        self.assertEqual(self.server.stop(signal.SIGTERM, 20), 0)
        self.assertEqual(self.numbers(self.got("got-polite")), [1])
        self.start()
        self.change(2)
        self.wait_for_numbers("got-polite", [1, 2])

    def test_after_kill_9_the_next_server_ends_what_was_left(self):
        self.command("hangs", tries=1)
        self.change(1)
        wait_until(lambda: processes_with(self.marker("hangs")), "the program runs")
        orphans = processes_with(self.marker("hangs"))
        self.server.kill()
        self.addCleanup(lambda: [os.kill(process, signal.SIGKILL) for process in orphans if is_alive(process)])
        self.assertTrue(any(map(is_alive, orphans)), "the test needs an orphan")
        self.programs = {**self.programs, "hangs": "cat >> got-hangs"}
        self.start()
        self.wait_for_numbers("got-hangs", [1])
        self.assertFalse(any(map(is_alive, orphans)), "two programs at once for one subscription")

    def test_delete_and_reset_end_what_is_under_way(self):
        marker = self.marker("hangs")
        for number, what in enumerate(("delete", "reset")):
            with self.subTest(what):
                self.command("hangs", tries=1)
                self.change(number)
                wait_until(lambda: processes_with(marker), "the program runs")
                programs = processes_with(marker)
                if what == "delete":
                    self.server.http("DELETE", self.path("hangs"))
                else:
                    self.post("hangs", "reset", to="now")
                wait_until(lambda programs=programs: not any(map(is_alive, programs)), "the program has ended", 10)
                if what == "reset":
                    self.assertEqual((self.show("hangs")["dead"], self.show("hangs")["lag"]["events"]), (0, 0))
                    self.server.http("DELETE", self.path("hangs"))
        self.command("hangs")
        self.assertEqual(self.dead("hangs"), [], "nothing of an earlier one of that name")

    def test_a_program_that_is_not_configured_any_more_is_waited_for(self):
        self.command("keep", tries=1)
        self.server.stop()
        self.server.start()
        self.change(1, 2)
        failing = self.wait_for(lambda shown: shown["failing"], "keep", "it says why it waits")["failing"]
        self.assertIn("no command 'keep'", failing["error"])
        self.assertEqual(self.dead("keep"), [])
        self.server.stop()
        self.start()
        self.wait_for_numbers("got-keep", [1, 2])
        self.assertEqual((self.dead("keep"), self.show("keep")["failing"]), ([], None))

    def test_nobody_pulls_from_what_is_sent(self):
        self.command("keep")
        self.assertProblem(self.server.get(self.path("keep", "pull")), 400, "subscription.kind")
        self.assertProblem(self.server.post(self.path("keep", "ack"), {"batch": "live~1~2~x"}), 400, "subscription.kind")

    def test_a_restart_goes_on_where_it_was(self):
        self.command("keep")
        self.change(1, 2)
        self.wait_for_numbers("got-keep", [1, 2])
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "keep", "it is up to date")
        self.server.kill()
        self.start()
        self.change(3)
        self.wait_for_numbers("got-keep", [1, 2, 3])

    def test_retry_and_replay_reach_a_program_marked(self):
        self.command("keep")
        positions = self.change(1, 2)
        self.wait_for_numbers("got-keep", [1, 2])
        answer = self.post("keep", "replay", event=positions[1])
        self.wait_for_numbers("got-keep", [1, 2, 2])
        self.assertEqual([event.get("replay") for event in self.got("got-keep")], [None, None, answer["replay"]])


if __name__ == "__main__":
    unittest.main()
