"""Templates that run on their own: what their actions print and how they end is what `openjd run` makes of them."""

import json
import pathlib
import re
import shutil
import unittest

from openjd_peer import PeerTestCase
from sluice_server import ServerTestCase, SharedServerTestCase, wait_until

WHOLE = """\
specificationVersion: jobtemplate-2023-09
extensions: [REDACTED_ENV_VARS, TASK_CHUNKING]
name: Whole {{Param.Word}}
parameterDefinitions:
  - { name: In, type: PATH, default: sub/x.txt }
  - { name: Word, type: STRING, default: its }
jobEnvironments:
  - name: Vars
    variables: { A: "a {{Param.In}}", B: b }
    script:
      actions:
        onEnter: { command: bash, args: ["{{Env.File.Enter}}"] }
        onExit: { command: bash, args: ["-c", "echo exit $A $C"] }
      embeddedFiles:
        - name: Enter
          type: TEXT
          data: |
            echo enter $A $B
            echo "openjd_env: C=c c"
            echo "openjd_unset_env: B"
            echo "openjd_redacted_env: S=geheim"
            echo "my geheim"
            echo 'openjd_env: "D=1\\n2"'
steps:
  - name: Second
    dependencies: [{ dependsOn: First }]
    script:
      actions: { onRun: { command: bash, args: ["-c", "echo second; printenv A C D; echo B=$B S=$S SE=$SE; basename $(dirname {{Session.WorkingDirectory}}) | wc -l"] } }
  - name: First
    stepEnvironments:
      - name: SE
        variables: { SE: "on" }
        script: { actions: { onEnter: { command: echo, args: ["step env {{Session.HasPathMappingRules}}"] } } }
    parameterSpace:
      taskParameterDefinitions:
        - { name: F, type: "CHUNK[INT]", range: "1-7", chunks: { defaultTaskCount: 3, rangeConstraint: CONTIGUOUS } }
        - { name: E, type: STRING, range: [l, r] }
    script:
      actions: { onRun: { command: bash, args: ["{{Task.File.R}}", "{{Task.Param.F}}", "{{Task.Param.E}}"] } }
      embeddedFiles:
        - { name: R, type: TEXT, filename: r.sh, data: "echo task $1 $2 {{Param.In}} {{Param.Word}} SE=$SE\\necho 'openjd_env: T=1'\\necho T=$T\\n" }
"""


def template(run, environment="", name="One", more=""):
    """A template with one step that runs a Bash script."""
    lines = "".join(f"          {line}\n" for line in run.splitlines())
    return (
        f"specificationVersion: jobtemplate-2023-09\nname: {name}\n{environment}steps:\n  - name: Only\n{more}    script:\n"
        '      actions: { onRun: { command: bash, args: ["{{Task.File.Run}}"] } }\n'
        f"      embeddedFiles:\n        - name: Run\n          type: TEXT\n          data: |\n  {lines.replace(chr(10), chr(10) + '  ').rstrip()}\n"
    )


ENVIRONMENT = """\
jobEnvironments:
  - name: E
    script:
      actions:
        onEnter: { command: bash, args: ["-c", "%s"] }
        onExit: { command: bash, args: ["-c", "echo left; exit %d"] }
"""

# Name, template, whether it succeeds.
CASES = [
    ("everything at once", WHOLE, True),
    ("a failing task", template("echo a\nexit 3", ENVIRONMENT % ("echo in", 0)), False),
    ("a failure that is said and an exit code of 0", template("echo openjd_fail: no"), True),
    ("an environment that cannot be entered", template("echo never", ENVIRONMENT % ("echo in; exit 4", 0)), False),
    ("a variable that is no assignment", template("echo never", ENVIRONMENT % ("echo openjd_env: FOO; sleep 5", 0)), False),
    ("a variable that is misspelt", template("echo ' openjd_env: A=1'; sleep 5"), False),
    ("progress that is no number", template("echo openjd_progress: 400\necho openjd_progress: 40\necho openjd_status: s"), True),
    ("variables of a task", template("echo 'openjd_env: FOO'\necho FOO=$FOO"), True),
    ("a program that is not there", template("no-such-program-at-all"), False),
    ("redaction without the extension", template("echo S=$S", ENVIRONMENT % ("echo openjd_redacted_env: S=abc; echo abc", 0)), True),
    ("lines of many kinds", template("printf 'a\\r\\nb'; printf 'no newline' >&2; echo; echo 'ü'"), True),
]  # fmt: skip


