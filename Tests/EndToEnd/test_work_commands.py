"""Runs and tasks on the command line: list, show, log, retry, cancel, watched and followed."""

import json
import subprocess
import threading
import time
import unittest

from sluice_server import ServerTestCase, wait_until

STEPS = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot, range: 1001-1003 }]
steps:
  frames:
    for: { type: shot }
    inputs: { source: { product: source } }
    outputs: { out: { product: out, files: "out.####.txt" } }
    frames: range
    tests: off
    command: [sh, "SCRIPT", "{source}", "{out}", "{frame}"]
"""


class Work(ServerTestCase):
    workers = 2

    def show(self, script):
        """A plan of three tasks that run a script; its id."""
        file = self.server.file("work.sh", script)
        self.server.pipeline(STEPS.replace("SCRIPT", str(file)))
        self.server.ask("publish", "demo/a/source", self.server.file("s.txt", "s\n"))
        return self.server.ask("apply", "demo")["id"]

    def job(self, script, tasks=1):
        template = {
            "specificationVersion": "jobtemplate-2023-09",
            "name": "Job",
            "steps": [
                {
                    "name": "Only",
                    "parameterSpace": {"taskParameterDefinitions": [{"name": "N", "type": "INT", "range": f"1-{tasks}"}]},
                    "script": {"actions": {"onRun": {"command": "sh", "args": ["-c", script, "sh", "{{Task.Param.N}}"]}}},
                }
            ],
        }
        return self.server.ask("job", "submit", self.server.file("job.json", json.dumps(template)))

    def tasks(self, *about):
        return {task["task"]: task["status"] for task in self.server.ask("task", "list", *about)["tasks"]}

    def run_of(self, plan):
        return wait_until(lambda: self.server.ask("run", "list", plan)["runs"], "the plan has runs")[0]["run"]

    def test_tasks_and_runs_are_listed_while_they_go_and_when_they_are_over(self):
        gate = self.server.home / "gate"
        plan = self.show(f'while [ ! -e {gate} ]; do sleep 0.05; done; echo made $3; cp "$1" "$2"')
        run = self.run_of(plan)
        names = [f"{run}.{frame}" for frame in (1001, 1002, 1003)]
        wait_until(lambda: sorted(self.tasks(run).values()) == ["running", "running", "waiting"], "two run, one waits")
        going = self.tasks(run)
        self.assertEqual(list(going), names)
        first = next(task for task in names if going[task] == "running")
        waiting = next(task for task in names if going[task] == "waiting")
        self.assertEqual(self.tasks(), going)
        self.assertEqual(self.tasks("demo", "--status", "waiting"), {waiting: "waiting"})
        shown = self.server.ask("task", "show", first)
        self.assertEqual((shown["agent"], shown["frames"], shown["step"]), ("server", first[-4:], "frames"))
        self.assertTrue(self.server.ask("task", "show", waiting)["why"])
        self.assertEqual(self.server.ask("run", "list")["runs"][0]["status"], "running")
        watched = self.server.popen("run", "show", run, "--watch", "--json", stdout=subprocess.PIPE)
        time.sleep(1)
        gate.touch()
        lines = [json.loads(line) for line in watched.communicate(timeout=30)[0].splitlines()]
        self.assertEqual((watched.returncode, lines[-1]["run"]["status"]), (0, "succeeded"))
        self.assertGreater(len(lines), 1)
        self.assertEqual(self.tasks(run), dict.fromkeys(names, "succeeded"))
        listed = self.server.ask("run", "list", "demo")["runs"]
        self.assertEqual([(one["run"], one["status"], one["tasksDone"]) for one in listed], [(run, "succeeded", 3)])
        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.ask("run", "show", run)["run"]["status"], "succeeded")
        ended = self.server.ask("task", "list", run)["tasks"]
        self.assertEqual([(task["status"], task["frames"], task["agent"]) for task in ended], [("succeeded", name[-4:], "server") for name in names])
        self.assertIn("It has succeeded on server", self.server.run("queue", "why", names[0]).output)
        words = self.server.run("run", "show", run).output.splitlines()
        self.assertRegex(words[1], r"^  TASK +STATUS +FRAMES +AGENT +TIME")
        self.assertEqual([line for line in words if line != line.rstrip()], [])
        for frame in (1001, 1002, 1003):
            self.assertIn(f"made {frame}\n", self.server.run("run", "log", run).output)

    def test_a_log_is_followed_to_its_end(self):
        gate = self.server.home / "gate"
        job = self.job(f"echo first; while [ ! -e {gate} ]; do sleep 0.05; done; printf last")
        task = f"{job['steps'][0]['run']}.1"
        following = self.server.popen("job", "log", task, "--follow", stdout=subprocess.PIPE)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(following.stdout), daemon=True)
        reader.start()
        wait_until(lambda: b"first\n" in lines, "the first line comes while the task runs")
        gate.touch()
        self.assertEqual(following.wait(30), 0)
        reader.join(10)
        following.stdout.close()
        self.assertIn(b"last", b"".join(lines))
        self.assertEqual(b"".join(lines), self.server.run("task", "log", task).output.encode())

    def test_lists_are_shown_again_as_they_change(self):
        gate = self.server.home / "gate"
        watches = {}
        for noun in ("job", "run", "task"):
            with open(self.server.home / f"{noun}.jsonl", "wb") as file:
                watches[noun] = self.server.popen(noun, "list", "--watch", "--json", stdout=file)

        def seen(noun, word):
            lines = (self.server.home / f"{noun}.jsonl").read_text().splitlines()
            return word in (lines[-1] if lines else "")

        wait_until(lambda: all(seen(noun, "[]") for noun in watches), "each shows that nothing is there")
        self.job(f"while [ ! -e {gate} ]; do sleep 0.05; done")
        wait_until(lambda: all(seen(noun, '"running"') for noun in watches), "each shows what runs")
        gate.touch()
        wait_until(lambda: seen("job", '"succeeded"') and seen("run", '"succeeded"') and seen("task", "[]"), "and its end")
        for watch in watches.values():
            self.assertIsNone(watch.poll())
            watch.kill()
            watch.wait(10)

    def test_the_log_of_a_job_is_that_of_its_tasks_each_line_with_its_task_when_followed(self):
        job = self.job("echo line of $1", 2)
        run = job["steps"][0]["run"]
        followed = self.server.run("job", "log", job["id"], "--follow").output
        for number in (1, 2):
            self.assertIn(f"{run}.{number}: line of {number}\n", followed)
        text = self.server.run("job", "log", job["id"]).output
        self.assertIn(f"== {run}.1 Only succeeded\n", text)
        self.assertLess(text.index("line of 1"), text.index("line of 2"))

    def test_a_cancelled_task_ends_its_run_and_leaves_what_is_done_for_a_retry(self):
        home = self.server.home
        plan = self.show(
            f'echo $3 >> {home}/began; [ $3 = 1001 ] || while [ ! -e {home}/gate ]; do sleep 0.05; done; cp "$1" "$2"'
        )
        run = self.run_of(plan)
        wait_until(lambda: self.tasks(run).get(f"{run}.1001") == "succeeded", "one is done")
        wait_until(lambda: self.tasks(run).get(f"{run}.1003") == "running", "the last one runs")
        said = self.server.run("task", "cancel", f"{run}.1003")
        self.assertIn("ends, and its run with it", said.output)
        (home / "gate").touch()
        wait_until(lambda: self.server.ask("run", "show", run)["run"]["status"] == "cancelled", "the run is cancelled")
        shown = self.server.ask("run", "show", run)
        self.assertIn(f"{run}.1003", shown["run"]["failure"]["what"])
        self.assertEqual(self.tasks(run)[f"{run}.1003"], "cancelled")
        self.assertEqual(shown["run"]["tasksDone"], 2)
        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.ask("run", "show", run), shown)
        self.assertEqual(self.server.ask("cancel", f"{run}.1003"), {"cancelled": 0})
        self.assertEqual(self.server.ask("task", "retry", f"{run}.1003"), {"runs": 1})
        wait_until(lambda: self.server.ask("run", "show", run)["run"]["status"] == "succeeded", "the retry is through")
        began = (home / "began").read_text().split()
        self.assertEqual((began.count("1001"), began.count("1003")), (1, 2))

    def test_a_task_that_hangs_is_started_again_and_its_run_goes_on(self):
        home = self.server.home
        plan = self.show(
            f'echo $3 >> {home}/began; [ $3 != 1002 ] || [ -e {home}/once ] || {{ touch {home}/once; sleep 600; }}; cp "$1" "$2"'
        )
        run = self.run_of(plan)
        wait_until((home / "once").exists, "the second one hangs")
        wait_until(lambda: self.tasks(run).get(f"{run}.1003") == "succeeded", "the others are done")
        self.assertEqual(self.server.ask("retry", f"{run}.1002"), {"runs": 0})
        wait_until(lambda: self.server.ask("run", "show", run)["run"]["status"] == "succeeded", "the run is through")
        self.assertEqual((home / "began").read_text().split().count("1002"), 2)

    def test_what_cannot_be_is_refused(self):
        plan = self.show('cp "$1" "$2"')
        run = self.run_of(plan)
        wait_until(lambda: self.server.ask("run", "show", run)["run"]["status"] == "succeeded", "the run is through")
        self.assertError(self.server.refused("task", "retry", f"{run}.1001", code=1), "run.active")
        for command in (["task", "show", f"{run}.77"], ["task", "cancel", "r-000000000000.1"], ["retry", "r-0.1"]):
            self.assertError(self.server.refused(*command), "task.unknown")
        for command in (["run", "show", "r-000000000000"], ["run", "log", "r-000000000000"], ["run", "cancel", "r-0"]):
            self.assertError(self.server.refused(*command), "run.unknown")
        self.assertError(self.server.refused("run", "list", "--status", "finished"), "usage")
        self.assertError(self.server.refused("job", "show", "p-000000000000"), "plan.unknown", "there is no job", "sluice job list")
        self.assertError(self.server.refused("task", "log", "nope"), "run.unknown", "sluice run list")
        self.assertError(self.server.refused("job", "retry", "p-000000000000"), "run.unknown")


if __name__ == "__main__":
    unittest.main()
