"""The C programs that write to the peers and read from them, and how they are compiled and run."""

import json
import pathlib
import shutil
import subprocess

Figures = dict[str, float]

SOURCES = pathlib.Path(__file__).resolve().parent
ROOT = SOURCES.parent.parent
BUILT = ROOT / ".build" / "bench"
# No measurement takes so long; only a hang does.
LONGEST_SECONDS = 1800


class Missing(Exception):
    """A peer, a library or our own program is not there: a row says so, and nothing failed."""


class Failed(Exception):
    """It is there and did not do what was asked."""


def libraries(name: str) -> list[str]:
    """What the compiler needs beside the shared sources."""
    match name:
        case "sqlite":
            return ["-lsqlite3"]
        case "postgres":
            headers = "/usr/include/postgresql"
            if shutil.which("pg_config"):
                headers = output_of(["pg_config", "--includedir"])
            return [f"-I{headers}", "-lpq"]
        case "redis" | "jetstream" | "http":
            return [str(SOURCES / "net.c")]
        case _:
            return []


def output_of(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def compiled(name: str) -> pathlib.Path:
    """The driver `name`, compiled if its sources are newer."""
    program = BUILT / f"log-{name}"
    newest = max(file.stat().st_mtime for file in SOURCES.glob("*.[ch]"))
    if program.exists() and program.stat().st_mtime > newest:
        return program
    compiler = shutil.which("cc")
    if compiler is None:
        raise Missing("not compiled: no C compiler is here")
    BUILT.mkdir(parents=True, exist_ok=True)
    part = program.with_suffix(".part")
    command = [compiler, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(part), str(SOURCES / f"{name}.c"),
               str(SOURCES / "driver.c"), *libraries(name)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        problem = next((line for line in done.stderr.splitlines() if "error" in line or "cannot find" in line), "")
        if "No such file" in problem or "cannot find" in problem:
            raise Missing(f"not installed ({problem.split('error: ')[-1].strip()})")
        raise Failed(f"log_peers/{name}.c does not compile: {problem}")
    part.rename(program)
    return program


def drive(driver: str, mode: str, /, **options: object) -> Figures:
    """Runs a driver and returns the figures that it prints."""
    command = [str(compiled(driver)), mode]
    for option, value in options.items():
        command += [f"--{option}", str(value)]
    return figures_of(command)


def figures_of(command: list[str]) -> Figures:
    """Runs a program that prints one JSON object of figures as its last line."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"{pathlib.Path(command[0]).name} did not end within {LONGEST_SECONDS} s") from None
    lines = done.stdout.strip().splitlines()
    try:
        said = json.loads(lines[-1])
    except (IndexError, ValueError):
        words = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Failed(f"{pathlib.Path(command[0]).name}: {words[-1]}") from None
    if "error" in said:
        raise Failed(str(said["error"]))
    if done.returncode:
        raise Failed(f"{pathlib.Path(command[0]).name}: exit status {done.returncode}")
    return {key: float(value) for key, value in said.items()}
