"""Publishing into a real server: through the door, as streams, and across everything that breaks."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from support import Asked, Fake, FakeTestCase, Proxy, answer, problem, within

from sluice_server import Server, ServerTestCase, SharedServerTestCase, threads, wait_until  # isort: skip

import sluice
from sluice import _files, _publish

LARGE = 300_000  # More than what goes inside the command.
SEED = random.SystemRandom().randrange(10**6)


def through_streams():
    """As a machine that does not see the server's files."""
    return mock.patch.object(_publish, "_door", lambda opened: None)


class Client:
    """A client of the test's server."""

    def client(self, url: str | None = None, **more: object) -> sluice.Client:
        client = sluice.Client(url or self.server.url, actor="ada", **more)
        self.addCleanup(client.close)
        return client

    def bytes_of(self, published: sluice.Published) -> dict[str, bytes]:
        """The stored files of a version, by path below it."""
        shown = self.server.ask("show", published.reference)["selected"]
        folder = Path(shown["path"])
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }

    def leftovers(self) -> list[str]:
        """Bytes that an upload left behind."""
        staging = self.server.data / "store" / ".staging"
        return [str(path) for path in staging.rglob("*") if path.is_file()]


class InPlace(Client, ServerTestCase):
    def start(self) -> None:
        self.server.start("--root", str(self.server.home))

    def test_files_are_recorded_where_they_lie_and_damage_is_told(self):
        self.server.ask("folder", "add", "demo")
        client = self.client()
        scan = self.server.file("scan.txt", "scan\n")
        published = client.publish("demo/scan", scan, in_place=True, hashing="now")
        self.assertEqual((published.in_place, published.files), ("hashed", 1))
        (resolved,) = client.resolve("demo/scan")
        self.assertEqual(resolved.require().path, str(scan))
        self.assertIsNone(client.identify(scan)[0].damaged)
        scan.write_text("more\n")
        os.utime(scan, (2_000_000_000, 2_000_000_000))
        self.assertIsNotNone(client.resolve("demo/scan")[0].error)
        (status,) = client.status("demo/scan").products
        self.assertIn("scan.txt was 5 B of", status.damaged)

    def test_one_representation(self):
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client().publish("demo/scan", {"a": "b"}, in_place=True)
        self.assertEqual(raised.exception.code, "usage")


