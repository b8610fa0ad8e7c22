"""Agents: real servers, real agents, and what goes wrong between them."""

import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from sluice_server import ServerTestCase, end_with_us, is_alive, processes_with, program, wait_until

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
    lease = LEASE

    def start(self):
        self.marker = f"marker-{os.getpid()}-{id(self)}"
        self.agents = {}
        self.addCleanup(self.end_all)
        self.server.start("--agent-lease", str(self.lease), *self.serve)

    def end_all(self):
        for process in [agent.pid for agent in self.agents.values()] + processes_with(self.marker):
            for how in (signal.SIGCONT, signal.SIGKILL):
                try:
                    os.kill(process, how)
                except OSError:
                    pass
        for agent in self.agents.values():
            agent.wait(10)

    def agent(self, name, *arguments, wrapper=(), **environment):
        """An agent that has joined; what it says lies in NAME.jsonl."""
        with open(self.server.home / f"{name}.jsonl", "ab") as words, open(self.server.home / f"{name}.err", "ab") as errors:
            command = [*wrapper, program(), "agent", "--name", name, "--json", *map(str, arguments)]
            self.agents[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=errors,
                env=self.server.environment(**environment),
                cwd=self.server.home,
                start_new_session=True,
                preexec_fn=end_with_us,
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

    def test_a_cancelled_task_leaves_the_others_of_its_run_alone(self):
        gate = self.server.home / "gate"
        script = f'while [ ! -e {gate} ]; do sleep 0.1; done; echo "$3" >> {self.server.home}/order; cp "$1" "$2"'
        self.server.pipeline(FRAMES.replace("SCRIPT", script))
        self.server.ask("publish", "demo/a/plate", *self.server.frames(1001, 1002))
        self.agent("one", "--cores", "2")
        run = self.server.ask("apply", "demo")["runs"][0]
        wait_until(lambda: self.server.ask("task", "list", run["id"], "--status", "running")["tasks"][1:], "both run")
        self.server.ask("task", "cancel", f"{run['id']}.1001")
        states = lambda: {task["task"][-4:]: task["status"] for task in self.server.ask("task", "list", run["id"])["tasks"]}  # noqa: E731
        wait_until(lambda: states()["1001"] == "cancelled", "it is ended")
        time.sleep(3)  # Longer than from one heartbeat to the next.
        self.assertEqual(states()["1002"], "running")
        gate.touch()
        wait_until(lambda: self.server.ask("run", "show", run["id"])["run"]["status"] == "cancelled", "the run ends")
        self.assertEqual(self.who("order"), ["1002"])

    def test_one_that_is_there_is_not_removed(self):
        self.show(COPY, folders="a")
        self.agent("one")
        self.server.ask("agents", "drain", "one")
        error = self.server.refused("agents", "remove", "one")
        self.assertError(error, "agent.name")
        self.assertIn("would come back at once", error["what"])
        self.assertEqual(self.standing(), {"one": "draining"})

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

    def test_a_server_that_comes_back_waits_for_what_agents_of_before_still_run(self):
        script = ONCE_SLOW.replace("fi\n", "fi\n[ -e HOME/leader ] && grep -q 'State:.*[RSD] ' /proc/$(cat HOME/leader)/status 2>/dev/null && echo both >> HOME/crossed\n", 1)
        self.show(script, folders="a")
        self.agent("one")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        leader = int(self.who("leader")[0])
        self.agents["one"].send_signal(signal.SIGSTOP)
        self.server.kill()
        self.assertTrue(is_alive(leader))
        self.server.workers = 1
        self.server.start("--agent-lease", str(LEASE))
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual((self.who("done"), self.who("crossed")), (["a"], []))
        self.assertPublishedOnce("a")

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
        # It may have had the next one before the fifth failure was counted.
        self.assertIn(len(self.who("done")), (2, 3), "five failed there, and the rest went elsewhere")
        self.server.ask("retry", applied["id"])
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce("abcdefgh")
        self.server.ask("agents", "resume", "bad")
        self.assertEqual(self.standing()["bad"], "active")


FRAMES = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot }]
steps:
  work:
    for: { type: shot }
    inputs: { plate: { product: plate, frames: one-to-one } }
    outputs: { result: { product: result, files: "result.####.txt" } }
    command: [sh, -c, 'SCRIPT', sh, "{plate}", "{result}", "{frame}"]
