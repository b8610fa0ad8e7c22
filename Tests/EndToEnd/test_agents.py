"""Agents: real servers, real agents, and what goes wrong between them."""

import json
import os
import signal
import time
import unittest
from pathlib import Path

from sluice_server import ServerTestCase, is_alive, processes_with, wait_until

LEASE = 5

PIPELINE = """\
sluice: 1
project: demo
folders: [FOLDERS]
steps:
  work:
    for: { type: shot }
    inputs:
      source: { product: source }
    outputs:
      result: { product: result, files: "result.txt" }
    [NEEDS]
    command: [sh, "[SCRIPT]", "{source}", "{result}", "{folder}"]
"""


class AgentTestCase(ServerTestCase):
    workers = 0
    serve = ()

    def start(self):
        self.marker = f"marker-{os.getpid()}-{id(self)}"
        self.agents = {}
        self.addCleanup(self.end_all)
        self.server.start("--agent-lease", str(LEASE), *self.serve)

    def end_all(self):
        for process in [agent.pid for agent in self.agents.values()] + processes_with(self.marker):
            for how in (signal.SIGCONT, signal.SIGKILL):
                try:
                    os.kill(process, how)
                except OSError:
                    pass

    def agent(self, name, *arguments, cwd=None, **environment):
        """An agent that has joined; what it says lies in NAME.jsonl."""
        with open(self.server.home / f"{name}.jsonl", "ab") as words, open(self.server.home / f"{name}.err", "ab") as errors:
            self.agents[name] = self.server.popen(
                "agent", "--name", name, "--json", *arguments, environment=environment, stdout=words, stderr=errors
            )
        wait_until(lambda: self.says(name, "joined"), f"{name} joins; {self.errors(name)}")
        return self.agents[name]

    def errors(self, name):
        return (self.server.home / f"{name}.err").read_text()[-2000:]

    def words(self, name):
        lines = (self.server.home / f"{name}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def says(self, name, event):
        return [word for word in self.words(name) if word["event"] == event]

    def standing(self):
        return {agent["name"]: agent["standing"] for agent in self.server.ask("agents")["agents"]}

    def show(self, script, folders="ab", needs=""):
        """A shot for each letter with a source, and a step whose command is the script."""
        file = self.server.file(
            f"script-{self.marker}.sh", script.replace("MARKER", self.marker).replace("HOME", str(self.server.home))
        )
        declared = ", ".join(f"{{ path: {folder}, type: shot }}" for folder in folders)
        text = PIPELINE.replace("[FOLDERS]", f"[{declared}]").replace("[SCRIPT]", str(file)).replace("[NEEDS]", needs)
        self.server.pipeline(text)
        for folder in folders:
            self.server.ask("publish", f"demo/{folder}/source", self.server.file("source.txt", f"{folder}\n"))

    def assertPublishedOnce(self, folders="ab"):
        for folder in folders:
            self.assertEqual(len(self.server.versions(f"demo/{folder}/result")), 1, folder)
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())

    def who(self, name):
        """What a script wrote beside the data, by lines."""
        path = self.server.home / name
        return path.read_text().split() if path.exists() else []


COPY = 'echo $3 >> HOME/done; cp "$1" "$2"'
# The first that runs `a` waits for ever; whoever runs it again copies.
ONCE_SLOW = """\
if [ "$3" = a ] && mkdir HOME/first 2>/dev/null; then
  echo $$ > HOME/leader.tmp; mv HOME/leader.tmp HOME/leader
  echo half > "$2"
  sleep 300; : MARKER
  echo late > "$2"
fi
echo $3 >> HOME/done; cp "$1" "$2"
"""


