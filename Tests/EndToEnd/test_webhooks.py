"""Webhooks: events posted to addresses, signed, in three modes, and nowhere that is not allowed."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import threading
import time
from pathlib import Path

from sluice_server import ServerTestCase, wait_until
from subscribers import SubscriptionTestCase

HOWTO = Path(__file__).parent.parent.parent / "docs/howto/webhooks.md"


class Receiver(http.server.ThreadingHTTPServer):
    """An address that keeps what is posted to it; `answers` are statuses with headers, 204 where there is none left."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.answers, self.delay = [], [], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"

    def bodies(self):
        return [json.loads(request["body"]) for request in self.requests]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append({"path": self.path, "headers": headers, "body": body, "time": time.monotonic()})
        time.sleep(self.server.delay)
        status, more = self.server.answers.pop(0) if self.server.answers else (204, {})
        self.send_response(status)
        for name, value in {"content-length": "0", **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


def documented_check():
    """`is_genuine` as the how-to has it."""
    code = re.search(r"```python\n(.*?)```", HOWTO.read_text(), re.DOTALL).group(1)
    names = {}
    exec(code, names)
    return names["is_genuine"]


class Webhooks(SubscriptionTestCase):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.server_close)
        self.addCleanup(self.receiver.shutdown)

    def hook(self, name="hook", **body):
        return self.create(name, kind="webhook", url=self.receiver.url, **body)

    def wait_for_requests(self, count, seconds=30):
        wait_until(lambda: len(self.receiver.requests) >= count, f"{count} requests have come", seconds)

    def test_events_come_in_order_and_signed(self):
        made = self.hook()
        self.assertTrue(made["secret"].startswith("whsec_"))
        self.assertNotIn("secret", self.show("hook"))
        self.change(*range(20))
        self.wait_for_requests(20)
        self.assertEqual(self.numbers(self.receiver.bodies()), list(range(20)))
        is_genuine = documented_check()
        for request in self.receiver.requests:
            self.assertEqual(request["headers"]["content-type"].partition(";")[0], "application/cloudevents+json")
            self.assertTrue(is_genuine(request["headers"], request["body"], made["secret"]))
            self.assertFalse(is_genuine(request["headers"], request["body"] + b" ", made["secret"]))
            late = {**request["headers"], "webhook-timestamp": str(int(time.time()) - 20)}
            self.assertFalse(is_genuine(late, request["body"], made["secret"]))
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "hook", "all is delivered")

    def test_a_secret_of_ones_own(self):
        for number, (name, secret, key) in enumerate((
            ("text", "it rains in the valley of my youth", b"it rains in the valley of my youth"),
            ("coded", "whsec_" + base64.b64encode(bytes(range(32))).decode(), bytes(range(32))),
        )):  # fmt: skip
            file = self.server.file(f"{name}.txt", secret + "\n")
            made = self.server.ask(
                "subscription", "create", name, "--types", "sluice.folder.*", "--webhook", self.receiver.url,
                "--secret-file", file)  # fmt: skip
            self.assertNotIn("secret", made)
            self.change(number)
            self.wait_for_requests(1)
            request = self.receiver.requests[0]
            said = f"{request['headers']['webhook-id']}.{request['headers']['webhook-timestamp']}.".encode()
            signature = base64.b64encode(hmac.new(key, said + request["body"], hashlib.sha256).digest()).decode()
            self.assertEqual(request["headers"]["webhook-signature"], f"v1,{signature}")
            self.assertNotIn(secret, json.dumps(self.server.events()))
            self.server.ask("subscription", "delete", name)
            self.receiver.requests.clear()

    def test_binary_mode_has_the_attributes_as_headers(self):
        self.hook(mode="binary")
        [position] = self.change(7)
        self.wait_for_requests(1)
        request = self.receiver.requests[0]
        self.assertEqual(request["headers"]["content-type"], "application/json")
        self.assertEqual(request["headers"]["ce-position"], position)
        self.assertEqual(request["headers"]["ce-project"], "demo")
        self.assertEqual(json.loads(request["body"])["set"]["n"], "7")

    def test_batch_mode_has_many_in_one_request(self):
        self.hook(mode="batch")
        self.server.ask("subscription", "pause", "hook")
        self.change(*range(50))
        self.server.ask("subscription", "resume", "hook")
        wait_until(lambda: len(self.numbers(sum(self.receiver.bodies(), []))) == 50, "all have come", 30)
        self.assertEqual(self.numbers(sum(self.receiver.bodies(), [])), list(range(50)))
        self.assertLess(len(self.receiver.requests), 25)
        types = {request["headers"]["content-type"].partition(";")[0] for request in self.receiver.requests}
        self.assertEqual(types, {"application/cloudevents-batch+json"})

    def test_what_fails_is_tried_again_before_what_is_behind_it_and_goes_to_the_dead_letters(self):
        self.receiver.answers = [(500, {}), (404, {}), (204, {}), (503, {}), (503, {}), (503, {})]
        self.hook(tries=3)
        self.change(1, 2, 3)
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "hook", "all is delivered or dead", 60)
        self.assertEqual(self.numbers(self.receiver.bodies()), [1, 1, 1, 2, 2, 2, 3])
        ids = [request["headers"]["webhook-id"] for request in self.receiver.requests]
        self.assertEqual((len(set(ids[:3])), len(set(ids))), (1, 3))
        [letter] = self.dead("hook")
        self.assertEqual((self.numbers([letter["event"]]), letter["tries"], letter["error"]), ([2], 3, "it answered 503"))
        self.server.ask("subscription", "retry", "hook")
        self.wait_for_requests(8)
        self.assertEqual(self.receiver.bodies()[7]["redelivery"], "retry")

    def test_a_receiver_may_ask_for_time(self):
        self.receiver.answers = [(429, {"retry-after": "3"})]
        self.hook()
        self.change(1)
        self.wait_for_requests(2)
        first, second = [request["time"] for request in self.receiver.requests]
        self.assertGreaterEqual(second - first, 2.9)

    def test_a_receiver_that_is_gone_pauses_its_subscription(self):
        self.receiver.answers = [(204, {}), (410, {})]
        self.hook()
        self.change(1, 2, 3)
        self.wait_for(lambda shown: shown["paused"], "hook", "it is paused")
        self.assertEqual(self.numbers(self.receiver.bodies()), [1, 2])
        [paused] = self.server.events("sluice.subscription.paused.v1")
        self.assertEqual(paused["actortrust"], "system")
        self.server.ask("subscription", "resume", "hook")
        self.wait_for_requests(4)
        self.assertEqual(self.numbers(self.receiver.bodies()), [1, 2, 2, 3])

    def test_redirects_stay_on_the_host(self):
        other = Receiver()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.receiver.answers = [(307, {"location": "/elsewhere"})]
        self.hook()
        self.change(1)
        self.wait_for_requests(2)
        self.assertEqual([request["path"] for request in self.receiver.requests], ["/hook", "/elsewhere"])
        self.receiver.answers = [(307, {"location": other.url.replace("127.0.0.1", "localhost")})] * 2
        self.change(2)
        self.wait_for(lambda shown: shown["failing"], "hook", "it fails")
        self.assertIn("another host", self.show("hook")["failing"]["error"])
        self.assertEqual(other.requests, [])

    def test_a_receiver_that_does_not_answer_is_given_up_in_its_time_and_slows_nobody(self):
        self.receiver.delay = 20
        self.hook(timeout=1, tries=2)
        quick = Receiver()
        self.addCleanup(quick.server_close)
        self.addCleanup(quick.shutdown)
        self.create("quick", kind="webhook", url=quick.url)
        began = time.monotonic()
        self.change(*range(30))
        wait_until(lambda: self.numbers(quick.bodies()) == list(range(30)), "the quick one has all", 30)
        self.assertLess(time.monotonic() - began, 15)
        self.wait_for(lambda shown: shown["dead"] > 0 or shown["failing"], "hook", "the slow one fails")
        shown = self.show("hook")
        self.assertGreater(shown["lag"]["events"], 25)
        if shown["failing"]:
            self.assertIn("no answer within 1 s", shown["failing"]["error"])

    def test_nothing_goes_where_it_must_not(self):
        for url in (
            "http://169.254.169.254/latest/meta-data", "http://10.0.0.5/", "http://[fd00::1]/", "http://167772165/",
            "http://user:word@example.com/", "ftp://example.com/", "http://[::ffff:10.0.0.5]/",
        ):  # fmt: skip
            with self.subTest(url):
                answer = self.server.post("/api/v1/subscriptions", {"name": "no", "kind": "webhook", "url": url})
                self.assertProblem(answer, 400, "webhook.refused")
        self.assertEqual(self.server.ask("subscription", "list")["subscriptions"], [])

    def test_a_restart_sends_what_is_left_with_the_same_key(self):
        made = self.hook()
        self.change(1)
        self.wait_for_requests(1)
        self.wait_for(lambda shown: shown["lag"]["events"] == 0, "hook", "it is delivered")
        self.server.kill()
        self.start()
        self.change(2)
        self.wait_for_requests(2)
        request = self.receiver.requests[1]
        self.assertEqual(self.numbers(self.receiver.bodies()), [1, 2])
        self.assertTrue(documented_check()(request["headers"], request["body"], made["secret"]))


