"""A host that ssh reaches: an sshd of the test's own, with keys that go with it."""

import os
import pathlib
import shutil
import subprocess

from sluice_server import end_with_us, free_port, wait_until


class SSHHost:
    """An sshd on a free port of this machine, which lets in whoever runs the tests and nobody else."""

    def __init__(self, test, folder):
        sshd = shutil.which("sshd") or "/usr/sbin/sshd"
        if not os.path.exists(sshd) or not shutil.which("ssh") or not shutil.which("ssh-keygen"):
            self.skip(test, "no sshd here; tools/setup installs openssh-server")
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.folder.mkdir(mode=0o700)
        (self.folder / "home").mkdir()
        for name in ("host", "person"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        shutil.copy(self.folder / "person.pub", self.folder / "authorized_keys")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        (self.folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nPidFile {self.folder}/pid\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n"
            f"SetEnv HOME={self.folder}/home\n"
        )
        (self.folder / "ssh_config").write_text(
            f"Host node-a node-b\n  HostName 127.0.0.1\n  Port {self.port}\n  IdentityFile {self.folder}/person\n"
            f"  IdentitiesOnly yes\n  StrictHostKeyChecking no\n  UserKnownHostsFile {self.folder}/known_hosts\n"
            "  LogLevel ERROR\n"
        )
        self.process = None
        self.start(sshd)
        test.addCleanup(self.stop)
        if not self.answers():
            self.skip(test, f"this sshd lets nobody in: {self.log()[-500:]}")

    @staticmethod
    def skip(test, words):
        print(f"skipped: {words}")
        test.skipTest(words)

    @property
    def options(self):
        return f"-F {self.folder}/ssh_config"

    def start(self, sshd=None):
        sshd = sshd or shutil.which("sshd") or "/usr/sbin/sshd"
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sshd, "-D", "-e", "-f", self.folder / "sshd_config"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_us,
            )
        wait_until(lambda: "listening" in self.log() or self.process.poll() is not None, "sshd listens or ends")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def answers(self):
        ran = subprocess.run(
            ["ssh", "-F", self.folder / "ssh_config", "-o", "BatchMode=yes", "node-a", "true"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
        return ran.returncode == 0

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
