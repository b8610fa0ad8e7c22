"""Templates with EXPR and WRAP_ACTIONS: what they print and how they end is what `openjd run` makes of them."""

import json
import re

from openjd_peer import PeerTestCase

TYPED = """\
specificationVersion: jobtemplate-2023-09
extensions: [EXPR, FEATURE_BUNDLE_1]
name: "Typed {{Param.Word.upper()}} {{len(Param.Names)}}"
parameterDefinitions:
  - { name: Word, type: STRING, default: its }
  - { name: Scene, type: PATH, default: sub/shot.010.blend }
  - { name: Frames, type: RANGE_EXPR, default: "1-9:2,20" }
  - { name: Names, type: "LIST[STRING]", default: [a b, c, "it's"] }
  - { name: Files, type: "LIST[PATH]", default: [x/y.exr] }
  - { name: Counts, type: "LIST[INT]", default: [3, 1, 2] }
  - { name: Sizes, type: "LIST[FLOAT]", default: [1.5, 2] }
  - { name: Pairs, type: "LIST[LIST[INT]]", default: [[1, 2], [3]] }
  - { name: Flags, type: "LIST[BOOL]", default: [true, "no"] }
  - { name: Fast, type: BOOL, default: "yes" }
jobEnvironments:
  - name: "Vars"
    script:
      let: ["greeting = 'hi ' + Param.Word", "n = sum(Param.Counts)"]
      actions:
        onEnter: { command: bash, args: ["{{Env.File.Enter}}", "{{Param.Names}}", "{{n}}"] }
        onExit: { command: echo, args: ["out {{greeting}}", "{{null}}", "{{n if Param.Fast else null}}"] }
      embeddedFiles:
        - { name: Enter, type: TEXT, data: "echo {{greeting}}\\nprintf '<%s>' \\"$@\\"; echo\\n" }
steps:
  - name: Main
    let:
      - last = max(list(Param.Frames))
      - odd = [f for f in Param.Frames if f % 2 == 1]
    hostRequirements: { amounts: [{ name: amount.worker.vcpu, min: "{{min(Param.Counts)}}" }] }
    parameterSpace:
      taskParameterDefinitions:
        - { name: F, type: INT, range: "{{odd[:3] + [last]}}" }
        - { name: W, type: STRING, range: "{{[n + '!' for n in Param.Names][:2]}}" }
    script:
      let: ["out = Param.Scene.parent / Step.Name / (zfill(Task.Param.F, 4) + '.exr')"]
      actions:
        onRun:
          command: printf
          args: ["<%s>", "{{[Task.Param.F, Task.Param.F * 2]}}", "{{Task.Param.W}}", "{{out.name}} {{out.stem}} {{out.parent.name}}", "{{'last' if Task.Param.F == last else null}}", "{{Param.Pairs}}", "{{Param.Sizes}} {{Param.Flags}}", "{{Job.Name}}", "{{repr_sh(Param.Names)}}", "\\n"]
          timeout: "{{last * 3}}"
  - name: After
    dependencies: [{ dependsOn: Main }]
    script: { actions: { onRun: { command: echo, args: ["{{Step.Name}}"] } } }
"""