SAMPLES = pathlib.Path(__file__).resolve().parents[2].parent / "shared/data/openjd"


class Peer(PeerTestCase):
    extensions = "TASK_CHUNKING,REDACTED_ENV_VARS"
    remark = re.compile(
        r"Canceling subprocess|INTERRUPT: |Received openjd_redacted_env message but|.*\.sh: \d+: exec: \S+: not found$")

    @staticmethod
    def tidy(line):
        """Without the places of the session and of what is written for an action."""
        line = re.sub(r"/\S*embedded_files\S*:", "FILE:", line)
        return re.sub(r"/[^\s:']*?/(OpenJD/\w+|work/jobs/p-\w+/\+/\d+)", "SESSION", line)

    def test_actions_print_and_end_as_with_openjd_run(self):
        for name, text, succeeds in CASES:
            with self.subTest(name):
                file = self.server.file(f"{name.replace(' ', '_')}.yaml", text)
                theirs = self.peer(file)
                self.assertEqual(theirs[0], succeeds)
                self.assertEqual(self.ours(file), theirs)

    def test_samples_print_and_end_as_with_openjd_run(self):
        """Those of other people, most of which want programs that are not here: then both say so."""
        if not SAMPLES.exists():
            print("skipped: no ../shared/data/openjd")
            self.skipTest("no ../shared/data/openjd")
        known = json.loads((SAMPLES / "_expected_templates.json").read_text())["files"]
        for name, entry in sorted(known.items()):
            if entry["kind"] != "job" or not entry["valid"] or "pip install" in (SAMPLES / name).read_text():
                continue
            # They are not for every machine, which `openjd run` does not look at; test_host_requirements.py does.
            if "attr.custom" in (SAMPLES / name).read_text():
                continue
            with self.subTest(name):
                answers = []
                for answer in (self.peer, self.ours):
                    # They write beside themselves, and each is to find nothing.
                    folder = self.server.home / "samples"
                    shutil.rmtree(folder, ignore_errors=True)
                    shutil.copytree((SAMPLES / name).parent, folder)
                    given = [f"{key}={value}" for key, value in entry.get("parameters_given", {}).items()]
                    given = [part for value in given for part in ("-p", value)]
                    answers.append(answer(folder / pathlib.Path(name).name, *given))
                self.assertEqual(answers[1], answers[0])

    def test_paths_are_mapped_as_with_openjd_run(self):
        text = """\
specificationVersion: jobtemplate-2023-09
name: Paths
parameterDefinitions:
  - { name: A, type: PATH, default: "" }
  - { name: B, type: PATH, default: "" }
steps:
  - name: Only
    parameterSpace:
      taskParameterDefinitions:
        - { name: P, type: PATH, range: ["/proj/x/1.exr", "/projects/x", 'Z:\\Proj\\y\\', "/proj/"] }
    script:
      actions:
        onRun:
          command: bash
          args: ["-c", "echo '{{Param.A}}' '{{RawParam.A}}' '{{Param.B}}' '{{Task.Param.P}}' '{{Task.RawParam.P}}' {{Session.HasPathMappingRules}}; cat {{Session.PathMappingRulesFile}} | tr -d ' ' | wc -w"]
"""
        rules = json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [
            {"source_path_format": "POSIX", "source_path": "/proj", "destination_path": "/mnt/proj"},
            {"source_path_format": "WINDOWS", "source_path": "z:\\\\proj", "destination_path": "/mnt/z"},
        ]})  # fmt: skip
        file = self.server.file("paths.yaml", text)
        given = ["-p", "A=/proj/a/b", "-p", "B=/proj"]
        theirs = self.peer(file, *given, "--path-mapping-rules", rules)
        self.assertTrue(theirs[0], theirs)
        self.assertEqual(self.ours(file, *given, "--path-mapping-rules", rules), theirs)


