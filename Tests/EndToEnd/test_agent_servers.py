"""What a server and its agents make of each other's troubles: kills in mid-dispatch, clocks, and what agents cannot do."""

import os
import shutil
import signal
import subprocess
import threading
import unittest
from pathlib import Path

from sluice_server import is_alive, processes_with, wait_until
from test_agents import COPY, LEASE, ONCE_SLOW, AgentTestCase

DAY = 24 * 60 * 60


class KilledAgain(AgentTestCase):
    def test_a_server_that_is_killed_in_mid_dispatch_again_and_again(self):
        """While tasks are given, run, and reported, on an agent that sees the store and on one that does not."""
        folders = [f"s{number:02}" for number in range(30)]
        self.show("sleep 0.05; : MARKER\n" + COPY, folders=folders)
        self.agent("near", "--cores", "2")
        self.agent("far", "--cores", "2", "--stream", "--cache", self.server.home / "far")
        applied = self.server.ask("apply", "demo")
        for kill in range(1, 4):
            wait_until(lambda: len(self.who("done")) >= 5 * kill, "it goes on", every=0.001)
            self.server.kill()
            self.server.start("--agent-lease", str(LEASE))
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertPublishedOnce(folders)
        self.assertEqual(sorted(set(self.who("done"))), folders)
        self.assertEqual(processes_with(self.marker), [])
        self.assertEqual(self.standing(), {"near": "active", "far": "active"})
        self.assertEqual(list(self.server.data.glob("work/**/.arriving/*/*")), [])


@unittest.skipUnless(shutil.which("cc") or shutil.which("clang"), "skipped: no C compiler is installed")
class Clocks(AgentTestCase):
    """The wall clocks of a server and of an agent are set while a task runs."""

    def start(self):
        library = self.server.home / "wrong_clock.so"
        source = Path(__file__).with_name("wrong_clock.c")
        compiler = shutil.which("cc") or shutil.which("clang")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True, capture_output=True)
        self.library = str(library)
        self.marker = f"marker-{os.getpid()}-{id(self)}"
        self.agents = {}
        self.addCleanup(self.end_all)
        self.server.start("--agent-lease", str(LEASE), environment=self.wrong("server"))

    def wrong(self, who):
        files = {"WRONG_CLOCK": f"clock-{who}", "SLEPT": f"slept-{who}"}
        return {"LD_PRELOAD": self.library, **{name: str(self.server.home / file) for name, file in files.items()}}

    def set(self, who, seconds, clock="clock"):
        new = self.server.home / "clock.new"
        new.write_text(f"{seconds}\n")
        new.rename(self.server.home / f"{clock}-{who}")

    def still_there(self):
        """After the server has looked who is missed, which it does between two beats."""
        heard = lambda: self.server.ask("agents")["agents"][0]["heard"]  # noqa: E731
        for _ in range(2):
            wait_until(lambda: heard() > LEASE / 10, "a while goes by", every=0.02)
            wait_until(lambda: heard() < LEASE / 10, "it is heard again", every=0.02)
        self.assertEqual(self.standing(), {"one": "active"})

    def test_no_lease_is_lost_and_versions_go_on_in_order(self):
        self.show('echo $3 >> HOME/began; while [ ! -e HOME/go ]; do sleep 0.1; done; : MARKER\n' + COPY, folders="a")
        self.agent("one", **self.wrong("one"))
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("began"), "it runs")
        for server, agent in ((DAY, -DAY), (-DAY, DAY)):
            self.set("server", server)
            self.set("one", agent)
            self.still_there()
        (self.server.home / "go").touch()
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.who("began"), ["a"])
        self.assertPublishedOnce("a")
        for number, wrong in enumerate((DAY, -DAY, 0)):
            self.set("server", wrong)
            self.server.ask("publish", "demo/a/source", self.server.file("source.txt", f"{number}\n"))
            self.assertEqual(self.server.apply()["failed"], 0)
        for product in ("source", "result"):
            versions = self.server.versions(f"demo/a/{product}")
            self.assertEqual((len(versions), sorted(versions)), (4, versions), "each is later than the one before")
            self.assertEqual(len({version[:10] for version in versions}), 2, f"the clock did go wrong: {versions}")
        self.assertEqual(set(self.server.states().values()), {"current"})

    def test_a_machine_that_slept_gives_its_task_back_when_it_wakes(self):
        """Its processes went on where they were, but the server may have given the task to another meanwhile."""
        self.show(ONCE_SLOW, folders="a")
        self.agent("one", **self.wrong("one"))
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("leader"), "the slow task is up")
        self.set("one", 2 * LEASE, clock="slept")
        wait_until(lambda: not is_alive(int(self.who("leader")[0])), "it is ended")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertTrue(self.says("one", "givenBack"))
        self.assertPublishedOnce("a")