class Publishing(Client, SharedServerTestCase):
    @classmethod
    def prepare(cls, server: Server) -> None:
        server.ask("folder", "add", "demo")

    def test_one_file(self):
        path = self.server.file("show.cube", "warm\n")
        published = self.client().publish("demo/one/lut", path, note="a note", label="L1", tag="approved")
        self.assertEqual((published.ref, published.number, published.files, published.bytes), ("demo/one/lut", 1, 1, 5))
        self.assertEqual(self.bytes_of(published), {"cube/show.cube": b"warm\n"})
        self.assertEqual(published.representations[0].sha256, hashlib.sha256(b"warm\n").hexdigest())
        shown = self.server.ask("show", "demo/one/lut@approved")["selected"]
        self.assertEqual((shown["note"], shown["label"], shown["actor"]["name"]), ("a note", "L1", "ada"))
        self.assertEqual(shown["version"], published.version)

    def test_a_sequence_a_patch_and_a_hole(self):
        client = self.client()
        published = client.publish("demo/seq/plate", self.server.frames(1001, 1004))
        self.assertEqual(
            (published.representations[0].kind, published.representations[0].frames), ("sequence", "1001-1004")
        )
        patch = client.publish(
            "demo/seq/plate", self.server.frames(1002, 1002, folder="fix", text="new {}\n"), patch=True
        )
        self.assertEqual((patch.changed, patch.files), ("1002", 4))
        older = client.publish("demo/seq/plate", self.server.frames(1003, 1003, folder="fix"), patch=True, base="1")
        self.assertEqual(self.bytes_of(older)["txt/plate.1002.txt"], b"frame 1002\n")
        hole = self.server.frames(1001, 1004, without=[1002])
        with self.assertRaises(sluice.SluiceError) as raised:
            client.publish("demo/seq/plate", hole)
        self.assertEqual((raised.exception.code, raised.exception.status), ("publish.hole", 400))
        self.assertEqual(client.publish("demo/seq/plate", hole, allow_missing=True).files, 3)

    def test_a_directory_is_a_tree(self):
        self.server.file("kit/a/one.usd", "1")
        self.server.file("kit/b/two.usd", "2")
        published = self.client().publish("demo/kit", self.server.home / "files" / "kit", representation="usd")
        self.assertEqual(self.bytes_of(published), {"usd/a/one.usd": b"1", "usd/b/two.usd": b"2"})

    def test_several_representations(self):
        usd, mov = self.server.file("hero.usd", "usd"), self.server.file("turn.mov", "mov")
        published = self.client().publish("demo/hero", {"usd": usd, "preview": [mov]})
        self.assertEqual(self.bytes_of(published), {"usd/hero.usd": b"usd", "preview/turn.mov": b"mov"})
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client().publish("demo/hero", {"usd": usd}, representation="usd")
        self.assertEqual(raised.exception.code, "usage")

    def test_what_it_was_made_from_may_be_a_reference_or_a_published_file(self):
        client = self.client()
        lut = self.server.file("made/lut.cube", "a lut that was published\n")
        source = client.publish("demo/made/lut", lut)
        plate = client.publish("demo/made/plate", self.server.file("made/p.txt"))
        result = client.publish("demo/made/result", lut, made_from=[str(lut), "demo/made/plate@1"])
        shown = self.server.ask("show", result.reference)["selected"]["madeFrom"]
        self.assertEqual(
            [(m["ref"], m["version"]) for m in shown], [(source.ref, source.version), (plate.ref, plate.version)]
        )
        with self.assertRaises(sluice.SluiceError) as raised:
            client.publish("demo/made/result", lut, made_from=str(self.server.file("made/unknown.txt", "nobody's")))
        self.assertEqual(raised.exception.code, "publish.unknownSource")

    def test_many_products_are_published_all_or_none(self):
        client = self.client()
        good = sluice.NewVersion("demo/many/a", self.server.file("a.txt"), note="first")
        other = sluice.NewVersion("demo/many/b", self.server.file("b.txt", b"b" * LARGE), tag="approved")
        a, b = client.publish_many([good, other])
        self.assertEqual((a.ref, b.ref, a.position), ("demo/many/a", "demo/many/b", b.position))
        bad = sluice.NewVersion("nosuch/x", self.server.file("c.txt", b"c" * LARGE))
        with self.assertRaises(sluice.SluiceError) as raised:
            client.publish_many([good, bad])
        self.assertEqual(raised.exception.code, "project.unknown")
        self.assertEqual(len(self.server.versions("demo/many/a")), 1)
        self.assertEqual(self.leftovers(), [])

    def test_the_same_command_is_one_publish(self):
        client, path = self.client(), self.server.file("again.txt", b"x" * LARGE)
        first = client.publish("demo/again", path, command="c-1")
        self.assertEqual(client.publish("demo/again", path, command="c-1"), first)
        self.assertNotEqual(client.publish("demo/again", path, command="c-2").version, first.version)

    def test_small_files_take_one_request_and_large_ones_the_door(self):
        client = self.client()
        calls: list[tuple[str, str]] = []
        once = client._transport._once

        def seen(request, **more: object):
            calls.append((request.method, request.target.split("?")[0].rpartition("/v1/")[2].split("/")[0]))
            return once(request, **more)

        with mock.patch.object(client._transport, "_once", seen):
            client.publish("demo/small", self.server.file("small.txt"))
            self.assertEqual(calls, [("POST", "publish")])
            calls.clear()
            client.publish("demo/large", self.server.file("large.bin", b"l" * LARGE))
            self.assertEqual(
                calls, [("POST", "uploads"), ("POST", "publish")], "the bytes went through the file system"
            )
            calls.clear()
            with through_streams():
                client.publish("demo/large", self.server.file("large.bin", b"m" * LARGE))
            self.assertEqual(calls, [("POST", "uploads"), ("PUT", "uploads"), ("POST", "publish")])
        self.assertEqual(self.leftovers(), [])

    def test_streams_and_door_bring_the_same(self):
        self.server.file("both/one.bin", os.urandom(3_000_000))
        self.server.file("both/deep/er/empty.txt", b"")
        folder = self.server.home / "files" / "both"
        client = self.client()
        door = client.publish("demo/both", folder)
        with through_streams():
            streams = client.publish("demo/both", folder)
        self.assertEqual(self.bytes_of(door), self.bytes_of(streams))
        self.assertEqual(door.representations, streams.representations)

    def test_many_threads_publish_with_one_client(self):
        client = self.client()
        paths = [self.server.file(f"threads/{index}.bin", bytes([index]) * LARGE) for index in range(6)]
        published = threads(6, lambda index: [client.publish(f"demo/threads/p{index}", paths[index]) for _ in range(3)])
        for index, answers in enumerate(published):
            self.assertEqual([answer.number for answer in answers], [1, 2, 3])
            self.assertEqual(self.bytes_of(answers[0]), {f"bin/{index}.bin": bytes([index]) * LARGE})

    def test_a_file_that_changes_while_it_is_sent_is_not_published(self):
        path = self.server.file("growing.bin", b"g" * LARGE)
        for change in (b"", b"more"):
            pieces = _files.pieces

            def changed(source: str, change: bytes = change, pieces=pieces):
                yield from pieces(source)
                yield change or b"x"

            shortened = _files.LocalFile(str(path), "growing.bin", LARGE + 1)
            with self.subTest(change), through_streams(), self.assertRaises(sluice.SluiceError) as raised:
                if change:
                    with mock.patch.object(_files, "pieces", changed):
                        self.client(timeout=5).publish("demo/growing", path)
                else:
                    with mock.patch.object(_files, "find", lambda _, found=shortened: ([found], False)):
                        self.client(timeout=5).publish("demo/growing", path)
            self.assertEqual(raised.exception.code, "publish.digestMismatch")
        self.assertEqual(self.leftovers(), [])
        with self.assertRaises(sluice.SluiceError):
            self.client().why("demo/growing")


