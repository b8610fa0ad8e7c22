"""What people and programs may send about subscriptions: the command line, rights, and whatever somebody makes up."""

import json
import unittest

from subscribers import CHANGED, SubscriptionTestCase


class Hostile(SubscriptionTestCase):
    def setUp(self):
        super().setUp()
        self.create("p")
        self.change(1, 2, 3)

    def tearDown(self):
        self.assertEqual(self.server.get("/api/v1/health").status, 200)
        self.assertEqual(self.numbers(self.take_all("p")), [1, 2, 3], "nothing of this moved the cursor")

    def test_limits_and_waits(self):
        for query in ("limit=1000000000", "limit=0", "limit=-5", "wait=-1", "wait=0&limit=1000"):
            with self.subTest(query):
                answer = self.server.get(self.path("p", "pull") + "?" + query)
                self.assertEqual(answer.status, 200, str(answer))
                self.assertGreaterEqual(len(answer.json["events"]), 1)
        for query in ("limit=many", "limit=1e3", "limit=99999999999999999999", "wait=soon", "wait=nan", "wait=30s"):
            with self.subTest(query):
                self.assertProblem(self.server.get(self.path("p", "pull") + "?" + query), 400, "usage")

    def test_batches(self):
        batch = self.pull("p")["batch"]
        lane, after, scanned, epoch = batch.split("~")
        ahead = int(scanned) + 1_000
        for text in (
            "", "~", "~~~", "no", batch + "x", batch[:-1], f"{lane}~{after}~{ahead}~{epoch}", f"{lane}~{after}~{after}~{epoch}",
            f"{lane}~{after}~{int(after) - 1}~{epoch}", f"{lane}~{after}~-1~{epoch}", f"{lane}~0~{scanned}~{epoch}",
            f"{lane}~{after}~{2**63 - 1}~{epoch}", f"{lane}~{after}~{2**63}~{epoch}", f"retry~{after}~{scanned}~{epoch}",
            f"{epoch}~{after}~{scanned}~{epoch}", "live~0~1~" + "x" * 10_000, batch.replace("~", "\u0000"), "🎬~1~2~3",
        ):  # fmt: skip
            with self.subTest(text[:60]):
                self.assertProblem(self.server.post(self.path("p", "ack"), {"batch": text}), 409, "subscription.batch")

    def test_counts_that_cannot_be(self):
        batch = self.pull("p")["batch"]
        for body in ({"done": -1}, {"done": 4}, {"done": 10**9}, {"done": 3, "error": "which?"}):
            with self.subTest(body):
                self.assertProblem(self.server.post(self.path("p", "ack"), {"batch": batch, **body}), 400, "usage")

    def test_bodies(self):
        routes = [self.path("p", what) for what in ("ack", "reset", "replay", "retry")] + ["/api/v1/subscriptions"]
        for route in routes:
            for body in (b"", b"{", b"[]", b"7", b"null", b'"text"', b"\xff\xfe", b"\x00" * 10, b"[" * 10_000,
                         b'{"batch":7,"to":7,"name":7,"from":7,"events":7}'):  # fmt: skip
                with self.subTest(f"{route} {body[:20]}"):
                    self.assertProblem(self.server.http("POST", route, body), 400, "body.invalid")

    def test_names(self):
        for name in ("a/b", "../p", "", ".", "..", "p q", "p\n", "v-1", "x" * 97, "é", "%2F", "p~q", "-p"):
            with self.subTest(name):
                answer = self.server.post("/api/v1/subscriptions", {"name": name})
                self.assertProblem(answer, 400, "reference.invalid")
                if name not in ("", ".", ".."):
                    self.assertProblem(self.server.get(self.path(name)), 400, "reference.invalid")
        for method, what in (("GET", []), ("DELETE", []), ("GET", ["pull"]), ("GET", ["dead"]), ("POST", ["pause"]),
                             ("POST", ["resume"])):  # fmt: skip
            with self.subTest(f"{method} {what}"):
                problem = self.assertProblem(self.server.http(method, self.path("q", *what)), 404, "subscription.unknown")
                self.assertIn("'p'", problem["fix"])

    def test_what_cannot_be_made(self):
        for body, code in (
            ({"tries": 0}, "usage"), ({"tries": 101}, "usage"), ({"tries": -1}, "usage"), ({"kind": "carrier"}, "usage"),
            ({"kind": "webhook"}, "usage"), ({"url": "ftp://x/"}, "webhook.refused"),
            ({"url": "javascript:alert(1)"}, "webhook.refused"), ({"url": "http://10.0.0.1/"}, "webhook.refused"),
            ({"url": "http://x/", "mode": "loud"}, "usage"), ({"url": "http://x/", "timeout": 0}, "usage"),
            ({"url": "http://x/", "secret": "short"}, "usage"), ({"secret": "x" * 32}, "usage"),
            ({"kind": "command", "command": "nosuch"}, "subscription.command"), ({"kind": "command"}, "subscription.command"),
            ({"where": "type ="}, "filter.syntax"), ({"where": ""}, "filter.syntax"), ({"where": "x" * 5_000}, "filter.syntax"),
            ({"from": "main:999999"}, "usage"), ({"from": "main:-1"}, "usage"), ({"from": "2026-13-45"}, "usage"),
            ({"types": [""]}, "usage"), ({"types": ["x" * 300]}, "usage"), ({"types": ["a"] * 101}, "usage"),
            ({"kind": "pull", "url": "http://x/"}, "usage"), ({"kind": "pull", "command": "x"}, "usage"),
        ):  # fmt: skip
            with self.subTest(body):
                before = self.server.position()
                answer = self.server.post("/api/v1/subscriptions", {"name": "n", **body})
                self.assertProblem(answer, 400, code)
                self.assertEqual(self.server.position(), before)
        self.assertProblem(self.server.post("/api/v1/subscriptions", {"name": "p"}), 409, "subscription.exists")

    def test_positions_and_ids(self):
        self.assertProblem(self.server.get(self.path("p", "dead") + "?from=main:99999"), 400, "usage")
        self.assertProblem(self.server.get(self.path("p", "dead") + "?from=x"), 400, "usage")
        self.assertProblem(self.server.post(self.path("p", "retry"), {"events": ["no-such"]}), 404, "event.unknown")
        for place in ("main:99999", "elsewhere:1", "tomorrow", "", "x" * 5_000):
            with self.subTest(place[:20]):
                self.assertProblem(self.server.post(self.path("p", "reset"), {"to": place}), 400, "usage")

    def test_an_error_of_a_great_length_is_kept_short(self):
        self.create("q", tries=1, **{"from": "beginning"})
        self.ack("q", self.pull("q", limit=1), error="e\n" * 100_000)
        letter = self.dead("q")[0]
        self.assertLess(len(letter["error"]), 2_000)
        self.assertNotIn("\n", letter["error"])
        self.server.http("DELETE", self.path("q"))


