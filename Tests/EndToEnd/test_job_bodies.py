"""Steps whose work is an Open Job Description template: what is made, how often an application loads, how it ends."""

import time
import unittest

from sluice_server import ServerTestCase, processes_with, wait_until

STEP = """\
sluice: 1
project: demo
folders: [{ path: sh010, type: shot }]
steps:
  copy:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
      note: { product: note }
    outputs:
      copied: { product: copied, files: "copy.####.txt" }
    body: BODY
"""

TEMPLATE = """\
specificationVersion: jobtemplate-2023-09
extensions: [TASK_CHUNKING]
name: Copy
parameterDefinitions:
  - { name: Frames, type: STRING }
  - { name: plate, type: PATH }
  - { name: note, type: PATH }
  - { name: copied, type: PATH }
  - { name: Count, type: PATH, default: "" }
steps:
  - name: Copy
    parameterSpace:
      taskParameterDefinitions:
        - { name: Frame, type: INT, range: "{{Param.Frames}}" }
    stepEnvironments:
      - name: App
        variables: { GREETING: hello }
        script:
          actions:
            onEnter: { command: bash, args: ["{{Env.File.Enter}}"] }
            onExit: { command: bash, args: ["-c", "echo left >> {{Param.Count}}"] }
          embeddedFiles:
            - { name: Enter, type: TEXT, data: "echo entered >> {{Param.Count}}\\necho 'openjd_env: APP=loaded'\\n" }
    script:
      actions:
        onRun: { command: bash, args: ["{{Task.File.Run}}", "{{Task.Param.Frame}}"] }
      embeddedFiles:
        - name: Run
          type: TEXT
          data: |
            echo "task $1" >> "{{Param.Count}}"
            for frame in $(seq ${1%-*} ${1#*-}); do
              name=$(printf %04d $frame)
              in="{{Param.plate}}"
              cat "${in/'####'/$name}" "{{Param.note}}" > "{{Param.copied}}/copy.$name.txt"
              echo "$GREETING $APP" >> "{{Param.copied}}/copy.$name.txt"
            done
"""


def indented(text, by):
    return "\n" + "".join(" " * by + line + "\n" for line in text.splitlines())


