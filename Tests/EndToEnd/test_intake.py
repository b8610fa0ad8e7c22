"""Events of other tools come in over HTTP and by the command line, once each, and come back as they were sent."""

import base64
import json
import random
import socket
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from sluice_server import ServerTestCase, SharedServerTestCase
from test_api import ApiTestCase, Stream

ROUTE = "/api/v1/events"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
SEED = random.SystemRandom().randrange(10**6)


def event(id, **more):
    return {"specversion": "1.0", "id": id, "source": "/farm", "type": "farm.job.done", **more}


class EventsTestCase(ApiTestCase):
    def send(self, *events, expect=200):
        """As a batch; the results."""
        answer = self.call("post", ROUTE, expect, headers={"Content-Type": BATCH}, body=list(events))
        return answer.json["results"] if expect == 200 else answer

    def send_one(self, value, expect=200, kind=STRUCTURED):
        raw = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
        return self.call("post", ROUTE, expect, headers={"Content-Type": kind}, raw=raw)

    def back(self, id):
        """The event as the list and as the stream show it, which must be the same."""
        listed = [e for e in self.server.get(ROUTE, last=1000).lines if e["id"] == id]
        self.assertEqual(len(listed), 1, id)
        site, _, sequence = listed[0]["position"].rpartition(":")
        with Stream(self.server, **{"from": f"{site}:{int(sequence) - 1}"}) as stream:
            self.assertEqual(stream.facts(1), listed)
        return listed[0]