class Words(AgentTestCase):
    def post(self, path, **body):
        answer = self.server.post(f"/api/v1/agents{path}", body)
        self.assertEqual(answer.status, 200, str(answer))
        return answer.json

    def join(self, name):
        return self.post("", name=name, host=name, cores=1, memory=1024, gpus=0, labels={}, version="test")["session"]

    def given(self, name, session):
        return self.post(f"/{name}/poll", session=session, working=[], waitSeconds=10)["tasks"]

    def test_an_end_that_is_said_twice_counts_once(self):
        """The answer to the first may have been lost on its way."""
        self.show(COPY, folders="a")
        self.server.ask("apply", "demo")
        session = self.join("mute")
        (task,) = self.given("mute", session)
        words = {"session": session, "lease": task["lease"], "end": {"how": "exited", "code": 3}}
        said = [self.post("/mute/finish", **words)["receipt"] for _ in range(3)]
        self.assertEqual(said, ["taken", "taken", "taken"])
        self.assertEqual(len(self.server.events("sluice.task.finished.v1")), 1)

    def test_a_question_of_long_ago_brings_nothing_to_who_is_silent(self):
        """An agent that was cut off has a question open, whose answer nobody would hear."""
        self.show(COPY, folders="a")
        session = self.join("mute")
        answers = []
        question = {"session": session, "working": [], "waitSeconds": 50}
        ask = lambda: answers.append(self.server.post("/api/v1/agents/mute/poll", question, timeout=60))  # noqa: E731
        asker = threading.Thread(target=ask, daemon=True)
        asker.start()
        wait_until(lambda: self.standing() == {"mute": "lost"}, "it is lost")
        applied = self.server.ask("apply", "demo")
        self.agent("one")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.standing()["mute"], "lost", "an open question is no sign of life")
        self.post("/mute/heartbeat", session=session, working=[])
        self.assertEqual(self.standing()["mute"], "active")
        wait_until(lambda: self.standing()["mute"] == "lost", "it is lost again")
        self.server.ask("agents", "remove", "mute")
        asker.join(60)
        self.assertEqual(answers[0].status, 404, str(answers[0]))

    def test_a_program_that_is_on_the_server_alone(self):
        pipeline = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot }]
steps:
  work:
    for: { type: shot }
    inputs:
      source: { product: source }
    outputs:
      result: { product: result, files: "result.txt" }
    command: [PROGRAM, "{source}", "{result}"]
