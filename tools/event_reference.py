"""The part of docs/reference/events.md that is made from schemas/events/*.json.

A schema says all that the reference shows of a type: `description` (what happened), `x-written` (when it is written, to
be read behind "written"), `examples`, and a `description` for each field. The rest of the page is written by hand and
stays as it is; what is made stands between `<!-- make-docs: NAME -->` and `<!-- make-docs: end -->`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path("docs/reference/events.md")
SCHEMAS = Path("schemas/events")
TYPES_SOURCE = Path("Sources/SluiceModel/Events/Fact.swift")

#: Said by the schemas for who has nothing else at hand; the page says it once for all types.
COMMON_NOTE = "This is the `data` of the event; later versions of Sluice may add fields."
#: What people call the texts that these patterns describe.
NAMES_OF_PATTERNS = {
    r"^[0-9a-f]{64}$": "digest",
    r"^v-\d{8}-\d{6}-[A-Za-z0-9_][A-Za-z0-9_.]*(-\d{2})?$": "version id",
    r"^$|^-?\d+(--?\d+)?(,-?\d+(--?\d+)?)*$": "frames",
    r"^p-[0-9a-f]{12}$": "plan id",
    r"^r-[0-9a-f]{12}$": "run id",
    r"^r-[0-9a-f]{12}\.-?\d+$": "task id",
}
NAMES_OF_FORMATS = {"date-time": "time", "uri": "address"}
NAMES_OF_TYPES = {
    "boolean": "true or false",
    "integer": "whole number",
    "null": "null",
    "number": "number",
    "object": "object",
    "string": "text",
}

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One row of a type's table; `name` has the fields that it lies in before it."""

    name: str
    is_optional: bool
    kind: str
    what: str


class EventType:
    """One type of event, as its schema tells of it."""

    def __init__(self, name: str, schema: Schema) -> None:
        self.name = name
        self.schema = schema

    @property
    def what(self) -> str:
        text: str = self.schema.get("description", "")
        return text.replace(COMMON_NOTE, "").strip()

    @property
    def headline(self) -> str:
        """The first sentence of what happened."""
        return re.split(r"(?<=[.!?])\s+(?=[A-Z])", self.what, maxsplit=1)[0].rstrip(".")

    @property
    def written(self) -> str:
        text: str = self.schema.get("x-written", "")
        return text.strip().rstrip(".")

    @property
    def examples(self) -> list[Any]:
        return list(self.schema.get("examples", []))

    @property
    def fields(self) -> list[Field]:
        return list(self._fields(self.schema, ""))

    def gaps(self) -> Iterator[str]:
        """What the schema leaves unsaid, in words."""
        if not self.what:
            yield "it does not say what happened (description)"
        if not self.written:
            yield "it does not say when the event is written (x-written)"
        if not self.examples:
            yield "it has no example (examples)"
        for field in self.fields:
            if not field.what:
                yield f"the field '{field.name}' has no description"

    # How a schema becomes rows

    def _fields(self, part: Schema, prefix: str) -> Iterator[Field]:
        shapes = self._shapes(part)
        for name in dict.fromkeys(name for shape in shapes for name in shape.get("properties", {})):
            parts = [shape["properties"][name] for shape in shapes if name in shape.get("properties", {})]
            having = [self._resolved(child) for child in parts]
            yield Field(
                name=prefix + name,
                is_optional=any(name not in shape.get("required", []) for shape in shapes),
                kind=" or ".join(dict.fromkeys(self._kind(child) for child in having)),
                what=next((child["description"] for child in having if "description" in child), ""),
            )
            seen: set[str] = set()
            for field in (field for child in having for field in self._inside(child, prefix + name)):
                if field.name not in seen:
                    seen.add(field.name)
                    yield field

    def _inside(self, part: Schema, name: str) -> Iterator[Field]:
        yield from self._fields(part, f"{name}.")
        for shape in self._shapes(part):
            if isinstance(shape.get("items"), dict):
                yield from self._inside(self._resolved(shape["items"]), f"{name}[]")
            if isinstance(shape.get("additionalProperties"), dict):
                yield from self._inside(self._resolved(shape["additionalProperties"]), f"{name}.*")

    def _kind(self, part: Schema) -> str:
        if "const" in part:
            return f"`{part['const']}`"
        if "enum" in part:
            return _or(f"`{value}`" for value in part["enum"])
        if "oneOf" in part or "anyOf" in part:
            return _or(dict.fromkeys(self._kind(shape) for shape in self._shapes(part)))
        if isinstance(part.get("type"), list):
            return _or(dict.fromkeys(self._kind({**part, "type": kind}) for kind in part["type"]))
        if part.get("type") == "array":
            items = self._resolved(part.get("items", {}))
            if "enum" in items:
                return "list of " + " / ".join(f"`{value}`" for value in items["enum"])
            kind = self._kind(items)
            return f"list of {kind}s" if kind[-1].isalpha() and kind[-1] != "s" else f"list of {kind}"
        if part.get("type") == "string":
            named = NAMES_OF_PATTERNS.get(part.get("pattern", "")) or NAMES_OF_FORMATS.get(part.get("format", ""))
            return named or "text"
        return NAMES_OF_TYPES.get(part.get("type", ""), "any JSON")

    def _shapes(self, part: Schema) -> list[Schema]:
        """The forms that a part may have: one, or what `oneOf` and `anyOf` allow, each with what they share."""
        variants = part.get("oneOf") or part.get("anyOf")
        if not variants:
            return [part]
        shared = {key: value for key, value in part.items() if key not in ("oneOf", "anyOf")}
        shapes: list[Schema] = []
        for variant in variants:
            for shape in self._shapes(self._resolved(variant)):
                properties = {**shared.get("properties", {}), **shape.get("properties", {})}
                required = [*shared.get("required", []), *shape.get("required", [])]
                shapes.append({**shared, **shape, "properties": properties, "required": required})
        return shapes

    def _resolved(self, part: Schema) -> Schema:
        """A part with its reference into `$defs` followed; what stands beside the reference goes first."""
        while "$ref" in part:
            target = self.schema.get("$defs", {}).get(part["$ref"].removeprefix("#/$defs/"))
            if target is None:
                raise ValueError(f"'{part['$ref']}' is not among its $defs")
            part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
        return part


