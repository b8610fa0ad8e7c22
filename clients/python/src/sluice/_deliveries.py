"""Pull subscriptions: batches of events that stay the subscriber's until they are acknowledged."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from ._backoff import Backoff
from ._errors import SluiceError
from ._events import Attribute, Event
from ._fields import Fields
from ._transport import Transport, is_passing

#: Work of at most about this many seconds waits to be acknowledged together: a fast loop is not slowed by a request
#: for each event, and a program that is killed has little to do again.
_GATHER_SECONDS = 1.0
#: An event that took this long is acknowledged on its own.
_SLOW_SECONDS = 0.05


@dataclass(frozen=True)
class Batch:
    """Events that a subscription handed out together; `batch` is None where there were none."""

    subscription: str
    batch: str | None
    events: tuple[Event, ...]
    #: Events that wait behind the subscription's place, and for how long the oldest has.
    lag_events: int
    lag_seconds: float


@dataclass(frozen=True)
class Acknowledged:
    """Where a subscription stands; `left` events of the log lie behind its cursor, wanted or not."""

    subscription: str
    cursor: str | None
    left: int


class Delivery:
    """One event of a subscription, until the loop asks for the next one."""

    def __init__(self, subscription: str, event: Event) -> None:
        self.subscription = subscription
        self.event = event
        self._failure: str | None = None

    @property
    def replay(self) -> Attribute | None:
        """What the server says of the replay that this is part of; None for an event as it happened."""
        return self.event.extensions.get("replay")

    @property
    def redelivery(self) -> Attribute | None:
        """What the server says of an event that was handed out before; None the first time."""
        return self.event.extensions.get("redelivery")

    def fail(self, reason: str) -> None:
        """Says that the event could not be handled: it comes again, and after the subscription's tries it goes to the
        dead letters with this reason."""
        self._failure = reason or "no reason was given"

    @property
    def failure(self) -> str | None:
        return self._failure

    def __repr__(self) -> str:
        return f"Delivery({self.subscription!r}, {self.event!r})"


def pull_batch(transport: Transport, name: str, limit: int, wait: float) -> Batch:
    """Waits at most `wait` seconds for events."""
    query = [("limit", str(limit)), ("wait", f"{wait:g}")]
    fields = transport.call("GET", _path(name, "pull"), query, wait=wait)
    lag = fields.part("lag")
    return Batch(
        subscription=fields.text("subscription"),
        batch=fields.optional_text("batch"),
        events=fields.each("events", _event),
        lag_events=lag.integer("events"),
        lag_seconds=lag.optional_number("seconds") or 0.0,
    )


def acknowledge(
    transport: Transport, batch: Batch, done: int | None, error: str | None, *, repeat: bool = True
) -> Acknowledged:
    """Raises `subscription.batch` where the batch is not the current one any more."""
    if batch.batch is None:
        raise SluiceError(
            "usage", "an empty batch cannot be acknowledged", f"subscription '{batch.subscription}'", "pull again"
        )
    body: dict[str, object] = {"batch": batch.batch}
    if done is not None:
        body["done"] = done
    if error is not None:
        body["error"] = error
    fields = transport.call("POST", _path(batch.subscription, "ack"), body=body, repeat=repeat)
    return Acknowledged(
        subscription=fields.text("subscription"),
        cursor=fields.optional_text("cursor"),
        left=fields.optional_integer("left") or 0,
    )


def deliveries(transport: Transport, name: str, limit: int, wait: float) -> Generator[Delivery, None, None]:
    """Hands out event after event without an end; see `Client.pull`."""
    backoff = Backoff()
    has_answered = False
    while True:
        try:
            batch = pull_batch(transport, name, limit, wait)
            has_answered = True
            backoff.reset()
        except SluiceError as error:
            if transport.is_closed:
                return
            if not (has_answered and is_passing(error)):
                raise
            if not transport.pause(backoff.next()):
                return
            continue
        if batch.batch is None:
            # Without a long poll it is this loop that must not be a storm.
            if wait < 1 and not transport.pause(backoff.next()):
                return
            continue
        yield from _one_batch(transport, batch)


def _one_batch(transport: Transport, batch: Batch) -> Iterator[Delivery]:
    """Hands out a batch, and acknowledges what was done of it before the server is asked for more."""
    done = 0
    failure: str | None = None
    began = time.monotonic()
    for event in batch.events:
        delivery = Delivery(batch.subscription, event)
        handed = time.monotonic()
        try:
            yield delivery
        except GeneratorExit:
            # The loop was left, by `break` or by an error, while it had this event: it is not done.
            if done or delivery.failure is not None:
                # Nobody is left who could be told of an error; the events come again.
                with contextlib.suppress(SluiceError):
                    acknowledge(transport, batch, done, delivery.failure, repeat=False)
            raise
        failure = delivery.failure
        if failure is not None:
            break
        done += 1
        now = time.monotonic()
        if now - handed > _SLOW_SECONDS or now - began > _GATHER_SECONDS:
            break
    _acknowledge_patiently(transport, batch, done, failure)


def _acknowledge_patiently(transport: Transport, batch: Batch, done: int, error: str | None) -> None:
    """Waits for a server that is away: what was done must not come again because it restarted."""
    backoff = Backoff()
    everything = None if error is None and done == len(batch.events) else done
    while True:
        try:
            acknowledge(transport, batch, everything, error)
            return
        except SluiceError as failure:
            if failure.code == "subscription.batch":
                # Somebody else has it, or it was acknowledged by a try whose answer was lost. Pulling says which.
                return
            if transport.is_closed or not is_passing(failure):
                raise
            if not transport.pause(backoff.next()):
                raise


def _event(fields: Fields) -> Event:
    return Event.from_json(dict(fields.items()), "an event of the batch")


def _path(name: str, what: str) -> str:
    return f"subscriptions/{quote(name, safe='')}/{what}"
