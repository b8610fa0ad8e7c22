"""Steps of a template on agents: side by side where the bench is seen, as one task where nobody sees it."""

import os
import signal
import unittest

import test_job_bodies
from sluice_server import wait_until
from test_agents import AgentTestCase

PIPELINE = test_job_bodies.Whole.PIPELINE

TEMPLATE = """\
specificationVersion: jobtemplate-2023-09
name: Cache
parameterDefinitions: [{ name: scene, type: PATH }, { name: cache, type: PATH }]
steps:
  - name: Part
    parameterSpace: { taskParameterDefinitions: [{ name: Part, type: INT, range: "1-4" }] }
    script:
      actions: { onRun: { command: bash, args: ["{{Task.File.Run}}"] } }
      embeddedFiles:
        - name: Run
          type: TEXT
          data: |
            SCRIPT
            (echo {{Task.Param.Part}}; cat {{Param.scene}}) > {{Param.cache}}/part-{{Task.Param.Part}}
  - name: Join
    dependencies: [{ dependsOn: Part }]
    script: { actions: { onRun: { command: bash, args: ["-c", "cat {{Param.cache}}/part-* > {{Param.cache}}/cache.txt"] } } }
"""


class Agents(AgentTestCase):
    def make(self, script=": nothing"):
        self.server.file("cache.yaml", TEMPLATE.replace("SCRIPT", script))
        self.server.pipeline(PIPELINE)
        self.server.ask("publish", "demo/sh010/scene", self.server.file("scene.txt", "scene\n"))

    def made(self):
        target = self.server.home / "fetched"
        self.server.ask("fetch", "demo/sh010/cache", "--to", target)
        return next(target.rglob("cache.txt")).read_text()

    def progress(self, plan):
        (run,) = self.server.ask("plan", "show", plan["id"])["progress"]["runs"]
        return run

    WHOLE = "".join(f"{part}\nscene\n" for part in (1, 2, 3, 4))

    def test_agents_that_see_the_bench_share_the_tasks(self):
        # Two at a time on each agent, and all four before one of them ends.
        meet = f"mktemp -p {self.server.home} met-XXXX; until [ $(ls {self.server.home} | grep -c met-) -ge 4 ]; do sleep 0.05; done"
        self.make(meet)
        self.agent("one", "--cores", "2")
        self.agent("two", "--cores", "2")
        wait_until(lambda: all(agent["seesStore"] for agent in self.server.ask("agents")["agents"]), "they see the data folder")
        plan = self.server.apply()
        self.assertEqual(self.progress(plan)["tasksTotal"], 5)
        self.assertEqual(self.made(), self.WHOLE)
        started = {name: len(self.says(name, "started")) for name in ("one", "two")}
        self.assertEqual(sum(started.values()), 5)
        self.assertTrue(min(started.values()) >= 2, started)

    def test_what_a_killed_agent_had_is_made_by_another_and_the_rest_stays(self):
        first = self.server.home / "first"
        self.make(f"echo {{{{Task.Param.Part}}}} >> {self.server.home}/began\n            "
                  f"if [ {{{{Task.Param.Part}}}} = 3 ] && mkdir {first} 2>/dev/null; then touch {self.server.home}/stuck; sleep 300; : {self.marker}; fi")  # fmt: skip
        self.agent("one", "--cores", "1")
        wait_until(lambda: self.server.ask("agents")["agents"][0]["seesStore"], "it sees the data folder")
        plan = self.server.ask("apply", "demo")
        wait_until(lambda: (self.server.home / "stuck").exists(), "the third part is stuck")
        os.kill(self.agents["one"].pid, signal.SIGKILL)
        self.agent("two", "--cores", "1")
        self.assertEqual(self.server.wait_for_plan(plan["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.made(), self.WHOLE)
        began = self.who("began")
        self.assertEqual((began.count("3"), sorted(set(began)), len(began)), (2, ["1", "2", "3", "4"], 5))

    def test_where_nobody_sees_the_bench_the_steps_are_one_task(self):
        self.make()
        self.agent("far", "--cores", "2", "--stream")
        wait_until(lambda: self.server.ask("agents")["agents"][0].get("seesStore") is False, "it has said so")
        plan = self.server.apply()
        self.assertEqual(self.progress(plan)["tasksTotal"], 1)
        self.assertEqual(self.made(), self.WHOLE)

    def test_a_divided_run_waits_for_an_agent_that_sees_the_bench(self):
        go = self.server.home / "go"
        self.make(f"until [ -e {go} ]; do sleep 0.05; done")
        self.agent("near", "--cores", "1")
        wait_until(lambda: self.server.ask("agents")["agents"][0]["seesStore"], "it sees the data folder")
        plan = self.server.ask("apply", "demo")
        run = plan["runs"][0]["id"]
        wait_until(lambda: self.says("near", "started"), "it begins")
        self.agent("far", "--cores", "4", "--stream")
        self.agents["near"].send_signal(signal.SIGINT)
        self.agents["near"].wait(20)
        wait_until(lambda: self.server.ask("queue", "why", f"{run}.1").get("reason") == "bench", "it waits")
        self.assertIn("no agent that fits sees that", self.server.ask("queue", "why", f"{run}.1")["text"])
        go.write_text("")
        self.agent("near", "--cores", "1")
        self.assertEqual(self.server.wait_for_plan(plan["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.says("far", "started"), [])


if __name__ == "__main__":
    unittest.main()