class Modes(EventsTestCase, SharedServerTestCase):
    def test_structured(self):
        sent = event(
            "s-1", subject="sh0010", time="2026-11-22T14:23:01.123456+01:00", dataschema="https://example.com/job",
            datacontenttype="application/vnd.farm+json", data={"frames": [1, 2.50, None], "é": "🎬\n"},
            project="demo", folder="sq010/sh0010", product="demo/sq010/sh0010/plate", causationid="s-0",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", priority=-3, urgent=False, note="",
        )  # fmt: skip
        answer = self.send_one(sent).json["results"][0]
        self.assertEqual((answer["id"], answer["source"], answer["duplicate"]), ("s-1", "/farm", False))
        found = self.back("s-1")
        self.assertEqual({name: found[name] for name in sent}, sent)
        self.assertEqual((found["site"], found["actor"], found["actortrust"]), ("main", "tester", "claimed"))
        self.assertEqual(found["position"], answer["position"])
        self.assertRegex(found["recordedtime"], r"^\d{4}-\d\d-\d\dT.*Z$")

    def test_binary_with_json(self):
        headers = {"ce-specversion": "1.0", "ce-id": "b-1", "ce-source": "/farm", "CE-Type": "x.y", "ce-Shot": "100%25%20%E2%82%AC"}
        answer = self.server.http("POST", ROUTE, b'{"a" : 1.0,\r\n "b":[ ]}', {**headers, "Content-Type": "application/json"})
        self.assertEqual(answer.status, 200, str(answer))
        found = self.back("b-1")
        self.assertEqual((found["data"], found["shot"], found["type"]), ({"a": 1.0, "b": []}, "100% €", "x.y"))
        line = self.line("b-1")
        self.assertIn(b'"data":{"a" : 1.0,   "b":[ ]}', line)

    def line(self, id):
        return next(line for line in self.server.get(ROUTE, last=1000).body.split(b"\n") if f'"id":"{id}"'.encode() in line)

    def test_binary_with_bytes_and_text(self):
        chance = random.Random(SEED)
        octets = bytes(range(256)) + chance.randbytes(1000)
        for number, (kind, body) in enumerate(
            (("image/x-exr", octets), ("text/plain; charset=utf-8", "Größe\r\n\0🎬".encode()), ("text/plain", b"a\xff"),
             ("application/octet-stream", b"\n"), ("text/plain;charset=latin1", b"gr\xfc\xdfe"), ("text/csv", b""))
        ):  # fmt: skip
            with self.subTest(kind):
                headers = {"ce-specversion": "1.0", "ce-id": f"o-{number}", "ce-source": "/farm", "ce-type": "x.y"}
                answer = self.server.http("POST", ROUTE, body, {**headers, "Content-Type": kind})
                self.assertEqual(answer.status, 200, f"{answer}, seed {SEED}")
                found = self.back(f"o-{number}")
                self.assertEqual(found["datacontenttype"], kind)
                data = base64.b64decode(found["data_base64"]) if "data_base64" in found else found.get("data", "").encode()
                self.assertEqual(data, body, f"seed {SEED}")

    def test_base64_comes_back_as_bytes(self):
        self.send_one(event("64-1", data_base64="AP/+", datacontenttype="image/png"))
        self.assertEqual(self.back("64-1")["data_base64"], "AP/+")

    def test_a_batch_is_answered_in_its_order(self):
        results = self.send(*[event(f"o{number}") for number in range(1000)])
        self.assertEqual([result["id"] for result in results], [f"o{number}" for number in range(1000)])
        places = [int(result["position"].split(":")[1]) for result in results]
        self.assertEqual(places, list(range(places[0], places[0] + 1000)))
        self.assertEqual(self.send(), [])

    def test_a_bad_event_fails_no_other(self):
        good = [event("g-1"), event("g-2"), event("g-3")]
        bad = [
            ({**event("x-1"), "type": "sluice.tag.moved.v1"}, "event.reserved"), ({"id": "x-2"}, "event.invalid"),
            (7, "event.invalid"), (event("x-3", shot_code="a"), "event.invalid"), (event("x-4", weight=1.5), "event.invalid"),
            (event("x-5", data="x" * 262_144), "event.tooLarge"), (event("x-6", project="../a"), "event.invalid"),
            (event("x-7", data_base64="?"), "event.invalid"), (event("x-8", critical=True), "event.reserved"),
        ]  # fmt: skip
        events = [good[0], *[value for value, _ in bad[:4]], good[1], *[value for value, _ in bad[4:]], good[2]]
        raw = json.dumps(events).encode()
        results = self.send_one(raw, kind=BATCH).json["results"]
        codes = [result.get("error", {}).get("code") for result in results]
        self.assertEqual(codes, [None, *[c for _, c in bad[:4]], None, *[c for _, c in bad[4:]], None])
        self.assertEqual([result.get("id") for result in results], [e.get("id") if e != 7 else None for e in events])
        for result in results:
            if "error" in result:
                self.assertError(result["error"], result["error"]["code"])
        ids = [found["id"] for found in self.server.get(ROUTE, last=1000).lines]
        self.assertTrue({"g-1", "g-2", "g-3"} <= set(ids))
        self.assertFalse({f"x-{number}" for number in range(1, 9)} & set(ids))

    def test_what_is_no_mode_is_415(self):
        for kind in ("application/json", "text/plain", "application/cloudevents+xml", STRUCTURED + "; charset=utf-16"):
            with self.subTest(kind):
                answer = self.server.http("POST", ROUTE, json.dumps(event("m-1")).encode(), {"Content-Type": kind})
                self.assertProblem(answer, 415, "event.mode")
        self.assertProblem(self.server.http("POST", ROUTE), 415, "event.mode")

    def test_a_single_event_that_is_refused_has_its_status(self):
        for value, status, code in (
            (event("r-1", type="sluice.x"), 400, "event.reserved"), (event("r-1", source="/sites/main"), 400, "event.reserved"),
            ({"specversion": "1.0"}, 400, "event.invalid"), (event("r-1", time="now"), 400, "event.invalid"),
            (event("r-1", data="x" * 300_000), 413, "event.tooLarge"), ([event("r-1")], 400, "event.invalid"),
        ):  # fmt: skip
            with self.subTest(code):
                self.assertEqual(self.send_one(value, status).json["code"], code)

    def test_marks_of_another_sluice_are_dropped(self):
        self.send_one(event("mark-1", site="away", actor="eve", actortrust="system", position="away:7", replay="r", redelivery=2))
        found = self.back("mark-1")
        self.assertEqual((found["site"], found["actor"], found["actortrust"]), ("main", "tester", "claimed"))
        self.assertFalse({"replay", "redelivery"} & set(found))

    def test_a_project_that_nobody_knows_is_spoken_of_and_not_made(self):
        self.send_one(event("p-1", product="nobody/knows/this"))
        found = self.back("p-1")
        self.assertEqual((found["project"], found["folder"], found["product"]), ("nobody", "knows", "nobody/knows/this"))
        self.assertNotIn("nobody", [project["name"] for project in self.server.get("/api/v1/projects").json["projects"]])
        self.assertEqual([e["id"] for e in self.server.get(ROUTE, project="nobody").lines], ["p-1"])
        self.assertEqual([e["id"] for e in self.server.get(ROUTE, ref="nobody/knows").lines], ["p-1"])


