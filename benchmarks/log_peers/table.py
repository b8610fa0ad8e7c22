"""Rows made of what was measured: medians, ratios, and the text that is printed."""

import statistics
import textwrap
from dataclasses import dataclass, field
from typing import Any

from .cases import Case, Section
from .disk import ALIKE, PACE, SHIFT, at_pace, common
from .drivers import Figures

# Of a reason in the printed table; the file has all of it.
LONGEST_REASON = 160


@dataclass
class Row:
    case: Case
    measured: list[Figures] = field(default_factory=list)
    # Why there is nothing, or no more.
    says: str = ""
    failed: bool = False

    def is_steady(self) -> bool:
        """Whether syncs kept their pace during the last measurement."""
        return self.measured[-1][SHIFT] <= ALIKE


@dataclass(frozen=True)
class Shown:
    """A row as it is shown: what was measured at the pace of the section, else all, and then with a star."""

    row: Row
    used: list[Figures]
    starred: bool

    def median(self, key: str) -> float | None:
        values = [figures[key] for figures in self.used if key in figures]
        return statistics.median(values) if values else None

    def client_share(self) -> float | None:
        """Of one core: how much of the time the driver itself was busy. Near 1 it was the limit, not the peer."""
        shares = [figures["driverCPUSeconds"] / figures["seconds"] for figures in self.used
                  if "driverCPUSeconds" in figures]
        return statistics.median(shares) if shares else None


def shown(section: Section, rows: list[Row]) -> list[Shown]:
    if section.once:
        return [Shown(row, row.measured, starred=False) for row in rows]
    pace = common(row.measured for row in rows)
    found = []
    for row in rows:
        used = at_pace(row.measured, pace)
        found.append(Shown(row, used or row.measured, starred=not used))
    return found


def number(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def ratio(top: float | None, bottom: float | None) -> float | None:
    return top / bottom if top is not None and bottom else None


def ratios(section: Section, rows: list[Shown], row: Shown) -> dict[str, float | None]:
    """How a row compares with the raw file, and ours with it, by the first column; rows with a star do not compare."""
    key = section.columns[0][0]
    named = {other.row.case.name: other.median(key) for other in rows if not other.starred}
    mine = None if row.starred else row.median(key)
    found = {}
    if section.raw:
        found["of raw"] = ratio(mine, named.get(section.raw))
    if section.engine:
        found["engine/it"] = ratio(named.get(section.engine), mine)
    if section.http:
        found["HTTP/it"] = ratio(named.get(section.http), mine)
    return found


def lines(section: Section, measured: list[Row]) -> list[str]:
    rows = shown(section, measured)
    headings = ["synced before ack", *(heading for _, heading in section.columns),
                *ratios(section, rows, rows[0]), "client CPU", "syncs/s", "runs"]
    table = [[section.title, *headings]]
    for row in rows:
        name = row.row.case.name
        if row.used:
            share = row.client_share()
            table.append([name + (" *" if row.starred else ""), row.row.case.synced,
                          *(number(row.median(key)) for key, _ in section.columns),
                          *(number(value) for value in ratios(section, rows, row).values()),
                          "–" if share is None else f"{share:.0%}", number(row.median(PACE)), str(len(row.used))])
        if row.row.says:
            table.append([textwrap.shorten(f"{name}: {row.row.says}", LONGEST_REASON, placeholder=" …")])
    widths = [max(len(line[column]) for line in table if len(line) > 1) for column in range(len(headings) + 1)]
    text = []
    for line in table:
        first = line[0].ljust(widths[0]) if len(line) > 1 else line[0]
        text.append("  ".join([first, *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=False))]))
    text.insert(1, "-" * len(text[0]))
    return text


def as_json(section: Section, measured: list[Row]) -> list[dict[str, Any]]:
    rows = shown(section, measured)
    return [{"section": section.title, "case": row.row.case.name, "synced before ack": row.row.case.synced,
             **{heading: row.median(key) for key, heading in section.columns}, **ratios(section, rows, row),
             "syncs/s": row.median(PACE), "at another pace": row.starred and bool(row.used),
             "runs": len(row.used), "says": row.row.says, "measured": row.row.measured} for row in rows]
