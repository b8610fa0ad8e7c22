"""Sluice's own programs: the server, and `bench-log`, which drives the engine without a server."""

import functools
import os
import pathlib
import shutil
import subprocess

from .drivers import ROOT, Failed, Figures, Missing, figures_of, output_of


@functools.cache
def built(product: str) -> str:
    """The release build of a product; `swift` says on standard error what it does, since that can take long."""
    if shutil.which("swift") is None:
        raise Missing("not built: swift is not here")
    if f'"{product}"' not in (ROOT / "Package.swift").read_text():
        raise Missing("not built")
    release = ["swift", "build", "-c", "release"]
    done = subprocess.run([*release, "--product", product], check=False, cwd=ROOT, stdout=2)
    if done.returncode:
        raise Failed(f"not built: `swift build -c release --product {product}` failed")
    folder = output_of([*release, "--package-path", str(ROOT), "--show-bin-path"])
    return str(pathlib.Path(folder) / product)


def named_or_built(variable: str, product: str) -> str:
    named = os.environ.get(variable)
    return os.path.abspath(named) if named else built(product)


def server() -> str:
    return named_or_built("SLUICE_BIN", "sluice")


def engine(mode: str, folder: pathlib.Path, **options: object) -> Figures:
    """Runs `bench-log MODE --folder DIR …`."""
    command = [named_or_built("SLUICE_BENCH_LOG", "bench-log"), mode, "--folder", str(folder)]
    for option, value in options.items():
        command += [f"--{option}", str(value)]
    return figures_of(command)