class Sizes(EventsTestCase, SharedServerTestCase):
    def test_events_of_64_and_250_kib_come_back_byte_for_byte(self):
        chance = random.Random(SEED)
        for size in (64 * 1024, 250 * 1024):
            with self.subTest(size):
                text = "".join(chance.choice('abc é€🎬"\\\n') for _ in range(size // 3))
                data = json.dumps(text[: size // 4], ensure_ascii=False)
                while len(data.encode()) < size - 8:
                    data = data[:-1] + "x" * (size - 8 - len(data.encode())) + '"'
                sent = f'{{"specversion":"1.0","id":"l-{size}","source":"/farm","type":"big","data":{data}}}'
                self.send_one(sent.encode())
                body = self.server.get(ROUTE, last=5).body
                self.assertIn(b'"data":' + data.encode() + b",", body, f"seed {SEED}")
                self.assertEqual(self.back(f"l-{size}")["data"], json.loads(data))

    def test_bytes_of_190_kib_come_back(self):
        octets = random.Random(SEED).randbytes(190 * 1024)
        headers = {"ce-specversion": "1.0", "ce-id": "l-b", "ce-source": "/farm", "ce-type": "big"}
        answer = self.server.http("POST", ROUTE, octets, {**headers, "Content-Type": "application/octet-stream"})
        self.assertEqual(answer.status, 200, str(answer))
        self.assertEqual(base64.b64decode(self.back("l-b")["data_base64"]), octets, f"seed {SEED}")

    def test_no_more_than_1000_in_a_batch(self):
        answer = self.send_one([event(f"n{number}") for number in range(1001)], 400, BATCH)
        self.assertEqual(answer.json["code"], "event.invalid")
        self.assertIn("1000", answer.json["title"])

    def test_no_body_past_16_mib(self):
        self.assertEqual(self.send_one(b"[" + b" " * (16 * 1024 * 1024), 413, BATCH).json["code"], "body.tooLarge")


class Hostile(EventsTestCase, SharedServerTestCase):
    def test_bodies_that_are_no_json_are_refused_at_once(self):
        bodies = [
            b"", b"{", b"[", b"\0", b"\xff\xfe", b"[" * 1_000_000, b'{"a":' * 200_000, b'{"id":"' + b"\\" * 999_999,
            b"[" + b"{}," * 500_000 + b"{}]", b'{"id":"\xed\xa0\x80"}', b'{"id":"\\ud800"}', b"[1,2", b"nul", b"1e99999",
        ]  # fmt: skip
        for body in bodies:
            for kind in (STRUCTURED, BATCH):
                with self.subTest(body=body[:20], kind=kind):
                    self.assertEqual(self.send_one(body, 400, kind).json["code"], "event.invalid")

    def test_a_data_nested_as_deep_as_is_taken_can_still_be_read(self):
        for depth, status in ((64, 200), (65, 400)):
            body = f'{{"specversion":"1.0","id":"deep-{depth}","source":"/f","type":"t","data":{"[" * depth}{"]" * depth}}}'
            self.send_one(body.encode(), status)
        self.assertTrue(self.back("deep-64")["data"])

    def test_names_that_are_written_twice_or_otherwise_are_refused(self):
        for text in (
            '{"specversion":"1.0","id":"a","id":"b","source":"/f","type":"t"}',
            '{"specversion":"1.0","id":"a","\\u0069d":"b","source":"/f","type":"t"}',
            '{"specversion":"1.0","id":"a","ID":"b","source":"/f","type":"t"}',
            '{"specversion":"1.0","id":"a","source":"/f","type":"t","data":1,"data_base64":"AA=="}',
        ):
            with self.subTest(text):
                self.assertEqual(self.send_one(text.encode(), 400).json["code"], "event.invalid")

    def test_headers_that_are_refused(self):
        base = {"ce-specversion": "1.0", "ce-id": "h", "ce-source": "/f", "ce-type": "t"}
        for more in ({"ce-x": "%"}, {"ce-x": "%ff"}, {"ce-x_y": "a"}, {"ce-": "a"}, {"ce-datacontenttype": "text/plain"},
                     {"ce-id": ""}, {"ce-type": "sluice.x"}, {"ce-data": "x" * 9000}, {"ce-x": "%0a"}):  # fmt: skip
            with self.subTest(more):
                answer = self.server.http("POST", ROUTE, headers={**base, **more})
                self.assertEqual(answer.status, 400, str(answer))
                self.assertIn(answer.json["code"], ("event.invalid", "event.reserved"))

    def test_noise_is_refused_and_the_server_goes_on(self):
        chance = random.Random(SEED)
        good = json.dumps(event("noise", data={"a": [1, "é", None]}), ensure_ascii=False).encode()
        for _ in range(300):
            body = bytearray(good)
            for _ in range(chance.randint(1, 4)):
                place = chance.randrange(len(body))
                body[place : place + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
            answer = self.server.http("POST", ROUTE, bytes(body), {"Content-Type": chance.choice((STRUCTURED, BATCH))})
            self.assertIn(answer.status, (200, 400), f"seed {SEED}: {bytes(body)!r} {answer}")
        self.assertEqual(self.server.get("/api/v1/health").status, 200)
        for line in self.server.get(ROUTE, last=1000).body.splitlines():
            json.loads(line)

    def test_a_request_that_breaks_off_records_nothing(self):
        before = self.server.position()
        for body in (b"", b'{"specversion":"1.0"'):
            with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
                head = f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {STRUCTURED}\r\nContent-Length: 500\r\n\r\n"
                connection.sendall(head.encode() + body)
        self.assertEqual(self.server.position(), before)


class Once(EventsTestCase, ServerTestCase):
    def test_an_event_is_recorded_once_across_a_restart(self):
        first = self.send(event("a"), event("b"), event("a", type="other"), event("a", source="/other"))
        self.assertEqual([r["duplicate"] for r in first], [False, False, True, False])
        self.assertEqual(first[2]["position"], first[0]["position"])
        self.server.stop()
        self.server.start()
        again = self.send(event("b"), event("c"), event("a"))
        self.assertEqual([r["duplicate"] for r in again], [True, False, True])
        self.assertEqual([again[0]["position"], again[2]["position"]], [first[1]["position"], first[0]["position"]])
        self.server.kill()
        self.server.start()
        self.assertTrue(self.send_one(event("c")).json["results"][0]["duplicate"])
        self.server.stop()
        self.server.start("--rebuild")
        self.assertTrue(all(r["duplicate"] for r in self.send(event("a"), event("b"), event("c"))))
        self.assertEqual([e["id"] for e in self.server.events()], ["a", "b", "a", "c"])

    def test_an_event_that_many_send_at_once_is_recorded_once(self):
        with ThreadPoolExecutor(32) as crowd:
            results = list(crowd.map(lambda number: self.send_one(event(f"e{number % 20}")).json["results"][0], range(400)))
        self.assertEqual(sum(not result["duplicate"] for result in results), 20)
        self.assertEqual(len(self.server.events()), 20)
        self.assertEqual(len({(result["id"], result["position"]) for result in results}), 20)

    def test_what_was_answered_is_there_after_a_kill(self):
        answered = []
        for number in range(50):
            answered += [r["id"] for r in self.send(*[event(f"k{number}-{index}") for index in range(20)])]
        self.server.kill()
        self.server.start()
        self.assertEqual([e["id"] for e in self.server.events()], answered)


class Rights(EventsTestCase, ServerTestCase):
    def test_sending_is_publishing(self):
        self.server.stop()
        tokens = {}
        for right in ("publish", "run"):
            answer = self.server.ask("token", "create", f"robot-{right}", "--right", right, "--data", self.server.data)
            tokens[right] = answer["token"]
        self.server.start()
        for token, status in ((tokens["publish"], 200), (tokens["run"], 403), ("sluice_none", 401), (None, 401)):
            headers = {"Content-Type": STRUCTURED, **({"Authorization": f"Bearer {token}"} if token else {})}
            self.call("post", ROUTE, status, headers=headers, raw=json.dumps(event("t")).encode())
        lines = self.server.http("GET", ROUTE, headers={"Authorization": f"Bearer {tokens['run']}"}).lines
        self.assertEqual([(e["actor"], e["actortrust"]) for e in lines if e["id"] == "t"], [("robot-publish", "token")])


class CommandLine(EventsTestCase, SharedServerTestCase):
    def test_a_file_has_one_an_array_or_one_a_line(self):
        for name, text in (
            ("one", json.dumps(event("c-1"), indent=2)),
            ("array", json.dumps([event("c-2"), event("c-3")])),
            ("lines", json.dumps(event("c-4")) + "\n\n" + json.dumps(event("c-5")) + "\n"),
            ("none", ""),
        ):
            with self.subTest(name):
                file = self.server.file(f"{name}.json", text)
                answer = self.server.ask("event", "send", file)
                self.assertEqual([r["duplicate"] for r in answer["results"]], [False] * text.count('"id"'))
                again = self.server.ask("event", "send", file)
                self.assertEqual([r["duplicate"] for r in again["results"]], [True] * text.count('"id"'))

    def test_it_takes_several_files_and_stdin(self):
        files = [self.server.file(f"{id}.json", json.dumps(event(id))) for id in ("f-1", "f-2")]
        ran = self.server.run("event", "send", *files, "-", input=json.dumps(event("f-3")).encode())
        self.assertEqual(ran.output, "3 events recorded.\n")
        ran = self.server.run("event", "send", *files)
        self.assertEqual(ran.output, "0 events recorded, 2 known before.\n")

    def test_thousands_go_in_several_requests(self):
        text = "\n".join(json.dumps(event(f"t-{number}", data="x" * 5_000)) for number in range(4_321))
        answer = self.server.ask("event", "send", "-", input=text.encode())
        self.assertEqual([r["id"] for r in answer["results"]], [f"t-{number}" for number in range(4_321)])

    def test_a_refused_event_is_told_and_the_others_are_recorded(self):
        file = self.server.file("mixed.json", json.dumps([event("m-1"), event("m-2", type="sluice.x"), event("m-3")]))
        ran = self.server.run("event", "send", file, code=2)
        self.assertEqual(ran.output, "2 events recorded, 1 refused.\n")
        self.assertIn("code:  event.reserved", ran.errors)
        answer = self.server.ask("event", "send", file, code=2)
        self.assertEqual([r.get("duplicate") for r in answer["results"]], [True, None, True])

    def test_what_is_no_event_is_refused_before_it_is_sent(self):
        before = self.server.position()
        for text in ("words", "7", '[{"id": "a"}, 7]', '{"id": "a"'):
            with self.subTest(text):
                file = self.server.file("bad.json", text)
                self.assertError(self.server.refused("event", "send", file), "event.invalid", "bad.json")
        self.assertError(self.server.refused("event", "send", self.server.home / "absent.json"), "usage", "absent.json")
        self.assertEqual(self.server.position(), before)


if __name__ == "__main__":
    unittest.main()
