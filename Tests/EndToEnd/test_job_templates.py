"""Open Job Description templates on the command line, and what openjd-cli makes of those that Sluice writes.

Without openjd-cli on the PATH the tests that need it are skipped, and say so.
"""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from sluice_server import SharedServerTestCase, program

TEMPLATE = """\
specificationVersion: jobtemplate-2023-09
name: Render {{Param.Shot}}
parameterDefinitions:
  - { name: Shot, type: STRING, default: sh010 }
  - { name: Frames, type: STRING }
steps:
  - name: Movie
    dependencies: [{ dependsOn: Render }]
    script: { actions: { onRun: { command: ffmpeg } } }
  - name: Render
    parameterSpace:
      taskParameterDefinitions:
        - { name: Frame, type: INT, range: "{{Param.Frames}}" }
        - { name: Eye, type: STRING, range: [left, right] }
    script: { actions: { onRun: { command: render, args: ["{{Task.Param.Frame}}"] } } }
"""

PIPELINE = """\
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
      frames: { product: copied, files: "copy.####.txt" }
    command: [sh, -c, 'cat "$1" "$2" > "$3" && echo "$4 $5" >> "$3"', "it's {{fine}}", "{plate}", "{note}", "{frames}", "{frame}", "{folder.fps}"]
  chunked:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
    outputs:
      list: { product: listed, files: "list.####.txt" }
    chunk: 3
    command: [sh, -c, 'for f in $(seq "$1" "$2"); do printf "$4\\n" "$f" > "$(printf "$3" "$f")"; done', x, "{frame.first}", "{plate.last}", "{list.printf}", "{plate.printf}"]
  sheet:
    for: { type: shot }
    inputs:
      reviews: { product: review, from: children }
    outputs:
      sheet: { product: sheet, files: sheet.txt }
    command: [sh, -c, 'out=$1; shift; printf "%s\\n" "$@" > "$out"', x, "{sheet}", "a:{reviews}", "{reviews.dir}"]
"""


def run(*arguments, cwd=None):
    return subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=60, cwd=cwd)


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name).resolve()

    def file(self, name, text):
        (self.folder / name).write_text(text)
        return str(self.folder / name)


class JobTemplates(Folder):
    def test_a_good_one_is_fine(self):
        ran = run("job", "check", self.file("a.yaml", TEMPLATE))
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertIn("a job template with 2 steps, 2 parameters", ran.stdout)

    def test_all_problems_are_told_with_their_place(self):
        text = TEMPLATE.replace("dependsOn: Render", "dependsOn: Rendr").replace("command: render", "comand: render")
        path = self.file("a.yaml", text)
        ran = run("job", "check", path)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("there is no step 'Rendr'", ran.stderr)
        self.assertIn("line 8, column 33, steps[0].dependencies[0].dependsOn", ran.stderr)
        self.assertIn("did you mean 'Render'?", ran.stderr)
        answer = json.loads(run("job", "check", path, "--json").stdout)
        self.assertEqual((answer["ok"], len(answer["problems"])), (False, 3))
        self.assertEqual(
            set(answer["problems"][0]), {"code", "path", "what", "fix", "line", "column"}, answer["problems"][0]
        )

    def test_a_summary_says_steps_tasks_and_order(self):
        path = self.file("a.yaml", TEMPLATE)
        ran = run("job", "summary", path, "-p", "Frames=1-1000000", "--json")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        answer = json.loads(ran.stdout)
        self.assertEqual(answer["name"], "Render sh010")
        self.assertEqual(answer["order"], ["Render", "Movie"])
        self.assertEqual([(step["name"], step["tasks"]) for step in answer["steps"]], [("Movie", 1), ("Render", 2_000_000)])
        self.assertEqual(answer["steps"][0]["dependencies"], ["Render"])
        self.assertEqual(answer["tasks"], 2_000_001)
        told = run("job", "summary", path, "-p", "Frames=1-2").stdout
        self.assertIn("Render sh010: 2 steps, 5 tasks", told)

    def test_values_come_from_files_too(self):
        path = self.file("a.yaml", TEMPLATE)
        values = self.file("values.json", '{ "Frames": "1-3", "Shot": "x" }')
        answer = json.loads(run("job", "summary", path, "-p", f"file://{values}", "-p", "Shot=y", "--json").stdout)
        self.assertEqual((answer["name"], answer["tasks"]), ("Render y", 7))

    def test_wrong_values_are_refused_with_their_place(self):
        path = self.file("a.yaml", TEMPLATE)
        for values, what in ([], "has no value"), (["-p", "Frames=1-"], "steps[1].parameterSpace"), (["-p", "x"], "usage"):
            with self.subTest(values):
                ran = run("job", "summary", path, *values)
                self.assertEqual(ran.returncode, 2)
                self.assertIn(what, ran.stderr)

    def test_a_file_that_is_not_there_is_told(self):
        ran = run("job", "check", str(self.folder / "none.yaml"))
        self.assertEqual(ran.returncode, 2)
        self.assertIn("cannot be read", ran.stderr)