"""


class Streaming(AgentTestCase):
    """Agents that do not use the store even where they could see it, with folders of their own."""

    SHOW = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot }]
steps:
  work:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
      look: { product: look }
    outputs:
      result: { product: result, files: "result.####.txt" }
    command: [sh, -c, 'echo "frame $4"; pwd >> HOME/where; cat "$1" "$2" > "$3"', sh, "{plate}", "{look}", "{result}", "{frame}"]
  whole:
    for: { type: shot }
    inputs:
      frames: { product: result }
    outputs:
      parts: { product: parts, files: "part.####.txt" }
    command: [sh, -c, 'n=1; for f in "$1"/*; do cp "$f" "$2/part.000$n.txt"; n=$((n+1)); done', sh, "{frames.dir}", "{parts.dir}"]
"""

    def make(self, size=1):
        self.server.pipeline(self.SHOW.replace("HOME", str(self.server.home)))
        self.server.ask("publish", "demo/a/plate", *self.server.frames(1001, 1006, text="frame {}\n" + "x" * size))
        self.server.ask("publish", "demo/a/look", self.server.file("look.txt", "warm\n" * size))

    def digests(self):
        found = {}
        for product in ("result", "parts"):
            shown = self.server.ask("show", f"demo/a/{product}")["selected"]
            found |= {file["path"]: file["sha256"] for file in shown["files"]}
        return found

    def test_they_bring_and_send_files_and_make_the_same_bytes(self):
        self.make(size=100_000)
        self.agent("far", "--stream", "--cores", "3", "--cache", self.server.home / "far")
        applied = self.server.apply()
        self.assertEqual(applied["failed"], 0)
        streamed = self.digests()
        self.assertEqual(len(streamed), 12)
        where = set(self.who("where"))
        self.assertEqual(where, {str(self.server.home / "far" / "work" / "demo" / "work" / "a")})
        run = next(run["id"] for run in applied["runs"] if run["step"] == "work")
        self.assertEqual(self.server.run("task", "log", f"{run}.1003").output, "frame 1003\n")
        listed = {agent["name"]: agent for agent in self.server.ask("agents")["agents"]}
        self.assertIs(listed["far"]["seesStore"], False)
        self.assertEqual(list((self.server.home / "far" / "work").rglob("*.txt")), [], "benches are taken away")
        self.assertEqual(list(self.server.data.glob("work/**/.arriving/*/*")), [])
        self.agents["far"].send_signal(signal.SIGINT)
        self.agents["far"].wait(20)
        self.agent("near")
        self.server.apply("--force")
        self.assertEqual(self.digests(), streamed)

    def test_inputs_are_kept_within_the_quota(self):
        self.make(size=400_000)
        self.agent("far", "--stream", "--cores", "1", "--cache", self.server.home / "far", "--cache-size", "3M")
        self.server.apply()
        wait_until(lambda: self.standing() == {"far": "active"}, "it is there")
        kept = sum(file.stat().st_size for file in (self.server.home / "far" / "inputs").rglob("*") if file.is_file())
        self.assertLessEqual(kept, 3 * 1024 * 1024)
        self.assertGreater(kept, 0)

    def test_one_that_cannot_see_the_data_folder_streams_by_itself(self):
        """In a mount namespace of its own, where the data folder is empty."""
        self.make()
        inside = f"mount -t tmpfs none {self.server.data} && exec \"$@\""
        wrapper = ["unshare", "-m", "sh", "-c", inside, "sh"]
        self.agent("far", "--cores", "2", "--cache", self.server.home / "far", wrapper=wrapper)
        self.assertEqual(self.server.apply()["failed"], 0)
        self.assertIs(self.server.ask("agents")["agents"][0]["seesStore"], False)
        self.assertEqual(len(self.digests()), 12)


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