class Bodies(ServerTestCase):
    workers = 1

    def setUp(self):
        super().setUp()
        self.count = self.server.home / "count.txt"

    def lines(self):
        return self.count.read_text().split("\n")[:-1] if self.count.exists() else []

    def body(self, template=TEMPLATE):
        """A step with the template in it, and the file that it counts in."""
        inner = f"template:{indented(template, 8)}      parameters: {{ Count: {self.count} }}\n"
        return STEP.replace("body: BODY\n", f"body:\n      {inner}")

    def publish(self, frames=(1, 6), text="plate {}\n"):
        self.server.ask("publish", "demo/sh010/plate", *self.server.frames(*frames, text=text))
        self.server.ask("publish", "demo/sh010/note", self.server.file("note.txt", "note\n"))

    def content(self, frame):
        target = self.server.home / f"fetched{time.monotonic_ns()}"
        self.server.ask("fetch", "demo/sh010/copied", "--to", target)
        return next(target.rglob(f"copy.{frame:04}.txt")).read_text()

    def change(self, frame):
        file = self.server.file(f"fixed/plate.{frame:04}.txt", "fixed\n")
        self.server.ask("publish", "demo/sh010/plate", file, "--patch")

    def test_a_body_makes_all_frames_then_just_the_stale_ones(self):
        self.server.pipeline(self.body())
        self.publish()
        plan = self.server.apply()
        self.assertEqual([(run["frames"], run["tasks"]) for run in plan["runs"]], [("1-6", 6)])
        self.assertEqual(self.content(3), "plate 3\nnote\nhello loaded\n")
        self.count.unlink()
        self.change(3)
        plan = self.server.apply()
        self.assertEqual([(run["frames"], run["tasks"]) for run in plan["runs"]], [("3", 1)])
        self.assertEqual(self.content(3), "fixed\nnote\nhello loaded\n")
        self.assertEqual([line for line in self.lines() if line.startswith("task")], ["task 3"])
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])

    def test_an_application_loads_once_for_many_tasks(self):
        self.server.pipeline(self.body())
        self.publish()
        self.server.apply()
        lines = self.lines()
        self.assertEqual([lines[0], lines[-1]], ["entered", "left"])
        self.assertEqual(sorted(lines[1:-1]), [f"task {frame}" for frame in range(1, 7)])

    def test_chunks_of_the_template_are_tasks_of_the_run(self):
        chunks = 'type: "CHUNK[INT]", chunks: { defaultTaskCount: 3, rangeConstraint: CONTIGUOUS }'
        self.server.pipeline(self.body(TEMPLATE.replace("type: INT", chunks)))
        self.publish()
        self.assertEqual(self.server.apply()["runs"][0]["tasks"], 2)
        self.assertEqual(sorted(line for line in self.lines() if line.startswith("task")), ["task 1-3", "task 4-6"])
        self.count.unlink()
        self.change(2)
        self.server.apply()
        self.assertEqual([line for line in self.lines() if line.startswith("task")], ["task 2-2"])

    def test_chunks_grow_to_what_they_should_take(self):
        """No measure of time: a minute is far more than six of these frames take."""
        chunks = 'type: "CHUNK[INT]", chunks: { defaultTaskCount: 1, rangeConstraint: CONTIGUOUS, targetRuntimeSeconds: 60 }'
        self.server.pipeline(self.body(TEMPLATE.replace("type: INT", chunks)))
        self.publish(frames=(1, 12))
        self.server.apply()
        self.assertEqual(sorted(line for line in self.lines() if line.startswith("task")),
                         sorted(f"task {frame}-{frame}" for frame in range(1, 13)))  # fmt: skip
        self.count.unlink()
        self.publish(frames=(1, 12), text="another plate {}\n")
        plan = self.server.apply()
        self.assertEqual([line for line in self.lines() if line.startswith("task")], ["task 1-12"])
        self.assertEqual(self.progress(plan)["tasksTotal"], 1)
        self.assertEqual(self.content(12), "another plate 12\nnote\nhello loaded\n")

    def test_expressions_say_what_a_body_runs(self):
        template = (
            TEMPLATE.replace("[TASK_CHUNKING]", "[EXPR]")
            .replace("{ name: Frames, type: STRING }", "{ name: Frames, type: RANGE_EXPR }")
            .replace("    parameterSpace:", "    let: [\"last = max(list(Param.Frames))\"]\n    parameterSpace:")
            .replace("hello }", "\"{{'hello ' + string(last)}}\" }")
            .replace("name=$(printf %04d $frame)", "name={{Task.Param.Frame.zfill(4)}}")
        )
        self.server.pipeline(self.body(template))
        self.publish()
        self.assertEqual(self.server.apply()["runs"][0]["tasks"], 6)
        self.assertEqual(self.content(3), "plate 3\nnote\nhello 6 loaded\n")
        self.count.unlink()
        self.change(3)
        self.assertEqual(self.server.apply()["runs"][0]["tasks"], 1)
        self.assertEqual(self.content(3), "fixed\nnote\nhello 3 loaded\n")

    def test_a_fixed_range_is_cut_down_to_what_is_stale(self):
        template = TEMPLATE.replace('range: "{{Param.Frames}}"', 'range: "1-100"').replace(
            "  - { name: Frames, type: STRING }\n", "")  # fmt: skip
        self.server.pipeline(self.body(template))
        self.publish()
        self.assertEqual(self.server.apply()["runs"][0]["tasks"], 6)
        self.assertEqual(sum(line.startswith("task") for line in self.lines()), 6)

    def test_layout_and_comments_of_a_template_make_nothing_stale(self):
        self.server.pipeline(self.body())
        self.publish()
        self.server.apply()
        self.server.pipeline(self.body("# a comment\n" + TEMPLATE.replace("name: Copy\n", "name:   'Copy'\n", 1)))
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        self.server.pipeline(self.body(TEMPLATE.replace("GREETING: hello", "GREETING: goodbye")))
        self.assertEqual(self.server.ask("plan", "demo")["runs"][0]["frames"], "1-6")

    def test_a_template_in_a_file_is_applied_with_the_pipeline(self):
        self.server.file("jobs/copy.yaml", TEMPLATE)
        text = STEP.replace("BODY", f"{{ file: jobs/copy.yaml, parameters: {{ Count: {self.count} }} }}")
        self.server.pipeline(text)
        self.publish()
        self.server.apply()
        self.assertEqual(self.content(1), "plate 1\nnote\nhello loaded\n")
        shown = self.server.ask("pipeline", "show", "demo")["source"]
        self.assertIn("GREETING: hello", shown)
        # What is shown can be applied elsewhere, without the file.
        self.assertTrue(self.server.ask("pipeline", "check", self.server.file("other/shown.yaml", shown), server=False)["ok"])

    MORE = """\
  - name: Check
    dependencies: [{ dependsOn: Copy }]
    script: { actions: { onRun: { command: bash, args: ["-c", "ls {{Param.copied}} | wc -l >> {{Param.Count}}"] } } }
"""

    def progress(self, plan):
        (run,) = self.server.ask("plan", "show", plan["id"])["progress"]["runs"]
        return run

    def test_steps_of_a_template_are_tasks_of_their_own_and_wait_for_each_other(self):
        self.server.pipeline(self.body(TEMPLATE + self.MORE))
        self.publish()
        plan = self.server.apply()
        self.assertEqual((self.progress(plan)["tasksDone"], self.progress(plan)["tasksTotal"]), (7, 7))
        self.assertEqual(sorted(self.lines()[:-2]), ["entered", *[f"task {frame}" for frame in range(1, 7)]])
        self.assertEqual(sorted(self.lines()[-2:]), ["6", "left"])
        self.assertEqual(self.content(3), "plate 3\nnote\nhello loaded\n")
        tasks = self.server.ask("task", "list", self.progress(plan)["id"])["tasks"]
        self.assertEqual([task["part"] for task in tasks], ["Copy"] * 6 + ["Check"])
        # Both steps are for what is stale.
        self.count.unlink()
        self.change(3)
        plan = self.server.apply()
        self.assertEqual([line for line in self.lines() if line.startswith("task")], ["task 3"])
        self.assertEqual(self.progress(plan)["tasksTotal"], 2)
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])

    def test_a_failed_step_of_a_template_keeps_those_behind_it_from_running(self):
        template = TEMPLATE.replace('echo "task $1"', '[ $1 != 4 ] || exit 3; echo "task $1"')
        self.server.pipeline(self.body(template + self.MORE))
        self.publish()
        plan = self.server.apply(code=1)
        self.assertIn("exit code 3", self.failure(plan)["what"])
        self.assertNotIn("5", self.lines())
        self.assertNotIn("6", self.lines())
        self.assertError(self.server.refused("show", "demo/sh010/copied"), "product.unknown")

    def test_a_killed_server_begins_the_steps_of_a_template_again(self):
        wait = """\
  - name: Check
    dependencies: [{ dependsOn: Copy }]
    script: { actions: { onRun: { command: bash, args: ["-c",
      "echo checks >> {{Param.Count}}; [ $(grep -c checks {{Param.Count}}) -gt 1 ] || sleep 4711; [ -s {{Param.copied}}/copy.0006.txt ]"] } } }
"""
        self.server.pipeline(self.body(TEMPLATE + wait))
        self.publish()
        plan = self.server.ask("apply", "demo")
        wait_until(lambda: "checks" in self.lines(), "the second step")
        run = self.progress(plan)["id"]
        self.assertEqual(self.server.ask("queue", "why", f"{run}.7")["state"], "running")
        self.server.kill()
        self.server.start()
        wait_until(lambda: self.server.ask("plan", "show", plan["id"])["state"]["status"] == "succeeded", "the end")
        self.assertEqual(processes_with("sleep\0004711"), [])
        self.assertEqual(self.lines().count("checks"), 2)
        self.assertEqual(self.content(6), "plate 6\nnote\nhello loaded\n")

    def test_a_command_printed_as_a_template_is_a_body(self):
        command = """[bash, -c, 'cat "$1" "$2" > "$3"', x, "{plate}", "{note}", "{copied}"]"""
        self.server.pipeline(STEP.replace("body: BODY", f"command: {command}"))
        self.publish()
        self.server.apply()
        first = self.content(2)
        self.server.file("printed.yaml", self.server.run("pipeline", "show", "demo", "--openjd", "copy").output)
        self.server.pipeline(STEP.replace("BODY", "{ file: printed.yaml }"))
        self.assertEqual(self.server.apply("--force")["runs"][0]["tasks"], 6)
        self.assertEqual(self.content(2), first)

    # MARK: How actions end

    def run_of(self, script, cancelation=""):
        template = TEMPLATE.split("    stepEnvironments")[0] + (
            '    script: { actions: { onRun: { command: bash, args: ["-c", "{{Task.File.X}}"]%s } }, '
            "embeddedFiles: [{ name: X, type: TEXT, runnable: true, data: %s }] }\n" % (cancelation, script)
        )  # fmt: skip
        self.server.pipeline(self.body(template))
        self.publish(frames=(1, 2))

    def failure(self, plan):
        runs = self.server.ask("plan", "show", plan["id"])["progress"]["runs"]
        return next(run["failure"] for run in runs if run.get("failure"))

    def test_what_an_action_says_of_its_failure_is_shown(self):
        self.run_of('"#!/bin/bash\\necho openjd_fail: no licence of Nuke\\nexit 7\\n"')
        plan = self.server.apply(code=1)
        failure = self.failure(plan)
        self.assertEqual(failure["code"], "task.failed")
        self.assertIn("exit code 7 and said: no licence of Nuke", failure["what"])

    def test_an_action_that_takes_too_long_is_ended(self):
        self.run_of('"#!/bin/bash\\nsleep 300\\n"', cancelation=", timeout: 1")
        failure = self.failure(self.server.apply(code=1))
        self.assertEqual(failure["code"], "task.timedOut")

    def test_a_cancelled_action_is_told_before_it_is_terminated(self):
        script = (
            '"#!/bin/bash\\ntrap \'echo told >> {{Param.Count}}; cat {{Session.WorkingDirectory}}/cancel_info.json >> '
            '{{Param.Count}}\' TERM\\necho started >> {{Param.Count}}\\nwhile true; do sleep 0.05; done\\n"'
        )
        mode = ", cancelation: { mode: NOTIFY_THEN_TERMINATE, notifyPeriodInSeconds: 1 }"
        self.run_of(script, cancelation=mode)
        plan = self.server.ask("apply", "demo")
        wait_until(lambda: "started" in self.lines(), "the action to start")
        self.server.ask("cancel", plan["id"])
        wait_until(lambda: self.server.ask("plan", "show", plan["id"])["state"]["status"] == "cancelled", "the end")
        self.assertEqual(self.lines()[1], "told")
        self.assertIn("NotifyEnd", self.lines()[2] if len(self.lines()) > 2 else self.count.read_text())

    def test_an_environment_that_cannot_be_entered_fails_the_task_and_is_left(self):
        template = TEMPLATE.replace("data: \"echo entered >> {{Param.Count}}\\necho 'openjd_env: APP=loaded'\\n\"",
                                    'data: "echo openjd_fail: no display; exit 3"')  # fmt: skip
        self.server.pipeline(self.body(template))
        self.publish()
        failure = self.failure(self.server.apply(code=1))
        self.assertIn("entering the environment 'App'", failure["what"])
        self.assertIn("no display", failure["what"])
        self.assertNotIn("task 1", self.lines())
        self.assertIn("left", self.lines())

    def test_nothing_of_a_session_is_left_running(self):
        # It keeps the output open, and hides from its mark as well as it can.
        template = TEMPLATE.replace("echo 'openjd_env: APP=loaded'", "setsid sleep 4711 &\\necho 'openjd_unset_env: SLUICE_SESSION'\\necho 'openjd_env: APP=loaded'")
        self.server.pipeline(self.body(template))
        self.publish()
        self.server.apply()
        self.assertEqual(processes_with("sleep\0004711"), [])

    def test_a_killed_server_leaves_no_session_behind_and_the_run_goes_on(self):
        self.run_of('"#!/bin/bash\\necho started >> {{Param.Count}}\\n[ $(grep -c started {{Param.Count}}) -gt 1 ] || sleep 4711\\ntouch {{Param.copied}}/copy.000{{Task.Param.Frame}}.txt\\n"')
        plan = self.server.ask("apply", "demo")
        wait_until(lambda: "started" in self.lines(), "the action to start")
        self.server.kill()
        self.server.start()
        wait_until(lambda: self.server.ask("plan", "show", plan["id"])["state"]["status"] == "succeeded", "the end")
        self.assertEqual(processes_with("sleep\0004711"), [])

    def test_a_server_that_stops_ends_actions_that_take_their_time(self):
        script = '"#!/bin/bash\\ntrap \'\' TERM\\necho started >> {{Param.Count}}\\nwhile true; do sleep 0.05; done\\n"'
        self.run_of(script, cancelation=", cancelation: { mode: NOTIFY_THEN_TERMINATE, notifyPeriodInSeconds: 600 }")
        self.server.ask("apply", "demo")
        wait_until(lambda: "started" in self.lines(), "the action to start")
        self.server.stop()


