"""Sluice's own programs: the server, and `bench-log`, which drives the engine without a server."""

import contextlib
import os
import pathlib
import shutil
import subprocess

from .drivers import ROOT, Failed, Figures, Missing, figures_of, output_of

# What building came to, by product: a path, or why there is none. It is tried once.
outcomes: dict[str, str | Missing | Failed] = {}


def server() -> str:
    return named_or_built("SLUICE_BIN", "sluice")


def engine(mode: str, folder: pathlib.Path, **options: object) -> Figures:
    """Runs `bench-log MODE --folder DIR …`."""
    command = [named_or_built("SLUICE_BENCH_LOG", "bench-log"), mode, "--folder", str(folder)]
    for option, value in options.items():
        command += [f"--{option}", str(value)]
    return figures_of(command)


def build_both() -> None:
    """Builds before anything is measured; what goes wrong is said in the rows."""
    for variable, product in (("SLUICE_BIN", "sluice"), ("SLUICE_BENCH_LOG", "bench-log")):
        with contextlib.suppress(Missing, Failed):
            named_or_built(variable, product)


def named_or_built(variable: str, product: str) -> str:
    if named := os.environ.get(variable):
        return os.path.abspath(named)
    if product not in outcomes:
        try:
            outcomes[product] = build(product)
        except (Missing, Failed) as problem:
            outcomes[product] = problem
    outcome = outcomes[product]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def build(product: str) -> str:
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
