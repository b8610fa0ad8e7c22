"""What the tests of the client share: where things lie, and a server that says whatever a test wants."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import socket
import struct
import sys
import threading
import time
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "clients" / "python" / "src"
sys.path[:0] = [str(SOURCE), str(ROOT / "Tests" / "EndToEnd")]

TEST_SECONDS = float(os.environ.get("SLUICE_TEST_SECONDS") or 60)
JSON = "application/json"
PROBLEM = "application/problem+json"


class Asked:
    """One request as it arrived."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.target, self.path, self.headers, self.body = method, target, parts.path, headers, body
        self.query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}

    @property
    def json(self) -> object:
        return json.loads(self.body)


Handler = Callable[["Fake", Asked, socket.socket], bool]


class Fake:
    """A server on a real socket. `handler` answers each request and says whether the connection stays open."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.asked: list[Asked] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Breaks every connection, as a server that is killed does."""
        with self._lock:
            connections, self._open = self._open, []
        for connection in connections:
            reset(connection)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            reader = connection.makefile("rb")
            while True:
                line = reader.readline()
                if not line:
                    return
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = {}
                for header in iter(lambda: reader.readline().strip(), b""):
                    name, _, value = header.decode("utf-8").partition(":")
                    headers[name.lower()] = value.strip()
                body = reader.read(int(headers.get("content-length", "0")))
                asked = Asked(method, target, headers, body)
                with self._lock:
                    self.asked.append(asked)
                if not self.handler(self, asked, connection):
                    return


def reset(connection: socket.socket) -> None:
    """Ends a connection as a machine that dies does: with a reset, not with an orderly end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    with contextlib.suppress(OSError):
        connection.close()


def answer(value: object, status: int = 200, kind: str = JSON, **headers: str) -> bytes:
    """A whole answer; `value` is bytes as they are, or what becomes JSON."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status} x", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def problem(status: int, code: str, what: str = "it is so", at: str = "there", fix: str = "mend it", **more: object):
    value = {"type": "x", "title": what, "status": status, "detail": what, "code": code, "at": at, "fix": fix, **more}
    return answer(value, status, PROBLEM)


def says(*answers: bytes, keep: bool = True) -> Handler:
    """Answers in turn, the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def handle(_: Fake, __: Asked, connection: socket.socket) -> bool:
        with lock:
            reply = left.pop(0) if len(left) > 1 else left[0]
        connection.sendall(reply)
        return keep

    return handle


STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(number: int, kind: str = "sluice.version.published.v1", **more: object) -> dict[str, object]:
    """The event at position main:NUMBER."""
    return {
        "position": f"main:{number}",
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "/sites/main",
        "type": kind,
        "data": {"number": number},
        **more,
    }


def fact(number: int, kind: str = "sluice.version.published.v1") -> bytes:
    """That event on the live stream."""
    return chunk(f"id: main:{number}\nevent: fact\ndata: {json.dumps(event(number, kind))}\n\n")


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails where what is inside takes longer."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    if took > seconds:
        raise AssertionError(f"it took {took:.1f} s, and {seconds} s were allowed")


class FakeTestCase(unittest.TestCase):
    """Tests against a server that says what they want."""

    maxDiff = None

    def setUp(self) -> None:
        # What waits for ever is a failure, and says where it waits.
        faulthandler.dump_traceback_later(TEST_SECONDS, exit=True)
        self.addCleanup(faulthandler.cancel_dump_traceback_later)

    def fake(self, handler: Handler) -> Fake:
        server = Fake(handler)
        self.addCleanup(server.close)
        return server

    def client(self, server: Fake | str, **more: object):
        import sluice

        more.setdefault("timeout", 5.0)
        client = sluice.Client(server if isinstance(server, str) else server.url, actor="tester", **more)
        self.addCleanup(client.close)
        return client

    def assertRaisesCode(self, code: str):  # noqa: N802 (as unittest names its own)
        return _RaisesCode(self, code)


class _RaisesCode:
    """Expects a SluiceError with a code, and with everything that an error has."""

    def __init__(self, case: unittest.TestCase, code: str) -> None:
        self.case, self.code, self.error = case, code, None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> bool:
        import sluice

        if not isinstance(error, sluice.SluiceError):
            if error is None:
                self.case.fail(f"{self.code} was expected, and nothing was raised")
            return False
        self.case.assertEqual(error.code, self.code, str(error))
        for part in (error.what, error.at, error.fix):
            self.case.assertTrue(part, repr(error))
        self.error = error
        return True


class Proxy:
    """Stands between client and server, and takes away answers: the server did what was asked, and nobody heard."""

    def __init__(self, port: int) -> None:
        self.target = port
        #: How many of the next answers are swallowed, with their connections.
        self.swallow = 0
        #: Requests that begin with this are those whose answers count.
        self.only = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 10)
            except OSError:
                reset(client)
                continue
            last = [b""]
            threading.Thread(target=self._forward, args=(client, server, last), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client, last), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket, last: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while piece := client.recv(65_536):
                if piece.startswith((b"GET ", b"POST ", b"PUT ", b"DELETE ")):
                    last[0] = piece[:100]
                server.sendall(piece)
        reset(server)

    def _answers(self, server: socket.socket, client: socket.socket, last: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(65_536):
                if self.swallow and last[0].startswith(self.only):
                    self.swallow -= 1
                    break
                client.sendall(piece)
        reset(client)
        reset(server)
