"""One exchange with a server, and every way in which a server may fail to be one."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from support import JSON, SOURCE, Fake, FakeTestCase, answer, problem, reset, says, within

import sluice
from sluice import _transport

HEALTH = answer({"position": "main:7"})
PLAN = {
    "id": "p-1",
    "project": "demo",
    "selection": "",
    "pipelineRevision": 1,
    "runs": [],
    "untouched": 3,
    "missing": [],
    "blocked": [],
}


class Hostile(FakeTestCase):
    """What answers may be anything."""

    def refused(self, code: str, reply: bytes, **more: object):
        client = self.client(self.fake(says(reply, keep=False)), timeout=2.0, **more)
        with within(4), self.assertRaisesCode(code) as raised:
            client.status("demo")
        return raised.error

    def test_no_json(self):
        for body in (b"<html>hello</html>", b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"products": NaN'):
            with self.subTest(body[:20]):
                error = self.refused("server.answer", answer(body))
                self.assertIn("/api/v1/status", error.at)

    def test_json_of_another_shape_says_where(self):
        product = {"ref": "demo/x", "state": "current", "freshness": "current", "activity": "idle", "reasons": []}
        for value, words in (
            ([], "a list"),
            ({}, "'asOf' is missing"),
            ({"asOf": 7}, "'asOf' should be text"),
            ("x", "text"),
            (None, "null"),
            ({"asOf": "main:1", "products": {}}, "'products' should be a list"),
            ({"asOf": "main:1", "products": [7]}, "a number"),
            ({"asOf": "main:1", "products": [{**product, "number": "7"}]}, "'number' should be a whole number"),
            ({"asOf": "main:1", "products": [{**product, "number": True}]}, "'number' should be a whole number"),
            ({"asOf": "main:1", "products": [{**product, "reasons": [{}]}]}, "'kind' is missing"),
        ):
            with self.subTest(words):
                self.assertIn(words, self.refused("server.answer", answer(value)).what)

    def test_more_fields_than_are_known_are_passed_over(self):
        value = {"asOf": "main:1", "products": [], "weather": {"sky": "blue"}}
        self.assertEqual(self.client(self.fake(says(answer(value)))).status().as_of, "main:1")

    def test_half_a_body(self):
        whole = answer({"asOf": "main:1", "products": []})
        error = self.refused("server.unreachable", whole[:-5])
        self.assertIsInstance(error, sluice.Unreachable)
        chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.refused("server.unreachable", chunked + b"ff\r\n{")
        self.refused("server.unreachable", chunked + b"2\r\n{}\r\n")
        self.refused("server.unreachable", chunked + b"zz\r\n{}\r\n")

    def test_what_is_no_http(self):
        for reply in (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"\0" * 100,
            b"HTTP/1.1 twohundred OK\r\n\r\n",
            b"HTTP/9.9 200 OK\r\n\r\n",
        ):
            with self.subTest(reply[:20]):
                self.refused("server.answer", reply)

    def test_a_huge_line(self):
        self.refused("server.answer", b"HTTP/1.1 200 " + b"x" * 1_000_000 + b"\r\n\r\n")
        self.refused("server.answer", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n{}")
        self.refused("server.answer", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000 + b"\r\n{}")

    def test_a_body_without_an_end_is_not_gathered(self):
        def endless(_: Fake, __: object, connection: socket.socket) -> bool:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while True:
                connection.sendall(b"[" * 65_536)

        client = self.client(self.fake(endless))
        few = mock.patch.object(_transport, "ANSWER_BYTES", 1_000_000)
        with few, within(5), self.assertRaisesCode("server.answer"):
            client.status()

    def test_an_error_that_is_no_problem(self):
        for reply in (answer(b"<html>", 502), answer({"error": "no"}, 500), answer({"code": 7}, 400), answer(b"", 404)):
            self.assertIn("the server answered", self.refused("server.answer", reply).what)

    def test_a_redirect_is_not_followed_and_the_token_goes_nowhere(self):
        other = self.fake(says(HEALTH))
        self.refused("server.answer", answer(b"", 302, Location=other.url + "/api/v1/status"), token="secret")
        self.assertEqual(other.asked, [])

    def test_a_problem_is_the_servers_error_in_its_own_words(self):
        error = self.refused("some.new.code", problem(418, "some.new.code", "what", "at", "fix"))
        self.assertEqual((error.what, error.at, error.fix, error.status), ("what", "at", "fix", 418))


class Silence(FakeTestCase):
    """Servers that do not answer."""

    def test_nobody_is_there(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with within(1), self.assertRaisesCode("server.unreachable") as raised:
            self.client(url).status()
        self.assertIsInstance(raised.error, sluice.Unreachable)
        self.assertEqual(raised.error.what, "the server does not answer (connection refused)")
        self.assertEqual(raised.error.at, url)

    def test_a_name_that_nobody_has(self):
        with self.assertRaisesCode("server.unreachable"):
            self.client("http://no-such-host.invalid:1").status()

    def test_a_socket_that_never_answers(self):
        server = self.fake(lambda *_: time.sleep(60) or False)
        client = self.client(server, timeout=0.4)
        for call in (
            client.status,
            client.position,
            lambda: client.resolve(["demo/x"]),
            lambda: client.plan("demo"),
            lambda: client.apply("demo"),
            lambda: client.send(sluice.Event("t", "s")),
            lambda: next(client.events()),
            lambda: next(client.events(start="main:1")),
            lambda: next(client.events(follow=False)),
        ):
            with within(1.5), self.assertRaisesCode("server.unreachable") as raised:
                call()
            self.assertIn("nothing came for 0.4 s", raised.error.what)

    def test_a_socket_that_accepts_and_never_reads(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as folder:
            large = Path(folder, "large.bin")
            large.write_bytes(b"x" * 200_000)
            client = self.client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.4)
            with within(2), self.assertRaisesCode("server.unreachable"):
                client.publish("demo/x", large)

    def test_a_long_poll_is_waited_for_beyond_the_timeout(self):
        def slow(_: Fake, __: object, connection: socket.socket) -> bool:
            time.sleep(0.8)
            connection.sendall(
                answer({"subscription": "s", "batch": None, "events": [], "lag": {"events": 0, "seconds": 0}})
            )
            return True

        client = self.client(self.fake(slow), timeout=0.4)
        self.assertEqual(client.pull_batch("s", wait=1.0).events, ())

    def test_a_timeout_that_is_none_is_refused(self):
        for timeout in (0, -1, float("nan")):
            with self.assertRaisesCode("usage"):
                sluice.Client("http://127.0.0.1:1", timeout=timeout)


class Asking(FakeTestCase):
    def test_who_asks_and_with_which_token(self):
        server = self.fake(says(HEALTH))
        self.client(server, token="secret").position()
        headers = server.asked[0].headers
        self.assertEqual((headers["x-sluice-actor"], headers["authorization"]), ("tester", "Bearer secret"))
        self.assertEqual(headers["host"], f"127.0.0.1:{server.port}")

    def test_the_environment_is_read_when_the_client_is_made(self):
        server = self.fake(says(HEALTH))
        values = {"SLUICE_SERVER": server.url + "/", "SLUICE_TOKEN": "from the environment", "SLUICE_ACTOR": "Zoë"}
        with mock.patch.dict(os.environ, values), sluice.Client() as client:
            self.assertEqual(client.server, server.url)
            client.position()
        self.assertEqual(server.asked[0].headers["x-sluice-actor"], "Zoë")
        self.assertEqual(server.asked[0].headers["authorization"], "Bearer from the environment")

    def test_without_an_environment_it_is_the_local_server_and_the_login_name(self):
        with mock.patch.dict(os.environ):
            for name in ("SLUICE_SERVER", "SLUICE_TOKEN", "SLUICE_ACTOR"):
                os.environ.pop(name, None)
            self.assertEqual(sluice.Client().server, "http://127.0.0.1:7733")
            server = self.fake(says(HEALTH))
            with sluice.Client(server.url) as client:
                client.position()
        login = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual(server.asked[0].headers["x-sluice-actor"], login)
        self.assertNotIn("authorization", server.asked[0].headers)

    def test_a_server_below_a_path(self):
        server = self.fake(says(HEALTH))
        self.client(server.url + "/shows/sluice/").position()
        self.assertEqual(server.asked[0].path, "/shows/sluice/api/v1/health")

    def test_addresses_that_are_none_are_refused(self):
        for server in (
            "127.0.0.1:7733",
            "ftp://host",
            "http://",
            "http://host:port",
            "http://user:secret@host",
            "http://h/?a",
        ):
            with self.subTest(server), self.assertRaisesCode("usage"):
                sluice.Client(server)

    def test_a_token_with_a_line_end_is_refused_and_not_shown(self):
        with self.assertRaisesCode("usage") as raised:
            sluice.Client("http://127.0.0.1:1", token="secret\nX-Evil: 1")
        self.assertNotIn("secret", str(raised.error))

    def test_references_reach_the_server_as_they_are(self):
        server = self.fake(says(answer({"ref": "x", "reasons": [], "chain": []})))
        ref = "demo/a b?&=#%/ä@v-1"
        self.client(server).why(ref)
        self.assertEqual(server.asked[0].query, {"ref": ref})


class Connections(FakeTestCase):
    def test_one_connection_serves_many_calls(self):
        server = self.fake(says(HEALTH))
        client = self.client(server)
        for _ in range(20):
            client.position()
        self.assertEqual((len(server.asked), server.connections), (20, 1))

    def test_a_connection_that_the_server_closed_meanwhile_is_no_failure(self):
        server = self.fake(says(HEALTH))
        client = self.client(server)
        for _ in range(5):
            client.position()
            server.cut()
            time.sleep(0.02)
        self.assertEqual(server.connections, 5)

    def test_a_server_that_closes_each_connection(self):
        server = self.fake(says(answer({"position": "main:7"}, Connection="close"), keep=False))
        client = self.client(server)
        for _ in range(5):
            client.position()

    def test_many_threads_get_their_own_answers(self):
        def echo(_: Fake, asked, connection: socket.socket) -> bool:
            connection.sendall(answer({"ref": asked.query["ref"], "reasons": [], "chain": []}))
            return True

        server = self.fake(echo)
        client = self.client(server)
        wrong: list[object] = []

        def work(thread: int) -> None:
            for number in range(50):
                ref = f"demo/{thread}/{number}"
                if client.why(ref).ref != ref:
                    wrong.append(ref)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual((wrong, len(server.asked)), ([], 400))
        self.assertLessEqual(len(client._transport._idle), _transport.IDLE_CONNECTIONS)
        self.assertEqual(client._transport._busy, {})

    def test_an_error_leaves_no_connection_behind(self):
        server = self.fake(says(answer(b"<html>"), answer(b"x")[:-1]))
        client = self.client(server, timeout=0.2)
        for _ in range(3):
            with self.assertRaises(sluice.SluiceError):
                client.status()
        self.assertEqual(client._transport._busy, {})

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_a_child_process_does_not_speak_on_its_parents_connections(self):
        server = self.fake(says(HEALTH))
        program = (
            "import os, sys, sluice\n"
            "client = sluice.Client(sys.argv[1])\n"
            "client.position()\n"
            "child = os.fork()\n"
            "assert client.position() == 'main:7'\n"
            "client.close()\n"
            "assert child == 0 or os.waitpid(child, 0)[1] == 0\n"
        )
        # In a process of its own: this one has threads, with which a fork may hang.
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        command = [sys.executable, "-c", program, server.url]
        subprocess.run(command, env=environment, timeout=30, check=True)
        self.assertEqual((len(server.asked), server.connections), (3, 2))

    def test_closing_ends_calls_in_other_threads_and_refuses_later_ones(self):
        server = self.fake(lambda *_: time.sleep(60) or False)
        client = self.client(server, timeout=30.0)
        errors: list[sluice.SluiceError] = []

        def ask() -> None:
            try:
                client.status()
            except sluice.SluiceError as error:
                errors.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        while not server.asked:
            time.sleep(0.01)
        with within(2):
            client.close()
            thread.join(10)
        self.assertEqual([error.what for error in errors], ["the client is closed"])
        with self.assertRaisesCode("usage"):
            client.status()
        client.close()


class Repeating(FakeTestCase):
    """A call that carries its id is sent again while the server is away."""

    @staticmethod
    def away(times: int, reply: bytes, how=reset):
        """Takes the request and breaks the connection so often, then answers."""
        left = [times]

        def handle(_: Fake, __: object, connection: socket.socket) -> bool:
            if left[0]:
                left[0] -= 1
                how(connection)
                return False
            connection.sendall(reply)
            return True

        return handle

    def test_the_same_command_arrives_again(self):
        server = self.fake(self.away(3, answer(PLAN)))
        plan = self.client(server, timeout=20.0).apply("demo")
        self.assertEqual((plan.id, plan.untouched), ("p-1", 3))
        bodies = {asked.body for asked in server.asked}
        self.assertEqual((len(server.asked), len(bodies)), (4, 1))
        self.assertTrue(json.loads(bodies.pop())["command"])

    def test_an_answer_that_breaks_off_is_asked_for_again(self):
        server = self.fake(self.away(1, answer(PLAN), lambda connection: connection.sendall(answer(PLAN)[:-9])))
        self.assertEqual(self.client(server, timeout=20.0).apply("demo").id, "p-1")

    def test_two_calls_are_two_commands(self):
        server = self.fake(says(answer(PLAN)))
        client = self.client(server)
        client.apply("demo")
        client.apply("demo")
        client.apply("demo", command="mine")
        commands = [asked.json["command"] for asked in server.asked]
        self.assertEqual((len(set(commands)), commands[2]), (3, "mine"))

    def test_a_server_that_stops_is_waited_for(self):
        server = self.fake(says(problem(500, "log.failed", "the server stops"), answer(PLAN)))
        self.assertEqual(self.client(server).apply("demo").id, "p-1")

    def test_a_refusal_is_not_repeated(self):
        server = self.fake(says(problem(409, "run.active"), answer(PLAN)))
        with self.assertRaisesCode("run.active"):
            self.client(server).apply("demo")
        self.assertEqual(len(server.asked), 1)

    def test_it_ends_with_the_timeout(self):
        server = self.fake(self.away(10**6, b""))
        with within(2), self.assertRaisesCode("server.unreachable"):
            self.client(server, timeout=1.0).apply("demo")
        self.assertGreater(len(server.asked), 1)

    def test_a_connection_that_breaks_after_a_long_wait_is_tried_again(self):
        """A server that reads a hundred gigabytes again before it answers may be restarted meanwhile."""

        def slowly(connection: socket.socket) -> None:
            time.sleep(0.8)
            reset(connection)

        server = self.fake(self.away(1, answer({"upload": "u"}), slowly))
        client = self.client(server, timeout=0.5)
        fields = client._transport.call("POST", "uploads", repeat=True, wait=5.0)
        self.assertEqual((fields.text("upload"), len(server.asked)), ("u", 2))

    def test_it_ends_after_a_bounded_number(self):
        server = self.fake(self.away(10**6, b""))
        client = self.client(server, timeout=1000.0)
        with (
            mock.patch.object(client._transport, "pause", lambda seconds: True),
            self.assertRaisesCode("server.unreachable"),
        ):
            client.apply("demo")
        self.assertEqual(len(server.asked), _transport.ATTEMPTS)

    def test_a_question_is_not_repeated(self):
        server = self.fake(self.away(1, HEALTH))
        with within(1), self.assertRaisesCode("server.unreachable"):
            self.client(server).position()
        self.assertEqual(len(server.asked), 1)

    def test_a_refusal_before_the_body_was_read_is_heard(self):
        """Who refuses a large body answers and closes; the answer counts, not the broken pipe."""

        def refuse(listener: socket.socket) -> None:
            connection, _ = listener.accept()
            connection.recv(10)
            connection.sendall(problem(413, "body.tooLarge"))
            connection.shutdown(socket.SHUT_WR)
            time.sleep(0.3)
            connection.close()

        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=refuse, args=(listener,), daemon=True).start()
            client = self.client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=3.0)
            event = sluice.Event("t", "s", data="x" * 30_000_000)
            with self.assertRaisesCode("body.tooLarge"):
                client.send(event)


@unittest.skipUnless(shutil.which("openssl"), "openssl makes the certificate; it is not here")
class Secure(FakeTestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.key, cls.certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            cls.key,
            "-out",
            cls.certificate,
        ]
        subprocess.run(command, check=True, capture_output=True)

    def setUp(self):
        super().setUp()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"

        def serve() -> None:
            while True:
                try:
                    plain, _ = self.listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        while connection.recv(65_536):
                            connection.sendall(HEALTH)
                except OSError:
                    continue

        threading.Thread(target=serve, daemon=True).start()

    def test_a_certificate_that_is_known_is_accepted(self):
        with mock.patch.dict(os.environ, SSL_CERT_FILE=str(self.certificate)):
            client = self.client(self.url)
            self.assertEqual([client.position(), client.position()], ["main:7", "main:7"])

    def test_one_that_nobody_vouches_for_is_not(self):
        with self.assertRaisesCode("server.unreachable") as raised:
            self.client(self.url).position()
        self.assertIn("certificate", raised.error.what.lower())


class Answers(FakeTestCase):
    """Batches whose answers do not fit what was asked."""

    def test_fewer_or_more_answers_than_questions_are_refused(self):
        one = {"ref": "demo/x", "error": {"code": "a", "what": "b", "at": "c", "fix": "d"}}
        for results in ([], [one, one, one]):
            client = self.client(self.fake(says(answer({"results": results, "position": "main:1"}))))
            with self.assertRaisesCode("server.answer"):
                client.resolve(["demo/x", "demo/y"])

    def test_the_kind_of_a_request_is_said(self):
        server = self.fake(says(answer({"results": [], "position": "main:1"})))
        client = self.client(server)
        self.assertEqual(client.resolve([]), [])
        self.assertEqual(server.asked, [], "nothing was asked, so nobody need be")
        with self.assertRaises(sluice.SluiceError):
            client.resolve(["demo/x"])
        self.assertEqual(server.asked[0].headers["content-type"], JSON)

    def test_a_plan_that_changed_brings_the_new_one(self):
        reply = problem(409, "plan.changed", plan=PLAN, difference=["one run more"])
        with self.assertRaisesCode("plan.changed") as raised:
            self.client(self.fake(says(reply))).apply("demo", plan="p-0")
        self.assertIsInstance(raised.error, sluice.PlanChanged)
        self.assertEqual((raised.error.plan.id, raised.error.difference), ("p-1", ("one run more",)))


if __name__ == "__main__":
    unittest.main()