class Mistakes(ServerTestCase):
    def problems(self, text):
        ran = self.server.run("pipeline", "check", self.server.file("bad.yaml", text), "--json", code=2, server=False)
        return ran.json["problems"]

    def problem(self, body):
        (problem,) = self.problems(STEP.replace("body: BODY", f"body:{indented(body, 6)}".rstrip()))
        return problem

    def test_a_mistake_in_a_template_has_its_line(self):
        body = indented(TEMPLATE.replace("onRun:", "onRan:"), 6).rstrip()
        text = STEP.replace("body: BODY", f"body:{body}")
        problem = next(problem for problem in self.problems(text) if problem["code"] == "openjd.unknownKey")
        self.assertIn("steps[0].script.actions: ", problem["what"])
        self.assertIn("onRan", text.splitlines()[problem["line"] - 1])

    def test_what_gets_no_value_is_named(self):
        problem = self.problem(TEMPLATE.replace('default: ""', "description: x"))
        self.assertEqual(problem["code"], "pipeline.body")
        self.assertIn("'Count' gets no value", problem["what"])

    def test_frames_that_reach_nothing_are_refused(self):
        problem = self.problem(
            TEMPLATE.replace("name: Frames", "name: Shots").replace("Param.Frames", "Param.Shots")
            .replace("name: Frame,", "name: Index,").replace("Task.Param.Frame", "Task.Param.Index")
            .replace("type: STRING }", "type: STRING, default: '1' }"))  # fmt: skip
        self.assertEqual(problem["code"], "pipeline.body")
        self.assertIn("takes the frames", problem["what"])

    def test_a_file_that_is_not_there_is_named(self):
        problem = self.problem("file: nowhere.yaml")
        self.assertEqual((problem["code"], "nowhere.yaml" in problem["what"]), ("pipeline.body", True))

    def test_a_command_beside_a_body_is_refused(self):
        text = STEP.replace("body: BODY", f"command: [x]\n    body:{indented(TEMPLATE, 6)}".rstrip())
        self.assertIn("a command and a body", self.problems(text)[0]["what"])


