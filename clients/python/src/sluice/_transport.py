"""HTTP with one server: a few connections kept open, a timeout on everything, errors as the server means them."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Optional
from urllib.parse import quote, urlencode, urlsplit

from . import _decoding
from ._backoff import Backoff
from ._errors import SluiceError, Unreachable
from ._fields import Fields, encode, parse, unreadable
from ._version import VERSION

Query = Sequence[tuple[str, Optional[str]]]

#: A status of a large show is some tens of megabytes; more is no answer but an attack or a mistake.
ANSWER_BYTES = 256 * 1024 * 1024
#: Threads that ask at the same time each have a connection; this many stay open for the next question.
IDLE_CONNECTIONS = 4
#: A call that may be repeated is tried so often, and not when its timeout has passed since the first failure.
ATTEMPTS = 12
_PIECE = 64 * 1024


@dataclass(frozen=True)
class _Request:
    method: str
    target: str
    headers: tuple[tuple[str, str | bytes], ...]
    #: Called anew for each try.
    pieces: Callable[[], Iterable[bytes]]
    #: Seconds that the server may think beyond the client's timeout.
    wait: float


@dataclass(frozen=True)
class Answer:
    """A whole answer that is no error."""

    kind: str
    data: bytes
    url: str

    def fields(self) -> Fields:
        return Fields(parse(self.data, self.url), self.url)


class Transport:
    """Safe to use from many threads: a connection belongs to one call at a time."""

    def __init__(self, server: str, token: str | None, actor: str, timeout: float) -> None:
        if not timeout > 0:
            raise _usage(f"the timeout is {timeout!r}", "give seconds above 0")
        self.base = server.rstrip("/")
        self.timeout = timeout
        self._secure, self._host, self._port, self._prefix = _address(self.base)
        self._headers: tuple[tuple[str, str | bytes], ...] = (
            ("User-Agent", f"sluice-python/{VERSION}"),
            ("X-Sluice-Actor", _header("actor", actor)),
        )
        if token:
            self._headers += (("Authorization", b"Bearer " + _header("token", token)),)
        self._lock = threading.Lock()
        self._idle: list[tuple[http.client.HTTPConnection, socket.socket]] = []
        self._busy: dict[http.client.HTTPConnection, socket.socket] = {}
        self._process = os.getpid()
        self._closed = threading.Event()

    # What calls use

    def call(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: object = None,
        *,
        kind: str = "application/json",
        repeat: bool = False,
        wait: float = 0.0,
    ) -> Fields:
        """Sends JSON and reads the object that answers it.

        `repeat` says that the call has the same effect however often it arrives: it is tried again while the server
        cannot be reached. Raises what the server answers as an error, `server.unreachable` or `server.answer`.
        """
        payload = b"" if body is None else encode(body)
        headers = () if body is None else (("Content-Type", kind),)
        request = self._request(method, path, query, lambda: (payload,) if payload else (), len(payload), headers, wait)
        return self._repeated(request, repeat).fields()

    def upload(
        self, path: str, query: Query, pieces: Callable[[], Iterable[bytes]], length: int, wait: float
    ) -> Fields:
        """Sends the bytes of one file, once: who sends them again gives them another name."""
        headers = (("Content-Type", "application/octet-stream"),)
        request = self._request("PUT", path, query, pieces, length, headers, wait)
        return self._once(request, resends=False).fields()

    def forget(self, path: str) -> None:
        """Asks to remove something; there is no answer but that it was done."""
        self._once(self._request("DELETE", path))

    def lines(self, path: str, query: Query, *, repeat: bool) -> list[bytes]:
        """The lines of an answer that has one JSON object on each."""
        return self._repeated(self._request("GET", path, query), repeat).data.splitlines()

    @contextlib.contextmanager
    def stream(
        self, path: str, query: Query, headers: Iterable[tuple[str, str]], idle: float
    ) -> Iterator[Iterator[bytes]]:
        """The pieces of an endless answer as they come; `idle` is how many seconds may pass between two."""
        more = tuple((name, _header(name, value)) for name, value in headers)
        request = self._request("GET", path, query, headers=(("Accept", "text/event-stream"), *more))
        connection = self._connect()
        try:
            response = self._begin(connection, request)
            url = self.base + request.target
            if response.status >= 400:
                raise _refused(response.status, self._read(response), url)
            kind = response.getheader("Content-Type") or ""
            if response.status != 200 or not kind.startswith("text/event-stream"):
                raise unreadable(
                    f"status {response.status} of type '{kind[:60]}' is no live stream", url, response.status
                )
            self._set_timeout(connection, idle)
            yield self._pieces(response, idle)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failure(error, self.timeout) from None
        finally:
            self._drop(connection)

    def pause(self, seconds: float) -> bool:
        """Waits; False once the client is closed."""
        return not self._closed.wait(seconds)

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def close(self) -> None:
        """Ends every call under way, in whichever thread, and every later one."""
        self._closed.set()
        with self._lock:
            idle, self._idle = self._idle, []
            busy = list(self._busy.values())
        for connection, _ in idle:
            connection.close()
        for open_socket in busy:
            with contextlib.suppress(OSError):
                # Of the plain socket: a TLS socket's own method takes away what its reader is using.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    # One exchange

    def _request(
        self,
        method: str,
        path: str,
        query: Query = (),
        pieces: Callable[[], Iterable[bytes]] = tuple,
        length: int = 0,
        headers: Iterable[tuple[str, str | bytes]] = (),
        wait: float = 0.0,
    ) -> _Request:
        pairs = [(name, value) for name, value in query if value is not None]
        target = self._prefix + (path if path.startswith("/") else f"/api/v1/{path}")
        if pairs:
            target += "?" + urlencode(pairs, quote_via=quote, safe="", errors="surrogatepass")
        every = [*self._headers, *headers]
        if method != "GET":
            every.append(("Content-Length", str(length)))
        return _Request(method, target, tuple(every), pieces, wait)

    def _repeated(self, request: _Request, repeat: bool) -> Answer:
        backoff = Backoff(most=4.0)
        # From the first failure on: a publish may have waited long for the server's answer before its connection broke.
        deadline: float | None = None
        attempts = ATTEMPTS if repeat else 1
        while True:
            attempts -= 1
            try:
                return self._once(request)
            except SluiceError as error:
                if attempts <= 0 or self.is_closed or not is_passing(error):
                    raise
                now, pause = time.monotonic(), backoff.next()
                deadline = deadline or now + self.timeout
                if now + pause > deadline or not self.pause(pause):
                    raise

    def _once(self, request: _Request, resends: bool = True) -> Answer:
        connection, is_reused = self._take()
        try:
            try:
                response = self._begin(connection, request)
            except ConnectionError:
                # The server may close a connection that waits at any time: that is no failure of the call.
                if not (resends and is_reused) or self.is_closed:
                    raise
                self._drop(connection)
                connection = self._connect()
                response = self._begin(connection, request)
            data = self._read(response)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._drop(connection)
            raise self._failure(error, self.timeout + request.wait) from None
        except BaseException:
            self._drop(connection)
            raise
        self._put_back(connection, response)
        url = self.base + request.target
        if not 200 <= response.status < 300:
            raise _refused(response.status, data, url)
        return Answer(response.getheader("Content-Type") or "", data, url)

    def _begin(self, connection: http.client.HTTPConnection, request: _Request) -> http.client.HTTPResponse:
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.endheaders()
        try:
            for piece in request.pieces():
                connection.send(piece)
        except ConnectionError:
            # Who refuses a body need not read it: the answer may lie there already.
            try:
                return connection.getresponse()
            except (OSError, http.client.HTTPException):
                pass
            raise
        self._set_timeout(connection, self.timeout + request.wait)
        return connection.getresponse()

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        pieces = []
        size = 0
        while True:
            piece = response.read(_PIECE)
            if not piece:
                break
            size += len(piece)
            if size > ANSWER_BYTES:
                raise unreadable(f"it has more than {ANSWER_BYTES} bytes", self.base)
            pieces.append(piece)
        announced = response.getheader("Content-Length")
        if announced is not None and announced.isdigit() and size < int(announced):
            raise http.client.IncompleteRead(b"", int(announced) - size)
        return b"".join(pieces)

    def _pieces(self, response: http.client.HTTPResponse, idle: float) -> Iterator[bytes]:
        while True:
            try:
                piece = response.read1(_PIECE)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise self._failure(error, idle) from None
            if not piece:
                return
            yield piece

    # Connections

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self._process != os.getpid():
                # A child of the process that opened them must not speak on them; closing its copies is no word.
                for connection in [*(found for found, _ in self._idle), *self._busy]:
                    connection.close()
                self._idle, self._busy, self._process = [], {}, os.getpid()
            if not self._idle or self.is_closed:
                found = None
            else:
                found, open_socket = self._idle.pop()
                self._busy[found] = open_socket
        if found is None:
            return self._connect(), False
        open_socket.settimeout(self.timeout)
        return found, True

    def _connect(self) -> http.client.HTTPConnection:
        if self.is_closed:
            raise self._failure(None, 0)
        connection: http.client.HTTPConnection
        if self._secure:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=self.timeout)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self.timeout)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise self._failure(error, self.timeout) from None
        # A machine that is gone is noticed while a long answer is waited for.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        with self._lock:
            self._busy[connection] = connection.sock
        # Closed meanwhile: whoever closed it did not see this connection.
        if self._closed.is_set():
            self._drop(connection)
            raise self._failure(None, 0)
        return connection

    def _put_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        with self._lock:
            open_socket = self._busy.pop(connection, None)
            is_usable = not response.will_close and not self.is_closed and len(self._idle) < IDLE_CONNECTIONS
            if open_socket is not None and is_usable:
                self._idle.append((connection, open_socket))
                return
        connection.close()

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._busy.pop(connection, None)
        connection.close()

    def _set_timeout(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        with self._lock:
            open_socket = self._busy.get(connection)
        if open_socket is not None:
            open_socket.settimeout(seconds)

    # Errors

    def _failure(self, error: Exception | None, seconds: float) -> SluiceError:
        if self.is_closed:
            return SluiceError("usage", "the client is closed", self.base, "make a new one: sluice.Client()")
        if isinstance(error, http.client.IncompleteRead):
            return Unreachable(
                "server.unreachable", "the connection broke while the answer came", self.base, "try again"
            )
        if not isinstance(error, OSError):
            return unreadable(f"it is no HTTP ({type(error).__name__})", self.base)
        return Unreachable(
            "server.unreachable",
            f"the server does not answer ({_words(error, seconds)})",
            self.base,
            "start it (sluice serve), or name another with sluice.Client(server) or SLUICE_SERVER",
        )


def is_passing(error: SluiceError) -> bool:
    """Whether the same call may succeed a little later: the server is away, stops or starts."""
    return isinstance(error, Unreachable) or error.code == "log.failed" or error.status in (502, 503, 504)


def _refused(status: int, data: bytes, url: str) -> SluiceError:
    with contextlib.suppress(SluiceError):
        return _decoding.problem(Fields(parse(data, url), url), status)
    return SluiceError(
        "server.answer",
        f"the server answered {status}",
        url,
        "look whether that is a Sluice server, and at its log",
        status,
    )


def _words(error: OSError, seconds: float) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.timeout):
        return f"nothing came for {seconds:g} s"
    if isinstance(error, http.client.RemoteDisconnected):
        return "it closed the connection without an answer"
    return error.strerror or str(error) or type(error).__name__


def _usage(what: str, fix: str) -> SluiceError:
    return SluiceError("usage", what, "sluice.Client", fix)


def _header(name: str, value: str) -> bytes:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise _usage(f"the {name} has a control character", "look for a line end behind it")
    return value.encode("utf-8", "surrogateescape")


def _address(base: str) -> tuple[bool, str, int, str]:
    """Scheme is https, host, port, and the path before /api."""
    try:
        parts = urlsplit(base)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise _usage(f"'{base[:80]}' is no server's address", "write http://HOST:PORT or https://HOST:PORT")
    secure = parts.scheme == "https"
    return secure, host, port or (443 if secure else 80), quote(parts.path.rstrip("/"), safe="/%")
