"""Rows made of what was measured: medians, ratios, and the text that is printed."""

import statistics
from dataclasses import dataclass, field
from typing import Any

from .cases import Case, Section
from .drivers import Figures


@dataclass
class Row:
    case: Case
    measured: list[Figures] = field(default_factory=list)
    # Why there is nothing, or no more.
    says: str = ""
    failed: bool = False

    def median(self, key: str) -> float | None:
        values = [figures[key] for figures in self.measured if key in figures]
        return statistics.median(values) if values else None

    def client_share(self) -> float | None:
        """Of one core: how much of the time the driver itself was busy. Near 1 it was the limit, not the peer."""
        shares = [figures["driverCPUSeconds"] / figures["seconds"] for figures in self.measured
                  if "driverCPUSeconds" in figures]
        return statistics.median(shares) if shares else None


def number(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(top: float | None, bottom: float | None) -> float | None:
    return top / bottom if top is not None and bottom else None


def ratios(section: Section, rows: list[Row], row: Row) -> dict[str, float | None]:
    """How a row compares with the raw file, and ours with it, by the section's first column."""
    key = section.columns[0][0]
    named = {other.case.name: other.median(key) for other in rows}
    mine = row.median(key)
    found = {}
    if section.raw:
        found["of raw"] = ratio(mine, named.get(section.raw))
    if section.engine:
        found["engine/it"] = ratio(named.get(section.engine), mine)
    if section.http:
        found["HTTP/it"] = ratio(named.get(section.http), mine)
    return found


def lines(section: Section, rows: list[Row]) -> list[str]:
    headings = ["synced before ack", *(heading for _, heading in section.columns),
                *ratios(section, rows, rows[0]), "client CPU", "disk syncs/s"]
    table = [[section.title, *headings]]
    for row in rows:
        if row.measured:
            share = row.client_share()
            cells = [row.case.synced, *(number(row.median(key)) for key, _ in section.columns),
                     *(number(value) for value in ratios(section, rows, row).values()),
                     "–" if share is None else f"{share:.0%}", number(row.median("diskSyncsPerSecond"))]
            table.append([row.case.name, *cells])
        if row.says:
            table.append([f"  {row.case.name}: {row.says}" if row.measured else f"{row.case.name}: {row.says}"])
    widths = [max(len(line[column]) for line in table if len(line) > 1) for column in range(len(headings) + 1)]
    text = []
    for line in table:
        first = line[0].ljust(widths[0]) if len(line) > 1 else line[0]
        text.append("  ".join([first, *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]))
    text.insert(1, "-" * len(text[0]))
    return text


def as_json(section: Section, rows: list[Row]) -> list[dict[str, Any]]:
    return [{"section": section.title, "case": row.case.name, "synced before ack": row.case.synced,
             **{heading: row.median(key) for key, heading in section.columns}, **ratios(section, rows, row),
             "runs": len(row.measured), "says": row.says, "measured": row.measured} for row in rows]
