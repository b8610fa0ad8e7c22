"""Files are recorded where they lie: nothing is copied, what changes is noticed, and nothing else is ever opened."""

import hashlib
import json
import os
import shutil
import struct
import unittest
import zlib

import tiny_show
from sluice_server import ServerTestCase, wait_until

PLATE = "demo/sq010/sh0010/plate"
FRAMES = "demo/sq010/sh0010/review_frames"
LATER = 2_000_000_000


def picture(width, height):
    """A grey PNG."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress((b"\0" + b"\x80" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class InPlaceTestCase(ServerTestCase):
    def start(self):
        self.root = self.server.home / "scans"
        self.root.mkdir()
        self.server.start("--root", str(self.root))

    def scan(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def scans(self, folder="sh0010", text="scan {}\n"):
        return [self.scan(f"{folder}/plate.{frame}.txt", text.format(frame)) for frame in range(1001, 1005)]

    def publish(self, ref, *paths, hash=None, **more):
        arguments = ["--hash", hash] if hash else []
        return self.server.ask("publish", ref, *paths, "--in-place", *arguments, **more)

    def hashed(self, ref):
        def is_hashed():
            return self.server.ask("show", ref)["selected"]["inPlace"] == "hashed"

        wait_until(is_hashed, f"{ref} is hashed")

    def change(self, path, text, time=LATER):
        path.write_text(text)
        os.utime(path, (time, time))


class InPlace(InPlaceTestCase):
    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")

    def test_records_and_copies_nothing(self):
        path = self.scan("one.txt", "one\n")
        answer = self.publish("demo/one", path)
        self.assertEqual(answer["sha256"], hashlib.sha256(b"one\n").hexdigest())
        self.assertFalse((self.server.data / "store" / "demo").exists())
        self.assertEqual(path.stat().st_nlink, 1)
        selected = self.server.ask("show", "demo/one")["selected"]
        self.assertEqual((selected["inPlace"], selected["files"][0]["place"]), ("hashed", str(path)))
        resolved = self.server.post("/api/v1/resolve", {"refs": ["demo/one"]}).json["results"][0]
        self.assertEqual(resolved["path"], str(path))
        answer = self.server.get("/api/v1/files", ref="demo/one")
        self.assertEqual((answer.body, answer.headers["x-sluice-sha256"]), (b"one\n", hashlib.sha256(b"one\n").hexdigest()))
        part = self.server.get("/api/v1/files", ref="demo/one", headers={"Range": "bytes=1-2"})
        self.assertEqual((part.status, part.body), (206, b"ne"))
        self.server.ask("fetch", "demo/one", "--to", self.server.home / "fetched")
        self.assertEqual((self.server.home / "fetched" / "one.txt").read_text(), "one\n")

    def test_a_sequence_and_a_folder(self):
        frames = self.scans()
        answer = self.publish("demo/plate", *frames)
        self.assertEqual((answer["files"], answer["representations"][0]["frames"]), (4, "1001-1004"))
        answer = self.publish("demo/tree", self.root / "sh0010")
        self.assertEqual((answer["files"], answer["representations"][0]["kind"]), (4, "tree"))

    def test_later_it_has_no_content_until_it_was_read(self):
        path = self.scan("one.txt", "one\n")
        answer = self.publish("demo/one", path, hash="later")
        self.assertNotEqual(answer["sha256"], hashlib.sha256(b"one\n").hexdigest())
        self.hashed("demo/one")
        self.assertEqual(self.server.ask("show", "demo/one")["selected"]["files"][0]["sha256"], hashlib.sha256(b"one\n").hexdigest())
        self.assertEqual(len(self.server.events("sluice.version.hashed.v1")), 1)
        self.assertEqual(self.server.ask("identify", path)["files"][0]["ref"], "demo/one")

    def test_what_lies_elsewhere_is_refused(self):
        outside = self.server.file("secret.txt", "secret\n")
        (self.root / "link.txt").symlink_to(outside)
        (self.root / "folder").symlink_to(outside.parent)
        (self.root / "tree").mkdir()
        (self.root / "tree" / "link.txt").symlink_to(outside)
        for path in (outside, self.root / "link.txt", self.root / "folder" / "secret.txt", self.root / "tree", "/etc/passwd",
                     f"{self.root}/../files/secret.txt", self.server.home / "is-not-there"):  # fmt: skip
            with self.subTest(path):
                self.assertError(self.server.refused("publish", "demo/x", path, "--in-place"), "place.outside")
        self.assertEqual(self.server.events("sluice.version.published.v1"), [])

    def test_a_link_that_stays_inside_is_the_file_it_leads_to(self):
        path = self.scan("one.txt", "one\n")
        (self.root / "link.txt").symlink_to(path)
        self.publish("demo/one", self.root / "link.txt")
        self.assertEqual(self.server.ask("show", "demo/one")["selected"]["files"][0]["place"], str(path))

    def test_a_file_that_became_a_link_is_not_followed(self):
        path = self.scan("one.txt", "one\n")
        self.publish("demo/one", path)
        secret = self.server.file("secret.txt", "one\n")
        os.utime(secret, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
        path.unlink()
        path.symlink_to(secret)
        self.assertProblem(self.server.get("/api/v1/files", ref="demo/one"), 409, "version.damaged")

    def test_what_is_not_there_and_what_is_no_file(self):
        self.assertError(self.server.refused("publish", "demo/x", self.root / "none", "--in-place"), "place.vanished")
        os.mkfifo(self.root / "pipe")
        self.assertError(self.server.refused("publish", "demo/x", self.root / "pipe", "--in-place"), "path.invalid")

    def test_a_changed_file_is_damaged_until_it_is_published_anew(self):
        path = self.scan("one.txt", "one\n")
        self.publish("demo/one", path)
        self.change(path, "one and more\n")
        error = self.server.refused("fetch", "demo/one", "--to", self.server.home / "fetched", code=1)
        self.assertError(error, "version.damaged", "one.txt was 4 B of", "is 13 B of Wed 18 May 03:33 UTC")
        status = self.server.ask("status", "demo/one")["products"][0]
        self.assertIn("was 4 B of", status["damaged"])
        self.assertIn("damaged", self.server.run("show", "demo/one").output)
        self.assertEqual(len(self.server.events("sluice.version.damaged.v1")), 1)
        self.change(path, "one\n")
        self.assertProblem(self.server.get("/api/v1/files", ref="demo/one"), 409, "version.damaged")
        self.publish("demo/one", path)
        self.assertEqual(self.server.get("/api/v1/files", ref="demo/one").body, b"one\n")

    def test_a_vanished_file_is_damaged_too(self):
        path = self.scan("one.txt", "one\n")
        self.publish("demo/one", path)
        path.unlink()
        resolved = self.server.post("/api/v1/resolve", {"refs": ["demo/one"]}).json["results"][0]
        self.assertEqual(resolved["error"]["code"], "version.damaged")
        self.assertIn("is not there any more", resolved["error"]["what"])

    def test_nothing_is_damaged_while_nobody_can_look(self):
        path = self.scan("one.txt", "one\n")
        self.publish("demo/one", path)
        (self.root).rename(self.server.home / "away")
        self.root.mkdir()
        self.assertProblem(self.server.get("/api/v1/files", ref="demo/one"), 404, "place.vanished")
        self.root.rmdir()
        (self.server.home / "away").rename(self.root)
        self.assertEqual(self.server.get("/api/v1/files", ref="demo/one").body, b"one\n")
        self.server.stop()
        self.server.start()
        self.assertProblem(self.server.get("/api/v1/files", ref="demo/one"), 403, "place.noRoots")
        self.assertEqual(self.server.events("sluice.version.damaged.v1"), [])

    def test_is_known_by_its_place_before_anybody_has_read_it(self):
        self.server.stop()
        self.server.start("--root", str(self.root))
        path = self.scan("one.txt", "one\n")
        self.publish("demo/one", path)
        found = self.server.ask("identify", path)["files"][0]
        self.assertEqual((found["ref"], found["by"], found["inPlace"]), ("demo/one", "content", "hashed"))
        self.change(path, "more\n")
        self.server.ask("show", "demo/one")
        self.change(path, "one\n")
        found = self.server.ask("identify", path)["files"][0]
        self.assertIn("one.txt was 4 B of", found["damaged"])

    def test_sluices_own_files_are_nobodys_to_record(self):
        self.server.stop()
        error = self.server.refused("serve", "--data", self.server.data, "--root", self.server.data / "log")
        self.assertError(error, "usage", "data folder")
        self.server.start("--root", str(self.server.home))
        for path in (self.server.data / "names.jsonl", self.server.data / "log"):
            self.assertError(self.server.refused("publish", "demo/x", path, "--in-place"), "place.outside")

    def test_over_http_and_in_words(self):
        path = self.scan("one.txt", "one\n")
        body = {"products": [{"ref": "demo/one", "representations": [{"name": "scan", "files": []}],
                              "inPlace": [str(path)], "hash": "later"}]}  # fmt: skip
        answer = self.server.post("/api/v1/publish", body).json["published"][0]
        self.assertEqual((answer["inPlace"], answer["representation"]), ("unhashed", "scan"))
        self.assertIn(", in place", self.server.run("publish", "demo/two", path, "--in-place").output)
        bad = {"products": [{"ref": "demo/one", "representations": [], "inPlace": ["/etc/passwd"]}]}
        self.assertProblem(self.server.post("/api/v1/publish", bad), 400, "place.outside")
        patch = {"products": [{"ref": "demo/one", "representations": [], "patch": True, "inPlace": [str(path)]}]}
        self.assertProblem(self.server.post("/api/v1/publish", patch), 400, "publish.patch")
        two = {"products": [{"ref": "demo/one", "representations": [{"files": []}] * 2, "inPlace": [str(path)]}]}
        self.assertProblem(self.server.post("/api/v1/publish", two), 400, "publish.manifest")

    def test_a_patch_leaves_the_other_frames_where_they_lie(self):
        frames = self.scans()
        self.publish("demo/plate", *frames)
        answer = self.publish("demo/plate", self.scan("again/p.1002.txt", "again\n"), "--patch")
        self.assertEqual((answer["changed"], answer["files"], answer["inPlace"]), ("1002", 4, "hashed"))
        for frame, text in ((1001, b"scan 1001\n"), (1002, b"again\n")):
            self.assertEqual(self.server.get("/api/v1/files", ref="demo/plate", frame=frame).body, text)
        self.assertFalse((self.server.data / "store" / "demo").exists())
        error = self.server.post("/api/v1/resolve", {"refs": ["demo/plate"]}).json["results"][0]["error"]
        self.assertEqual(error["code"], "place.scattered")
        self.server.ask("fetch", "demo/plate", "--to", self.server.home / "fetched")
        self.assertEqual((self.server.home / "fetched" / "plate.1002.txt").read_text(), "again\n")
        error = self.server.refused("publish", "demo/plate", self.server.file("p.1002.txt"), "--patch")
        self.assertError(error, "publish.patch", "was recorded in place", "--in-place")
        self.change(frames[3], "another\n")
        error = self.server.refused("publish", "demo/plate", self.root / "again/p.1002.txt", "--in-place", "--patch", code=1)
        self.assertError(error, "place.changed", "plate.1004.txt")

    def test_a_manifest_records_many_at_once(self):
        first, second = self.scan("one/a.txt", "a\n"), self.scan("two/b.txt", "b\n")
        stored = self.server.file("c.txt", "c\n")

        def manifest(*products):
            return self.server.file("m.json", json.dumps({"products": list(products)}))

        def product(name, *files, **more):
            return {"ref": f"demo/{name}", "representations": [{"files": [str(file) for file in files]}], **more}

        mixed = manifest(product("one", first, inPlace=True, hash="later"), product("three", stored))
        answer = self.server.ask("publish", "--manifest", mixed)["published"]
        self.assertEqual([one.get("inPlace") for one in answer], ["unhashed", None])
        all_of_them = manifest(product("one", first), product("two", second), product("four", stored, inPlace=False))
        answer = self.server.ask("publish", "--manifest", all_of_them, "--in-place", "--hash", "now")["published"]
        self.assertEqual([one.get("inPlace") for one in answer], ["hashed", "hashed", None])
        self.assertEqual(self.server.ask("show", "demo/two")["selected"]["files"][0]["place"], str(second))
        # All or none.
        count = len(self.server.events("sluice.version.published.v1"))
        wrong = manifest(product("five", first), product("six", stored))
        self.assertError(self.server.refused("publish", "--manifest", wrong, "--in-place"), "place.outside")
        named = manifest({"ref": "demo/seven", "inPlace": True, "representations": [{"files": [{"path": str(first), "name": "x.txt"}]}]})
        self.assertError(self.server.refused("publish", "--manifest", named), "publish.manifest", "keep their names")
        self.assertEqual(len(self.server.events("sluice.version.published.v1")), count)

    def test_a_backup_says_that_it_has_them_not(self):
        self.publish("demo/one", self.scan("one.txt", "one\n"))
        answer = self.server.ask("backup", self.server.home / "backup")
        self.assertEqual(answer["inPlace"], {"versions": 1, "files": 1, "bytes": 4})
        words = self.server.run("backup", self.server.home / "again").output
        self.assertIn("1 version lies in place, 4 B", words)

    @unittest.skipUnless(shutil.which("oiiotool"), "skipped: oiiotool is not installed (tools/setup installs it)")
    def test_pictures_have_small_ones_while_they_are_what_was_recorded(self):
        path = self.root / "one.png"
        path.write_bytes(picture(64, 36))
        self.publish("demo/one", path, hash="later")
        self.assertTrue(self.server.ask("status", "demo/one")["products"][0]["preview"])
        small = self.server.get("/api/v1/preview", ref="demo/one", width=32)
        self.assertEqual((small.status, small.headers["content-type"], small.body[:2]), (200, "image/jpeg", b"\xff\xd8"))
        self.assertEqual([file.suffix for file in (self.server.data / "previews").rglob("*.*")], [".jpg"])
        self.assertProblem(self.server.get("/api/v1/preview", ref=self.text("two")), 404, "file.unknown")
        path.write_bytes(picture(64, 37))
        self.assertProblem(self.server.get("/api/v1/preview", ref="demo/one", width=33), 409, "version.damaged")
        self.assertFalse(self.server.ask("status", "demo/one")["products"][0]["preview"])

    def text(self, name):
        return self.publish(f"demo/{name}", self.scan(f"{name}.txt", "text\n"))["ref"]

    def test_is_never_purged(self):
        self.publish("demo/one", self.scan("one.txt", "one\n"))
        kept = self.server.ask("purge", "demo", "--select", "**", "--yes")["kept"]
        self.assertEqual([one["kind"] for one in kept], ["inPlace"])


class InPlaceInputs(InPlaceTestCase):
    def setUp(self):
        super().setUp()
        self.server.pipeline(tiny_show.PIPELINE)
        tiny_show.publish_sources(self.server)

    def test_a_step_reads_them_where_they_lie(self):
        self.publish(PLATE, *self.scans())
        self.server.apply()
        self.assertEqual(self.server.get("/api/v1/files", ref=FRAMES, frame=1002).body, b"scan 1002\nwarm\n")

    def test_the_hash_that_comes_later_makes_nothing_stale(self):
        frames = self.scans()
        self.publish(PLATE, *frames, hash="later")
        self.server.apply()
        self.hashed(PLATE)
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        self.server.kill()
        self.server.start("--root", str(self.root), "--rebuild")
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        # What was made from it before it was hashed can still be made again.
        version = self.server.versions(FRAMES)[-1]
        self.assertEqual(len(self.server.ask("purge", "demo", "--select", FRAMES, "--yes")["versions"]), 1)
        self.server.apply("--select", FRAMES)
        self.assertEqual(self.server.versions(FRAMES), [version])
        self.assertNotIn("purged", self.server.ask("status", FRAMES)["products"][0])

    def test_what_was_made_from_a_damaged_version_stays_current_and_says_so(self):
        frames = self.scans()
        self.publish(PLATE, *frames)
        self.server.apply()
        self.change(frames[0], "another\n")
        self.server.post("/api/v1/resolve", {"refs": [PLATE]})
        status = self.server.ask("status", FRAMES)["products"][0]
        self.assertEqual(status["state"], "current")
        self.assertEqual([reason["kind"] for reason in status["reasons"]], ["damaged"])
        self.assertIn("is damaged: plate.1001.txt was", self.server.run("status", FRAMES).output)

    def test_painted_over_in_place_and_released_it_is_made_whole(self):
        self.publish(PLATE, *self.scans())
        self.server.apply()
        painted = [self.scan(f"painted/frames.{frame}.txt", f"paint {frame}\n") for frame in range(1001, 1005)]
        self.server.ask("publish", FRAMES, *painted, "--in-place", "--override", "--because", "wires")
        self.assertEqual(self.server.get("/api/v1/files", ref=FRAMES, frame=1002).body, b"paint 1002\n")
        self.server.ask("release", FRAMES)
        self.server.apply("--select", FRAMES, "--frames", "1001")
        self.assertEqual(self.server.get("/api/v1/files", ref=FRAMES, frame=1002).body, b"scan 1002\nwarm\n")
        self.assertNotIn("inPlace", self.server.ask("show", FRAMES)["selected"])

    def test_damaged_is_an_obstacle_in_words(self):
        frames = self.scans()
        self.publish(PLATE, *frames)
        self.server.apply()
        self.change(frames[0], "another\n")
        tiny_show.change_look(self.server)
        made = self.server.apply("--select", FRAMES, code=1)
        self.assertEqual(made["failed"], 1)
        plan = self.server.ask("plan", "demo", "--select", FRAMES)
        self.assertEqual(plan["runs"], [])
        self.assertIn("is damaged: plate.1001.txt was", plan["blocked"][0]["text"])
        self.publish(PLATE, *frames)
        self.assertEqual(self.server.apply("--select", FRAMES)["failed"], 0)


class WithoutRoots(ServerTestCase):
    def test_nothing_is_recorded_in_place(self):
        self.server.ask("folder", "add", "demo")
        error = self.server.refused("publish", "demo/one", self.server.file("one.txt"), "--in-place", code=1)
        self.assertError(error, "place.noRoots", "--root")

    def test_a_root_is_an_absolute_folder(self):
        for root in ("scans", str(self.server.home / "none"), str(self.server.file("one.txt"))):
            error = self.server.refused("serve", "--data", self.server.home / "other", "--root", root)
            self.assertError(error, "usage", "--root")


if __name__ == "__main__":
    unittest.main()
