"""Documents about subscriptions say what is so: their commands run as they stand there."""

import re
import subprocess
import unittest
from pathlib import Path

import tiny_show
from sluice_server import ROOT, end_with_us, program
from subscribers import SubscriptionTestCase

PAGE = ROOT / "docs" / "howto" / "subscriptions.md"
PLACEHOLDER = "019365aa-7c1e-7a3b-9d20-5b8f6c0e4a11"


def blocks(text, language=""):
    """The fenced blocks of a language; of none, those of the shell."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [block for kind, block in found if kind == language]


def commands(text):
    """The shell commands of a page, continued lines joined."""
    return [line for block in blocks(text) for line in block.replace("\\\n", "").splitlines() if line.strip()]


class HowToSubscribe(SubscriptionTestCase):
    def start(self):
        """With the program of the page, under the option of the page."""
        self.page = PAGE.read_text()
        (script,) = blocks(self.page, "python")
        self.program_path = self.server.home / "tracker.py"
        self.program_path.write_text(script)
        self.program_path.chmod(0o755)
        (serve,) = [line for line in commands(self.page) if line.startswith("sluice serve ")]
        (option,) = re.findall(r"--subscriber-command (\S+)", serve)
        self.server.start("--subscriber-command", option)

    def shell(self, line):
        """Runs a line as a person would, in the folder of the test."""
        folder = self.server.home / "bin"
        folder.mkdir(exist_ok=True)
        if not (folder / "sluice").exists():
            (folder / "sluice").symlink_to(program())
        environment = self.server.environment()
        environment["PATH"] = f"{folder}:{environment['PATH']}"
        line = line.replace("http://127.0.0.1:7733", self.server.url)
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line.replace("curl ", "curl -sS --fail-with-body ")],
            capture_output=True, text=True, timeout=60, env=environment, cwd=self.server.home, preexec_fn=end_with_us,
        )  # fmt: skip
        self.assertEqual(ran.returncode, 0, f"{line}\n{ran.stdout}\n{ran.stderr}")
        return ran.stdout

    def seen(self):
        path = self.server.home / "seen.txt"
        return path.read_text().splitlines() if path.exists() else []

    def test_every_command_of_the_page(self):
        tiny_show.make(self.server)
        lines = [line for line in commands(self.page) if not line.startswith("sluice serve ")]
        self.assertGreater(len(lines), 15)
        batch, said = None, {}
        for line in lines:
            with self.subTest(line):
                if "subscription dead tracker" in line:
                    self.fail_once()
                if "replay tracker --event" in line:
                    line = line.replace(PLACEHOLDER, self.server.events("sluice.tag.moved.*")[0]["id"])
                if "retry tracker --event" in line:
                    line = line.replace(PLACEHOLDER, self.dead("tracker")[0]["event"]["id"])
                said[line] = self.shell(line.replace("--tries 5", "--tries 1").replace("BATCH", batch or "BATCH"))
                if "/pull?" in line:
                    batch = re.search(r'"batch":"([^"]*)"', said[line]).group(1)
                if "create tracker" in line:
                    self.publish_and_tag()
        self.assertEqual(self.server.get("/api/v1/subscriptions").json["subscriptions"][0]["name"], "nightly")
        self.assertEqual(self.show("nightly")["lag"]["events"], 0)

    def publish_and_tag(self):
        tiny_show.change_look(self.server, "new\n")
        self.server.ask("tag", "demo/look/show_lut", "good")
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "tracker", "the program has them")
        self.assertEqual(
            self.seen(),
            ["sluice.version.published.v1 demo/look/show_lut", "sluice.tag.moved.v1 demo/look/show_lut"],
        )

    def fail_once(self):
        script = self.program_path.read_text()
        self.program_path.write_text("#!/bin/sh\nexit 1\n")
        self.server.ask("tag", "demo/look/show_lut", "better")
        self.wait_for(lambda shown: shown["dead"] == 1, "tracker", "the event is dead")
        self.program_path.write_text(script)

    def test_its_program_does_the_work_once_and_again_when_it_is_replayed(self):
        tiny_show.make(self.server)
        self.create("tracker", types=["sluice.version.published.*"], kind="command", command="tracker", **{"from": "beginning"})
        settled = lambda shown: shown["lag"]["events"] == 0 and shown["replay"] is None  # noqa: E731
        self.wait_for(settled, "tracker", "the program has them")
        count = len(self.seen())
        self.assertGreater(count, 10)
        self.post("tracker", "reset", to="beginning")
        self.wait_for(settled, "tracker", "the program has them again")
        self.assertEqual(len(self.seen()), count, "what comes again is not done again")
        self.post("tracker", "replay", **{"from": "beginning"})
        self.wait_for(settled, "tracker", "the replay is done")
        self.assertEqual(len(self.seen()), 2 * count)

    def test_its_answer_about_a_part_is_taken(self):
        self.create("nightly")
        self.change(1, 2, 3)
        (body,) = blocks(self.page, "json")
        answer = self.server.http("POST", self.path("nightly", "ack"), body.replace("BATCH", self.pull("nightly")["batch"]))
        self.assertEqual(answer.status, 200, str(answer))
        self.assertEqual(self.show("nightly")["failing"], {"tries": 1, "error": "the database is read-only"})


class Explanation(unittest.TestCase):
    def test_every_subscription_command_that_documents_show_is_one(self):
        """Names of commands and options in documents are those that there are."""
        helps = {}

        def options(command):
            if command not in helps:
                ran = subprocess.run([program(), *command, "--help"], capture_output=True, text=True, timeout=30)
                helps[command] = set(re.findall(r"--[a-z-]+", ran.stdout)) if ran.returncode == 0 else None
            return helps[command]

        checked = 0
        for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
            for line in commands(Path(path).read_text()):
                found = re.match(r"sluice (subscription [a-z]+|replay)\b(.*)", line)
                if found:
                    checked += 1
                    with self.subTest(f"{path.name}: {line}"):
                        known = options(tuple(found.group(1).split()))
                        self.assertIsNotNone(known)
                        self.assertLessEqual(set(re.findall(r"(?<=\s)--[a-z-]+", found.group(2))), known)
        self.assertGreater(checked, 15)


if __name__ == "__main__":
    unittest.main()
