"""Every example in the documents of the client runs, in order, on a show that fits them."""

from __future__ import annotations

import io
import os
import re
import socket
import threading
import unittest
from unittest import mock

from subscription import Subscription
from support import ROOT, Asked, Fake, answer

import tiny_show  # isort: skip
from sluice_server import ServerTestCase, wait_until  # isort: skip

import sluice

README = ROOT / "clients" / "python" / "README.md"
HOWTO = ROOT / "docs" / "howto" / "python-client.md"
BLOCK = re.compile(r"(<!-- test: (?P<mark>\w+) -->\n)?^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


class Examples(ServerTestCase):
    def setUp(self):
        super().setUp()
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        self.server.frames(1001, 1004, folder="plates", name="plate.{:04d}.exr")
        self.server.frames(1002, 1002, folder="fixed", name="plate.{:04d}.exr", text="without dust {}\n")
        self.server.file("fixed/show_lut.cube", "cooler\n")
        self.server.file("hero.usd", "#usda 1.0\n")
        self.server.file("turntable.mov", "a movie\n")
        before = os.getcwd()
        os.chdir(self.server.home / "files")
        self.addCleanup(os.chdir, before)
        environment = mock.patch.dict(os.environ, SLUICE_SERVER=self.server.url, SLUICE_ACTOR="ada")
        environment.start()
        self.addCleanup(environment.stop)
        os.environ.pop("SLUICE_TOKEN", None)
        self.output = io.StringIO()
        # Not by redirecting: what a thread of an example prints counts too.
        self.names: dict[str, object] = {"print": lambda *words: print(*words, file=self.output)}

    def run_all(self, document) -> int:
        """Runs the blocks in one namespace; how many there were."""
        count = 0
        text = document.read_text()
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("code"))
            # Errors name the line of the document.
            code = compile("\n" * line + block.group("code"), str(document), "exec")
            if block.group("mark") == "subscription":
                self.with_subscription(code, pulls="pull" in block.group("code"))
            else:
                exec(code, self.names)
            count += 1
        self.addCleanup(lambda: [c.close() for c in self.names.values() if isinstance(c, sluice.Client)])
        return count

    def with_subscription(self, code, pulls: bool) -> None:
        """Beside a subscription in memory: its routes are tested on the real server in test_subscriptions.py."""
        subscription = Subscription(3)

        def handle(fake: Fake, asked: Asked, connection: socket.socket) -> bool:
            if asked.path != "/api/v1/events":
                return subscription(fake, asked, connection)
            one = asked.json[0]
            result = {"id": one["id"], "source": one["source"], "position": "main:9", "duplicate": False}
            connection.sendall(answer({"results": [result]}))
            return True

        server = Fake(handle)
        self.addCleanup(server.close)
        made: list[sluice.Event] = []
        errors: list[Exception] = []
        own = sluice.Client(server.url)
        self.addCleanup(own.close)

        def run() -> None:
            try:
                exec(code, {**self.names, "client": own, "make_daily": made.append})
            except Exception as error:
                errors.append(error)

        running = threading.Thread(target=run, daemon=True)
        running.start()
        if pulls:
            wait_until(lambda: subscription.cursor == 3 or errors, "the example works off its events", 20)
            self.assertEqual([event.position for event in made], ["main:1", "main:2", "main:3"])
        else:
            running.join(20)
        own.close()
        running.join(10)
        self.assertEqual((errors, running.is_alive()), ([], False), "closing the client ends the loop")

    def test_of_the_readme(self):
        self.assertEqual(self.run_all(README), 1)
        shown = self.output.getvalue()
        for words in ("demo/sq010/sh0010/plate 2 4", "/look/show_lut/", "version.unknown", "moved from v001 to v002"):
            self.assertIn(words, shown)

    def test_of_the_how_to(self):
        self.assertGreaterEqual(self.run_all(HOWTO), 12)
        with sluice.Client() as client:
            client.publish("demo/heard/x", "hero.usd", tag="approved")
        wait_until(lambda: self.output.getvalue().count("heard demo/heard/x") == 2, "the listener hears it", 20)
        shown = self.output.getvalue()
        for words in (
            " 1002\n",
            "sequence ",
            "nobody has published 'demo/nosuch'",
            "the file cannot be read",
            "runs, ",
            "published by",
            "main:9",
            "publish.fileMissing",
        ):
            self.assertIn(words, shown)

    def test_every_block_of_code_is_found(self):
        for document in (README, HOWTO):
            self.assertEqual(document.read_text().count("```python"), len(BLOCK.findall(document.read_text())))


if __name__ == "__main__":
    unittest.main()