class SameWords(Client, SharedServerTestCase):
    """What the command line refuses this refuses, with the same code and the same words."""

    @classmethod
    def prepare(cls, server: Server) -> None:
        server.ask("folder", "add", "demo")
        server.ask("publish", "demo/plate", server.file("plate.txt"))

    def test_of_files_that_cannot_be_published(self):
        home = self.server.home / "bad"
        for folder in ("empty", "out", "dangling", "link", "pipe", "name", "backslash"):
            (home / folder).mkdir(parents=True)
        (home / "out" / "link").symlink_to("/etc/hostname")
        (home / "dangling" / "link").symlink_to(home / "nothing")
        (home / "link" / "to").symlink_to(home / "empty")
        os.mkfifo(home / "pipe" / "fifo")
        (home / "name" / "line\nend.txt").write_text("x")
        (home / "backslash" / "a\\b.txt").write_text("x")
        good = self.server.file("good.txt")
        for arguments, more in (
            (["demo/x", home / "nothing"], {}),
            (["demo/x", home / "empty"], {}),
            (["demo/x", home / "out"], {}),
            (["demo/x", home / "dangling"], {}),
            (["demo/x", home / "pipe" / "fifo"], {}),
            (["demo/x", home / "pipe"], {}),
            (["demo/x", home / "name"], {}),
            (["demo/x", home / "backslash"], {}),
            (["demo/../x", good], {}),
            (["nosuch/x", good], {}),
            (["demo/plate@1", good], {}),
            (["demo/none", good], {"patch": True}),
            (["demo/x", good, good], {}),
            (["demo/x", good], {"tag": "latest"}),
            (["demo/x", good], {"made_from": "demo/none"}),
            (["demo/x", good], {"note": "n" * 5000}),
            (["demo/x", good], {"representation": "../up"}),
        ):
            ref, *files = arguments
            options = []
            for name, value in more.items():
                options += [f"--{name.replace('made_from', 'from')}", *([] if value is True else [value])]
            with self.subTest(str(arguments[1:])[:80], **{k: str(v)[:20] for k, v in more.items()}):
                said = self.server.refused("publish", *arguments, *options, code=None)
                with self.assertRaises(sluice.SluiceError) as raised:
                    self.client().publish(ref, files, **more)
                error = raised.exception
                found = {"code": error.code, "what": error.what, "at": error.at, "fix": error.fix}
                # A link to a directory is described by its real path there and here.
                self.assertEqual(found, {name: said[name] for name in found})

    def test_of_a_server_that_is_not_there(self):
        said = self.server.refused("status", code=3, environment={"SLUICE_SERVER": "http://127.0.0.1:1"})
        with self.assertRaises(sluice.Unreachable) as raised:
            self.client("http://127.0.0.1:1").status()
        self.assertEqual((raised.exception.code, raised.exception.what), (said["code"], said["what"]))