# What openjd-cli itself says between the lines of an action.
class Jobs(SharedServerTestCase):
    def submit(self, text, *arguments, code=0, wait=True):
        file = self.server.file("job.yaml", text)
        return self.server.ask("job", "submit", file, *arguments, *(["--wait"] if wait else []), code=code)

    def test_a_job_in_chunks_has_a_task_for_each(self):
        text = template("echo frames {{Task.Param.F}}", name="Chunks", more=(
            "    parameterSpace:\n      taskParameterDefinitions:\n        - { name: F, type: \"CHUNK[INT]\", "
            "range: \"1-10\", chunks: { defaultTaskCount: 4, rangeConstraint: CONTIGUOUS } }\n"
        )).replace("name: Chunks\n", "extensions: [TASK_CHUNKING]\nname: Chunks\n")  # fmt: skip
        job = self.submit(text)
        self.assertEqual((job["status"], job["name"], job["tasksDone"], job["tasksTotal"]), ("succeeded", "Chunks", 3, 3))
        run = job["steps"][0]["run"]
        said = [self.server.run("job", "log", f"{run}.{number}").output for number in (1, 2, 3)]
        self.assertEqual([re.findall("frames (.*)", text) for text in said], [["1-4"], ["5-7"], ["8-10"]])
        self.assertIn(job["id"], [known["id"] for known in self.server.ask("job", "list")["jobs"]])
        self.assertIn(job["id"], [plan["id"] for plan in self.server.ask("plans", "jobs")["plans"]])

    def test_chunks_follow_what_chunks_of_the_template_took_before(self):
        """No measure of time: a minute is far more than twelve of these numbers take."""
        text = template("echo frames {{Task.Param.F}} {{Task.Param.E}}", name="Adaptive", more=(
            "    parameterSpace:\n      taskParameterDefinitions:\n        - { name: F, type: \"CHUNK[INT]\", "
            "range: \"1-12\", chunks: { defaultTaskCount: 2, rangeConstraint: CONTIGUOUS, targetRuntimeSeconds: 60 } }\n"
            "        - { name: E, type: STRING, range: [l, r] }\n"
        )).replace("name: Adaptive\n", "extensions: [TASK_CHUNKING]\nname: Adaptive\n")  # fmt: skip

        def said(job):
            return re.findall("^frames (.*)$", self.server.run("job", "log", job["id"]).output, re.MULTILINE)

        first = self.submit(text)
        self.assertEqual((first["status"], first["tasksDone"], first["tasksTotal"]), ("succeeded", 7, 7))
        self.assertEqual(said(first), [*(f"{n}-{n + 1} l" for n in range(1, 11, 2)), "11-12 l", "1-12 r"])
        again = self.submit(text)
        self.assertEqual((again["status"], again["tasksDone"], again["tasksTotal"]), ("succeeded", 2, 2))
        self.assertEqual(said(again), ["1-12 l", "1-12 r"])

    def test_a_failure_is_shown_and_later_steps_do_not_run(self):
        text = template("echo openjd_fail: no licence\nexit 2", name="Broken") + (
            "  - { name: After, dependencies: [{ dependsOn: Only }], script: { actions: { onRun: { command: ls } } } }\n")  # fmt: skip
        job = self.submit(text, code=1)
        self.assertEqual((job["status"], [step["status"] for step in job["steps"]]), ("failed", ["failed", "cancelled"]))
        self.assertIn("no licence", job["steps"][0]["failure"]["what"])
        self.assertIn("no licence", self.server.run("job", "show", job["id"]).output)

    def test_what_a_task_says_is_shown_while_it_runs(self):
        flag = self.server.home / "go"
        text = template(f"echo openjd_progress: 40\necho openjd_status: hair\nwhile [ ! -e {flag} ]; do sleep 0.05; done")
        job = self.submit(text, wait=False)

        def running():
            return self.server.ask("job", "show", job["id"])["steps"][0]["running"]

        wait_until(lambda: running() and running()[0].get("message"), "words of the task")
        self.assertEqual((running()[0]["progress"], running()[0]["message"]), (40, "hair"))
        flag.write_text("")
        wait_until(lambda: self.server.ask("job", "show", job["id"])["status"] == "succeeded", "the end")

    def test_a_job_is_cancelled(self):
        job = self.submit(template("sleep 300"), wait=False)
        wait_until(lambda: self.server.ask("job", "show", job["id"])["steps"][0]["running"], "the task")
        self.server.ask("job", "cancel", job["id"])
        wait_until(lambda: self.server.ask("job", "show", job["id"])["status"] == "cancelled", "the end")

    def test_wrong_values_are_refused_before_anything_is_recorded(self):
        before = self.server.position()
        ran = self.server.run("job", "submit", self.server.file("x.yaml", WHOLE), "-p", "Nope=1", "--json", code=2)
        self.assertEqual(ran.json["problems"][0]["code"], "openjd.parameter")
        self.assertEqual(self.server.position(), before)