class ShortCommands(SharedServerTestCase):
    @classmethod
    def prepare(cls, server):
        server.pipeline(PIPELINE)

    def setUp(self):
        super().setUp()
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name).resolve()

    def template(self, step):
        path = self.folder / f"{step}.yaml"
        path.write_text(self.server.run("pipeline", "show", "demo", "--openjd", step).output)
        ran = run("job", "check", str(path))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return path

    def openjd(self, *arguments):
        if not shutil.which("openjd"):
            print("skipped: no openjd-cli")
            self.skipTest("no openjd-cli")
        ran = subprocess.run(["openjd", *arguments], capture_output=True, text=True, timeout=120, cwd=self.folder)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout

    def test_a_step_that_is_not_there_is_told(self):
        ran = self.server.run("pipeline", "show", "demo", "--openjd", "copi", code=2)
        self.assertIn("did you mean 'copy'?", ran.errors)

    def test_json_has_the_template(self):
        answer = self.server.ask("pipeline", "show", "demo", "--openjd", "copy")
        self.assertEqual((answer["project"], answer["step"]), ("demo", "copy"))
        self.assertIn("jobtemplate-2023-09", answer["template"])

    def test_a_frame_by_frame_step_runs_elsewhere(self):
        path = self.template("copy")
        self.openjd("check", str(path))
        for frame in (7, 8):
            (self.folder / f"plate.{frame:04}.exr").write_text(f"plate {frame}\n")
        (self.folder / "note.txt").write_text("note\n")
        self.openjd(
            "run", str(path), "-p", "Frames=7-8", "-p", "plate=plate.####.exr", "-p", "note=note.txt", "-p", "folder_fps=24"
        )
        self.assertEqual((self.folder / "out/frames/copy.0007.txt").read_text(), "plate 7\nnote\n7 24\n")
        self.assertEqual((self.folder / "out/frames/copy.0008.txt").read_text(), "plate 8\nnote\n8 24\n")

    def test_a_chunked_step_runs_elsewhere(self):
        path = self.template("chunked")
        self.openjd("check", str(path))
        self.openjd("run", str(path), "-p", "Frames=1-5", "-p", "plate=/in/p%.####.exr")
        written = sorted(file.name for file in (self.folder / "out/list").iterdir())
        self.assertEqual(written, [f"list.{frame:04}.txt" for frame in range(1, 6)])
        self.assertEqual((self.folder / "out/list/list.0004.txt").read_text(), "/in/p%.0004.exr\n")

    def test_gathered_inputs_are_several_arguments(self):
        path = self.template("sheet")
        self.openjd("check", str(path))
        self.openjd("run", str(path), "-p", json.dumps({"reviews": "/a/x.png\n/b c/y.png"}))
        self.assertEqual(
            (self.folder / "out/sheet/sheet.txt").read_text(), "a:/a/x.png\na:/b c/y.png\n/a\n/b c\n"
        )


if __name__ == "__main__":
    unittest.main()