class Breaking(Client, ServerTestCase):
    """Across restarts and lost answers a publish is one publish."""

    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")
        self.large = self.server.file("large.bin", os.urandom(2_000_000))

    def assertOneVersion(self, published: sluice.Published, ref: str) -> None:  # noqa: N802 (as unittest names its own)
        self.assertEqual(self.server.versions(ref), [published.version])
        self.assertEqual(self.bytes_of(published), {"bin/large.bin": self.large.read_bytes()})
        self.assertEqual(self.leftovers(), [])

    def later(self, work) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 30)
        return thread

    def test_a_server_that_is_not_there_yet_is_waited_for(self):
        self.server.stop()
        client = self.client(timeout=60.0)
        found: list[sluice.Published] = []
        publishing = self.later(lambda: found.append(client.publish("demo/x", self.large)))
        time.sleep(1)
        self.assertTrue(publishing.is_alive(), "nobody is there, and it waits")
        self.server.start()
        publishing.join(60)
        self.assertOneVersion(found[0], "demo/x")

    def test_an_answer_that_was_lost_is_asked_for_again(self):
        for how in ("door", "streams"):
            proxy = Proxy(self.server.port)
            self.addCleanup(proxy.close)
            proxy.swallow, proxy.only = 3, b"POST /api/v1/publish"
            with (
                self.subTest(how),
                mock.patch.object(_publish, "_door", _publish._door if how == "door" else lambda _: None),
            ):
                published = self.client(proxy.url, timeout=20.0).publish(f"demo/{how}", self.large)
                self.assertEqual(proxy.swallow, 0, "answers were lost")
                self.assertOneVersion(published, f"demo/{how}")

    def test_a_stream_that_broke_is_sent_again(self):
        proxy = Proxy(self.server.port)
        self.addCleanup(proxy.close)
        proxy.swallow, proxy.only = 2, b"PUT /api/v1/uploads"
        with through_streams():
            published = self.client(proxy.url, timeout=20.0).publish("demo/x", self.large)
        self.assertEqual(proxy.swallow, 0)
        self.assertOneVersion(published, "demo/x")

    def test_an_upload_that_ended_with_the_server_is_brought_again(self):
        for how in ("door", "streams"):
            client = self.client(timeout=60.0)
            kills = [1]
            call = client._transport.call

            def killing(method: str, path: str, *rest: object, kills=kills, call=call, **more: object):
                if path == "publish" and kills[0]:
                    kills[0] -= 1
                    self.server.kill()
                    self.server.start()
                return call(method, path, *rest, **more)

            door = _publish._door if how == "door" else lambda _: None
            with self.subTest(how), mock.patch.object(_publish, "_door", door):
                with mock.patch.object(client._transport, "call", killing):
                    published = client.publish(f"demo/{how}", self.large)
                self.assertEqual(kills, [0])
                self.assertOneVersion(published, f"demo/{how}")

    def test_a_server_that_dies_while_the_door_is_written_through(self):
        client = self.client(timeout=60.0)
        copy, deaths = _files.copy, [1]

        def dying(source: str, target: str) -> str:
            if deaths[0]:
                deaths[0] -= 1
                self.server.kill()
                self.server.start()
            return copy(source, target)

        with mock.patch.object(_files, "copy", dying):
            self.assertOneVersion(client.publish("demo/x", self.large), "demo/x")
        self.assertEqual(deaths, [0])

    def test_killed_at_any_moment_each_publish_is_there_once(self):
        chance = random.Random(SEED)
        small = self.server.file("small.txt", "small\n")
        done: dict[str, list[sluice.Published]] = {}
        stop = threading.Event()

        def publish(name: str, path: Path) -> None:
            with sluice.Client(self.server.url, actor=name, timeout=120.0) as client:
                while not stop.is_set():
                    done.setdefault(name, []).append(client.publish(f"demo/{name}", path))

        with mock.patch.object(_publish, "_door", _publish._door if chance.random() < 0.5 else lambda _: None):
            crowd = [self.later(lambda n=n, p=p: publish(n, p)) for n, p in (("small", small), ("large", self.large))]
            for _ in range(6):
                time.sleep(chance.uniform(0.05, 0.8))
                self.server.kill()
                time.sleep(chance.uniform(0, 0.5))
                self.server.start()
            wait_until(lambda: len(done) == 2, "both publish")
            stop.set()
            for thread in crowd:
                thread.join(120)
                self.assertFalse(thread.is_alive(), f"seed {SEED}")
        for name, answers in done.items():
            self.assertEqual(
                self.server.versions(f"demo/{name}"), [one.version for one in answers], f"{name}, seed {SEED}"
            )
        self.assertEqual(self.leftovers(), [], f"seed {SEED}")


