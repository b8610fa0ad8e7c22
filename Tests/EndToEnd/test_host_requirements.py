"""What templates ask of machines, against what agents and the server's own machine are and have."""

import shutil
import time
import unittest
from pathlib import Path

from sluice_server import wait_until
from test_agents import AgentTestCase

SAMPLE = (
    Path(__file__).resolve().parents[2].parent
    / "shared/data/openjd/openjd-spec-samples/v2023-09/job_templates/host-requirements.yaml"
)


def template(requirements, name="Asks", run="echo done"):
    return f"""\
specificationVersion: jobtemplate-2023-09
name: {name}
steps:
  - name: Only
    hostRequirements: {requirements}
    script: {{ actions: {{ onRun: {{ command: bash, args: ["-c", "{run}"] }} }} }}
"""


class Requirements(AgentTestCase):
    serve = ("--limit", "nuke=1")

    def submit(self, text, name="job.yaml"):
        return self.server.ask("job", "submit", self.server.file(name, text))

    def why(self, job, step=0):
        return self.server.ask("queue", "why", f"{job['steps'][step]['run']}.1")

    def status(self, job):
        return self.server.ask("job", "show", job["id"])["status"]

    def ends(self, job):
        wait_until(lambda: self.status(job) in ("succeeded", "failed", "cancelled"), f"the end of {job['name']}")
        return self.status(job)

    def test_attributes_choose_the_agent_and_the_queue_says_what_is_missing(self):
        self.agent("plain", "--cores", "2")
        job = self.submit(template("{ attributes: [{ name: attr.pool, anyOf: [hair, fx] }] }"))
        wait_until(lambda: self.why(job)["reason"] == "hosts", "it waits for a machine")
        self.assertIn("its template asks for attr.pool hair or fx, and no agent has that", self.why(job)["text"])
        self.agent("other", "--cores", "2", "--label", "pool=anim")
        time.sleep(0.5)
        self.assertEqual(self.why(job)["reason"], "hosts")
        self.agent("fit", "--cores", "2", "--label", "pool=anim,HAIR")
        self.assertEqual(self.ends(job), "succeeded")
        self.assertEqual([len(self.says(name, "started")) for name in ("plain", "other", "fit")], [0, 0, 1])

    def test_the_system_of_a_machine_is_known_without_being_said(self):
        self.agent("one", "--cores", "2")
        linux = self.submit(template("{ attributes: [{ name: attr.worker.os.family, anyOf: [linux, macos] }] }"))
        self.assertEqual(self.ends(linux), "succeeded")
        windows = self.submit(template("{ attributes: [{ name: attr.worker.os.family, anyOf: [windows] }] }"), "w.yaml")
        wait_until(lambda: self.why(windows)["reason"] == "hosts", "it waits for a machine")
        known = {agent["name"]: agent for agent in self.server.ask("agents")["agents"]}
        self.assertEqual(known["one"]["attributes"]["attr.worker.os.family"], ["linux"])
        # A label says it instead: a machine that runs programs of another system.
        self.agent("wine", "--label", "worker.os.family=windows")
        self.assertEqual(self.ends(windows), "succeeded")

    def test_amounts_are_shared_by_the_tasks_of_a_machine(self):
        script = "mkdir HOME/busy || echo crossed >> HOME/crossed; sleep 0.2; rmdir HOME/busy".replace("HOME", str(self.server.home))
        self.agent("one", "--cores", "8", "--amount", "tapes=1.5")
        jobs = [self.submit(template("{ amounts: [{ name: amount.tapes, min: 1 }] }", f"J{n}", script), f"{n}.yaml") for n in range(3)]
        self.assertEqual([self.ends(job) for job in jobs], ["succeeded"] * 3)
        self.assertEqual(self.who("crossed"), [])
        much = self.submit(template("{ amounts: [{ name: amount.tapes, min: 2 }] }", "Much"), "much.yaml")
        wait_until(lambda: self.why(much)["reason"] == "hosts", "it waits for a machine")
        self.assertIn("amount.tapes of at least 2", self.why(much)["text"])

    def test_a_counted_limit_of_the_server_is_one_for_all_machines(self):
        script = "mkdir HOME/busy || echo crossed >> HOME/crossed; sleep 0.2; rmdir HOME/busy".replace("HOME", str(self.server.home))
        for name in ("one", "two"):
            self.agent(name, "--cores", "4")
        jobs = [self.submit(template("{ amounts: [{ name: amount.nuke, min: 1 }] }", f"J{n}", script), f"{n}.yaml") for n in range(3)]
        self.assertEqual([self.ends(job) for job in jobs], ["succeeded"] * 3)
        self.assertEqual(self.who("crossed"), [])

    def test_a_machine_that_is_too_small_or_too_large_does_not_get_it(self):
        self.agent("large", "--cores", "16", "--memory", "64G")
        self.agent("small", "--cores", "1", "--memory", "1G")
        light = self.submit(template("{ amounts: [{ name: amount.worker.vcpu, max: 2 }] }", "Light"), "light.yaml")
        heavy = self.submit(template("{ amounts: [{ name: amount.worker.memory, min: 32768 }] }", "Heavy"), "heavy.yaml")
        self.assertEqual([self.ends(light), self.ends(heavy)], ["succeeded"] * 2)
        tasks = {name: {word["task"] for word in self.says(name, "started")} for name in ("large", "small")}
        self.assertEqual(tasks["small"], {f"{light['steps'][0]['run']}.1"})
        self.assertEqual(tasks["large"], {f"{heavy['steps'][0]['run']}.1"})
        wide = self.submit(template("{ amounts: [{ name: amount.worker.vcpu, min: 64 }] }", "Wide"), "wide.yaml")
        wait_until(lambda: self.why(wide)["reason"] == "tooLarge", "it waits for a machine")
        self.assertIn("no agent has 64 cores", self.why(wide)["text"])

    def test_the_sample_of_others_runs_where_its_steps_say(self):
        if not SAMPLE.exists():
            print("skipped: no ../shared/data/openjd")
            self.skipTest("no ../shared/data/openjd")
        if not shutil.which("python"):
            print("skipped: no program 'python'")
            self.skipTest("no program 'python'")
        job = self.submit(SAMPLE.read_text())
        self.agent("a", "--cores", "1", "--memory", "1G", "--label", "custom.host_config=HostConfigA")
        self.agent("b", "--cores", "8", "--memory", "16G", "--label", "custom.host_config=HostConfigB")
        self.assertEqual(self.ends(job), "succeeded")
        self.assertEqual([len(self.says(name, "started")) for name in ("a", "b")], [1, 1])

    def test_a_body_of_a_step_is_placed_by_what_its_template_asks_for(self):
        body = template("{ attributes: [{ name: attr.pool, anyOf: [hair] }] }", run="cp {{Param.plate}} {{Param.copied}}/a.txt")
        body = body.replace("steps:", "parameterDefinitions: [{ name: plate, type: PATH }, { name: copied, type: PATH }]\nsteps:")
        self.server.file("body.yaml", body)
        self.server.pipeline("""\
sluice: 1
project: demo
folders: [{ path: sh010, type: shot }]
steps:
  copy:
    for: { type: shot }
    inputs: { plate: { product: plate } }
    outputs: { copied: { product: copied, files: "a.txt" } }
    body: { file: body.yaml }
""")
        self.server.ask("publish", "demo/sh010/plate", self.server.file("plate.txt", "x\n"))
        self.agent("plain")
        plan = self.server.ask("apply", "demo")
        wait_until(lambda: self.server.ask("queue", "why", f"{plan['runs'][0]['id']}.1").get("reason") == "hosts", "it waits")
        self.agent("hair", "--label", "pool=hair")
        self.assertEqual(self.server.wait_for_plan(plan["id"])["state"]["status"], "succeeded")
        self.assertEqual([len(self.says(name, "started")) for name in ("plain", "hair")], [0, 1])


class OwnMachine(AgentTestCase):
    workers = 2
    serve = ("--label", "pool=hair", "--amount", "tapes=2")

    def test_the_server_s_own_machine_has_labels_and_amounts(self):
        asks = "{ attributes: [{ name: attr.pool, allOf: [hair] }], amounts: [{ name: amount.tapes, min: 2 }] }"
        job = self.server.ask("job", "submit", self.server.file("job.yaml", template(asks)), "--wait")
        self.assertEqual(job["status"], "succeeded")
        (own,) = self.server.ask("agents")["agents"]
        self.assertEqual((own["labels"], own["amounts"]), ({"pool": "hair"}, {"amount.tapes": 2}))


if __name__ == "__main__":
    unittest.main()
