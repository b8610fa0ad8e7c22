"""Tasks are processes: they end when they should, all of them, and what they leave behind is told."""

import json
import os
import signal
import threading
import time
import unittest
from pathlib import Path

from sluice_server import ServerTestCase, is_alive, processes_with, threads, wait_until

# One step, whose command is a script that a test writes.
PIPELINE = """\
sluice: 1
project: demo
folders:
  - { path: a, type: shot }
  - { path: b, type: shot }
steps:
  work:
    for: [FOR]
    inputs:
      source: { product: source }
    outputs:
      result: { product: result, files: "result.txt" }
    [TIMEOUT]
    command: [sh, "[SCRIPT]", "{source}", "{result}", "{folder}"]
  after:
    for: [FOR]
    inputs:
      result: { product: result }
    outputs:
      end: { product: end, files: "end.txt" }
    command: [cp, "{result}", "{end}"]
"""


class ProcessTestCase(ServerTestCase):
    def setUp(self):
        super().setUp()
        # In each process's arguments or environment, so that it is found whatever became of its parent.
        self.marker = f"marker-{os.getpid()}-{id(self)}"
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in self.left():
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                pass

    def left(self):
        """What still runs of what a test's script started."""
        return processes_with(self.marker)

    def script(self, text, timeout="", folders="{ type: shot }", publish=("a", "b")):
        """Writes the script, applies the pipeline that runs it, and publishes the sources."""
        file = self.server.file(f"script-{self.marker}.sh", text.replace("MARKER", self.marker).replace("HOME", str(self.server.home)))
        self.server.pipeline(
            PIPELINE.replace("[SCRIPT]", str(file)).replace("[TIMEOUT]", timeout and f"timeout: {timeout}").replace("[FOR]", folders)
        )
        for folder in publish:
            self.server.ask("publish", f"demo/{folder}/source", self.server.file("source.txt", f"{folder} {self.marker}\n"))
        return file

    def seen(self, name):
        """The file that a script wrote beside the data, or None."""
        path = self.server.home / name
        return path.read_text() if path.exists() and path.read_text().endswith("\n") else None

    def run_of(self, plan, step="work", folder="a"):
        shown = self.server.get(f"/api/v1/plans/{plan}").json
        return next(run for run in shown["progress"]["runs"] if (run["step"], run["folder"]) == (step, folder))

    def failure_of(self, ref):
        return self.server.ask("status", ref)["products"][0]["failure"]


