"""JSON from outside, read field by field: what is missing or of another type is an error that says where."""

from __future__ import annotations

import json
from collections.abc import Callable, ItemsView
from typing import TypeVar

from ._errors import SluiceError

_Value = TypeVar("_Value")


def unreadable(what: str, at: str, status: int | None = None) -> SluiceError:
    """What answered is no Sluice server, or one of another version."""
    return SluiceError(
        "server.answer",
        f"the server's answer cannot be read: {what}",
        at,
        "look whether that is a Sluice server; use a client and a server of the same version",
        status,
    )


def parse(data: bytes, at: str) -> object:
    """Raises `server.answer` for what is no JSON."""
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        shown = data[:60].decode("utf-8", "replace")
        raise unreadable(f"it is no JSON ({type(error).__name__}): {shown!r}", at) from None
    return value


def encode(value: object) -> bytes:
    """One JSON text in UTF-8; raises `usage` for what JSON has no words for."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise SluiceError(
            "usage",
            f"this cannot be written as JSON: {error}",
            "the call's arguments",
            "use text, numbers, booleans, None, lists and dictionaries with text as keys",
        ) from None


class Fields:
    """One JSON object; fields that are not asked for are passed over, so that servers may say more."""

    def __init__(self, value: object, at: str) -> None:
        if not isinstance(value, dict):
            raise unreadable(f"an object was expected, and it is {_named(value)}", at)
        self._values: dict[str, object] = value
        self._at = at

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._values.get(name) is not None

    def items(self) -> ItemsView[str, object]:
        return self._values.items()

    def raw(self, name: str) -> object:
        return self._values.get(name)

    def text(self, name: str) -> str:
        return self._required(name, self.optional_text(name))

    def optional_text(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(name, "text", value)

    def integer(self, name: str) -> int:
        return self._required(name, self.optional_integer(name))

    def optional_integer(self, name: str) -> int | None:
        value = self._values.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self._wrong(name, "a whole number", value)

    def optional_number(self, name: str) -> float | None:
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise self._wrong(name, "a number", value)

    def number(self, name: str) -> float:
        return self._required(name, self.optional_number(name))

    def flag(self, name: str) -> bool:
        """False where it is absent."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._wrong(name, "true or false", value)

    def part(self, name: str) -> Fields:
        return Fields(self._required(name, self._values.get(name)), f"{self._at}, {name}")

    def optional(self, name: str, read: Callable[[Fields], _Value]) -> _Value | None:
        return read(self.part(name)) if self.has(name) else None

    def each(self, name: str, read: Callable[[Fields], _Value]) -> tuple[_Value, ...]:
        """A list of objects."""
        return tuple(
            read(Fields(value, f"{self._at}, {name}[{index}]")) for index, value in enumerate(self._list(name))
        )

    def texts(self, name: str) -> tuple[str, ...]:
        found = []
        for value in self._list(name):
            if not isinstance(value, str):
                raise self._wrong(name, "a list of texts", value)
            found.append(value)
        return tuple(found)

    def integers(self, name: str) -> tuple[int, ...]:
        found = []
        for value in self._list(name):
            if not isinstance(value, int) or isinstance(value, bool):
                raise self._wrong(name, "a list of whole numbers", value)
            found.append(value)
        return tuple(found)

    def _list(self, name: str) -> list[object]:
        value = self._required(name, self._values.get(name))
        if isinstance(value, list):
            return value
        raise self._wrong(name, "a list", value)

    def _required(self, name: str, value: _Value | None) -> _Value:
        if value is None:
            raise unreadable(f"'{name}' is missing", self._at)
        return value

    def _wrong(self, name: str, wanted: str, value: object) -> SluiceError:
        return unreadable(f"'{name}' should be {wanted}, and is {_named(value)}", self._at)


def _named(value: object) -> str:
    if value is None:
        return "null"
    return {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}.get(
        type(value), "an object"
    )
