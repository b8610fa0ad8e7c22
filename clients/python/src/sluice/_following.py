"""Reading events: page by page up to now, then live, going on after any break where it was."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from ._backoff import Backoff
from ._errors import SluiceError
from ._events import Event
from ._fields import parse
from ._sse import MessageReader
from ._transport import Query, Transport, is_passing

#: `Limits.eventsPerPage` of the server.
PAGE = 1000
#: The server's heart beats every 15 seconds; after three beats missed the connection is dead.
SILENCE_SECONDS = 45.0
#: A connection that lasted this long was a good one: the next break begins with a short pause again.
_STEADY_SECONDS = 30.0

Admits = Callable[[Event], bool]


def admits_types(types: Sequence[str]) -> Admits:
    """Whether an event's type is like one of several; `*` is any text, `?` one character, as for the server."""
    wild = {"*": "[^/]*", "?": "[^/]"}
    patterns = [re.compile("".join(wild.get(c) or re.escape(c) for c in pattern), re.DOTALL) for pattern in types]
    return lambda event: any(pattern.fullmatch(event.type) for pattern in patterns)


class Following:
    """One reader of the log; `place` is the position of what it has handed out last."""

    def __init__(
        self,
        transport: Transport,
        query: Query,
        admits: Admits,
        start: str | None,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._transport = transport
        self._query = list(query)
        self._admits = admits
        self._place = start
        self._silence = silence
        self._backoff = Backoff()
        self._has_answered = False

    def pages(self) -> Generator[Event, None, None]:
        """What is there, until a page is not full."""
        while True:
            query: list[tuple[str, str | None]] = [*self._query, ("from", self._place), ("limit", str(PAGE))]
            # A wrong address is said at once; a server that goes away between two pages is waited for.
            lines = self._transport.lines("events", query, repeat=self._has_answered)
            self._has_answered = True
            for line in lines:
                event = self._event(parse(line, self._transport.base))
                if self._admits(event):
                    yield event
            if len(lines) < PAGE:
                return

    def all(self) -> Generator[Event, None, None]:
        """What is there, then what happens, without an end."""
        if self._place is None:
            # Where to go on from if nothing of what is there is wanted; asked before, so that nothing falls between.
            head = self._transport.call("GET", "health").text("position")
            self._has_answered = True
            yield from self._through_breaks(self.pages, is_endless=False)
            self._place = self._place or head
        yield from self._through_breaks(self._connection, is_endless=True)

    def _through_breaks(self, read: Callable[[], Iterator[Event]], is_endless: bool) -> Generator[Event, None, None]:
        """Reads again after a break; ends where the reading does, unless it is endless, and when the client closes."""
        while True:
            began = time.monotonic()
            try:
                yield from read()
                if not is_endless:
                    return
            except SluiceError as error:
                if self._transport.is_closed:
                    return
                if not (self._has_answered and is_passing(error)):
                    raise
            if time.monotonic() - began > _STEADY_SECONDS:
                self._backoff.reset()
            if not self._transport.pause(self._backoff.next()):
                return

    def _connection(self) -> Iterator[Event]:
        """The events of one connection to the live stream; ends with it."""
        headers = [] if self._place is None else [("Last-Event-ID", self._place)]
        query: list[tuple[str, str | None]] = [*self._query, ("from", self._place)]
        with self._transport.stream("stream", query, headers, self._silence) as pieces:
            self._has_answered = True
            reader = MessageReader(self._transport.base, self._place)
            for piece in pieces:
                for message in reader.feed(piece):
                    if message.kind == "fact":
                        event = self._event(parse(message.data.encode(), self._transport.base), message.id)
                        self._backoff.reset()
                        if self._admits(event):
                            yield event
                    elif message.kind == "dropped":
                        return
                # A stream may name a place without an event, where a filter passed over many.
                self._place = reader.last_id or self._place

    def _event(self, value: object, position: str | None = None) -> Event:
        """Reads an event and moves on to it."""
        event = Event.from_json(value, self._transport.base)
        if event.position is None:
            event = replace(event, position=position)
        self._place = event.position or self._place
        return event
