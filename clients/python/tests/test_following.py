"""The live stream, with everything that can break between here and the server."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from unittest import mock

from support import (
    STREAM_HEAD,
    Asked,
    Fake,
    FakeTestCase,
    answer,
    chunk,
    event,
    fact,
    problem,
    reset,
    within,
)

import sluice
from sluice import _following, _sse

NDJSON = "application/x-ndjson"
CREATED = "sluice.project.created.v1"


def page(*numbers: int) -> bytes:
    return answer("".join(json.dumps(event(number)) + "\n" for number in numbers).encode(), kind=NDJSON)


class Log:
    """A server with a log of facts 1 to `head`; each live connection goes as `live` says."""

    def __init__(self, head: int, *live) -> None:
        self.head = head
        self.live = list(live)
        self.places: list[int | None] = []

    def __call__(self, _: Fake, asked: Asked, connection: socket.socket) -> bool:
        if asked.path == "/api/v1/health":
            connection.sendall(answer({"position": f"main:{self.head}"}))
            return True
        place = asked.headers.get("last-event-id") or asked.query.get("from")
        after = int(place.split(":")[1]) if place else 0
        if asked.path == "/api/v1/events":
            limit = int(asked.query["limit"])
            connection.sendall(page(*range(after + 1, min(self.head, after + limit) + 1)))
            return True
        self.places.append(after if place else None)
        turn = self.live.pop(0) if len(self.live) > 1 else self.live[0]
        if isinstance(turn, bytes):
            connection.sendall(turn)
            return False
        connection.sendall(STREAM_HEAD)
        turn(connection, after)
        return False


def numbers(events, count: int) -> list[int]:
    """The next events, as the numbers of their positions."""
    found = []
    for one in events:
        found.append(int(one.position.split(":")[1]))
        if len(found) == count:
            break
    return found


def sends(*pieces: bytes, then=None):
    def turn(connection: socket.socket, _: int) -> None:
        for piece in pieces:
            connection.sendall(piece)
        if then:
            then(connection)

    return turn


def stays(connection: socket.socket) -> None:
    time.sleep(30)


def rest(head: int):
    """What a good server does: everything behind the place, and then it waits."""

    def turn(connection: socket.socket, after: int) -> None:
        for number in range(after + 1, head + 1):
            connection.sendall(fact(number))
        time.sleep(30)

    return turn


class Following(FakeTestCase):
    def follow(self, log: Log, **more: object):
        client = self.client(self.fake(log), timeout=2.0)
        events = client.events(**more)
        self.addCleanup(events.close)
        return events

    def test_it_reads_pages_up_to_now_and_then_the_stream(self):
        log = Log(2500, rest(2503))
        self.assertEqual(numbers(self.follow(log), 2503), list(range(1, 2504)))
        self.assertEqual(log.places, [2500])

    def test_it_begins_behind_a_position(self):
        log = Log(9, rest(9))
        self.assertEqual(numbers(self.follow(log, start="main:7"), 2), [8, 9])
        self.assertEqual(log.places, [7])

    def test_an_empty_log_is_followed_from_where_it_was(self):
        log = Log(0, rest(2))
        self.assertEqual(numbers(self.follow(log), 2), [1, 2])
        self.assertEqual(log.places, [0])

    def test_what_happens_between_the_last_page_and_the_stream_is_heard(self):
        class Late(Log):
            def __call__(self, fake: Fake, asked: Asked, connection: socket.socket) -> bool:
                answered = super().__call__(fake, asked, connection)
                if asked.path == "/api/v1/events":
                    self.head = 1
                return answered

        self.assertEqual(numbers(self.follow(Late(0, rest(2))), 2), [1, 2])

    def test_without_follow_it_ends_at_the_present(self):
        for head in (0, 1, 999, 1000, 1001, 2000):
            client = self.client(self.fake(Log(head, rest(head))))
            self.assertEqual(len(list(client.events(follow=False))), head)

    def test_a_reset_a_close_and_a_clean_end_are_gone_through(self):
        ends = (reset, lambda connection: None, lambda connection: connection.sendall(b"0\r\n\r\n"))
        log = Log(
            0, *(sends(fact(2 * turn + 1), fact(2 * turn + 2), then=end) for turn, end in enumerate(ends)), rest(9)
        )
        self.assertEqual(numbers(self.follow(log, start="main:0"), 9), list(range(1, 10)))
        self.assertEqual(log.places, [0, 2, 4, 6])

    def test_an_event_that_breaks_off_comes_whole_the_next_time(self):
        whole = fact(2)
        for cut in range(1, len(whole), 7):
            log = Log(0, sends(fact(1), whole[:cut]), rest(3))
            with self.subTest(cut):
                self.assertEqual(numbers(self.follow(log, start="main:0"), 3), [1, 2, 3])
                self.assertIn(log.places, ([0, 1], [0, 2]))

    def test_any_way_of_cutting_leaves_each_event_once_and_in_order(self):
        for seed in range(20):
            chance = random.Random(seed)

            def turn(connection: socket.socket, after: int, chance=chance) -> None:
                stream = b"".join(fact(number) for number in range(after + 1, 41))
                connection.sendall(stream[: chance.randint(1, 700)])
                if chance.random() < 0.5:
                    reset(connection)

            log = Log(0, turn)
            with mock.patch.object(_following.Backoff, "next", lambda _: 0.001):
                self.assertEqual(numbers(self.follow(log, start="main:0"), 40), list(range(1, 41)), f"seed {seed}")

    def test_a_reader_that_was_dropped_resumes(self):
        dropped = chunk('event: dropped\ndata: {"reason":"too slow"}\n\n')
        log = Log(0, sends(fact(1), dropped, fact(99), then=stays), rest(3))
        self.assertEqual(numbers(self.follow(log, start="main:0"), 3), [1, 2, 3])
        self.assertEqual(log.places, [0, 1])

    def test_silence_is_noticed_and_a_beat_is_no_silence(self):
        def beats(connection: socket.socket, _: int) -> None:
            for _ in range(6):
                time.sleep(0.15)
                connection.sendall(chunk(": still here\n\n"))
            connection.sendall(fact(1))
            time.sleep(30)

        log = Log(0, beats, rest(2))
        with within(5):
            client = self.client(self.fake(log), timeout=30.0)
            following = _following.Following(client._transport, [], lambda _: True, "main:0", silence=0.4)
            events = following.all()
            self.addCleanup(events.close)
            self.assertEqual(numbers(events, 1), [1])
            self.assertEqual(log.places, [0], "the beats kept it")
            # Nothing comes any more: the next one is on another connection.
            self.assertEqual(numbers(events, 1), [2])
        self.assertEqual(log.places, [0, 1])

    def test_progress_and_unknown_kinds_are_no_events(self):
        progress = chunk('event: progress\ndata: {"id":"p-1"}\n\n')
        news = chunk("event: news\nid: main:3\ndata: not JSON\n\n")
        log = Log(0, sends(progress, fact(1), news), rest(5))
        self.assertEqual(numbers(self.follow(log, start="main:0"), 3), [1, 4, 5])
        self.assertEqual(log.places, [0, 3], "its id is a place all the same")

    def test_a_server_that_is_away_for_long_is_waited_for(self):
        pauses: list[float] = []
        server = Fake(Log(0, sends(fact(1)), rest(2)))
        client = self.client(server, timeout=1.0)
        events = client.events(start="main:0")
        self.assertEqual(numbers(events, 1), [1])
        server.close()
        again: list[Fake] = []
        # The same address, a while later.
        later = Log(0, rest(2))

        def pause(seconds: float) -> bool:
            pauses.append(seconds)
            if len(pauses) == 30:
                with mock.patch.object(socket, "create_server", lambda _: reopened(server.port)):
                    again.append(Fake(later))
            time.sleep(0.005)
            return True

        with mock.patch.object(client._transport, "pause", pause):
            self.assertEqual(numbers(events, 1), [2])
        self.addCleanup(again[0].close)
        events.close()
        self.assertLessEqual(max(pauses), 10)
        self.assertGreater(pauses[20], 4)

    def test_an_error_that_no_waiting_mends_is_raised(self):
        for reply, code in (
            (problem(401, "token.missing"), "token.missing"),
            (problem(409, "position.ahead"), "position.ahead"),
            (answer(b"<html>", 404), "server.answer"),
            (answer({"position": "main:1"}), "server.answer"),
        ):
            with self.subTest(code):
                events = self.follow(Log(0, sends(fact(1)), reply), start="main:0")
                self.assertEqual(numbers(events, 1), [1])
                with within(3), self.assertRaisesCode(code):
                    next(events)

    def test_an_error_that_waiting_mends_is_waited_for(self):
        starting, stopping = answer(b"not yet", 503), problem(500, "log.failed", "the server stops")
        events = self.follow(Log(0, sends(fact(1)), starting, stopping, rest(2)), start="main:0")
        self.assertEqual(numbers(events, 2), [1, 2])

    def test_a_place_that_is_refused_at_first_is_an_error(self):
        with self.assertRaisesCode("usage"):
            next(self.follow(Log(0, problem(400, "usage")), start="elsewhere:1"))

    def test_an_event_that_cannot_be_read_is_an_error_and_no_endless_loop(self):
        for data in ("not JSON", "[]", '{"id": "x"}', json.dumps({**event(2), "extra": {}})):
            with self.subTest(data):
                log = Log(0, sends(fact(1), chunk(f"id: main:2\nevent: fact\ndata: {data}\n\n"), then=stays))
                events = self.follow(log, start="main:0")
                self.assertEqual(numbers(events, 1), [1])
                with within(3), self.assertRaisesCode("server.answer"):
                    next(events)
                self.assertEqual(log.places, [0])

    def test_a_line_without_an_end_is_an_error(self):
        def endless(connection: socket.socket, _: int) -> None:
            while True:
                connection.sendall(chunk(b"x" * 65_536))

        with mock.patch.object(_sse, "MESSAGE_BYTES", 1_000_000), within(5), self.assertRaisesCode("server.answer"):
            next(self.follow(Log(0, endless), start="main:0"))

    def test_closing_the_client_ends_the_iterator(self):
        client = self.client(self.fake(Log(1, rest(1))), timeout=30.0)
        found: list[str] = []

        def listen() -> None:
            found.extend(one.id for one in client.events())
            found.append("the end")

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        while not found:
            time.sleep(0.01)
        with within(2):
            client.close()
            thread.join(10)
        self.assertEqual(found, ["e1", "the end"])

    def test_closing_the_iterator_frees_its_connection(self):
        server = self.fake(Log(0, rest(3)))
        client = self.client(server)
        events = client.events(start="main:0")
        self.assertEqual(numbers(events, 1), [1])
        self.assertEqual(len(client._transport._busy), 1)
        events.close()
        self.assertEqual(client._transport._busy, {})


class Filters(FakeTestCase):
    def test_one_type_is_the_servers_work(self):
        log = Log(0, rest(1))
        server = self.fake(log)
        client = self.client(server)
        list(client.events(types="sluice.version.*", project="demo", follow=False))
        self.assertEqual(
            (server.asked[0].query["type"], server.asked[0].query["project"]), ("sluice.version.*", "demo")
        )

    def test_of_several_types_each_is_admitted_and_no_other(self):
        kinds = ["sluice.run.started.v1", "sluice.run.finished.v1", CREATED, "sluice.tag.moved.v1", "sluice.runs.x"]
        log = Log(0, sends(*(fact(number, kind) for number, kind in enumerate(kinds, start=1)), then=stays))
        server = self.fake(log)
        client = self.client(server)
        events = client.events(types=["sluice.run.*", "sluice.?ag.moved.v1"], start="main:0")
        self.addCleanup(events.close)
        self.assertEqual(numbers(events, 3), [1, 2, 4])
        self.assertNotIn("type", server.asked[0].query)

    def test_types_are_matched_as_the_server_matches_them(self):
        for pattern, kind, admits in (
            ("*", "a.b", True),
            ("a.*", "a.b.c", True),
            ("a.*", "b.a.c", False),
            ("a.?", "a.bc", False),
            ("a.b", "axb", False),
            ("a.[bc]", "a.b", False),
            ("A.*", "a.b", False),
            ("*b*", "abc", True),
            ("*", "a/b", False),
        ):
            one = sluice.Event(kind, "s")
            with self.subTest(f"{pattern} {kind}"):
                self.assertEqual(_following.admits_types([pattern, "never"])(one), admits)

    def description(self, *names: str):
        """A server whose API description has these parameters of the stream."""
        parameters = [{"$ref": "#/components/parameters/Last"}, *({"name": name, "in": "query"} for name in names)]
        document = {
            "paths": {"/api/v1/stream": {"get": {"parameters": parameters}}},
            "components": {"parameters": {"Last": {"name": "Last-Event-ID", "in": "header"}}},
        }

        def handle(_: Fake, asked: Asked, connection: socket.socket) -> bool:
            connection.sendall(answer(document) if asked.path == "/openapi.json" else page(1))
            return True

        return self.fake(handle)

    def test_an_expression_goes_to_a_server_that_knows_what_it_is(self):
        server = self.description("from", "where")
        found = list(self.client(server).events(where="project = 'demo'", follow=False))
        self.assertEqual(len(found), 1)
        self.assertEqual(server.asked[-1].query["where"], "project = 'demo'")

    def test_a_server_that_would_pass_it_over_is_not_asked(self):
        """It would answer with every event, and a loop would act on all of them."""
        with self.assertRaisesCode("usage"):
            self.client(self.description("from", "type")).events(where="project = 'demo'", follow=False)


class Events(FakeTestCase):
    def test_reading_and_writing_keep_everything(self):
        value = {
            **event(1),
            "subject": "demo/x",
            "time": "2026-11-25T10:00:00.123456789+01:00",
            "dataschema": "/s",
            "datacontenttype": "application/json",
            "project": "demo",
            "count": 7,
            "critical": True,
        }
        one = sluice.Event.from_json(value)
        self.assertEqual(one.extensions, {"project": "demo", "count": 7, "critical": True})
        self.assertEqual({**one.to_json(), "position": "main:1"}, value)
        self.assertEqual(one.when.isoformat(), "2026-11-25T10:00:00.123456+01:00")

    def test_bytes_are_base64(self):
        one = sluice.Event("t", "s", data=b"\0\xff")
        self.assertEqual(one.to_json()["data_base64"], "AP8=")
        self.assertEqual(sluice.Event.from_json(one.to_json()), one)
        with self.assertRaisesCode("server.answer"):
            sluice.Event.from_json({**event(1), "data_base64": "?"})

    def test_times_that_are_none_are_none(self):
        for text, shown in (
            (None, None),
            ("", None),
            ("yesterday", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-11-25T10:00:00", None),
            ("2026-11-25T10:00:00+99:00", None),
            ("2026-11-25t10:00:60z", "2026-11-25T10:00:59+00:00"),
            ("2026-11-25T10:00:00.5-08:30", "2026-11-25T10:00:00.500000-08:30"),
        ):
            when = sluice.Event("t", "s", time=text).when
            self.assertEqual(when.isoformat() if when else None, shown, text)

    def test_extensions_that_are_none_are_refused(self):
        for name in ("Upper", "with_line", "", "data", "id", "position", "specversion"):
            with self.subTest(name), self.assertRaisesCode("usage"):
                sluice.Event("t", "s", extensions={name: "x"}).to_json()

    def test_each_event_has_an_id_of_its_own(self):
        self.assertEqual(len({sluice.Event("t", "s").id for _ in range(100)}), 100)


class Sending(FakeTestCase):
    def server(self) -> Fake:
        def handle(_: Fake, asked: Asked, connection: socket.socket) -> bool:
            results = []
            for one in asked.json:
                if one["type"] == "bad":
                    error = {"code": "event.invalid", "what": "w", "at": "a", "fix": "f"}
                    results.append({"id": one["id"], "source": one["source"], "error": error})
                else:
                    results.append({"id": one["id"], "source": one["source"], "position": "main:1", "duplicate": False})
            connection.sendall(answer({"results": results}))
            return True

        return self.fake(handle)

    def test_each_is_answered_and_a_bad_one_fails_alone(self):
        server = self.server()
        events = [
            sluice.Event("good", "s", id="1"),
            {"type": "bad", "source": "s", "id": "2"},
            sluice.Event("good", "s", id="3"),
        ]
        sent = self.client(server).send(events)
        self.assertEqual(
            [(one.id, one.position, one.duplicate) for one in sent],
            [("1", "main:1", False), ("2", None, False), ("3", "main:1", False)],
        )
        self.assertEqual(sent[1].error.code, "event.invalid")
        self.assertEqual(server.asked[0].headers["content-type"], "application/cloudevents-batch+json")

    def test_many_and_large_ones_take_several_requests(self):
        server = self.server()
        client = self.client(server)
        self.assertEqual(len(client.send(sluice.Event("good", "s") for _ in range(1201))), 1201)
        self.assertEqual([len(asked.json) for asked in server.asked], [500, 500, 201])
        server.asked.clear()
        large = "x" * 1_500_000
        self.assertEqual(len(client.send([sluice.Event("good", "s", data=large) for _ in range(5)])), 5)
        self.assertEqual([len(asked.json) for asked in server.asked], [2, 2, 1])
        self.assertEqual(client.send([]), [])

    def test_what_json_has_no_words_for_is_refused(self):
        for data in (float("nan"), object(), {1: {2, 3}}, "\ud800"):
            with self.assertRaisesCode("usage"):
                self.client("http://127.0.0.1:1").send(sluice.Event("t", "s", data=data))


def reopened(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


if __name__ == "__main__":
    import unittest

    unittest.main()