class Whole(ServerTestCase):
    """A step that works on all at once, whose template has steps and tasks."""

    workers = 4
    PIPELINE = """\
sluice: 1
project: demo
folders: [{ path: sh010, type: shot }]
steps:
  cache:
    for: { type: shot }
    inputs: { scene: { product: scene } }
    outputs: { cache: { product: cache, files: "cache.txt" } }
    body: { file: cache.yaml }
"""
    TEMPLATE = """\
specificationVersion: jobtemplate-2023-09
name: Cache
parameterDefinitions: [{ name: scene, type: PATH }, { name: cache, type: PATH }]
steps:
  - name: Merge
    dependencies: [{ dependsOn: Left }, { dependsOn: Right }]
    script: { actions: { onRun: { command: bash, args: ["-c", "cat {{Param.cache}}/../left-* {{Param.cache}}/../right > {{Param.cache}}/cache.txt"] } } }
  - name: Left
    parameterSpace: { taskParameterDefinitions: [{ name: Part, type: INT, range: "1-3" }] }
    script: { actions: { onRun: { command: bash, args: ["-c", "MEET; (echo {{Task.Param.Part}}; cat {{Param.scene}}) > {{Param.cache}}/../left-{{Task.Param.Part}}"] } } }
  - name: Right
    script: { actions: { onRun: { command: bash, args: ["-c", "MEET; echo right > {{Param.cache}}/../right"] } } }
"""

    def make(self, meet):
        self.server.file("cache.yaml", self.TEMPLATE.replace("MEET", meet))
        self.server.pipeline(self.PIPELINE)
        self.server.ask("publish", "demo/sh010/scene", self.server.file("scene.txt", "scene\n"))

    def test_its_branches_run_side_by_side_and_join(self):
        # All four of the first two steps are there before one of them ends.
        home = self.server.home
        self.make(f"mktemp -p {home} met-XXXX >&2; until [ $(ls {home} | grep -c met-) -ge 4 ]; do sleep 0.05; done")
        plan = self.server.apply()
        (run,) = self.server.ask("plan", "show", plan["id"])["progress"]["runs"]
        self.assertEqual(run["tasksTotal"], 5)
        target = home / "fetched"
        self.server.ask("fetch", "demo/sh010/cache", "--to", target)
        found = next(target.rglob("cache.txt")).read_text()
        self.assertEqual(found, "1\nscene\n2\nscene\n3\nscene\nright\n")

    def test_the_queue_says_which_step_a_task_waits_for(self):
        flag = self.server.home / "go"
        self.make(f"until [ -e {flag} ]; do sleep 0.05; done")
        plan = self.server.ask("apply", "demo")
        run = plan["runs"][0]["id"]
        wait_until(lambda: len(self.server.ask("queue")["runs"]) == 1, "the run")
        wait_until(lambda: self.server.ask("queue", "why", f"{run}.5").get("reason") == "steps", "the last task waits")
        why = self.server.ask("queue", "why", f"{run}.5")
        self.assertIn("it waits for the steps 'Left', 'Right' of its template", why["text"])
        flag.write_text("")
        self.assertEqual(self.server.wait_for_plan(plan["id"])["state"]["status"], "succeeded")


if __name__ == "__main__":
    unittest.main()
