"""What a template prints and how it ends, by `openjd run` and by us, so that both can be compared."""

import re
import shutil
import subprocess

from sluice_server import ServerTestCase


class PeerTestCase(ServerTestCase):
    """One worker and one session, as `openjd run` has. Whoever compares says what they let pass."""

    workers = 1
    extensions: str
    remark: re.Pattern
    """Lines of `openjd run` itself."""

    @staticmethod
    def tidy(line):
        """A line without what differs from one run to the next."""
        raise NotImplementedError

    def openjd(self, command, file, *arguments):
        if not shutil.which("openjd"):
            print("skipped: no openjd-cli")
            self.skipTest("no openjd-cli")
        return subprocess.run(
            ["openjd", command, str(file), "--extensions", self.extensions, *arguments],
            capture_output=True, text=True, timeout=60, cwd=self.server.home)  # fmt: skip

    def peer(self, file, *arguments):
        ran = self.openjd("run", file, *arguments)
        printed, isOutput = [], False
        for line in ran.stdout.splitlines():
            _, _, text = line.partition("\t")
            if text == "Output:":
                isOutput = True
            elif re.match(r"Process pid \d+ exited", text):
                isOutput = False
            elif isOutput:
                printed.append(text)
        return ran.returncode == 0, [self.tidy(line) for line in printed if not self.remark.match(line)]

    def ours(self, file, *arguments):
        job = self.server.run("job", "submit", file, *arguments, "--wait", "--json", code=None).json
        printed = []
        for step in job["steps"]:
            for number in range(1, step["tasksTotal"] + 1):
                log = self.server.run("job", "log", f"{step['run']}.{number}", code=None)
                printed += log.output.splitlines() if log.code == 0 else []
        return job["status"] == "succeeded", [self.tidy(line) for line in printed if not line.startswith("sluice: ")]