class Rights(SubscriptionTestCase):
    def setUp(self):
        super().setUp()
        self.create("p")
        self.change(1)
        token = lambda *arguments: self.server.ask("token", "create", *arguments)["token"]  # noqa: E731
        self.admin = token("admin")
        self.server.extra["SLUICE_TOKEN"] = self.admin
        self.subscriber = token("script", "--right", "subscribe")
        self.publisher = token("artist", "--right", "publish")

    def call(self, token, method, path, body=None):
        return self.server.http(method, path, body, headers={"Authorization": f"Bearer {token}"})

    def test_reading_needs_none_and_everything_else_the_right_to_subscribe(self):
        for method, path, body in (
            ("POST", "/api/v1/subscriptions", {"name": "q"}), ("GET", self.path("p", "pull"), None),
            ("POST", self.path("p", "ack"), {"batch": "x"}), ("POST", self.path("p", "pause"), {}),
            ("POST", self.path("p", "resume"), {}), ("POST", self.path("p", "reset"), {"to": "now"}),
            ("POST", self.path("p", "replay"), {"from": "beginning"}), ("POST", self.path("p", "retry"), {}),
            ("DELETE", self.path("p"), None),
        ):  # fmt: skip
            with self.subTest(f"{method} {path}"):
                self.assertProblem(self.call(self.publisher, method, path, body), 403, "token.right")
                self.assertNotEqual(self.call(self.subscriber, method, path, body).status, 403)
        self.create_again()
        for method, path, body in (
            ("GET", "/api/v1/subscriptions", None), ("GET", self.path("p"), None), ("GET", self.path("p", "dead"), None),
            ("POST", self.path("p", "replay"), {"from": "beginning", "dryRun": True}),
        ):  # fmt: skip
            with self.subTest(f"{method} {path}"):
                self.assertEqual(self.call(self.publisher, method, path, body).status, 200)

    def create_again(self):
        self.assertEqual(self.call(self.admin, "POST", "/api/v1/subscriptions", {"name": "p"}).status, 200)


