"""Draws what selections select: docs/images/selection/NAME.svg from tools/selection-pictures.json.

One show in every picture; what is selected is filled. The colours are legible on light and on dark paper.
"""

import json
from pathlib import Path
from xml.sax.saxutils import escape

SOURCE = "tools/selection-pictures.json"
FOLDER = "docs/images/selection"

COLUMN, ROW, WIDTH, HEIGHT, MARGIN = 200, 46, 150, 28, 10
GREY, BLUE, WHITE = "#7d8590", "#2f6fd0", "#ffffff"
FONT = "font-family='ui-monospace, Menlo, Consolas, monospace' font-size='12'"


def pictures(root: Path) -> dict[str, str]:
    """Paths, relative to the repository, and the pictures that belong there."""
    document = json.loads((root / SOURCE).read_text(encoding="utf-8"))
    nodes, links = document["nodes"], document["links"]
    return {f"{FOLDER}/{picture['name']}.svg": drawn(picture, nodes, links) for picture in document["pictures"]}


def written(picture: dict) -> str:
    """The expression as somebody writes it."""
    until = f" --until {picture['until']}" if "until" in picture else ""
    return f'--select "{picture["select"]}"{until}'


def drawn(picture: dict, nodes: dict, links: list) -> str:
    selected = set(picture["selected"])
    unknown = selected - nodes.keys()
    if unknown:
        raise ValueError(f"{picture['name']}: there is no {sorted(unknown)}")
    width = 2 * COLUMN + WIDTH + 2 * MARGIN
    height = round(max(node["at"][1] for node in nodes.values()) * ROW) + HEIGHT + 2 * MARGIN
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        "role='img'>",
        f"<title>{escape(written(picture))}</title>",
    ]
    for start, end in links:
        lines.append(link(nodes[start], nodes[end], start in selected and end in selected))
    for name, node in nodes.items():
        lines.extend(box(name, node, name in selected))
    return "\n".join([*lines, "</svg>"]) + "\n"


def place(node: dict) -> tuple[int, int]:
    column, row = node["at"]
    return round(MARGIN + column * COLUMN), round(MARGIN + row * ROW)


def link(start: dict, end: dict, lit: bool) -> str:
    (x, y), (u, v) = place(start), place(end)
    x, y, v = x + WIDTH, y + HEIGHT // 2, v + HEIGHT // 2
    middle = (x + u) // 2
    return (
        f"<path d='M{x} {y} C{middle} {y} {middle} {v} {u} {v}' fill='none' stroke='{BLUE if lit else GREY}' "
        f"stroke-width='{2 if lit else 1}'/>"
    )


def box(name: str, node: dict, lit: bool) -> list[str]:
    x, y = place(node)
    fill, text = (BLUE, WHITE) if lit else ("none", GREY)
    label = name.removeprefix("sq010/") if name != "sq010/contact" else name
    lines = [
        f"<rect x='{x}' y='{y}' width='{WIDTH}' height='{HEIGHT}' rx='5' fill='{fill}' "
        f"stroke='{BLUE if lit else GREY}'/>",
        f"<text x='{x + 8}' y='{y + 18}' {FONT} fill='{text}'>{escape(label)}</text>",
    ]
    if "note" in node:
        lines.append(
            f"<text x='{x + WIDTH - 6}' y='{y - 3}' text-anchor='end' {FONT.replace('12', '10')} "
            f"fill='{GREY}'>{escape(node['note'])}</text>"
        )
    return lines
