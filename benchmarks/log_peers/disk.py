"""The pace of syncs, by the disk and by the cores: who waits for a sync also waits to get a core back.

Other work on the machine changes it more than tenfold, and what was measured at different paces does not compare.
"""

import math
import os
import pathlib
import time
from collections.abc import Iterable

from .drivers import Figures, drive

# Paces within this factor count as the same.
ALIKE = 2.0
# How often a measurement is made when the pace changes meanwhile.
TRIES = 2
# The geometric mean of the paces before and after a measurement, and how far they lie apart.
PACE, SHIFT = "syncsPerSecond", "syncsShift"


def alike(one: float, other: float) -> bool:
    return max(one, other) <= ALIKE * min(one, other)


def common(rows: Iterable[list[Figures]]) -> float | None:
    """The pace at which most rows have a measurement; of those with equally many, the one with most measurements."""
    paces = [[figures[PACE] for figures in row if figures[SHIFT] <= ALIKE] for row in rows]

    def support(pace: float) -> tuple[int, int]:
        near = [sum(alike(pace, other) for other in row) for row in paces]
        return sum(count > 0 for count in near), sum(near)

    return max((pace for row in paces for pace in row), key=support, default=None)


def at_pace(measured: list[Figures], pace: float | None) -> list[Figures]:
    """The measurements during which syncs kept this pace."""
    return [figures for figures in measured
            if pace is not None and figures[SHIFT] <= ALIKE and alike(figures[PACE], pace)]


class Disk:
    """The disk that is measured on, and how fast a single writer can sync to it now."""

    def __init__(self, folder: pathlib.Path, patience: float) -> None:
        self.folder = folder
        self.patience = patience
        folder.mkdir()

    def pace(self) -> float:
        """Appends of one event synced per second now, by 50 of them, when all that was left to write is written."""
        os.sync()
        return drive("raw", "write", folder=self.folder, writers=1, events=50)["perSecond"]

    def wait_for(self, wanted: float | None) -> float:
        """Waits until syncs have about the pace that is wanted, if one is, but not for ever; returns their pace."""
        give_up = time.monotonic() + self.patience
        pace = self.pace()
        while wanted is not None and not alike(pace, wanted) and time.monotonic() < give_up:
            time.sleep(1)
            pace = self.pace()
        return pace

    def marked(self, figures: Figures, before: float) -> Figures:
        after = self.pace()
        return figures | {PACE: math.sqrt(before * after), SHIFT: max(before, after) / min(before, after)}