WRAPPING = """\
specificationVersion: jobtemplate-2023-09
extensions: [EXPR, WRAP_ACTIONS, FEATURE_BUNDLE_1]
name: Wrapping
jobEnvironments:
  - name: Before
    script: { actions: { onEnter: { command: echo, args: ["openjd_env: X=1"] }, onExit: { command: echo, args: [before out] } } }
  - name: Wrap
    variables: { W: "w" }
    script:
      let: ["mark = '#' * 2"]
      actions:
        onEnter: { command: bash, args: ["-c", "echo wrap in; echo openjd_env: A=a b"] }
        onWrapEnvEnter: { command: bash, args: ["{{Env.File.Run}}", enter, "{{mark}} {{WrappedAction.Timeout}} {{WrappedAction.Cancelation.Mode}} {{WrappedAction.Cancelation.NotifyPeriodInSeconds}} {{repr_sh(sorted(WrappedAction.Environment))}}", "{{WrappedEnv.Name}}", "{{WrappedAction.Command}}", "{{WrappedAction.Args}}"] }
        onWrapTaskRun:
          command: bash
          args: ["{{Env.File.Run}}", task, "{{mark}} {{WrappedAction.Timeout}} {{WrappedAction.Cancelation.Mode}} {{WrappedAction.Cancelation.NotifyPeriodInSeconds}} {{repr_sh(sorted(WrappedAction.Environment))}}", "{{WrappedStep.Name}}", "{{WrappedAction.Command}}", "{{WrappedAction.Args}}"]
          timeout: "{{WrappedAction.Timeout}}"
        onWrapEnvExit: { command: bash, args: ["{{Env.File.Run}}", exit, "{{mark}} {{WrappedAction.Timeout}} {{WrappedAction.Cancelation.Mode}} {{WrappedAction.Cancelation.NotifyPeriodInSeconds}} {{repr_sh(sorted(WrappedAction.Environment))}}", "{{WrappedEnv.Name}}", "{{WrappedAction.Command}}", "{{WrappedAction.Args}}"] }
        onExit: { command: echo, args: [wrap out] }
      embeddedFiles:
        - name: Run
          type: TEXT
          data: |
            echo "{{mark}} $1 $2 $3"
            shift 3
            "$@"
  - name: Inner
    variables: { I: "{{1 + 1}}" }
    script: { actions: { onEnter: { command: bash, args: ["-c", "echo inner in; echo openjd_env: B=$I"], timeout: 7 }, onExit: { command: echo, args: [inner out] } } }
  - name: Silent
    variables: { S: s }
steps:
  - name: Main
    stepEnvironments:
      - name: Own
        script: { actions: { onEnter: { command: echo, args: [own in] } } }
    parameterSpace: { taskParameterDefinitions: [{ name: F, type: INT, range: "1-2" }] }
    script:
      let: ["double = Task.Param.F * 2"]
      actions:
        onRun:
          command: bash
          args: ["{{Task.File.R}}", "{{double}}", "{{[string(double), 'x y']}}"]
          timeout: 40
          cancelation: { mode: NOTIFY_THEN_TERMINATE, notifyPeriodInSeconds: 5 }
      embeddedFiles:
        - { name: R, type: TEXT, data: "echo task $# $A $B $I $S $W {{double}}; exit %d\\n" }
"""


def step(args, more="", parameters=""):
    """A template with one step that prints arguments."""
    return (
        f"specificationVersion: jobtemplate-2023-09\nextensions: [EXPR]\nname: One\n{parameters}steps:\n  - name: Only\n{more}    script:\n"
        f"      actions: {{ onRun: {{ command: echo, args: {json.dumps(args)} }} }}\n"
    )


# Name, template, what is given, whether it succeeds.
CASES = [
    ("values of every type", TYPED, [], True),
    ("values that are given", TYPED, ["Names=[\"x\", \"y z\"]", "Frames=5,7", "Counts=[4,1]", "Fast=false", "Flags=[0, 1]", "Pairs=[[5]]"], True),
    ("actions in place of others", WRAPPING % 0, [], True),
    ("an action that fails in place of another", WRAPPING % 3, [], False),
    ("a division by a task's zero", step(["{{1 // Task.Param.F}}"], "    parameterSpace: { taskParameterDefinitions: [{ name: F, type: INT, range: [1, 0] }] }\n"), [], False),
    ("values of chunks", step(["{{len(Task.Param.F)}} {{Task.Param.F + '!'}} {{Task.Param.F.upper()}} {{Task.RawParam.F}}", "{{list(range_expr(Task.Param.F))}}"],
        "    parameterSpace: { taskParameterDefinitions: [{ name: F, type: \"CHUNK[INT]\", range: \"1-5\", chunks: { defaultTaskCount: 2, rangeConstraint: CONTIGUOUS } }] }\n").replace("[EXPR]", "[EXPR, TASK_CHUNKING]"), [], True),
    ("a chunk that is taken for a range", step(["{{Task.Param.F.start}}"],
        "    parameterSpace: { taskParameterDefinitions: [{ name: F, type: \"CHUNK[INT]\", range: \"1-5\", chunks: { defaultTaskCount: 2, rangeConstraint: CONTIGUOUS } }] }\n").replace("[EXPR]", "[EXPR, TASK_CHUNKING]"), [], False),
    ("a step without tasks", step(["{{Task.Param.F}}"], "    parameterSpace: { taskParameterDefinitions: [{ name: F, type: INT, range: \"{{[f for f in [1, 2] if f > 2]}}\" }] }\n")
        + "  - name: Next\n    script: { actions: { onRun: { command: echo, args: [next] } } }\n", [], True),
    ("a failure that is said", step(["{{fail('no scene') if Session.WorkingDirectory.name != '' else 1}}"]), [], False),
    ("mapped paths", step(["{{apply_path_mapping('/proj/a/b')}}", "{{Param.P / 'c'}}", "{{RawParam.P}}"], parameters='parameterDefinitions: [{ name: P, type: PATH, default: "" }]\n'), ["P=/proj/x"], True),
]  # fmt: skip

