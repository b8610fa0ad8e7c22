"""A real server on a data folder of its own, the real command line, and plain HTTP, for the tests in this folder.

Environment:
  SLUICE_BIN   the program (default: the debug build of this repository)
  SLUICE_KEEP  set it to keep the data folders, for a look afterwards
"""

import atexit
import contextlib
import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv" / "bin"
START_SECONDS = 60
STOP_SECONDS = 30
COMMAND_SECONDS = 60
PLAN_SECONDS = 90


def _program():
    """A copy of the program, so that a build that goes on meanwhile does not change what is tested."""
    source = Path(os.environ.get("SLUICE_BIN") or ROOT / ".build" / "debug" / "sluice")
    folder = Path(tempfile.mkdtemp(prefix="sluice-bin-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / "sluice"
    deadline = time.monotonic() + 120
    while True:
        try:
            shutil.copy2(source, copy)
            ran = subprocess.run([copy, "--version"], capture_output=True, timeout=COMMAND_SECONDS)
            if ran.returncode == 0:
                return str(copy)
            problem = f"it ends with {ran.returncode}"
        except OSError as error:
            problem = str(error)
        if time.monotonic() > deadline:
            raise RuntimeError(f"{source} cannot be run ({problem}); build it first: swift build")
        time.sleep(1)


_libc = ctypes.CDLL(None, use_errno=True)


def end_with_us():
    """In a child: it is ended when the tests are, even when those are killed."""
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


_program_path = None


def program():
    global _program_path
    if _program_path is None:
        _program_path = _program()
    return _program_path


def wait_until(condition, what, seconds=30, every=0.05):
    """The first true answer of `condition`; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_alive(process):
    """Whether a process runs; one that ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return False


class Ran:
    """How a command ended."""

    def __init__(self, arguments, process):
        self.arguments, self.code = arguments, process.returncode
        self.output = process.stdout.decode("utf-8", "replace")
        self.errors = process.stderr.decode("utf-8", "replace")

    def __str__(self):
        shown = " ".join(repr(str(argument))[1:-1][:80] for argument in self.arguments)
        return f"sluice {shown}\nexit code {self.code}\nstdout: {self.output[:3000]}\nstderr: {self.errors[:3000]}"

    @property
    def json(self):
        return json.loads(self.output)

    @property
    def lines(self):
        return [json.loads(line) for line in self.output.splitlines()]

    @property
    def error(self):
        """The error object that --json prints to stderr."""
        return json.loads(self.errors.strip().splitlines()[-1])["error"]


class Answer:
    """An HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __str__(self):
        return f"{self.status} {self.body[:2000]!r}"

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        return [json.loads(line) for line in self.body.decode().splitlines()]


class Server:
    """One data folder, and the server on it while it runs."""

    def __init__(self, folder=None, environment=None, workers=4):
        self.home = Path(folder or tempfile.mkdtemp(prefix="sluice-test-"))
        self.owns_home = folder is None
        self.data = self.home / "data"
        self.port = free_port()
        self.workers = workers
        self.extra = dict(environment or {})
        self.process = None
        self.log_path = self.home / "server.log"

    # The server

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **changes):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        environment["PATH"] = os.pathsep.join([str(VENV), environment.get("PATH", "/usr/bin:/bin")])
        environment["SLUICE_SERVER"] = self.url
        environment["SLUICE_ACTOR"] = "tester"
        environment.update(self.extra)
        environment.update(changes)
        return {name: value for name, value in environment.items() if value is not None}

    def start(self, *arguments, wrapper=(), environment=None):
        """Starts the server and waits until it answers."""
        command = [*wrapper, program(), "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        command += ["--workers", str(self.workers), *arguments]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(**(environment or {})),
                cwd=self.home,
                start_new_session=True,
                preexec_fn=end_with_us,
            )
        wait_until(self._is_up, f"the server answers; its log: {self.log()[-2000:]}", START_SECONDS, 0.02)
        return self

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}: {self.log()[-3000:]}")
        try:
            return self.get("/api/v1/health", timeout=5).status in (200, 401)
        except (OSError, http.client.HTTPException):
            return False

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def kill(self):
        """kill -9: no chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_SECONDS)

    def stop(self, how=signal.SIGTERM, seconds=STOP_SECONDS):
        """Asks the server to end; returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end within {seconds} s of signal {how}") from None

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.owns_home and not os.environ.get("SLUICE_KEEP"):
            shutil.rmtree(self.home, ignore_errors=True)

    def memory_bytes(self):
        """Resident memory of the server."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def children(self):
        """Processes that the server started and that still run."""
        return [process for process in _processes() if _parent(process) == self.process.pid and is_alive(process)]

    # The command line

    def run(self, *arguments, code=0, timeout=COMMAND_SECONDS, input=None, environment=None, cwd=None, server=True):
        """Runs a command and checks its exit code; `code=None` takes any."""
        changes = dict(environment or {})
        if not server:
            changes.setdefault("SLUICE_SERVER", None)
        process = subprocess.run(
            [program(), *[argument if isinstance(argument, bytes) else str(argument) for argument in arguments]],
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            timeout=timeout,
            env=self.environment(**changes),
            cwd=cwd or self.home,
            start_new_session=True,
            preexec_fn=end_with_us,
        )
        ran = Ran(arguments, process)
        if code is not None and ran.code != code:
            raise AssertionError(f"exit code {code} was expected\n{ran}")
        return ran

    def ask(self, *arguments, code=0, **more):
        """A command with --json; its one object."""
        return self.run(*arguments, "--json", code=code, **more).json

    def refused(self, *arguments, code=2, **more):
        """A command with --json that is to fail; its error."""
        ran = self.run(*arguments, "--json", code=code, **more)
        if ran.output:
            raise AssertionError(f"a refused command printed to stdout\n{ran}")
        try:
            return ran.error
        except (ValueError, KeyError, IndexError, TypeError):
            raise AssertionError(f"no JSON error on stderr\n{ran}") from None

    def popen(self, *arguments, environment=None, **more):
        return subprocess.Popen(
            [program(), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            env=self.environment(**(environment or {})),
            cwd=self.home,
            start_new_session=True,
            preexec_fn=end_with_us,
            **more,
        )

    # HTTP

    def http(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        headers.setdefault("X-Sluice-Actor", "tester")
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path, timeout=30, headers=None, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.http("GET", path, headers=headers, timeout=timeout)

    def post(self, path, body, headers=None, timeout=30):
        return self.http("POST", path, body=body, headers=headers, timeout=timeout)

    # What tests look at

    def events(self, type=None, start=None):
        arguments = ["events"]
        if type:
            arguments += ["--type", type]
        if start:
            arguments += ["--from", start]
        return self.run(*arguments).lines

    def position(self):
        return self.get("/api/v1/health").json["position"]

    def states(self, ref="demo"):
        """`{"demo/…": "stale", …}`"""
        return {product["ref"]: product["state"] for product in self.ask("status", ref)["products"]}

    def versions(self, ref):
        """Version ids, oldest first."""
        return [version["version"] for version in reversed(self.ask("show", ref)["versions"])]

    def stored_versions(self):
        """Every version directory of the store, as REF@VERSION."""
        store, found = self.data / "store", set()
        for folder, names, _ in os.walk(store):
            if Path(folder) == store and ".staging" in names:
                names.remove(".staging")
            for name in [name for name in names if name.startswith("v-")]:
                names.remove(name)
                found.add(f"{Path(folder).relative_to(store)}@{name}")
        return found

    def recorded_versions(self):
        """Every version that the log knows, as REF@VERSION."""
        return {f"{event['product']}@{event['data']['version']}" for event in self.events("sluice.version.published.v1")}

    def apply(self, *arguments, code=0, project="demo", timeout=PLAN_SECONDS):
        """`apply --watch`; the object that it prints."""
        return self.ask("apply", project, *arguments, "--watch", code=code, timeout=timeout)

    def wait_for_plan(self, plan, seconds=PLAN_SECONDS):
        """The plan's progress once it has ended."""

        def ended():
            shown = self.get(f"/api/v1/plans/{plan}").json
            return shown if shown.get("state", {}).get("status") not in ("running", None) else None

        return wait_until(ended, f"the plan {plan} ends", seconds)

    # Files to publish

    def file(self, name, text="text\n"):
        path = self.home / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def frames(self, first, last, folder="plates", name="plate.{:04d}.txt", text="frame {}\n", without=()):
        """A sequence of small files; their paths."""
        return [
            self.file(f"{folder}/{name.format(frame)}", text.format(frame))
            for frame in range(first, last + 1)
            if frame not in without
        ]

    def pipeline(self, text, code=0):
        """Applies a pipeline file."""
        return self.ask("pipeline", "apply", self.file("sluice.yaml", text), code=code)


def _processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(process):
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def processes_with(marker):
    """Running processes that have `marker` in their command line."""
    found = []
    for process in _processes():
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{process}/cmdline").read_bytes()
            if marker.encode() in line and process != os.getpid() and is_alive(process):
                found.append(process)
    return found


class ServerTestCase(unittest.TestCase):
    """A test with a server of its own; `environment` and `workers` may be set by a class."""

    environment = {}
    workers = 4
    maxDiff = None

    def setUp(self):
        self.server = self.make_server()
        self.addCleanup(self.server.close)
        self.start()

    def make_server(self):
        return Server(environment=self.environment, workers=self.workers)

    def start(self):
        self.server.start()

    def assertError(self, error, code, *words):
        """An error with a code, and with everything that an error has."""
        self.assertEqual(error["code"], code, error)
        for field in ("what", "at", "fix"):
            self.assertTrue(error.get(field), f"an error says {field}: {error}")
        for word in words:
            self.assertIn(word, json.dumps(error, ensure_ascii=False))

    def assertProblem(self, answer, status, code):
        """An RFC 9457 problem."""
        self.assertEqual(answer.status, status, str(answer))
        self.assertEqual(answer.headers.get("content-type"), "application/problem+json", str(answer))
        problem = answer.json
        self.assertEqual(problem["code"], code, str(answer))
        self.assertEqual(problem["status"], status)
        for field in ("type", "title", "detail", "at", "fix"):
            self.assertTrue(problem.get(field), f"a problem says {field}: {problem}")
        return problem


class SharedServerTestCase(ServerTestCase):
    """Tests that share one server, for what does not disturb the others."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Server(environment=cls.environment, workers=cls.workers)
        cls.addClassCleanup(cls.shared.close)
        cls.shared.start()
        cls.prepare(cls.shared)

    @classmethod
    def prepare(cls, server):
        """What every test of the class finds."""

    def setUp(self):
        self.server = self.shared


def log_files(data):
    """The files in which a data folder keeps its log; nothing else in these tests knows where they lie."""
    return sorted(path for path in data.glob("log/**/*") if path.is_file())


def cursor_files(data):
    """The files in which a data folder keeps how far subscriptions have come."""
    return sorted(data.glob("cursors.sqlite*"))


def small_disk(test, mebibytes, path):
    """A disk of its own at `path`, so that it can be full; skips the test where that needs a right that is missing."""
    path.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(path)], capture_output=True, text=True
    )
    if made.returncode != 0:
        test.skipTest(f"needs the right to mount a small disk: {made.stderr.strip()}")
    test.addCleanup(subprocess.run, ["umount", "-l", str(path)], check=True)


def fill(folder):
    """Fills the disk of a folder; the file to remove again."""
    filler = folder / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (4096, 1):
            with contextlib.suppress(OSError):
                while os.write(descriptor, b"f" * size):
                    pass
    finally:
        os.close(descriptor)
    return filler


def threads(count, work):
    """Runs `work(index)` on that many threads that begin together; their answers, or the first error."""
    gate, answers, errors = threading.Barrier(count), [None] * count, []

    def one(index):
        try:
            gate.wait(30)
            answers[index] = work(index)
        except BaseException as error:
            errors.append(error)

    crowd = [threading.Thread(target=one, args=(index,), daemon=True) for index in range(count)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(120)
        if thread.is_alive():
            raise AssertionError("a thread did not end within 120 s")
    if errors:
        raise errors[0]
    return answers


def say(text):
    """A word for whoever reads the test's output, such as a seed."""
    print(f"\n  {text}", file=sys.stderr, flush=True)