"""
        self.agent("one")
        said = {
            "tools/make": ["'tools/make' means: a place in the server's working folder", "on the agent 'one'", str(self.server.home)],
            "/opt/studio/make": ["there is no program '/opt/studio/make' on the agent 'one'"],
            "studio-make": ["'studio-make' is not installed on the agent 'one'", "PATH"],
        }
        for number, (program, words) in enumerate(said.items()):
            with self.subTest(program):
                self.server.pipeline(pipeline.replace("PROGRAM", program))
                self.server.ask("publish", "demo/a/source", self.server.file("source.txt", f"{number}\n"))
                self.server.apply(code=1)
                failure = self.server.ask("status", "demo/a/result")["products"][0]["failure"]
                self.assertError(failure, "task.commandNotFound", *words)

    def test_a_broken_step_brings_no_agent_into_quarantine(self):
        folders = [f"s{number:02}" for number in range(16)]
        self.show("exit 7", folders=folders)
        self.agent("one", "--cores", "1")
        self.agent("two", "--cores", "1")
        self.server.apply(code=1)
        self.assertEqual(self.standing(), {"one": "active", "two": "active"})


class Keeping(AgentTestCase):
    """What an agent that streams keeps."""

    def test_an_input_that_a_task_wrote_into_is_brought_anew(self):
        """By who may write everywhere: what is kept is read-only."""
        self.show('cat "$1" > "$2"; chmod u+w "$1"; echo spoilt >> "$1"', folders="ab")
        for folder in "ab":
            self.server.ask("publish", f"demo/{folder}/source", self.server.file("same.txt", "the same for both\n"))
        self.agent("far", "--stream", "--cores", "1", "--cache", self.server.home / "far")
        self.assertEqual(self.server.apply()["failed"], 0)
        for folder in "ab":
            self.server.ask("fetch", f"demo/{folder}/result", "--to", self.server.home / folder)
            self.assertEqual((self.server.home / folder / "result.txt").read_text(), "the same for both\n")

    def test_two_agents_do_not_share_a_folder(self):
        folder = self.server.home / "far"
        self.agent("one", "--cache", folder)
        error = self.server.refused("agent", "--name", "two", "--cache", folder, code=1)
        self.assertError(error, "agent.cache", str(folder), "--cache")
        self.agents["one"].kill()
        self.agents["one"].wait(10)
        self.agent("two", "--cache", folder)
        self.agent("three", "--stream")
        self.agent("four", "--stream")

    def test_nothing_goes_on_in_a_session_whose_processes_were_ended(self):
        """An application that an environment started is ended when its agent is cut off, here by a stop."""
        self.server.pipeline(SESSION.replace("HOME", str(self.server.home)).replace("MARKER", self.marker))
        self.server.ask("publish", "demo/a/plate", *self.server.frames(1001, 1002))
        self.agent("one", "--cores", "1")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: self.who("tasks"), "the first task runs")
        self.server.ask("agents", "pause", "one")
        (self.server.home / "go").touch()
        wait_until(lambda: self.says("one", "ended"), "it is done")
        (application,) = self.who("application")
        self.assertTrue(is_alive(int(application)))
        self.agents["one"].send_signal(signal.SIGSTOP)
        wait_until(lambda: not is_alive(int(application)), "the warden ends the application")
        self.agents["one"].send_signal(signal.SIGCONT)
        heard = lambda: self.server.ask("agents")["agents"][0]["heard"]  # noqa: E731
        wait_until(lambda: heard() < LEASE / 5, "it is back", every=0.02)
        self.server.ask("agents", "resume", "one")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "succeeded")
        self.assertEqual(len(self.who("application")), 2, "it was started again")
        self.assertEqual(len(self.who("tasks")), 2)


SESSION = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot }]
steps:
  work:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
    outputs:
      result: { product: result, files: "result.####.txt" }
    body:
      specificationVersion: jobtemplate-2023-09
      name: Work
      parameterDefinitions:
        - { name: Frames, type: STRING }
        - { name: result, type: PATH }
      steps:
        - name: Work
          parameterSpace:
            taskParameterDefinitions:
              - { name: Frame, type: INT, range: "{{Param.Frames}}" }
          stepEnvironments:
            - name: Application
              script:
                actions:
                  onEnter: { command: bash, args: ["-c", "sleep 300 > /dev/null 2>&1 & echo $! >> HOME/application; : MARKER"] }
          script:
            actions:
              onRun:
                command: bash
                args:
                  - -c
                  - |
                    echo {{Task.Param.Frame}} >> HOME/tasks
                    while [ ! -e HOME/go ]; do sleep 0.1; done
                    kill -0 $(tail -n 1 HOME/application) || exit 9
                    echo done > {{Param.result}}/result.{{Task.Param.Frame}}.txt
"""


class InPlace(AgentTestCase):
    def start(self):
        self.root = self.server.home / "scans"
        self.root.mkdir()
        self.serve = ("--root", str(self.root))
        super().start()

    def test_what_nobody_has_read_yet_comes_to_an_agent_that_streams(self):
        self.show(COPY, folders="")
        # The server reads the oldest first, and this takes it a while.
        with open(self.root / "large.bin", "wb") as large:
            large.truncate(200 << 30)
        self.server.ask("publish", "demo/large", self.root / "large.bin", "--in-place", "--hash", "later")
        scan = self.root / "scan.txt"
        scan.write_text("as it lies\n")
        self.server.ask("folder", "add", "demo/a", "--type", "shot")
        self.server.ask("publish", "demo/a/source", scan, "--in-place", "--hash", "later")
        self.agent("far", "--stream", "--cache", self.server.home / "far")
        self.assertEqual(self.server.apply()["failed"], 0)
        self.assertEqual(self.server.ask("show", "demo/a/source")["selected"]["inPlace"], "unhashed")
        self.assertEqual(len(self.server.versions("demo/a/result")), 1)
        self.server.ask("fetch", "demo/a/result", "--to", self.server.home / "out")
        self.assertEqual((self.server.home / "out" / "result.txt").read_text(), "as it lies\n")


if __name__ == "__main__":
    unittest.main()
