"""Server-sent events, read as the HTML standard says; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ._fields import unreadable

#: A record of the log has at most 256 KiB; as text with every character escaped it is a few times that.
MESSAGE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Message:
    """`id` is the last one that the stream has named, with this message or before it."""

    kind: str
    data: str
    id: str | None


class MessageReader:
    """Takes bytes as they come and gives whole messages; what was begun when the stream ends is no message."""

    def __init__(self, at: str, last_id: str | None = None) -> None:
        self._at = at
        self._rest = bytearray()
        self._scanned = 0
        self._after_return = False
        self._is_first = True
        self._kind = ""
        self._data: list[str] = []
        self._size = 0
        self._next_id = last_id
        #: Named by the stream, with or without a message.
        self.last_id = last_id

    def feed(self, piece: bytes) -> Iterator[Message]:
        """Raises `server.answer` for a message that is larger than any event."""
        if self._after_return and piece:
            # A line may end with both characters, and they may come in two pieces.
            self._after_return = False
            if piece[:1] == b"\n":
                piece = piece[1:]
        self._rest += piece
        while True:
            line = self._line()
            if line is None:
                break
            message = self._take(line)
            if message is not None:
                yield message
        self._check(len(self._rest))

    def _line(self) -> bytes | None:
        end = _line_end(self._rest, self._scanned)
        if end is None:
            self._scanned = len(self._rest)
            return None
        line = bytes(self._rest[:end])
        past = end + 1
        if self._rest[end : end + 1] == b"\r":
            if past == len(self._rest):
                self._after_return = True
            elif self._rest[past : past + 1] == b"\n":
                past += 1
        del self._rest[:past]
        self._scanned = 0
        return line

    def _take(self, line: bytes) -> Message | None:
        if self._is_first:
            self._is_first = False
            line = line[3:] if line.startswith(b"\xef\xbb\xbf") else line
        if not line:
            return self._dispatch()
        self._size += len(line)
        self._check(self._size)
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id" and "\0" not in value:
            self._next_id = value or None
        return None

    def _dispatch(self) -> Message | None:
        self.last_id = self._next_id
        data, kind = self._data, self._kind
        self._data, self._kind, self._size = [], "", 0
        return Message(kind or "message", "\n".join(data), self.last_id) if data else None

    def _check(self, size: int) -> None:
        if size > MESSAGE_BYTES:
            raise unreadable(f"a message has more than {MESSAGE_BYTES} bytes", self._at)


def _line_end(text: bytearray, start: int) -> int | None:
    # The match must be gone before the text may be shortened.
    found = _END.search(text, start)
    return found.start() if found else None


_END = re.compile(rb"[\r\n]")
