"""What tests of subscriptions share: facts that are quick to make, a puller, and programs that take events."""

import json
import stat
import urllib.parse
from datetime import datetime, timezone

from sluice_server import ServerTestCase, wait_until
from test_api import description, strict

CHANGED = "sluice.folder.changed.v1"
ONE = "/api/v1/subscriptions/{name}"


class SubscriptionTestCase(ServerTestCase):
    """A server with a project `demo`, and programs by the names in `programs` (shell scripts, with `$HOME_OF_TEST`)."""

    programs = {}

    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")

    def start(self, *arguments):
        for name, script in self.programs.items():
            arguments += ("--subscriber-command", f"{name}={self.program(name, script)}")
        self.server.start(*arguments)

    def program(self, name, script):
        path = self.server.home / f"{name}.sh"
        text = f"#!/bin/sh\ncd {self.server.home}\n{script}\n"
        # A server that was killed may be about to run the same.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    # Facts

    def change(self, *numbers, project="demo", size=0):
        """One fact a number, which stands in its data; the positions."""
        positions = []
        for number in numbers:
            body = {"project": project, "path": "numbers", "set": {"n": str(number), "text": f"{number} " + "x" * size}}
            answer = self.server.post("/api/v1/folders", body)
            self.assertEqual(answer.status, 200, str(answer))
            positions.append(answer.json["position"])
        return positions

    def numbers(self, events):
        """The numbers of those events that have one, as they come."""
        return [int(event["data"]["set"]["n"]) for event in events if "n" in event["data"].get("set", {})]

    # Subscriptions

    def described(self, method, path, answer, status=200):
        """The answer's JSON, which has what the description says and nothing else."""
        self.assertEqual(answer.status, status, str(answer))
        responses = description().document["paths"][path][method]["responses"]
        content = description().resolve(responses[str(status)])["content"]
        schema = content[answer.headers["content-type"]]["schema"]
        self.assertEqual(description().problems(answer.json, schema, strict), [], f"{method} {path}: {answer}")
        return answer.json

    def create(self, name, **body):
        body = {"name": name, "types": [CHANGED], **body}
        return self.described("post", "/api/v1/subscriptions", self.server.post("/api/v1/subscriptions", body))

    def path(self, name, *what):
        return "/".join(["/api/v1/subscriptions", urllib.parse.quote(name, safe=""), *what])

    def show(self, name):
        return self.described("get", ONE, self.server.get(self.path(name)))

    def post(self, name, what, status=200, **body):
        return self.described("post", f"{ONE}/{what}", self.server.post(self.path(name, what), body), status)

    def pull(self, name, limit=100, wait=0):
        answer = self.server.get(self.path(name, "pull"), limit=limit, wait=wait, timeout=70)
        return self.described("get", f"{ONE}/pull", answer)

    def ack(self, name, pulled, status=200, **more):
        batch = pulled if isinstance(pulled, str) else pulled["batch"]
        return self.post(name, "ack", status, batch=batch, **more)

    def take(self, name, limit=100, wait=0):
        """Pulls once and acknowledges; the events."""
        pulled = self.pull(name, limit, wait)
        if pulled["batch"] is not None:
            self.ack(name, pulled)
        return pulled["events"]

    def take_all(self, name, limit=100):
        found = []
        while events := self.take(name, limit):
            found += events
        return found

    def dead(self, name):
        return self.described("get", f"{ONE}/dead", self.server.get(self.path(name, "dead")))["dead"]

    def wait_for(self, condition, name, what, seconds=30):
        """Waits until the subscription is shown as `condition` wants it."""
        return wait_until(lambda: (lambda shown: shown if condition(shown) else None)(self.show(name)), what, seconds)

    # What programs got

    def got(self, file):
        """The events that a program appended to a file."""
        path = self.server.home / file
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait_for_numbers(self, file, numbers, seconds=30):
        wait_until(lambda: self.numbers(self.got(file)) == numbers, f"{file} has {numbers}", seconds)


def first_sightings(events):
    """Sequences in the order in which they were seen for the first time."""
    seen = {}
    for event in events:
        seen.setdefault(int(event["position"].split(":")[1]))
    return list(seen)


def now():
    """As clients write times."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