class Cancelling(ProcessTestCase):
    # A child, a grandchild in the background, and one more below, all of which outlive a shell that is only ended.
    FAMILY = """\
[ -e HOME/quick ] && { cp "$1" "$2"; exit 0; }
sh -c 'sleep 301 & echo $! > HOME/deep; : MARKER; wait' &
echo $! > HOME/child
sleep 302 &
echo $! > HOME/grandchild
echo $$ > HOME/leader
wait
"""

    STUBBORN = "trap '' TERM INT HUP\n" + FAMILY.replace("sh -c '", "sh -c 'trap \"\" TERM INT HUP; ")

    def family(self):
        names = ("leader", "child", "grandchild", "deep")
        wait_until(lambda: all(self.seen(name) for name in names), "the family is up")
        return [int(self.seen(name)) for name in names]

    def gone(self, family, seconds):
        began = time.monotonic()
        wait_until(lambda: not [process for process in family if is_alive(process)], f"{family} ended", seconds)
        return time.monotonic() - began

    def test_cancel_ends_the_whole_group_and_retry_takes_it_up(self):
        self.script(self.FAMILY, publish="a")
        plan = self.server.ask("apply", "demo", "--select", "a+ demo/a")["id"]
        family = self.family()
        self.assertTrue(all(is_alive(process) for process in family))
        self.assertEqual(len({os.getsid(process) for process in family}), 1, "a task has a session of its own")
        self.assertNotEqual(os.getsid(family[0]), os.getsid(self.server.process.pid))
        run = self.run_of(plan)
        cancelled = self.server.ask("cancel", run["id"])
        self.assertGreaterEqual(cancelled["cancelled"], 1)
        self.gone(family, 10)
        ended = self.server.wait_for_plan(plan)
        self.assertEqual(ended["state"]["status"], "cancelled")
        statuses = {(r["step"], r["folder"]): r["status"] for r in ended["progress"]["runs"]}
        self.assertEqual(statuses, {("work", "a"): "cancelled", ("after", "a"): "cancelled"})
        finished = self.server.events("sluice.run.finished.v1")
        self.assertEqual({event["data"]["outcome"] for event in finished}, {"cancelled"})
        self.assertEqual(len(finished), 2, "each run ends once")
        self.assertFalse([version for version in self.server.stored_versions() if "/result@" in version])
        self.assertNotIn("running", self.server.states().values())
        (self.server.home / "quick").touch()
        retried = self.server.ask("retry", run["id"])
        self.assertGreaterEqual(retried["runs"], 1)
        self.server.wait_for_plan(plan)
        self.assertEqual(self.server.states()["demo/a/result"], "current")

    def test_a_task_that_runs_is_said_to_run(self):
        self.script("echo $$ > HOME/leader; exec sleep 300", publish="a")
        plan = self.server.ask("apply", "demo", "--select", "demo/a")["id"]
        wait_until(lambda: self.seen("leader"), "it is up")
        wait_until(lambda: self.run_of(plan)["status"] == "running", "the run's status is running", 3)
        wait_until(lambda: self.server.states()["demo/a/result"] == "running", "the product's state is running", 3)
        self.assertEqual(self.server.states()["demo/a/end"], "queued")

    def test_cancel_of_a_plan_ends_those_that_ignore_the_first_signal(self):
        self.script(self.STUBBORN, publish="a")
        plan = self.server.ask("apply", "demo", "--select", "demo/a")["id"]
        family = self.family()
        self.server.ask("cancel", plan)
        self.gone(family, 15)
        self.assertEqual(self.server.wait_for_plan(plan)["state"]["status"], "cancelled")

    def test_cancel_of_one_run_leaves_the_others_alone(self):
        self.script('[ "$3" = a ] && { echo $$ > HOME/leader; exec sleep 303; }; sleep 1; cp "$1" "$2"')
        plan = self.server.ask("apply", "demo")["id"]
        wait_until(lambda: self.seen("leader"), "a is up")
        self.server.ask("cancel", self.run_of(plan)["id"])
        ended = self.server.wait_for_plan(plan)
        statuses = {(r["step"], r["folder"]): r["status"] for r in ended["progress"]["runs"]}
        self.assertEqual(statuses, {("work", "a"): "cancelled", ("after", "a"): "cancelled",
                                    ("work", "b"): "succeeded", ("after", "b"): "succeeded"})  # fmt: skip
        self.assertEqual(self.server.states()["demo/b/end"], "current")

    def test_what_waits_is_cancelled_at_once_and_cancel_twice_does_no_harm(self):
        self.script("echo $$ > HOME/leader; exec sleep 304", publish="a")
        plan = self.server.ask("apply", "demo", "--select", "demo/a")["id"]
        wait_until(lambda: self.seen("leader"), "it is up")
        codes = threads(4, lambda _: self.server.post("/api/v1/cancel", {"id": plan}).status)
        self.assertEqual(set(codes), {200})
        self.server.wait_for_plan(plan)
        self.assertEqual(len(self.server.events("sluice.plan.finished.v1")), 1)
        self.assertEqual(len(self.server.events("sluice.run.finished.v1")), 2)

    def test_a_task_that_leaves_something_behind_ends_with_all_of_it(self):
        """The command is done, but what it started in the background would write on."""
        self.script('sleep 305 &\necho $! > HOME/child\ncp "$1" "$2"', publish="a")
        self.assertEqual(self.server.apply("--select", "demo/a")["succeeded"], 2)
        self.gone([int(self.seen("child"))], 5)


