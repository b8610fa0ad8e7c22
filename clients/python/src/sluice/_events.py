"""Events: CloudEvents 1.0 in their JSON form."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Union

from ._errors import SluiceError
from ._fields import Fields, unreadable

#: What an extension attribute may be.
Attribute = Union[str, int, bool]

_NAMED = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema")
_NAME = re.compile(r"[a-z0-9]+")
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)


@dataclass(frozen=True)
class Event:
    """One event: the attributes of CloudEvents, its data, and where it stands in the log.

    To send one, say at least `type` and `source`; `id` is chosen where it is not said. Two events with the same
    `source` and `id` are one event, so that an event which is sent again is there once.
    """

    type: str
    source: str
    #: Any JSON value; bytes where the event carries bytes.
    data: Any = field(default=None, hash=False)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    subject: str | None = None
    #: RFC 3339, as its producer wrote it.
    time: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    specversion: str = "1.0"
    #: Where it stands in the log; None before it was sent.
    position: str | None = None
    #: Such as `project`, `folder`, `product`, `actor`, `causationid`.
    extensions: Mapping[str, Attribute] = field(default_factory=dict, hash=False)

    @property
    def when(self) -> datetime | None:
        """`time` as a value, to the microsecond; None where there is none or it is none."""
        match = _TIME.fullmatch(self.time or "")
        if not match:
            return None
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
        offset = timedelta()
        if match.group(9):
            offset = timedelta(hours=int(match.group(10)), minutes=int(match.group(11)))
            offset = -offset if match.group(9) == "-" else offset
        micros = int((match.group(7) or "0")[:6].ljust(6, "0"))
        try:
            # RFC 3339 knows leap seconds, datetime does not.
            return datetime(year, month, day, hour, minute, min(second, 59), micros, timezone(offset))
        except ValueError:
            return None

    @classmethod
    def from_json(cls, value: object, at: str = "an event") -> Event:
        """Reads a JSON object; raises `server.answer` for what is no event."""
        fields = Fields(value, at)
        extensions: dict[str, Attribute] = {}
        for name, attribute in fields.items():
            if name in _NAMED or name in ("data", "data_base64", "position") or attribute is None:
                continue
            if not isinstance(attribute, (str, int, bool)):
                raise unreadable(f"the attribute '{name[:60]}' is neither text, number nor boolean", at)
            extensions[name] = attribute
        data = fields.raw("data")
        encoded = fields.optional_text("data_base64")
        if encoded is not None:
            try:
                data = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                raise unreadable("'data_base64' is not base64", at) from None
        return cls(
            type=fields.text("type"),
            source=fields.text("source"),
            data=data,
            id=fields.text("id"),
            subject=fields.optional_text("subject"),
            time=fields.optional_text("time"),
            datacontenttype=fields.optional_text("datacontenttype"),
            dataschema=fields.optional_text("dataschema"),
            specversion=fields.optional_text("specversion") or "1.0",
            position=fields.optional_text("position"),
            extensions=extensions,
        )

    def to_json(self) -> dict[str, object]:
        """The JSON object that `send` sends: without the position, which the log gives.

        Raises `usage` for an extension attribute that CloudEvents does not allow.
        """
        value: dict[str, object] = {}
        for name in _NAMED:
            attribute = getattr(self, name)
            if attribute is not None:
                value[name] = attribute
        for name, extension in self.extensions.items():
            if not _NAME.fullmatch(name) or name in value or name in ("data", "position"):
                raise SluiceError(
                    "usage",
                    f"'{name}' cannot name an extension attribute",
                    f"event '{self.id}'",
                    "use small letters and digits, and no name that CloudEvents gives a meaning",
                )
            value[name] = extension
        if isinstance(self.data, (bytes, bytearray, memoryview)):
            value["data_base64"] = base64.b64encode(self.data).decode("ascii")
        elif self.data is not None:
            value["data"] = self.data
        return value


@dataclass(frozen=True)
class Sent:
    """What became of one event that was sent: a `position`, or an `error`; never both."""

    id: str
    source: str
    position: str | None
    #: It was there already.
    duplicate: bool
    error: SluiceError | None