class Restart(ServerTestCase):
    workers = 1

    def test_a_job_goes_on_after_the_server_was_killed_and_done_tasks_are_not_done_again(self):
        count = self.server.home / "count"
        text = template(
            f"echo {{{{Task.Param.F}}}} >> {count}\n[ {{{{Task.Param.F}}}} != 2 ] || [ $(grep -c 2 {count}) -gt 1 ] || sleep 300",
            more="    parameterSpace: { taskParameterDefinitions: [{ name: F, type: INT, range: 1-3 }] }\n")  # fmt: skip
        job = self.server.ask("job", "submit", self.server.file("job.yaml", text))
        wait_until(lambda: count.exists() and "2" in count.read_text(), "the second task")
        self.server.kill()
        self.server.start()
        wait_until(lambda: self.server.ask("job", "show", job["id"])["status"] == "succeeded", "the end")
        self.assertEqual(sorted(count.read_text().split()), ["1", "2", "2", "3"])

    def test_a_job_goes_on_while_its_chunks_are_measured_and_after_that(self):
        """Ten numbers one by one, by which the other thirty are one task; killed while it measures, and after that."""
        count = self.server.home / "count"
        text = template(
            f"echo {{{{Task.Param.F}}}} >> {count}\n"
            f"for held in 5-5 11-40; do [ {{{{Task.Param.F}}}} != $held ] || while [ ! -e {self.server.home}/$held ]; do sleep 0.1; done; done",
            more="    parameterSpace: { taskParameterDefinitions: [{ name: F, type: \"CHUNK[INT]\", range: \"1-40\", "
                 "chunks: { defaultTaskCount: 1, rangeConstraint: CONTIGUOUS, targetRuntimeSeconds: 3600 } }] }\n"
        ).replace("name: One\n", "extensions: [TASK_CHUNKING]\nname: One\n")  # fmt: skip
        job = self.server.ask("job", "submit", self.server.file("job.yaml", text))
        for held in ("5-5", "11-40"):
            wait_until(lambda: count.exists() and held in count.read_text().split(), "it is there")  # noqa: B023
            done = len(set(count.read_text().split())) - 1
            wait_until(lambda: self.server.ask("job", "show", job["id"])["tasksDone"] == done, "those before are recorded")  # noqa: B023
            self.server.kill()
            self.server.start()
            wait_until(lambda: count.read_text().split().count(held) == 2, "it is begun again")  # noqa: B023
            (self.server.home / held).write_text("")
        wait_until(lambda: self.server.ask("job", "show", job["id"])["status"] == "succeeded", "the end")
        lines = count.read_text().split()
        self.assertEqual(sorted(lines), sorted([*(f"{n}-{n}" for n in range(1, 11)), "5-5", "11-40", "11-40"]))

    def test_chunks_stay_as_they_were_dealt_when_the_server_was_killed(self):
        count, flag = self.server.home / "count", self.server.home / "hold"
        text = template(
            f"echo {{{{Task.Param.F}}}} {{{{Task.Param.E}}}} >> {count}\n"
            f"[ {{{{Task.Param.E}}}} = l ] || while [ -e {flag} ]; do sleep 0.1; done",
            more="    parameterSpace: { taskParameterDefinitions: [{ name: F, type: \"CHUNK[INT]\", range: \"1-12\", "
                 "chunks: { defaultTaskCount: 2, rangeConstraint: CONTIGUOUS, targetRuntimeSeconds: 60 } }, "
                 "{ name: E, type: STRING, range: [l, r] }] }\n"
        ).replace("name: One\n", "extensions: [TASK_CHUNKING]\nname: One\n")  # fmt: skip
        file = self.server.file("job.yaml", text)
        self.server.ask("job", "submit", file, "--wait")
        count.unlink()
        flag.write_text("")
        job = self.server.ask("job", "submit", file)
        wait_until(lambda: count.exists() and "1-12 r" in count.read_text(), "the second task")
        wait_until(lambda: self.server.ask("job", "show", job["id"])["tasksDone"] == 1, "the first one is recorded")
        self.server.kill()
        self.server.start()
        wait_until(lambda: count.read_text().count("1-12 r") == 2, "it is begun again")
        flag.unlink()
        wait_until(lambda: self.server.ask("job", "show", job["id"])["status"] == "succeeded", "the end")
        self.assertEqual(sorted(count.read_text().splitlines()), ["1-12 l", "1-12 r", "1-12 r"])


if __name__ == "__main__":
    unittest.main()