class Stopping(ProcessTestCase):
    def test_ctrl_c_ends_the_tasks_and_a_restart_goes_on(self):
        self.script("""\
echo "$3" >> HOME/started
[ "$3" = b ] && { cp "$1" "$2"; exit 0; }
[ -e HOME/quick ] && { cp "$1" "$2"; exit 0; }
sleep 306 &
echo $! > HOME/grandchild
echo $$ > HOME/leader
wait
""")
        plan = self.server.ask("apply", "demo")["id"]
        wait_until(lambda: self.seen("leader"), "a is up")
        wait_until(lambda: self.server.states()["demo/b/end"] == "current", "b is done")
        family = [int(self.seen("leader")), int(self.seen("grandchild"))]
        began = time.monotonic()
        code = self.server.stop(signal.SIGINT)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(code, 0, self.server.log()[-1500:])
        self.assertEqual([process for process in family if is_alive(process)], [])
        (self.server.home / "quick").touch()
        self.server.start()
        ended = self.server.wait_for_plan(plan)
        self.assertEqual(ended["state"]["status"], "succeeded")
        self.assertEqual(sorted((self.server.home / "started").read_text().split()), ["a", "a", "b"])
        self.assertEqual({self.server.states()[f"demo/{f}/end"] for f in "ab"}, {"current"})
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        self.assertEqual(len(self.server.events("sluice.plan.finished.v1")), 1)

    def test_ctrl_c_with_a_page_and_a_follower_connected_still_ends(self):
        """Open streams must not keep the server."""
        self.script('cp "$1" "$2"')
        follower = self.server.popen("events", "--follow", stdout=-3, stderr=-3)
        self.addCleanup(follower.wait, 10)
        self.addCleanup(follower.kill)
        watcher = threading.Thread(target=self.listen, daemon=True)
        watcher.start()
        time.sleep(0.5)
        began = time.monotonic()
        self.assertEqual(self.server.stop(signal.SIGINT), 0, self.server.log()[-1500:])
        self.assertLess(time.monotonic() - began, 10)

    def listen(self):
        try:
            self.server.get("/api/v1/stream", timeout=60)
        except Exception:
            pass  # It ends with the server.

    def test_what_a_killed_server_left_running_is_ended_by_the_next(self):
        self.script("[ -e HOME/quick ] && { cp \"$1\" \"$2\"; exit 0; }\nsleep 307 &\necho $! > HOME/grandchild\necho $$ > HOME/leader\nwait\n", publish="a")
        plan = self.server.ask("apply", "demo", "--select", "demo/a")["id"]
        wait_until(lambda: self.seen("leader"), "it is up")
        family = [int(self.seen("leader")), int(self.seen("grandchild"))]
        self.server.kill()
        self.assertTrue(all(is_alive(process) for process in family), "kill -9 leaves them")
        (self.server.home / "quick").touch()
        self.server.start()
        wait_until(lambda: not [process for process in family if is_alive(process)], "orphans are ended", 10)
        self.assertEqual(self.server.wait_for_plan(plan)["state"]["status"], "succeeded")