class Doors(FakeTestCase):
    """A server says where to write; not every server may."""

    def setUp(self):
        super().setUp()
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        self.inside = folder / "files"
        self.inside.mkdir()
        self.marker = folder / "marker"
        self.marker.write_text("0123456789abcdef0123")
        self.large = folder / "large.bin"
        self.large.write_bytes(b"x" * LARGE)

    def publish(self, **changes: object) -> list[str]:
        """The methods and paths of a publish whose upload is opened like that."""
        opened = {
            "upload": "u-1",
            "directory": str(self.inside),
            "markerFile": str(self.marker),
            "marker": "0123456789abcdef0123",
            **changes,
        }

        def handle(_: Fake, asked: Asked, connection: socket.socket) -> bool:
            if asked.path.endswith("/uploads"):
                connection.sendall(answer(opened))
            elif asked.method == "PUT":
                reply = {"path": "0", "size": len(asked.body), "sha256": hashlib.sha256(asked.body).hexdigest()}
                connection.sendall(answer(reply))
            else:
                connection.sendall(problem(400, "publish.nothing"))
            return True

        server = self.fake(handle)
        with self.assertRaisesCode("publish.nothing"):
            self.client(server).publish("demo/x", self.large)
        return [f"{asked.method} {asked.path.split('/')[3]}" for asked in server.asked]

    def test_a_marker_that_is_seen_opens_it(self):
        self.assertEqual(self.publish(), ["POST uploads", "POST publish", "DELETE uploads"])
        self.assertEqual((self.inside / "0").read_bytes(), self.large.read_bytes())

    def test_any_other_does_not(self):
        for changes in (
            {"marker": "another marker that is long"},
            {"markerFile": str(self.marker) + "x"},
            {"directory": "/nonexistent"},
            {"marker": "", "markerFile": "/dev/null"},
            {"marker": "short", "markerFile": "/dev/null"},
            {"markerFile": str(self.inside)},
            {"markerFile": "a\0b"},
            {"markerFile": str(self.large)},
        ):
            with self.subTest(changes):
                self.assertEqual(
                    self.publish(**changes), ["POST uploads", "PUT uploads", "POST publish", "DELETE uploads"]
                )
        self.assertEqual(list(self.inside.iterdir()), [])

    def test_a_stream_that_broke_is_sent_again_under_another_name(self):
        """The server may still be writing what came of the first."""
        breaks = [1]

        def handle(_: Fake, asked: Asked, connection: socket.socket) -> bool:
            if asked.path.endswith("/uploads"):
                connection.sendall(answer({"upload": "u-1", "directory": "/x", "markerFile": "/x", "marker": "0" * 16}))
            elif asked.method == "PUT" and breaks[0]:
                breaks[0] -= 1
                return False
            elif asked.method == "PUT":
                connection.sendall(answer({"sha256": hashlib.sha256(asked.body).hexdigest()}))
            else:
                connection.sendall(problem(400, "publish.nothing"))
            return True

        server = self.fake(handle)
        with self.assertRaisesCode("publish.nothing"):
            self.client(server).publish("demo/x", self.large)
        names = [asked.query["path"] for asked in server.asked if asked.method == "PUT"]
        self.assertEqual(len(set(names)), 2)
        command = next(asked.json for asked in server.asked if asked.path.endswith("/publish"))
        self.assertEqual(command["products"][0]["representations"][0]["files"][0]["upload"], names[1])

    def test_bytes_that_arrive_otherwise_are_noticed(self):
        def handle(_: Fake, asked: Asked, connection: socket.socket) -> bool:
            opened = {"upload": "u-1", "directory": "/x", "markerFile": "/x", "marker": "0123456789abcdef"}
            reply = {"path": "0", "size": 1, "sha256": "0" * 64} if asked.method == "PUT" else opened
            connection.sendall(answer(json.loads(json.dumps(reply))))
            return True

        with self.assertRaisesCode("publish.digestMismatch"), within(3):
            self.client(self.fake(handle)).publish("demo/x", self.large)


if __name__ == "__main__":
    unittest.main()