class Elsewhere(ServerTestCase):
    """What a server's configuration allows."""

    def start(self):
        """Each test starts it in its own way."""

    def refusal(self, url, **headers):
        """The code with which a webhook is refused; None where it is made."""
        made = self.server.post("/api/v1/subscriptions", {"name": "hook", "kind": "webhook", "url": url}, headers)
        if made.status == 200:
            self.server.http("DELETE", "/api/v1/subscriptions/hook", headers=headers)
            return None
        return made.json["code"]

    def test_an_allow_list_opens_what_it_names_and_nothing_else(self):
        self.server.start("--webhook-allow", "10.20.0.0/16", "--webhook-allow", "192.168.1.5:8080")
        for url, code in (
            ("http://10.20.3.4/", None),
            ("http://10.21.3.4/", "webhook.refused"),
            ("http://192.168.1.5:8080/", None),
            ("http://192.168.1.5/", "webhook.refused"),
        ):
            self.assertEqual(self.refusal(url), code, url)

    def test_this_machine_is_no_target_of_a_server_that_others_reach(self):
        token = self.server.run("token", "create", "boss", "--data", self.server.data, "--json", server=False).json["token"]
        self.server.start("--listen", f"0.0.0.0:{self.server.port}")
        bearer = {"Authorization": f"Bearer {token}"}
        self.assertEqual(self.refusal("http://127.0.0.1:9/", **bearer), "webhook.refused")
        self.assertEqual(self.refusal("http://localhost:9/", **bearer), "webhook.refused")

    def test_what_cannot_be_an_allowance_is_said_at_the_start(self):
        for text in ("10.0.0.0/99", "http://host/", "a b"):
            error = self.server.refused(
                "serve", "--data", self.server.data, "--listen", "127.0.0.1:0", "--webhook-allow", text, code=2)
            self.assertError(error, "usage", "--webhook-allow")