class Ends(ProcessTestCase):
    def test_a_hung_task_is_ended_when_its_time_is_over(self):
        self.script("sleep 308 &\necho $! > HOME/grandchild\necho waiting\nwait\n", timeout="2s", publish="a")
        began = time.monotonic()
        applied = self.server.apply("--select", "demo/a", code=1)
        self.assertGreaterEqual(time.monotonic() - began, 2)
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual((applied["failed"], applied["succeeded"]), (1, 0))
        failure = self.failure_of("demo/a/result")
        self.assertError(failure, "task.timedOut", "2 s", "timeout")
        self.assertFalse(is_alive(int(self.seen("grandchild"))))
        task = self.run_of(applied["id"])["failedTasks"][0]
        self.assertEqual(self.server.run("task", "log", task).output, "waiting\n")

    def test_20_megabytes_of_output(self):
        size = 20 * 1000 * 1000
        self.script(f'head -c {size} /dev/zero | tr "\\\\0" x\necho\necho the end >&2\ncp "$1" "$2"', publish="a")
        before = self.server.memory_bytes()
        applied = self.server.apply("--select", "demo/a")
        self.assertEqual(applied["succeeded"], 2)
        task = f"{self.run_of(applied['id'])['id']}.1"
        log = self.server.run("task", "log", task).output
        self.assertEqual(len(log), size + len("\nthe end\n"))
        self.assertTrue(log.endswith("x\nthe end\n"))
        self.assertLess(self.server.memory_bytes() - before, 100 * 1000 * 1000, "the log goes to its file, not through memory")
        for event in self.server.events("sluice.task.finished.v1"):
            self.assertLess(len(json.dumps(event)), 10_000, "an event points to its log")
            self.assertTrue((Path(self.server.data) / event["data"]["log"]).exists())
        page = self.server.get(f"/api/v1/tasks/{task}/log")
        self.assertEqual(int(page.headers["x-sluice-log-size"]), len(log))
        self.assertGreater(len(page.body), 0)

    def test_a_failure_then_a_retry(self):
        self.script('[ -e HOME/mended ] || { echo broken >&2; exit 3; }\ncp "$1" "$2"')
        applied = self.server.apply(code=1)
        self.assertEqual((applied["failed"], applied["succeeded"]), (2, 0))
        self.assertError(self.failure_of("demo/a/result"), "task.failed", "3")
        self.assertError(self.server.refused("retry", "r-000000000000"), "run.unknown")
        run = self.run_of(applied["id"])
        (self.server.home / "mended").touch()
        self.server.ask("retry", run["id"])
        self.server.wait_for_plan(applied["id"])
        states = self.server.states()
        self.assertEqual((states["demo/a/result"], states["demo/b/result"]), ("current", "failed"))
        # The log of the newest attempt is shown; the earlier one is kept.
        self.assertEqual(self.server.run("task", "log", f"{run['id']}.1").output, "")
        attempts = [e["data"]["attempt"] for e in self.server.events("sluice.task.finished.v1") if e["data"]["task"] == f"{run['id']}.1"]
        self.assertEqual(attempts, [1, 2])
        self.assertEqual(self.server.ask("retry", applied["id"])["runs"] >= 1, True)
        self.server.wait_for_plan(applied["id"])
        self.assertNotIn("failed", self.server.states().values())
        self.assertError(self.server.refused("retry", applied["id"], code=None), "run.active")
        self.server.apply()
        self.assertEqual(set(self.server.states().values()), {"current"})

    def test_retry_of_one_run_takes_up_what_waited_for_it(self):
        self.script('[ -e HOME/mended ] || exit 3\ncp "$1" "$2"', publish="a")
        applied = self.server.apply("--select", "demo/a", code=1)
        self.assertEqual(self.run_of(applied["id"], "after")["status"], "cancelled")
        (self.server.home / "mended").touch()
        self.server.ask("retry", self.run_of(applied["id"])["id"])
        self.server.wait_for_plan(applied["id"])
        self.assertEqual(self.server.states()["demo/a/end"], "current", "what waited for the run goes on with it")

    def test_a_program_that_is_not_installed(self):
        self.script("unused", publish="a")
        self.server.pipeline(PIPELINE.replace('sh, "[SCRIPT]"', "no-such-program").replace("[TIMEOUT]", "").replace("[FOR]", "{ type: shot }"))
        applied = self.server.apply("--select", "demo/a", code=1)
        self.assertEqual(applied["failed"], 1)
        self.assertError(self.failure_of("demo/a/result"), "task.commandNotFound", "no-such-program", "PATH")

    def test_a_task_that_is_ended_from_outside(self):
        self.script("kill -9 $$", publish="a")
        self.assertEqual(self.server.apply("--select", "demo/a", code=1)["failed"], 1)
        self.assertError(self.failure_of("demo/a/result"), "task.failed", "signal 9")

    def test_a_task_that_reads_gets_an_end_and_no_terminal(self):
        self.script('cat > HOME/read; cp "$1" "$2"; (: < /dev/tty) 2>/dev/null && exit 9; exit 0', timeout="5s", publish="a")
        self.assertEqual(self.server.apply("--select", "demo/a")["failed"], 0)