class TwoAgents(AgentTestCase):
    def test_they_do_the_work_of_a_server_that_does_none(self):
        self.show('echo hello from $3; ' + COPY, folders="abcd")
        applied = self.server.ask("apply", "demo")
        self.assertEqual(self.server.ask("agents")["agents"], [])
        self.agent("one")
        self.agent("two", "--cores", "2", "--label", "os=linux")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(sorted(self.who("done")), ["a", "b", "c", "d"])
        self.assertPublishedOnce("abcd")
        run = applied["runs"][0]["id"]
        self.assertIn("hello from", self.server.run("task", "log", f"{run}.1").output)
        listed = {agent["name"]: agent for agent in self.server.ask("agents")["agents"]}
        self.assertEqual(listed["two"]["has"]["cores"], 2)
        self.assertEqual(listed["two"]["labels"], {"os": "linux"})
        self.assertEqual({agent["seesStore"] for agent in listed.values()}, {True})

    def test_one_that_is_killed_loses_its_task_to_the_other(self):
        self.show(ONCE_SLOW)
        self.agent("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        leader = int(self.who("leader")[0])
        self.agent("two")
        self.agents["one"].kill()
        wait_until(lambda: not is_alive(leader), "nothing of it is left behind", LEASE)
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(sorted(self.who("done")), ["a", "b"])
        self.assertEqual(self.standing(), {"one": "lost", "two": "active"})
        self.assertPublishedOnce()
        self.assertEqual(processes_with(self.marker), [])
        self.assertTrue([word for word in self.says("two", "started") if word["task"].startswith("r-")])

    def test_one_that_sleeps_past_its_lease_is_told_that_its_work_was_given_away(self):
        self.show(ONCE_SLOW)
        self.agent("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        leader = int(self.who("leader")[0])
        self.agent("two")
        self.agents["one"].send_signal(signal.SIGSTOP)
        wait_until(lambda: not is_alive(leader), "the warden ends what it had before the lease is over", LEASE)
        self.assertEqual(self.standing()["one"], "active", "the lease is not over")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.standing()["one"], "lost")
        self.agents["one"].send_signal(signal.SIGCONT)
        wait_until(lambda: self.says("one", "givenAway"), f"it is told; {self.words('one')}")
        wait_until(lambda: self.standing()["one"] == "active", "it works again")
        self.assertEqual(sorted(self.who("done")), ["a", "b"])
        self.assertPublishedOnce()

    def test_ctrl_c_gives_back_at_once(self):
        self.show(ONCE_SLOW, folders="a")
        self.agent("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        began = time.monotonic()
        self.agents["one"].send_signal(signal.SIGINT)
        self.assertEqual(self.agents["one"].wait(20), 0, self.errors("one"))
        self.assertTrue(self.says("one", "givenBack"))
        self.assertEqual(self.standing(), {})
        self.agent("two")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertLess(time.monotonic() - began, 60)
        self.assertPublishedOnce("a")

    def test_cancel_reaches_an_agent(self):
        self.show(ONCE_SLOW, folders="a")
        self.agent("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        leader = int(self.who("leader")[0])
        self.server.ask("cancel", applied["id"])
        wait_until(lambda: not is_alive(leader), "it is ended")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "cancelled")
        self.server.ask("retry", applied["id"])
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("a")

    def test_a_server_that_is_killed_and_comes_back(self):
        self.show("sleep 0.5; " + COPY, folders="abcdef")
        self.agent("one", "--cores", "2")
        self.agent("two", "--cores", "1")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("done"), "something is done")
        self.server.kill()
        self.server.start("--agent-lease", str(LEASE))
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("abcdef")
        self.assertEqual(self.standing(), {"one": "active", "two": "active"})

    def test_drain_pause_and_resume(self):
        self.show(COPY, folders="a")
        self.agent("one")
        for verb, standing in (("drain", "draining"), ("resume", "active"), ("pause", "paused")):
            self.server.ask("agents", verb, "one")
            self.assertEqual(self.standing(), {"one": standing})
        applied = self.server.ask("apply", "demo")
        time.sleep(1)
        self.assertEqual(self.who("done"), [])
        self.server.ask("agents", "resume", "one")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertError(self.server.refused("agents", "drain", "nobody"), "agent.unknown", "nobody")

    def test_one_on_which_everything_fails_is_quarantined(self):
        self.show('[ -n "$BROKEN" ] && exit 7\n' + COPY, folders="abcdefgh")
        self.agent("bad", "--cores", "1", BROKEN="1")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.standing()["bad"] == "quarantined", "it is in quarantine")
        self.agent("good", "--cores", "1")
        self.server.wait_for_plan(applied["id"])
        self.assertEqual(len(self.who("done")), 3, "five failed there, and the rest went elsewhere")
        self.server.ask("retry", applied["id"])
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("abcdefgh")
        self.server.ask("agents", "resume", "bad")
        self.assertEqual(self.standing()["bad"], "active")


class Needs(AgentTestCase):
    serve = ("--limit", "nuke=1", "--size", "M=2,1G")

    def test_labels_and_sizes_choose_the_agent(self):
        self.show(COPY, folders="a", needs="needs: { size: M, labels: { os: linux } }")
        applied = self.server.ask("apply", "demo")
        self.agent("small", "--cores", "1", "--label", "os=linux")
        self.agent("other", "--cores", "8", "--label", "os=mac")
        time.sleep(1)
        self.assertEqual(self.who("done"), [])
        self.agent("fit", "--cores", "2", "--memory", "2G", "--label", "os=linux")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual([len(self.says(name, "started")) for name in ("small", "other", "fit")], [0, 0, 1])

    def test_a_counted_limit_is_kept(self):
        script = "mkdir HOME/busy || echo crossed >> HOME/crossed\nsleep 0.3\nrmdir HOME/busy\n" + COPY
        self.show(script, folders="abc", needs="needs: { limits: { nuke: 1 } }")
        self.agent("one", "--cores", "4")
        self.agent("two", "--cores", "4")
        self.server.apply()
        self.assertEqual(self.who("crossed"), [])
        self.assertEqual(sorted(self.who("done")), ["a", "b", "c"])

    def test_gpus_are_assigned(self):
        self.show('echo "$CUDA_VISIBLE_DEVICES" >> HOME/devices; sleep 0.5; cp "$1" "$2"', folders="abc", needs="needs: { gpus: 1 }")
        self.agent("one", "--cores", "4", "--gpus", "2")
        self.server.apply()
        self.assertEqual(sorted(self.who("devices"))[:1] + sorted(self.who("devices"))[-1:], ["0", "1"])


class Tokens(AgentTestCase):
    def start(self):
        self.tokens = {}
        super().start()

    def test_an_agent_wants_a_token_with_the_right(self):
        admin = self.server.ask("token", "create", "admin")["token"]
        agent = self.server.ask("token", "create", "render", "--right", "agent", environment={"SLUICE_TOKEN": admin})["token"]
        reader = self.server.ask("token", "create", "reader", "--right", "publish", environment={"SLUICE_TOKEN": admin})["token"]
        self.assertError(self.server.refused("agent", "--name", "x", code=1), "token.missing")
        self.assertError(self.server.refused("agent", "--name", "x", "--token", reader, code=1), "token.right", "agent")
        self.agent("one", "--token", agent)
        self.assertError(self.server.refused("agents", "drain", "one", code=1, environment={"SLUICE_TOKEN": agent}), "token.right")


if __name__ == "__main__":
    unittest.main()
