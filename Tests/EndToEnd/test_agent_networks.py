"""Agents whose network is cut: what they had goes elsewhere, once, and nothing of it runs on behind the cut."""

import unittest

from networks import NetworkTestCase
from sluice_server import is_alive, processes_with, wait_until
from test_agents import COPY, LEASE, ONCE_SLOW


class Cut(NetworkTestCase):
    def assertTidy(self):
        self.assertEqual(processes_with(self.marker), [], "nothing is left behind")

    def test_one_that_is_cut_off_loses_its_task_and_is_told_so_when_it_is_back(self):
        self.show(ONCE_SLOW)
        self.remote("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        leader = int(self.who("leader")[0])
        self.remote("two")
        self.networks["one"].cut()
        wait_until(lambda: not is_alive(leader), "the warden ends what it had before the lease is over", LEASE)
        self.assertEqual(self.standing()["one"], "active", "the lease is not over")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.standing(), {"one": "lost", "two": "active"})
        self.networks["one"].mend()
        wait_until(lambda: self.standing()["one"] == "active", "it is back")
        wait_until(lambda: self.says("one", "givenAway"), f"it is told; {self.words('one')}")
        self.assertEqual(sorted(self.who("done")), ["a", "b"])
        self.assertPublishedOnce()
        self.assertTidy()
        self.server.ask("agents", "pause", "two")
        self.server.ask("publish", "demo/a/source", self.server.file("source.txt", "another\n"))
        self.assertEqual(self.server.apply()["failed"], 0, "it takes tasks again")

    def test_the_server_is_killed_while_an_agent_is_cut_off(self):
        self.show(ONCE_SLOW)
        self.remote("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        leader = int(self.who("leader")[0])
        self.networks["one"].cut()
        self.server.kill()
        self.server.start("--agent-lease", str(LEASE))
        self.remote("two")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertFalse(is_alive(leader))
        self.networks["one"].mend()
        wait_until(lambda: self.standing().get("one") == "active", "it is back")
        # What had ended, but was not recorded when the server was killed, is done again.
        self.assertEqual(set(self.who("done")), {"a", "b"})
        self.assertPublishedOnce()
        self.assertTidy()


class StreamingTestCase(NetworkTestCase):
    """Agents that do not see the store, and lose their network while files are on their way."""

    SIZE = 150_000_000

    def wait_for_arriving(self):
        """Until some of an output has come, but not all."""
        some = lambda: [f for f in self.server.data.glob("work/**/.arriving/**/result.txt") if f.stat().st_size]  # noqa: E731
        wait_until(some, "a piece has come", every=0.005)

    def make(self):
        self.show(f'echo $3 >> HOME/began; head -c {self.SIZE} /dev/zero > "$2"; echo $3 >> HOME/done; : MARKER', folders="a")
        self.remote("far", "--stream", "--cache", self.server.home / "far")
        return self.server.ask("apply", "demo")

    def assertWhole(self):
        self.assertPublishedOnce("a")
        file = self.server.ask("show", "demo/a/result")["selected"]["files"][0]
        self.assertEqual(file["size"], self.SIZE)
        self.assertEqual(list(self.server.data.glob("work/**/.arriving/*/*")), [])
        self.assertEqual(processes_with(self.marker), [])


class Streaming(StreamingTestCase):
    def test_an_output_that_broke_for_longer_is_made_anew(self):
        applied = self.make()
        self.wait_for_arriving()
        self.networks["far"].cut()
        wait_until(lambda: self.standing()["far"] == "lost", "it is lost")
        self.networks["far"].mend()
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.who("began"), ["a", "a"])
        self.assertWhole()

    def test_the_server_is_killed_while_an_output_comes(self):
        applied = self.make()
        self.wait_for_arriving()
        self.server.kill()
        self.server.start("--agent-lease", str(LEASE))
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertWhole()


class ShortCut(StreamingTestCase):
    """A cut that is over before the lease is costs nothing."""

    lease = 3 * LEASE

    def wait_for_silence(self):
        heard = lambda: self.server.ask("agents")["agents"][0]["heard"]  # noqa: E731
        wait_until(lambda: heard() > self.lease / 5 + 0.5, "a beat is missed", every=0.02)

    def test_a_task_that_ends_while_nobody_can_be_told(self):
        self.show('echo $3 >> HOME/began; while [ ! -e HOME/go ]; do sleep 0.1; done\n: MARKER\n' + COPY, folders="a")
        self.remote("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("began"), "it runs")
        self.networks["one"].cut()
        self.wait_for_silence()
        # It ends while nobody can be told.
        (self.server.home / "go").touch()
        wait_until(lambda: self.who("done"), "it is done")
        self.networks["one"].mend()
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.who("began"), ["a"], "it was not begun again")
        self.assertPublishedOnce("a")

    def test_an_output_whose_cable_is_pulled_goes_on_where_it_broke(self):
        applied = self.make()
        self.wait_for_arriving()
        self.networks["far"].cut()
        self.wait_for_silence()
        self.networks["far"].mend()
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.who("began"), ["a"], "it was not begun again")
        self.assertWhole()


if __name__ == "__main__":
    unittest.main()
