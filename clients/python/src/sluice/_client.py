"""The client: every call of the surface, each a few lines over what does the work."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TypeVar, Union

from . import _decoding, _deliveries, _files, _publish, _sizes, _supposed
from ._answers import (
    Frozen,
    Identified,
    Judged,
    Plan,
    Published,
    Released,
    Resolved,
    Savings,
    Status,
    Vouched,
    Why,
)
from ._deliveries import Acknowledged, Batch, Delivery
from ._errors import SluiceError
from ._events import Event, Sent
from ._fields import Fields, encode, unreadable
from ._files import StrPath
from ._following import Following, admits_types
from ._publish import FilesToPublish, NewVersion
from ._sizes import Sizes
from ._supposed import Supposed
from ._transport import Query, Transport

#: `Limits.refsPerResolve` of the server.
_REFS = 10_000
_IDENTIFIED = 1_000
_SENT_EVENTS = 500
_SENT_BYTES = 4 * 1024 * 1024

EventLike = Union[Event, Mapping[str, object]]
_Value = TypeVar("_Value")


class Client:
    """Speaks with one Sluice server; safe to use from many threads.

    What is not given is taken from SLUICE_SERVER, SLUICE_TOKEN and SLUICE_ACTOR, as the command line does; without
    them it is http://127.0.0.1:7733, no token, and your login name. `timeout` is how many seconds without a sign of
    life from the server a call bears. Calls that change something are tried again while the server cannot be reached,
    for at most `timeout` seconds more; each carries an id by which the server knows it, so that it is done once.

    Every method raises `SluiceError`; `Unreachable`, a kind of it, where the server does not answer.
    """

    def __init__(
        self,
        server: str | None = None,
        token: str | None = None,
        actor: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._transport = Transport(
            server or os.environ.get("SLUICE_SERVER") or "http://127.0.0.1:7733",
            token or os.environ.get("SLUICE_TOKEN") or None,
            actor or os.environ.get("SLUICE_ACTOR") or _login_name(),
            timeout,
        )

    @property
    def server(self) -> str:
        """The server's address."""
        return self._transport.base

    def close(self) -> None:
        """Ends what is under way in any thread: iterators end, calls raise."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"sluice.Client({self.server!r})"

    # Publishing

    def publish(
        self,
        ref: str,
        files: FilesToPublish,
        *,
        made_from: str | Sequence[str] = (),
        note: str | None = None,
        label: str | None = None,
        tag: str | None = None,
        patch: bool = False,
        representation: str | None = None,
        base: str | None = None,
        allow_missing: bool = False,
        in_place: bool = False,
        hashing: str | None = None,
        command: str | None = None,
    ) -> Published:
        """Publishes a version of a product, as `sluice publish` does; see `NewVersion` for what the words mean.

        `command` is the id of the call: whoever calls again with the same one gets the first answer.
        """
        version = NewVersion(
            ref,
            files,
            representation,
            made_from,
            note,
            label,
            tag,
            patch=patch,
            base=base,
            allow_missing=allow_missing,
            in_place=in_place,
            hashing=hashing,
        )
        return self.publish_many([version], command=command)[0]

    def publish_many(self, versions: Iterable[NewVersion], *, command: str | None = None) -> list[Published]:
        """Publishes versions of many products: all, or none."""
        return list(_publish.publish(self._transport, list(versions), self._references, command))

    def _references(self, made_from: Iterable[str]) -> list[str]:
        """References as they are; paths as the version that they belong to."""
        found = []
        for text in made_from:
            if not os.path.exists(text):
                found.append(os.fspath(text))
                continue
            (answer,) = self.identify([text])
            if answer.ref is None or answer.version is None:
                raise SluiceError(
                    "publish.unknownSource",
                    f"nobody has published '{_files.printable(text)}'",
                    f"made_from {text}",
                    "publish it first, or leave it out",
                )
            found.append(f"{answer.ref}@{answer.version}")
        return found

    # Questions

    def resolve(self, refs: str | Sequence[str], *, representation: str | None = None) -> list[Resolved]:
        """The files that references stand for, in one request: for each, in order, files or an error of its own.

        `representation` says which one is meant where versions have several. More than 10,000 references take more
        than one request, and the server may move on between two.
        """
        found: list[Resolved] = []
        for part in _parts([refs] if isinstance(refs, str) else list(refs), _REFS):
            body: dict[str, object] = {"refs": part}
            if representation is not None:
                body["representation"] = representation
            answer = self._transport.call("POST", "resolve", body=body, repeat=False)
            found += _as_many(answer.each("results", _decoding.resolved), len(part), self.server)
        return found

    def identify(self, paths: StrPath | Iterable[StrPath]) -> list[Identified]:
        """Which versions files on this machine are, by their place in the store or by their content.

        The files are hashed here. A path that cannot be read is an answer with an error of its own.
        """
        found: list[Identified] = []
        for part in _parts(_files.as_list(paths), _IDENTIFIED):
            asked = []
            failures: list[SluiceError | None] = []
            for path in part:
                absolute = os.path.abspath(path)
                entry = {"path": absolute.encode("utf-8", "replace").decode()}
                failures.append(None)
                try:
                    entry["sha256"] = _files.digest(absolute)
                except SluiceError:
                    failures[-1] = SluiceError(
                        "publish.fileMissing", "the file cannot be read", absolute, "look at the path"
                    )
                asked.append(entry)
            answer = self._transport.call("POST", "identify", body={"files": asked})
            answers = _as_many(answer.each("files", _decoding.identified), len(part), self.server)
            for path, failure, one in zip(part, failures, answers):
                error = None if one.ref is not None else one.error or failure
                found.append(replace(one, path=path, error=error))
        return found

    def status(
        self,
        ref: str | None = None,
        *,
        stale: bool = False,
        select: str | None = None,
        exclude: str | None = None,
    ) -> Status:
        """What is current and what is not, and why; of a project, a folder, a product, or of everything.

        `stale` leaves out what is current; `select` and `exclude` are selections of one project's products.
        """
        query = [("ref", ref), ("stale", "true" if stale else None), ("select", select), ("exclude", exclude)]
        return _decoding.status(self._transport.call("GET", "status", query))

    def why(self, ref: str) -> Why:
        """From a product, or a version of it, back to its first cause."""
        return _decoding.why(self._transport.call("GET", "why", [("ref", ref)]))

    def savings(self, project: str, *, since: str | None = None) -> Savings:
        """Work that was done, and work that cut-off, reuse and carried frames made unnecessary.

        `since` is `2h`, `7d`, a day, a time or a position; all that the log has where it is not said.
        """
        return _decoding.savings(self._transport.call("GET", "savings", [("project", project), ("since", since)]))

    def sizes(self, project: str, *, since: str | None = None) -> Sizes:
        """What the tasks of each step took of their machines, and which size fits; `since` as for `savings`."""
        return _sizes.sizes(self._transport.call("GET", "sizes", [("project", project), ("since", since)]))

    def position(self) -> str:
        """The present end of the log, as `events(start=…)` takes it."""
        return self._transport.call("GET", "health").text("position")

    # Plans

    def plan(
        self,
        project: str,
        *,
        select: str | None = None,
        frames: str | None = None,
        exclude: str | None = None,
        until: str | None = None,
        force: bool = False,
        changed: Supposed = (),
        allow_missing: bool = False,
    ) -> Plan:
        """What must run; computed, and nothing recorded.

        `until` names a step: nothing that is made from what it makes. `force` makes anew what is current, too.
        `changed` names products: the plan is then what a change of them would reach, and cannot be applied. A mapping
        from products to files, or `REF=FILE`, says what they would hold; the files stay here, and only their digests
        are told. A sequence of them that lacks frames is refused without `allow_missing`, as its publish would be.
        """
        body: dict[str, object] = dict(
            _without_none(
                {
                    "project": project,
                    "select": select,
                    "exclude": exclude,
                    "until": until,
                    "frames": frames,
                    "force": True if force else None,
                }
            )
        )
        supposed = _supposed.changed(changed, allow_missing)
        if supposed:
            body["changed"] = supposed
        return _decoding.plan(self._transport.call("POST", "plan", body=body))

    def apply(
        self,
        project: str,
        *,
        select: str | None = None,
        frames: str | None = None,
        exclude: str | None = None,
        until: str | None = None,
        force: bool = False,
        plan: str | Plan | None = None,
        command: str | None = None,
    ) -> Plan:
        """Records a plan as a fact and runs it; it runs on after this returns.

        `plan` is the one that was looked at and brings its own selection; raises `PlanChanged` where the runs would
        differ now.
        """
        if plan is not None and (force or any(part is not None for part in (select, exclude, until, frames))):
            raise SluiceError(
                "usage", "a plan brings its own selection", "Client.apply", "leave out `select`, `frames` and the like"
            )
        body = _without_none(
            {
                "project": project,
                "select": select,
                "exclude": exclude,
                "until": until,
                "frames": frames,
                "force": True if force else None,
                "plan": plan.id if isinstance(plan, Plan) else plan,
                "command": command or _publish.new_command(),
            }
        )
        return _decoding.plan(self._transport.call("POST", "apply", body=body, repeat=True))

    # What people say

    def approve(self, ref: str, *, because: str | None = None) -> Judged:
        """Approves a version, the latest where none is named, and moves the tag `approved` to it."""
        return self._judge(ref, "approved", because)

    def reject(self, ref: str, *, because: str | None = None) -> Judged:
        """Rejects a version, the newest where none is named: it is no longer the latest."""
        return self._judge(ref, "rejected", because)

    def withdraw(self, ref: str, *, because: str | None = None) -> Judged:
        """Takes back what was said of a version."""
        return self._judge(ref, "none", because)

    def _judge(self, ref: str, verdict: str, because: str | None) -> Judged:
        return _decoding.judged(self._say("judge", {"ref": ref, "verdict": verdict, "because": because}))

    def vouch(self, ref: str, *, because: str | None = None) -> Vouched:
        """Says that a version is right for its inputs exactly as they are now."""
        return _decoding.vouched(self._say("vouch", {"ref": ref, "because": because}))

    def freeze(self, ref: str, *, at: str, because: str, until: str | None = None) -> Frozen:
        """Keeps changes of a product out: who takes its latest takes `at`, a version id, a number or a tag.

        `until` is a day (its first moment, UTC) or a time, when it ends by itself.
        """
        return _decoding.frozen(self._say("freeze", {"ref": ref, "at": at, "until": until, "because": because}))

    def thaw(self, ref: str, *, because: str | None = None) -> Frozen:
        """Ends a freeze: everybody takes the latest version again."""
        return _decoding.frozen(self._say("thaw", {"ref": ref, "because": because}))

    def release(self, ref: str, *, because: str | None = None) -> Released:
        """Lets a step make a product again that a person painted over."""
        return _decoding.released(self._say("release", {"ref": ref, "because": because}))

    def _say(self, path: str, said: dict[str, str | bool | None]) -> Fields:
        """What is said twice is recorded once, so that it can be sent again."""
        return self._transport.call("POST", path, body=_without_none(said), repeat=True)

    # Events

    def events(
        self,
        *,
        types: str | Sequence[str] | None = None,
        project: str | None = None,
        where: str | None = None,
        start: str | None = None,
        follow: bool = True,
    ) -> Generator[Event, None, None]:
        """Events in the order of the log: each once, none left out, whatever breaks between here and the server.

        Begins behind `start`, a position; at the beginning of the log where it is not said, and with
        `start=client.position()` now. `types` are names such as `sluice.version.published.v1`, with `*` for any text;
        `where` is a filter in the CloudEvents SQL expression language. With `follow` it stays and waits for what
        happens, through restarts of the server, until the client is closed or the generator is; a server that cannot
        be reached at first is an error.
        """
        kinds = [types] if isinstance(types, str) else list(types or ())
        if where is not None:
            self._require_filter()
        query: Query = [("type", kinds[0] if len(kinds) == 1 else None), ("project", project), ("where", where)]
        # One pattern is the server's work; of several it knows nothing.
        admits = admits_types(kinds) if len(kinds) > 1 else _everything
        following = Following(self._transport, query, admits, start)
        return following.all() if follow else following.pages()

    def _require_filter(self) -> None:
        """A server that does not know `where` passes it over, and every event would come."""
        document = self._transport.call("GET", "/openapi.json")
        if "where" not in _parameters(document, "/api/v1/stream"):
            raise SluiceError(
                "usage",
                "this server cannot filter events by an expression",
                "Client.events, where",
                "use `types` and `project`, or a newer server",
            )

    def send(self, events: EventLike | Iterable[EventLike]) -> list[Sent]:
        """Sends CloudEvents from outside: for each, in order, its position or an error of its own.

        An event that is sent again, with the same `source` and `id`, is there once and answered as a duplicate.
        """
        several = [events] if isinstance(events, (Event, Mapping)) else list(events)
        objects = [event.to_json() if isinstance(event, Event) else dict(event) for event in several]
        found: list[Sent] = []
        for part in _by_size(objects):
            answer = self._transport.call(
                "POST", "events", body=part, kind="application/cloudevents-batch+json", repeat=True
            )
            found += _as_many(answer.each("results", _sent), len(part), self.server)
        return found

    # Subscriptions

    def pull(self, subscription: str, *, limit: int = 100, wait: float = 30.0) -> Generator[Delivery, None, None]:
        """Events of a subscription, one by one, without an end; each at least once.

        An event is acknowledged when the loop asks for the next one; one whose loop body raises or breaks off is not,
        and comes again. `delivery.fail(reason)` says that it could not be handled, which counts as a try. What a fast
        loop has done is acknowledged together, up to a second's work: so much comes again to a program that is killed.
        """
        return _deliveries.deliveries(self._transport, subscription, limit, wait)

    def pull_batch(self, subscription: str, limit: int = 100, wait: float = 30.0) -> Batch:
        """The next events of a subscription, after at most `wait` seconds perhaps none; the same ones again until they
        are acknowledged."""
        return _deliveries.pull_batch(self._transport, subscription, limit, wait)

    def acknowledge(self, batch: Batch, done: int | None = None, error: str | None = None) -> Acknowledged:
        """The first `done` events of a batch are done, all of them where it is not said. With `error` the one behind
        them could not be handled, for this reason."""
        return _deliveries.acknowledge(self._transport, batch, done, error)


def _login_name() -> str:
    with contextlib.suppress(Exception):
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    with contextlib.suppress(Exception):
        return getpass.getuser()
    return "unknown"


def _everything(_: Event) -> bool:
    return True


def _without_none(values: dict[str, str | bool | None]) -> dict[str, str | bool]:
    return {name: value for name, value in values.items() if value is not None}


def _parts(values: Sequence[_Value], size: int) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _by_size(objects: Sequence[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """Parts that a request may carry; an event that is too large alone is refused by the server."""
    part: list[dict[str, object]] = []
    size = 0
    for value in objects:
        length = len(encode(value))
        if part and (len(part) == _SENT_EVENTS or size + length > _SENT_BYTES):
            yield part
            part, size = [], 0
        part.append(value)
        size += length
    if part:
        yield part


def _as_many(answers: tuple[_Value, ...], count: int, server: str) -> tuple[_Value, ...]:
    if len(answers) != count:
        raise unreadable(f"{count} were asked for, and {len(answers)} are answered", server)
    return answers


def _sent(fields: Fields) -> Sent:
    return Sent(
        id=fields.optional_text("id") or "",
        source=fields.optional_text("source") or "",
        position=fields.optional_text("position"),
        duplicate=fields.flag("duplicate"),
        error=fields.optional("error", _decoding.failure),
    )


def _parameters(document: Fields, path: str) -> set[str]:
    """Names of the query parameters that an API description gives a GET route."""
    route = document.part("paths").part(path).part("get")
    found = set()
    for parameter in route.each("parameters", lambda fields: fields) if route.has("parameters") else ():
        place = parameter
        reference = parameter.optional_text("$ref")
        if reference is not None:
            place = document
            for name in reference.split("/")[1:]:
                place = place.part(name)
        found.add(place.optional_text("name") or "")
    return found
