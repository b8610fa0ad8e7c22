"""Environment templates around a job: what comes of them is what `openjd run --environment` makes of it."""

import re

from openjd_peer import PeerTestCase

JOB = """\
specificationVersion: jobtemplate-2023-09
name: "Job {{Param.Show}}"
parameterDefinitions:
  - { name: Frames, type: INT, default: 2, maxValue: 9 }
  - { name: Show, type: STRING, default: own }
jobEnvironments:
  - name: Own
    variables: { OWN: "{{Param.Show}}" }
    script: { actions: { onEnter: { command: echo, args: [own in] }, onExit: { command: echo, args: [own out] } } }
steps:
  - name: Main
    parameterSpace: { taskParameterDefinitions: [{ name: F, type: INT, range: "1-{{Param.Frames}}" }] }
    script: { actions: { onRun: { command: bash, args: ["-c", "echo task {{Task.Param.F}} $STUDIO $OWN $LOADED"] } } }
"""

STUDIO = """\
specificationVersion: environment-2023-09
parameterDefinitions:
  - { name: Show, type: STRING, default: studio, allowedValues: [studio, own, other] }
  - { name: Licence, type: STRING, default: "5053@host" }
environment:
  name: Studio
  variables: { STUDIO: "{{Param.Show}} {{Param.Licence}}" }
  script:
    actions:
      onEnter: { command: bash, args: ["{{Env.File.In}}"] }
      onExit: { command: echo, args: ["studio out"] }
    embeddedFiles: [{ name: In, type: TEXT, data: "echo studio in {{RawParam.Licence}}\\necho openjd_env: LOADED=1\\n" }]
"""

TYPED = """\
specificationVersion: environment-2023-09
extensions: [EXPR]
parameterDefinitions:
  - { name: Frames, type: INT, minValue: 1 }
  - { name: Tools, type: "LIST[STRING]", default: [a, "b c"] }
environment:
  name: Typed
  script:
    let: ["most = Param.Frames * 10"]
    actions: { onEnter: { command: echo, args: ["typed in {{most}} {{Job.Name}}", "{{Param.Tools}}"] } }
"""

WRAP = """\
specificationVersion: environment-2023-09
extensions: [EXPR, WRAP_ACTIONS]
environment:
  name: Container
  script:
    actions:
      onWrapEnvEnter: { command: echo, args: ["enter {{WrappedEnv.Name}}", "{{WrappedAction.Command}}"] }
      onWrapTaskRun: { command: echo, args: ["task {{WrappedStep.Name}}", "{{WrappedAction.Command}}", "{{WrappedAction.Args}}"] }
      onWrapEnvExit: { command: echo, args: ["exit {{WrappedEnv.Name}}"] }
"""

# What the environments are, what is given.
CASES = [
    ("one around", [STUDIO], []),
    ("two around, in their order", [TYPED, STUDIO], []),
    ("values for parameters of both", [STUDIO, TYPED], ["Show=other", "Licence=x y", "Frames=1", 'Tools=["t"]']),
    ("actions in place of the job's", [WRAP], []),
    ("actions in place of another environment's", [WRAP, STUDIO], []),
]

# What nobody makes a job of, and what we say.
REFUSED = [
    ("another type", [STUDIO.replace("Licence", "Frames")], [],
     "is STRING in one template and INT in another"),
    ("bounds without a number", [TYPED.replace("minValue: 1", "minValue: 10")], [], "must be at least 10, and at most 9"),
    ("a default that another does not allow", [STUDIO.replace(", own, other", "")], [], "has the default 'own', which is none of the allowed"),
    ("no value for both", [STUDIO, STUDIO.replace("[studio, own, other]", "[new]").replace("default: studio", "default: new")], [],
     "is allowed no value"),
    ("a value that the environment does not allow", [STUDIO], ["Show=third"], "is none of the allowed"),
    ("two that wrap", [WRAP, WRAP.replace("Container", "Other")], [], "wraps actions: Container, Other"),
]  # fmt: skip


class Peer(PeerTestCase):
    extensions = "TASK_CHUNKING,REDACTED_ENV_VARS,FEATURE_BUNDLE_1,EXPR,WRAP_ACTIONS"
    remark = re.compile(r"Canceling subprocess|INTERRUPT: |Received openjd_redacted_env message but")

    @staticmethod
    def tidy(line):
        return re.sub(r"/[^\s:']*?/(OpenJD/\w+|work/jobs/p-\w+/\+/\d+)[^\s']*", "SESSION", line)

    def options(self, environments, given):
        files = [self.server.file(f"environment{place}.yaml", text) for place, text in enumerate(environments)]
        values = [part for value in given for part in ("-p", value)]
        return [part for file in files for part in ("--environment", file)] + values

    def test_actions_print_and_end_as_with_openjd_run(self):
        file = self.server.file("job.yaml", JOB)
        for name, environments, given in CASES:
            with self.subTest(name):
                options = self.options(environments, given)
                theirs = self.peer(file, *options)
                self.assertTrue(theirs[0] and theirs[1], theirs)
                self.assertEqual(self.ours(file, *options), theirs)

    def test_what_makes_no_job_is_refused_with_its_reason(self):
        file = self.server.file("job.yaml", JOB)
        for name, environments, given, words in REFUSED:
            with self.subTest(name):
                options = self.options(environments, given)
                self.assertNotEqual(self.openjd("run", file, *options).returncode, 0)
                for command in ("summary", "submit"):
                    said = self.server.run("job", command, file, *options, "--json", code=2).json["problems"]
                    self.assertIn(words, said[0]["what"])

    def test_a_summary_counts_them_in(self):
        options = self.options([TYPED, STUDIO], ["Frames=5"])
        summary = self.server.run("job", "summary", self.server.file("job.yaml", JOB), *options, "--json").json
        self.assertEqual((summary["environments"], summary["tasks"]), (["Typed", "Studio", "Own"], 5))
        self.assertEqual(
            [(known["name"], known["value"]) for known in summary["parameters"]],
            [("Frames", "5"), ("Tools", '["a", "b c"]'), ("Show", "own"), ("Licence", "5053@host")])  # fmt: skip

    def test_only_an_environment_is_one(self):
        file = self.server.file("job.yaml", JOB)
        said = self.server.run("job", "summary", file, "--environment", file, code=None)
        self.assertNotEqual(said.code, 0)
        self.assertIn("a job template is no environment", said.output + said.errors)

    def test_a_submitted_job_goes_on_within_them(self):
        """What the server keeps of a job has its environments: they are there after a restart."""
        flag = self.server.home / "go"
        job = JOB.replace("echo task", f"while [ ! -e {flag} ]; do sleep 0.1; done; echo task")
        options = self.options([STUDIO], [])
        submitted = self.server.ask("job", "submit", self.server.file("job.yaml", job), *options)
        self.server.kill()
        self.server.start()
        flag.write_text("")
        self.server.wait_for_plan(submitted["id"])
        log = self.server.run("job", "log", submitted["id"]).output
        self.assertEqual(re.findall("^task .*", log, re.MULTILINE), ["task 1 own 5053@host own 1", "task 2 own 5053@host own 1"])
        self.assertEqual(self.server.ask("job", "show", submitted["id"])["status"], "succeeded")