RULES = json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [
    {"source_path_format": "POSIX", "source_path": "/proj", "destination_path": "/mnt/proj"}]})  # fmt: skip

# What openjd-cli itself says between the lines of an action.
class Peer(PeerTestCase):
    extensions = "TASK_CHUNKING,REDACTED_ENV_VARS,FEATURE_BUNDLE_1,EXPR,WRAP_ACTIONS"
    remark = re.compile(r"Canceling subprocess|INTERRUPT: |Received openjd_redacted_env message but")

    @staticmethod
    def tidy(line):
        """Without the places of the session and of what is written for an action."""
        return re.sub(r"/[^\s:']*?/(OpenJD/\w+|work/jobs/p-\w+/\+/\d+)[^\s']*", "SESSION", line)

    def test_actions_print_and_end_as_with_openjd_run(self):
        for name, text, given, succeeds in CASES:
            with self.subTest(name):
                file = self.server.file(f"{name.replace(' ', '_')}.yaml", text)
                options = [part for value in given for part in ("-p", value)] + ["--path-mapping-rules", RULES]
                theirs = self.peer(file, *options)
                self.assertEqual(theirs[0], succeeds, theirs)
                self.assertEqual(self.ours(file, *options), theirs)

    def test_a_job_is_what_openjd_makes_of_it(self):
        file = self.server.file("typed.yaml", TYPED)
        for given in ([], CASES[1][2]):
            options = [part for value in given for part in ("-p", value)]
            theirs = self.openjd("summary", file, *options, "--output", "json")
            self.assertEqual(theirs.returncode, 0, theirs.stdout)
            theirs = json.loads(theirs.stdout)
            ours = self.server.run("job", "summary", file, *options, "--json").json
            self.assertEqual((ours["name"], sum(step["tasks"] for step in ours["steps"])), (theirs["name"], theirs["total_tasks"]))

    def test_what_is_wrong_has_its_place_and_reason(self):
        cases = [
            (step(["{{1 +}}"]), "openjd.expression", "in {{1 +}} at character"),
            (step(["{{Session.Nope}}"]), "openjd.reference", "Session.Nope"),
            (step(["{{Session.WorkingDirectory - 2}}"]), "openjd.expression", "path"),
            (step(["{{nope(1)}}"]), "openjd.expression", "nope"),
            (step(["{{1 + 1}}"]).replace("extensions: [EXPR]\n", ""), "openjd.format", ""),
            ((WRAPPING % 0).replace("EXPR, ", ""), "openjd.extension", "EXPR"),
            ((WRAPPING % 0).replace("        onWrapEnvExit", "        onWrapEnvExits"), "openjd.unknownKey", "onWrapEnvExits"),
        ]  # fmt: skip
        for text, code, words in cases:
            file = self.server.file("wrong.yaml", text)
            self.assertNotEqual(self.openjd("check", file).returncode, 0, text)
            problems = self.server.run("job", "check", file, "--json", code=2).json["problems"]
            self.assertIn(code, [problem["code"] for problem in problems])
            self.assertIn(words, " ".join(problem["what"] for problem in problems))
            self.assertTrue(all(problem["line"] > 1 and problem["fix"] for problem in problems))