class Queue(AgentTestCase):
    def test_why_a_task_waits_and_what_a_priority_delays(self):
        self.show(COPY, folders="ab")
        first = self.server.ask("apply", "demo", "--select", "demo/a")["runs"][0]["id"]
        second = self.server.ask("apply", "demo", "--select", "demo/b")["runs"][0]["id"]
        wait_until(lambda: len(self.server.ask("queue")["runs"]) == 2, "both wait")
        why = self.server.ask("queue", "why", f"{second}.1")
        self.assertEqual((why["rank"], why["reason"], why["runsAhead"]), (2, "noAgent", [first]))
        self.assertIn("no agent takes tasks", self.server.run("queue", "why", f"{first}.1").output)
        moved = self.server.ask("queue", "priority", second, "high")
        self.assertEqual((moved["applied"], [run["run"] for run in moved["delayed"]]), (False, [first]))
        self.assertEqual([run["run"] for run in self.server.ask("queue")["runs"]], [first, second])
        self.assertTrue(self.server.ask("queue", "priority", second, "high", "--yes")["applied"])
        self.assertEqual([run["run"] for run in self.server.ask("queue")["runs"]], [second, first])
        self.server.ask("queue", "pause", second)
        self.assertEqual(self.server.ask("queue", "why", f"{second}.1")["reason"], "paused")
        self.server.ask("queue", "resume", second)
        self.agent("one", "--cores", "1")
        wait_until(lambda: self.who("done") == ["b", "a"], "the urgent one comes first")
        self.assertError(self.server.refused("queue", "why", "r-000000000000.1"), "task.unknown")
        wait_until(lambda: not self.server.ask("queue")["runs"], "nothing is left")
        self.assertError(self.server.refused("queue", "priority", first, "low", code=1), "run.notQueued")

    def test_test_frames_come_first_and_somebody_looks_at_them(self):
        text = Streaming.SHOW.replace("pwd >> HOME/where", 'echo "$4" >> HOME/order').replace("HOME", str(self.server.home))
        self.server.pipeline(text.replace("  work:\n", "  work:\n    tests: look\n"))
        self.server.ask("publish", "demo/a/plate", *self.server.frames(1001, 1006))
        self.server.ask("publish", "demo/a/look", self.server.file("look.txt", "warm\n"))
        applied = self.server.ask("apply", "demo")
        run = next(run["id"] for run in applied["runs"] if run["step"] == "work")
        wait_until(lambda: self.server.ask("queue")["runs"], "it waits")
        why = self.server.run("queue", "why", f"{run}.1002").output
        self.assertIn("until the test frames 1001, 1004, 1006 passed", why)
        self.agent("one", "--cores", "4")
        wait_until(lambda: self.server.ask("queue")["runs"][0]["hold"] == "look", "the tests passed")
        self.assertEqual(sorted(self.who("order")), ["1001", "1004", "1006"])
        words = self.server.ask("queue", "why", f"{run}.1002")["text"]
        self.assertIn(f"(sluice queue pass {run}, or sluice cancel {run})", words)
        folder = words.split(" look at them in ")[1].split(" (")[0]
        self.assertEqual(sorted(file.name for file in Path(folder).rglob("result.*")),
                         ["result.1001.txt", "result.1004.txt", "result.1006.txt"])  # fmt: skip
        self.server.ask("queue", "pass", run)
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(sorted(self.who("order")[3:]), ["1002", "1003", "1005"])

    def test_chosen_frames_are_the_tests_and_the_rest_says_why_it_was_not_begun(self):
        script = f'echo "$3" >> {self.server.home}/order; [ "$3" != 1005 ] && cp "$1" "$2"'
        text = FRAMES.replace("SCRIPT", script).replace("    command", "    tests: { frames: \"1002,1005\" }\n    command")
        self.server.pipeline(text)
        self.server.ask("publish", "demo/a/plate", *self.server.frames(1001, 1006))
        applied = self.server.ask("apply", "demo")
        run = applied["runs"][0]["id"]
        wait_until(lambda: self.server.ask("queue")["runs"], "it waits")
        self.assertIn("until the test frames 1002, 1005 passed", self.server.ask("queue", "why", f"{run}.1001")["text"])
        self.agent("one", "--cores", "1")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.assertEqual(sorted(self.who("order")), ["1002", "1005"])
        why = self.server.ask("queue", "why", f"{run}.1001")
        self.assertEqual(why["state"], "cancelled")
        self.assertIn("It was not begun: its run ended before (failed", why["text"])


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