class Together(ProcessTestCase):
    # Says when it began and ended, keeps a file that another task on the same bench would spoil.
    CAREFUL = """\
echo "begin $3" >> HOME/order
sleep 0.6
cp "$1" "$2"
sleep 0.4
cmp "$1" "$2" || exit 5
echo "end $3" >> HOME/order
"""

    def change(self, text):
        self.server.ask("publish", "demo/a/source", self.server.file("source.txt", f"{text} {self.marker}\n"))

    def test_two_plans_at_once_on_one_step_and_folder_do_not_disturb_each_other(self):
        self.script(self.CAREFUL, publish="a")
        self.server.apply("--select", "demo/a")
        (self.server.home / "order").unlink()
        self.change("second")
        first = self.server.ask("apply", "demo", "--select", "demo/a")
        wait_until(lambda: (self.server.home / "order").exists(), "the first is up")
        self.change("another")
        second = self.server.ask("apply", "demo", "--select", "demo/a")
        self.assertNotEqual(first["id"], second["id"])
        ends = [self.server.wait_for_plan(plan["id"])["state"] for plan in (first, second)]
        self.assertEqual([end["status"] for end in ends], ["succeeded", "succeeded"], ends)
        order = (self.server.home / "order").read_text().splitlines()
        self.assertEqual(order, ["begin a", "end a"] * (len(order) // 2), "one at a time")
        self.assertEqual({self.server.states()[f"demo/a/{name}"] for name in ("result", "end")}, {"current"})
        self.server.ask("fetch", "demo/a/end", "--to", self.server.home / "out")
        self.assertEqual((self.server.home / "out/end.txt").read_text(), f"another {self.marker}\n")
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        # What the first made says what it was made from: its bytes are those of the source it names.
        for version in self.server.versions("demo/a/result"):
            made = self.server.ask("show", f"demo/a/result@{version}")["selected"]
            source = self.server.ask("show", f"demo/a/source@{made['madeFrom'][0]['version']}")["selected"]
            self.assertEqual(made["files"][0]["sha256"], source["files"][0]["sha256"])

    def test_what_is_published_while_it_is_made_is_never_taken_for_made(self):
        """The first time, when there is no version to tell two plans apart by."""
        self.script(self.CAREFUL, publish="a")
        plans = {self.server.ask("apply", "demo", "--select", "demo/a")["id"]}
        wait_until(lambda: (self.server.home / "order").exists(), "the first is up")
        self.change("another")
        plans.add(self.server.ask("apply", "demo", "--select", "demo/a")["id"])
        for plan in plans:
            self.server.wait_for_plan(plan)
        made = self.server.ask("show", "demo/a/result")["selected"]
        newest = self.server.ask("show", "demo/a/source")["selected"]
        used = self.server.ask("show", f"demo/a/source@{made['madeFrom'][0]['version']}")["selected"]
        self.assertEqual(made["files"][0]["sha256"], used["files"][0]["sha256"])
        state = "current" if used["version"] == newest["version"] else "stale"
        self.assertEqual(self.server.states()["demo/a/result"], state)
        self.server.apply("--select", "demo/a")
        self.assertEqual(self.server.states()["demo/a/result"], "current")

    def test_overlapping_selections_at_once(self):
        self.script(self.CAREFUL)
        selections = ["demo/a", "demo", "demo/b", "step:work"]
        plans = threads(4, lambda index: self.server.ask("apply", "demo", "--select", selections[index])["id"])
        for plan in plans:
            ended = self.server.wait_for_plan(plan)
            self.assertEqual(ended["state"]["status"], "succeeded", ended["progress"])
        for folder in "ab":
            order = [line for line in (self.server.home / "order").read_text().splitlines() if line.endswith(folder)]
            self.assertEqual(order, [f"begin {folder}", f"end {folder}"] * (len(order) // 2))
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())

    def test_cancelling_one_plan_lets_the_other_go_on(self):
        self.script('grep -q slow "$1" && { echo $$ > HOME/leader; exec sleep 309; }\ncp "$1" "$2"', publish="a")
        self.server.apply("--select", "demo/a")
        self.change("slow")
        first = self.server.ask("apply", "demo", "--select", "demo/a")
        wait_until(lambda: self.seen("leader"), "the first is up")
        self.change("another")
        second = self.server.ask("apply", "demo", "--select", "demo/a")
        self.assertNotEqual(first["id"], second["id"])
        self.server.ask("cancel", first["id"])
        self.assertEqual(self.server.wait_for_plan(first["id"])["state"]["status"], "cancelled")
        self.assertEqual(self.server.wait_for_plan(second["id"])["state"]["status"], "succeeded")
        self.assertEqual({self.server.states()[f"demo/a/{name}"] for name in ("result", "end")}, {"current"})

    def test_the_same_plan_twice_at_once_runs_once(self):
        self.script(self.CAREFUL, publish="a")
        plan = self.server.ask("plan", "demo", "--select", "demo/a")["id"]
        answers = threads(4, lambda _: self.server.ask("apply", "demo", "--plan", plan)["id"])
        self.assertEqual(set(answers), {plan})
        self.assertEqual(self.server.wait_for_plan(plan)["state"]["status"], "succeeded")
        self.assertEqual((self.server.home / "order").read_text().splitlines(), ["begin a", "end a"])
        self.assertEqual(len(self.server.versions("demo/a/result")), 1)


if __name__ == "__main__":
    unittest.main()
