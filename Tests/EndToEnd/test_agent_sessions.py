"""Sessions of templates on agents end with their run: environments are left at once, and in a folder that is there."""

import signal
import unittest

from sluice_server import processes_with, wait_until
from test_agents import AgentTestCase

# Each session starts an application that outlives its task, as a licence does that is taken.
ENVIRONMENT = """\
{ name: App, script: { actions: {
  onEnter: { command: bash, args: ["-c", "echo enter >> HOME/said; (setsid bash -c 'sleep 300; : MARKER' &)"] },
  onExit: { command: bash, args: ["-c", "SEEN && touch here && echo exit >> HOME/said; echo 'back it goes'"] } } } }"""

JOB = """\
specificationVersion: jobtemplate-2023-09
name: Two
jobEnvironments: [ENVIRONMENT]
steps:
  - name: Short
    parameterSpace: { taskParameterDefinitions: [{ name: I, type: INT, range: "1-2" }] }
    script: { actions: { onRun: { command: bash, args: ["-c", "touch HOME/began-{{Task.Param.I}}; until [ -e HOME/began-1 -a -e HOME/began-2 ]; do sleep 0.05; done; SHORT"] } } }
  - name: Long
    dependencies: [{ dependsOn: Short }]
    script: { actions: { onRun: { command: bash, args: ["-c", "sleep 0.2"] } } }
"""  # fmt: skip

BODY = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot, range: 1001-1004 }]
steps:
  work:
    for: { type: shot }
    frames: range
    tests: off
    outputs: { out: { product: out, files: "out.####.txt" } }
    body:
      specificationVersion: jobtemplate-2023-09
      name: Work
      parameterDefinitions: [{ name: Frames, type: STRING }, { name: out, type: PATH }]
      steps:
        - name: Work
          stepEnvironments: [ENVIRONMENT]
          parameterSpace: { taskParameterDefinitions: [{ name: Frame, type: INT, range: "{{Param.Frames}}" }] }
          script:
            actions: { onRun: { command: bash, args: ["{{Task.File.Run}}"] } }
            embeddedFiles: [{ name: Run, type: TEXT, data: "sleep 0.3; RUN\\necho {{Task.Param.Frame}} > {{Param.out}}/out.{{Task.Param.Frame}}.txt\\n" }]
"""  # fmt: skip


class Sessions(AgentTestCase):
    def text(self, template, seen="true", **words):
        text = template.replace("ENVIRONMENT", " ".join(ENVIRONMENT.split()))
        for word, value in {"SEEN": seen, "RUN": ":", "SHORT": ":", **words}.items():
            text = text.replace(word, value)
        return text.replace("HOME", str(self.server.home)).replace("MARKER", self.marker)

    def near(self, name, *arguments):
        self.agent(name, *arguments)
        sees = lambda: next(agent for agent in self.server.ask("agents")["agents"] if agent["name"] == name).get("seesStore")  # noqa: E731
        wait_until(lambda: sees() is not None, "it says whether it sees the store")
        self.assertEqual(sees(), "--stream" not in arguments)

    def submit(self, code=0, **words):
        template = self.server.file("job.yaml", self.text(JOB, **words))
        return self.server.ask("job", "submit", template, "--wait", code=code)

    def assertLeft(self, sessions=2):
        """Nothing of a session is there any more, and each was left in good order."""
        said = self.who("said")
        self.assertEqual((said.count("enter"), said.count("exit")), (sessions, sessions), said)
        self.assertEqual(processes_with(self.marker), [])

    def logs(self, runs):
        tasks = [task["task"] for run in runs for task in self.server.ask("task", "list", run)["tasks"]]
        return "".join(self.server.run("task", "log", task).output for task in tasks)

    def assertTold(self, runs, sessions=2):
        logs = self.logs(runs)
        self.assertEqual(logs.count("leaving the environment 'App'\n"), sessions, logs)
        self.assertEqual(logs.count("back it goes\n"), sessions, logs)
        self.assertNotIn("could not", logs)

    def test_a_job_leaves_its_environments_before_it_ends(self):
        self.near("one", "--cores", "2")
        job = self.submit()
        self.assertLeft()
        self.assertTold([step["run"] for step in job["steps"]])

    def test_one_of_an_agent_that_streams_does_too_and_its_log_has_it(self):
        self.near("far", "--cores", "2", "--stream")
        job = self.submit()
        self.assertLeft()
        self.assertTold([step["run"] for step in job["steps"]])

    def test_one_that_fails_leaves_what_waits_in_another_slot_and_a_retry_succeeds(self):
        fixed = self.server.home / "fixed"
        self.near("one", "--cores", "2")
        job = self.submit(code=1, SHORT=f"sleep 0.{{{{Task.Param.I}}}}; test {{{{Task.Param.I}}}} = 1 -o -e {fixed}")
        self.assertLeft()
        fixed.touch()
        self.server.ask("job", "retry", job["id"])
        self.assertEqual(self.server.wait_for_plan(job["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.who("said").count("enter"), self.who("said").count("exit"))
        self.assertEqual(processes_with(self.marker), [])

    def test_one_that_is_cancelled_leaves_what_waits_in_another_slot(self):
        self.near("one", "--cores", "2")
        template = self.server.file("job.yaml", self.text(JOB, SHORT="test {{Task.Param.I}} = 1 || sleep 300"))
        job = self.server.ask("job", "submit", template)
        wait_until(lambda: self.says("one", "ended"), "the first task is over")
        self.server.ask("cancel", job["id"])
        self.assertEqual(self.server.wait_for_plan(job["id"])["state"]["status"], "cancelled")
        self.assertLeft()

    def test_a_run_leaves_its_environments_while_its_bench_is_there(self):
        self.near("one", "--cores", "2")
        self.server.pipeline(self.text(BODY, seen="test -d {{Param.out}}"))
        plan = self.server.apply()
        self.assertLeft()
        self.assertTold([run["id"] for run in plan["runs"]])
        self.assertEqual([file.name for file in (self.server.home / "sluice-agent" / "one").rglob("here")], [])

    def test_an_agent_that_streams_runs_one_task_after_the_other_in_a_session(self):
        self.near("far", "--cores", "1", "--stream")
        self.server.pipeline(self.text(BODY, RUN="echo begins"))
        plan = self.server.apply()
        self.assertLeft(1)
        self.assertTold([run["id"] for run in plan["runs"]], 1)
        target = self.server.home / "fetched"
        self.server.ask("fetch", "demo/a/out", "--to", target)
        for frame in range(1001, 1005):
            self.assertEqual((target / f"out.{frame}.txt").read_text(), f"{frame}\n")

    def test_an_agent_that_is_gone_holds_up_nothing(self):
        go = self.server.home / "go"
        self.server.pipeline(self.text(BODY, RUN=f"until [ -e {go} -o {{{{Task.Param.Frame}}}} = 1001 ]; do sleep 0.05; done"))
        self.near("one", "--cores", "1")
        plan = self.server.ask("apply", "demo")
        wait_until(lambda: self.says("one", "ended"), "it has a session that waits")
        self.agents["one"].send_signal(signal.SIGKILL)
        self.near("two", "--cores", "1")
        go.touch()
        self.assertEqual(self.server.wait_for_plan(plan["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.who("said").count("exit"), 1)


if __name__ == "__main__":
    unittest.main()