class CommandLine(SubscriptionTestCase):
    def test_the_whole_life_of_one(self):
        ask, refused = self.server.ask, self.server.refused
        made = ask("subscription", "create", "nightly", "--types", CHANGED, "sluice.tag.*", "--where", "project = 'demo'",
                   "--pull", "--tries", 1)  # fmt: skip
        self.assertEqual((made["name"], made["types"], made["tries"]), ("nightly", [CHANGED, "sluice.tag.*"], 1))
        self.assertEqual(made["target"], {"kind": "pull"})
        self.assertError(refused("subscription", "create", "nightly", "--pull", code=1), "subscription.exists")
        positions = self.change(1, 2, 3)
        self.ack("nightly", self.pull("nightly"), done=1, error="no")
        listed = ask("subscription", "list")["subscriptions"]
        self.assertEqual([(one["name"], one["dead"], one["lag"]["events"]) for one in listed], [("nightly", 1, 1)])
        dead = ask("subscription", "dead", "nightly")
        self.assertEqual(dead["subscription"], "nightly")
        self.assertEqual(self.numbers([letter["event"] for letter in dead["dead"]]), [2])
        self.assertIn("no", self.server.run("subscription", "dead", "nightly").output)
        id = dead["dead"][0]["event"]["id"]
        self.assertEqual(
            ask("subscription", "retry", "nightly", "--event", id), {"subscription": "nightly", "retrying": 1, "left": 0}
        )
        self.take_all("nightly")
        self.assertTrue(ask("subscription", "pause", "nightly")["paused"])
        self.assertIn("paused", self.server.run("subscription", "show", "nightly").output)
        self.assertFalse(ask("subscription", "resume", "nightly")["paused"])
        self.assertEqual(ask("subscription", "reset", "nightly", "--to", positions[0])["lag"]["events"], 2)
        self.take_all("nightly")
        count = ask("replay", "nightly", "--from", positions[0])
        self.assertEqual((count["count"], count["replay"]), (2, None))
        self.assertIn("2 events would be", self.server.run("replay", "nightly", "--from", positions[0]).output)
        number = positions[0].partition(":")[2]
        self.assertEqual(ask("replay", "nightly", "--from", number)["count"], 2)
        self.assertIn("1 event would be", self.server.run("replay", "nightly", "--from", positions[1]).output)
        self.assertEqual(self.pull("nightly")["events"], [])
        going = ask("replay", "nightly", "--from", positions[0], "--to", positions[1], "--because", "why not", "--yes")
        self.assertEqual(going["count"], 1)
        shown = ask("subscription", "show", "nightly")["replay"]
        self.assertEqual(
            (shown["id"], shown["from"], shown["to"], shown["waiting"], shown["failing"]),
            (going["replay"], positions[0], positions[1], 0, None),
        )
        self.assertEqual(self.numbers(self.take_all("nightly")), [2])
        self.assertEqual(ask("subscription", "delete", "nightly"), {"deleted": "nightly"})
        self.assertError(refused("subscription", "show", "nightly"), "subscription.unknown")

    def test_what_is_wrong_is_exit_code_2(self):
        for arguments in (
            ["create", "x"], ["create", "x", "--pull", "--command", "y"], ["create", "x", "--pull", "--loud"],
            ["create", "x", "--pull", "--tries", "0"], ["create", "a/b", "--pull"], ["reset", "x"], ["show"],
            ["create", "x", "--pull", "--where", "project ="], ["show", "nosuch"], ["create", "x", "--command", "nosuch"],
        ):  # fmt: skip
            with self.subTest(arguments):
                self.server.refused("subscription", *arguments)
        for arguments in (["x"], ["x", "--to", "now"], ["x", "--event", "e", "--from", "now"], ["nosuch", "--from", "now"]):
            with self.subTest(arguments):
                self.server.refused("replay", *arguments)

    def test_a_filter_is_tried_without_a_server(self):
        self.change(1)
        event = self.server.run("events", "--type", CHANGED).output.splitlines()[-1]
        file = self.server.file("event.json", event)

        def outcome(expression, code=0):
            return self.server.run(
                "subscription", "test", "--where", expression, "--event", file, "--json", code=code, server=False
            ).output

        self.assertEqual(outcome("project = 'demo'"), '{"error":null,"result":true}\n')
        self.assertEqual(outcome("CONCAT(project, '!')"), '{"error":null,"result":"demo!"}\n')
        self.assertEqual(outcome("LENGTH(project)"), '{"error":null,"result":4}\n')
        failed = json.loads(outcome("product LIKE '%/plate'"))
        self.assertEqual((failed["result"], failed["error"]["kind"]), (False, "missingAttribute"))
        self.assertEqual(set(failed["error"]), {"kind", "message"})
        for expression, words in (("project = 'demo'", "delivered"), ("project = 'x'", "not delivered")):
            ran = self.server.run("subscription", "test", "--where", expression, "--event", file, server=False)
            self.assertIn(words, ran.output)
        self.assertError(self.server.refused("subscription", "test", "--where", "a =", "--event", file), "filter.syntax")
        away = self.server.home / "nosuch.json"
        self.assertError(
            self.server.refused("subscription", "test", "--where", "TRUE", "--event", away), "publish.fileMissing"
        )
        lines = self.server.file("two.json", event + "\n" + event)
        self.assertError(self.server.refused("subscription", "test", "--where", "TRUE", "--event", lines), "body.invalid")


if __name__ == "__main__":
    unittest.main()