def declared_types(root: Path) -> list[str]:
    """The types that Sluice writes, in the order of the code, which is the order of a show's life."""
    return re.findall(r'static let \w+Type = "(sluice\.[\w.]+)"', (root / TYPES_SOURCE).read_text(encoding="utf-8"))


def event_types(root: Path) -> list[EventType]:
    """All types that have a schema; those that the code does not know yet come last."""
    order = {name: place for place, name in enumerate(declared_types(root))}
    found = [
        EventType(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in (root / SCHEMAS).glob("*.json")
    ]
    return sorted(found, key=lambda event: (order.get(event.name, len(order)), event.name))


def rendered(page: str, types: list[EventType]) -> str:
    """The page with what is made from the schemas.

    Raises ValueError where a marker is missing.
    """
    page = _replaced(page, "types", "\n".join(_overview(types)))
    return _replaced(page, "sections", "\n\n".join(_section(event) for event in types))


def _replaced(page: str, name: str, text: str) -> str:
    marker = re.compile(rf"(<!-- make-docs: {name} -->\n).*?(<!-- make-docs: end -->)", re.DOTALL)
    page, count = marker.subn(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"'<!-- make-docs: {name} -->' with '<!-- make-docs: end -->' behind it stands {count} times")
    return page


def _overview(types: list[EventType]) -> Iterator[str]:
    yield "| type | what happened | written |"
    yield "|---|---|---|"
    for event in types:
        anchor = re.sub(r"[^\w\-]", "", event.name.lower())
        yield f"| [`{event.name}`](#{anchor}) | {_cell(event.headline)} | {_cell(event.written)} |"


def _section(event: EventType) -> str:
    parts = [f"## {event.name}", event.what, f"Written {event.written}."]
    rows = [
        f"| `{field.name}`{' (optional)' if field.is_optional else ''} | {_cell(field.kind)} | {_cell(field.what)} |"
        for field in event.fields
    ]
    parts.append("\n".join(["| field | | what |", "|---|---|---|", *rows]) if rows else "It has no fields.")
    parts += [f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```" for example in event.examples]
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _or(words: Iterator[str] | dict[str, None]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
