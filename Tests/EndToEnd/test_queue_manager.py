"""`serve --farm command`: tasks go through a studio's scripts, here those of examples/farm/ssh to an sshd of the test's own."""

import contextlib
import json
import os
import pathlib
import signal
import time
import unittest

from sluice_server import ROOT, ServerTestCase, processes_with, wait_until
from ssh_host import SSHHost

SCRIPTS = ROOT / "examples" / "farm" / "ssh"

STEPS = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot, range: 1001-1006 }]
steps:
  frames:
    for: { type: shot }
    inputs: { source: { product: source } }
    outputs: { out: { product: out, files: "out.####.txt" } }
    frames: range
    NEEDS
    command: [sh, "SCRIPT", "{source}", "{out}", "{frame}"]
"""

# It has a child in a session of its own that ignores SIGTERM.
STUBBORN = """\
[ "$4" ] || { trap '' TERM; setsid sh "$0" "$1" "$2" "$3" child & }
while :; do sleep 0.2; done
"""


class QueueManager(ServerTestCase):
    workers = 8
    needs = "tests: off"

    def start(self):
        self.marker = f"marker-{os.getpid()}-{id(self)}"
        self.host = SSHHost(self, self.server.home / "ssh")
        self.serve()

    def serve(self, scripts=SCRIPTS, *more, **environment):
        self.server.start(
            "--farm", "command", "--farm-scripts", str(scripts), "--farm-poll", "0.3", *more,
            environment={"FARM_SSH_HOSTS": "node-a node-b", "FARM_SSH_OPTIONS": self.host.options, **environment},
        )  # fmt: skip

    def show(self, script, needs=None):
        """A plan of six tasks that run a script; its id."""
        file = self.server.file(f"work-{self.marker}.sh", script)
        self.server.pipeline(STEPS.replace("SCRIPT", str(file)).replace("NEEDS", needs or self.needs))
        self.server.ask("publish", "demo/a/source", self.server.file("s.txt", "s\n"))
        return self.server.ask("apply", "demo")["id"]

    def ended(self, plan, status):
        def look():
            shown = self.server.ask("plan", "show", plan)
            return shown if shown["state"]["status"] != "running" else None

        shown = wait_until(look, "the plan ends", 60)
        self.assertEqual(shown["state"]["status"], status, shown["progress"]["runs"])
        return shown["progress"]["runs"][0]

    def folders(self):
        farm = self.server.data / "farm"
        return sorted(os.listdir(farm)) if farm.exists() else []

    def test_every_task_runs_there_and_its_result_is_published(self):
        plan = self.show('echo "frame $3 by $SSH_CONNECTION"; cat "$1" > "$2"; echo $3 >> "$2"')
        run = self.ended(plan, "succeeded")
        self.assertEqual(run["tasksDone"], 6)
        log = self.server.run("task", "log", f"{run['id']}.1003").output
        self.assertRegex(log, r"^frame 1003 by 127.0.0.1 ")
        shown = self.server.ask("show", "demo/a/out")["selected"]
        self.assertEqual((shown["representations"][0]["frames"], len(shown["files"])), ("1001-1006", 6))
        self.assertEqual(self.folders(), [])

    def test_a_task_that_fails_says_its_exit_code_and_a_retry_does_the_rest(self):
        good = self.server.home / "good"
        plan = self.show(f'[ $3 != 1002 ] || [ -e {good} ] || {{ echo no luck; exit 41; }}; cp "$1" "$2"')
        run = self.ended(plan, "failed")
        self.assertIn("exit code 41", run["failure"]["what"])
        self.assertEqual(self.server.run("task", "log", f"{run['id']}.1002").output, "no luck\n")
        good.touch()
        self.server.ask("run", "retry", run["id"])
        self.ended(plan, "succeeded")

    def test_what_is_cancelled_is_ended_there(self):
        plan = self.show(STUBBORN)
        wait_until(lambda: len(processes_with(self.marker)) >= 2 * 6, "all run")
        self.server.run("cancel", plan)
        run = self.ended(plan, "cancelled")
        self.assertEqual(run["status"], "cancelled")
        self.assertEqual(processes_with(self.marker), [])
        self.assertEqual(self.folders(), [])

    def test_a_task_over_its_time_is_ended_there(self):
        plan = self.show("exec sleep 600", needs="tests: off\n    timeout: 2s")
        self.assertEqual(self.ended(plan, "failed")["failure"]["code"], "task.timedOut")
        self.assertEqual(self.folders(), [])

    def test_a_killed_server_ends_what_it_had_there_before_it_begins_anew(self):
        gate = self.server.home / "gate"
        began = self.server.home / "began"
        plan = self.show(f'echo $3 >> {began}; while [ ! -e {gate} ]; do sleep 0.1; done; cp "$1" "$2"; echo end >> {began}')
        wait_until(lambda: began.exists() and len(began.read_text().split()) == 6, "all run")
        self.server.kill()
        (self.server.home / "count").write_text(str(len(self.folders())))
        self.serve()
        wait_until(lambda: len(began.read_text().split()) == 12, "all run anew", 60)
        gate.touch()
        self.ended(plan, "succeeded")
        # Those of before were ended: they never come to their last line.
        self.assertEqual(began.read_text().split().count("end"), 6)
        self.assertEqual(self.server.ask("show", "demo/a/out")["versions"][0]["number"], 1)
        self.assertEqual(self.folders(), [])

    def test_a_stopped_server_leaves_nothing_running(self):
        self.show(STUBBORN)
        wait_until(lambda: processes_with(self.marker), "tasks run")
        self.server.stop()
        wait_until(lambda: not processes_with(self.marker), "nothing runs any more", 15)

    def test_while_no_host_answers_tasks_wait_and_go_on_when_one_does(self):
        self.host.stop()
        plan = self.show('cp "$1" "$2"')
        wait_until(lambda: "takes nothing now" in self.server.log(), "the server says so")
        self.assertEqual(self.server.ask("plan", "show", plan)["state"]["status"], "running")
        self.host.start()
        self.ended(plan, "succeeded")

    def test_a_host_that_does_not_answer_for_a_while_loses_nothing(self):
        gate = self.server.home / "gate"
        plan = self.show(f'while [ ! -e {gate} ]; do sleep 0.1; done; cp "$1" "$2"')
        wait_until(lambda: all((self.server.data / "farm" / f / "began").exists() for f in self.folders()) and len(self.folders()) == 6,
                   "all have begun")  # fmt: skip
        self.host.stop()
        time.sleep(5)
        self.assertEqual(self.server.ask("run", "list", plan)["runs"][0]["status"], "running")
        self.host.start()
        gate.touch()
        self.ended(plan, "succeeded")

    def test_a_template_runs_there_in_its_environments(self):
        template = {
            "specificationVersion": "jobtemplate-2023-09",
            "name": "Job",
            "jobEnvironments": [
                {"name": "E", "script": {"actions": {
                    "onEnter": {"command": "sh", "args": ["-c", "echo 'openjd_env: FROM=environment'"]},
                    "onExit": {"command": "echo", "args": ["left it"]}}}}
            ],
            "steps": [
                {"name": "Only", "script": {"actions": {"onRun": {
                    "command": "sh", "args": ["-c", "echo FROM=$FROM over $SSH_CONNECTION; exit $CODE"]}}}}
            ],
        }  # fmt: skip
        job = self.server.ask("job", "submit", self.server.file("job.json", json.dumps(template)), "--wait")
        text = self.server.run("job", "log", job["id"]).output
        self.assertIn("FROM=environment over 127.0.0.1", text)
        self.assertIn("left it", text)
        template["steps"][0]["script"]["actions"]["onRun"]["args"][1] = "exit 6"
        job = self.server.ask("job", "submit", self.server.file("bad.json", json.dumps(template)), "--wait", code=1)
        self.assertIn("exit code 6", job["steps"][0]["failure"]["what"])

    def test_tasks_of_a_template_each_have_a_folder_of_their_own(self):
        begin, end = STEPS.split("    command:")[0].split("    NEEDS\n")[0].split("    inputs:")
        outputs = end.split("\n", 1)[1]
        frame = "{{Task.Param.Frame}}"
        script = f"sleep 0.7; pwd >> {self.server.home}/places; bash {{{{Task.File.Run}}}} {{{{Param.out}}}}/out.{frame}.txt"
        body = {
            "specificationVersion": "jobtemplate-2023-09",
            "name": "Mix",
            "parameterDefinitions": [{"name": "Frames", "type": "STRING"}, {"name": "out", "type": "PATH"}],
            "steps": [{
                "name": "Mix",
                "parameterSpace": {"taskParameterDefinitions": [{"name": "Frame", "type": "INT", "range": "{{Param.Frames}}"}]},
                "script": {
                    "actions": {"onRun": {"command": "bash", "args": ["-c", script]}},
                    "embeddedFiles": [{"name": "Run", "type": "TEXT", "data": f"echo rendered {frame} > $1; sleep 1"}],
                },
            }],
        }  # fmt: skip
        self.server.pipeline(f"{begin}{outputs}    tests: off\n    body: {json.dumps(body)}\n")
        self.ended(self.server.ask("apply", "demo")["id"], "succeeded")
        target = self.server.home / "fetched"
        self.server.ask("fetch", "demo/a/out", "--to", target)
        for frame in range(1001, 1007):
            self.assertEqual((target / f"out.{frame}.txt").read_text(), f"rendered {frame}\n")
        places = sorted((self.server.home / "places").read_text().split())
        self.assertEqual([place.split("/session/")[1] for place in places], [f"{frame}/1" for frame in range(1001, 1007)])
        self.assertEqual([place for place in places if os.path.exists(place)], [])

    def test_what_a_task_takes_is_told_and_does_not_hold_up_others(self):
        self.server.stop()
        self.serve(SCRIPTS, "--farm-label", "os=linux", "--limit", "seats=100/host")
        gate = self.server.home / "gate"
        needs = "tests: off\n    needs: { exclusive: true, cores: 2, memory: 1G, labels: { os: linux }, limits: { seats: 25 } }"
        plan = self.show(f'while [ ! -e {gate} ]; do sleep 0.1; done; cp "$1" "$2"', needs=needs)
        wait_until(lambda: len(self.folders()) == 4, "8 cores have 4 tasks that want a machine each")
        told = json.loads((self.server.data / "farm" / self.folders()[0] / "task.json").read_text())
        self.assertEqual(
            told["needs"],
            {"cores": 2, "memoryMebibytes": 1024, "gpus": 0, "exclusive": True, "labels": {"os": "linux"}, "limits": {"seats": 25}},
        )
        self.assertEqual(self.server.ask("queue")["limits"], [{"name": "seats", "count": 100, "used": 100, "taken": 0}])
        gate.touch()
        self.ended(plan, "succeeded")

    def test_the_check_finds_the_scripts_good(self):
        shared = self.server.home / "shared"
        shared.mkdir()
        answer = self.server.ask(
            "farm", "check", SCRIPTS, "--folder", shared, "--patience", "40", timeout=200,
            environment={"FARM_SSH_HOSTS": "node-a", "FARM_SSH_OPTIONS": self.host.options},
        )  # fmt: skip
        self.assertTrue(answer["ok"], answer)
        self.assertGreaterEqual(len(answer["checks"]), 8)
        self.assertEqual(os.listdir(shared), [])


SUBMIT = """#!/bin/sh
mkdir -p "$HOME/jobs" && cd "$HOME/jobs"
setsid -f sh -c '"$SLUICE_FARM_SCRIPT"; echo $? > part.$$; mv part.$$ "$SLUICE_FARM_KEY"' </dev/null >/dev/null 2>&1
echo $SLUICE_FARM_KEY
"""
POLL = """#!/bin/sh
cd "$HOME/jobs"
marked=$(cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n')
for id; do
  if [ ! -e "$id" ]; then
    if echo "$marked" | grep -qxF "SLUICE_FARM_KEY=$id"; then echo $id running; else echo $id unknown; fi
  elif [ "$(cat "$id")" = 0 ]; then echo $id succeeded
  else echo $id failed $(cat "$id"); fi
done
"""
CANCEL = """#!/bin/sh
for id; do kill -9 $(grep -lzxF "SLUICE_FARM_KEY=$id" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3) 2>/dev/null; done; exit 0
"""


class FaultyScripts(ServerTestCase):
    """What the check says of scripts that break the contract; they start tasks on this machine."""

    def start(self):
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(process / "cwd").startswith(str(self.server.home)):
                    os.kill(int(process.name), signal.SIGKILL)

    def scripts(self, **texts):
        folder = self.server.home / "scripts"
        folder.mkdir(exist_ok=True)
        for name, text in {"submit": SUBMIT, "poll": POLL, "cancel": CANCEL, **texts}.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        return folder

    def faults(self, patience=20, **texts):
        folder, shared = self.scripts(**texts), self.server.home / "shared"
        shared.mkdir(exist_ok=True)
        ran = self.server.run(
            "farm", "check", folder, "--folder", shared, "--patience", patience, "--poll", "0.2", "--json",
            code=None, server=False, timeout=200, environment={"HOME": str(self.server.home)},
        )  # fmt: skip
        return {check["name"]: check["words"] for check in ran.json["checks"] if not check["ok"]}

    def test_good_ones_are_fine(self):
        self.assertEqual(self.faults(), {})

    def test_a_cancel_that_does_nothing_is_found(self):
        faults = self.faults(patience=5, cancel="#!/bin/sh\nexit 0\n")
        self.assertEqual({name.split(",")[0] for name in faults},
                         {"a task that runs is cancelled", "a task that ignores SIGTERM is cancelled"})  # fmt: skip

    def test_a_poll_that_says_too_early_that_a_job_is_over_is_found(self):
        faults = self.faults(cancel="#!/bin/sh\nfor id; do echo 143 > $HOME/jobs/$id; done\n")
        self.assertIn("still runs", str(faults))

    def test_a_submit_without_an_id_is_found(self):
        faults = self.faults(submit="#!/bin/sh\n")
        self.assertIn("printed no id", str(faults))

    def test_a_submit_that_says_why_is_quoted(self):
        faults = self.faults(submit="#!/bin/sh\necho 'no such show' >&2; exit 3\n")
        self.assertIn("exit code 3: no such show", str(faults))

    def test_a_poll_that_speaks_otherwise_is_found(self):
        faults = self.faults(poll='#!/bin/sh\nfor id; do echo "$id DONE"; done\n')
        self.assertTrue(faults)

    def test_scripts_that_are_not_there_are_refused_at_once(self):
        folder = self.scripts()
        (folder / "poll").unlink()
        error = self.server.refused("farm", "check", folder, "--folder", self.server.home)
        self.assertError(error, "farm.scripts", "poll")
        ran = self.server.run("serve", "--data", self.server.home / "d", "--farm", "command", "--farm-scripts", folder, code=2)
        self.assertIn("farm.scripts", ran.errors)
        for options in (["--farm", "command"], ["--farm-scripts", str(folder)], ["--farm", "other"]):
            self.server.run("serve", "--data", self.server.home / "d", *options, code=2)


if __name__ == "__main__":
    unittest.main()
