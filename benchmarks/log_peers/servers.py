"""The servers: each is a child process on a free port of the loopback, with its files in a folder that it is given."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

from . import installed
from .drivers import Failed, Missing

START_SECONDS = 60
STOP_SECONDS = 60


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def memory(self) -> tuple[int, int]:
        """Bytes of memory resident now, and at most so far."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith("Vm")}
        return found["VmRSS"], found["VmHWM"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def takes_connections(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def running(command: list[str], port: int, folder: pathlib.Path, *, user: str | None = None,
            stop: signal.Signals = signal.SIGTERM,
            is_ready: Callable[[int], bool] = takes_connections) -> Iterator[Server]:
    """Starts a server, waits until it is ready, and stops it at the end whatever happened.

    It gets a session of its own, so that Ctrl-C reaches only the benchmark, which then stops it in order; should the
    benchmark be killed, the kernel sends the same signal.
    """
    wrapper = ["setpriv", "--pdeathsig", stop.name.removeprefix("SIG")] if shutil.which("setpriv") else []
    if user:
        wrapper += ["--reuid", user, "--regid", user, "--clear-groups"]
    words = folder.parent / f"{folder.name}.txt"
    with open(words, "wb") as file:
        process = subprocess.Popen([*wrapper, *command], stdout=file, stderr=file, stdin=subprocess.DEVNULL,
                                   start_new_session=True, cwd="/")
    try:
        give_up = time.monotonic() + START_SECONDS
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > give_up:
                said = words.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                raise Failed(f"{pathlib.Path(command[0]).name} did not start: {said[-1]}")
            time.sleep(0.02)
        yield Server(process, port)
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def jetstream(folder: pathlib.Path, *, always: bool) -> Iterator[Server]:
    """NATS with JetStream; `always` syncs each message, else the server syncs every two minutes (its default)."""
    program, port = installed.nats_server(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "nats.conf"
    settings.write_text(f'listen: "127.0.0.1:{port}"\njetstream {{\n  store_dir: "{folder}"\n'
                        + ("  sync_interval: always\n" if always else "") + "}\n")
    with running([program, "--config", str(settings)], port, folder) as server:
        yield server


@contextlib.contextmanager
def redis(folder: pathlib.Path, *, sync: str = "always") -> Iterator[Server]:
    """Redis with its append-only file; no snapshots and no rewriting of the file meanwhile, which would only cost."""
    program, port = installed.redis_server(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes",
               "--appendfsync", sync, "--save", "", "--auto-aof-rewrite-percentage", "0"]
    with running(command, port, folder) as server:
        yield server


@contextlib.contextmanager
def postgres(folder: pathlib.Path, *, connections: int) -> Iterator[Server]:
    """PostgreSQL as it comes, but for more connections. It refuses to run as root, so root runs it as `postgres`."""
    initdb, program, port = installed.postgres("initdb"), installed.postgres("postgres"), free_port()
    user = "postgres" if os.geteuid() == 0 else None
    if not (folder / "cluster" / "PG_VERSION").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make_cluster(initdb, folder, user)
    command = [program, "-D", str(folder / "cluster"), "-p", str(port), "-c", "listen_addresses=127.0.0.1",
               "-c", "unix_socket_directories=", "-c", f"max_connections={connections + 10}", "-c", "fsync=on",
               "-c", "synchronous_commit=on"]
    asking = [installed.postgres("pg_isready"), "--host", "127.0.0.1", "--timeout", "1", "--port"]

    # It takes connections before it is ready, and refuses them.
    def is_ready(port: int) -> bool:
        return subprocess.run([*asking, str(port)], check=False, capture_output=True).returncode == 0

    # SIGINT is its fast shutdown; SIGTERM would wait for clients.
    with running(command, port, folder, user=user, stop=signal.SIGINT, is_ready=is_ready) as server:
        yield server


def make_cluster(initdb: str, folder: pathlib.Path, user: str | None) -> None:
    wrapper: list[str] = []
    if user:
        try:
            account = pwd.getpwnam(user)
        except KeyError:
            raise Missing(f"not run: root cannot run it, and there is no user '{user}'") from None
        os.chown(folder, account.pw_uid, account.pw_gid)
        wrapper = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
        if subprocess.run([*wrapper, "test", "-w", str(folder)], check=False).returncode:
            raise Missing(f"not run: the user '{user}' may not enter {folder.parent}")
    command = [*wrapper, initdb, "-D", str(folder / "cluster"), "-U", "bench", "--auth", "trust", "--no-locale",
               "--encoding", "UTF8", "--no-sync"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise Failed(f"initdb: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")


@contextlib.contextmanager
def sluice(program: str, folder: pathlib.Path) -> Iterator[Server]:
    port = free_port()
    command = [program, "serve", "--data", str(folder), "--listen", f"127.0.0.1:{port}", "--log-level", "warning"]
    with running(command, port, folder) as server:
        yield server
