"""What can be wrong is answered with a clear error, and nothing is half-done."""

import json
import os
import socket
import subprocess
import time
import unittest

import tiny_show
from sluice_server import Server, ServerTestCase, fill, small_disk, threads

STEP = """\
sluice: 1
project: demo
folders: [ { path: sh0010, type: shot }, { path: sh0020, type: shot } ]
steps:
  make:
    for: { type: shot }
    inputs:
      source: { product: source }
    outputs:
      result: { product: result, files: "result.txt" }
    command: [COMMAND]
  other:
    for: { type: shot }
    inputs:
      source: { product: source }
    outputs:
      result: { product: other, files: "other.txt" }
    command: [cp, "{source}", "{result}"]
  after:
    for: { type: shot }
    inputs:
      result: { product: result }
    outputs:
      end: { product: end, files: "end.txt" }
    command: [cp, "{result}", "{end}"]
"""


class BadInputTestCase(ServerTestCase):
    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")
        self.server.ask("publish", "demo/look/lut", self.server.file("lut.cube", "first\n"))

    def assertUntouched(self, action):
        """Whatever `action` tries leaves status, events and store as they were, and the server answers."""
        before = self.seen()
        answer = action()
        self.assertEqual(self.seen(), before)
        return answer

    def seen(self):
        return {
            "status": self.server.get("/api/v1/status").json,
            "position": self.server.position(),
            "store": sorted(self.server.stored_versions()),
            "staging": sorted(
                str(path.relative_to(self.server.data))
                for path in (self.server.data / "store/.staging").rglob("*")
                if path.is_file()
            ),
            "projects": self.server.get("/api/v1/projects").json,
        }

    def refused(self, *arguments, **more):
        return self.assertUntouched(lambda: self.server.refused(*arguments, **more))


class Files(BadInputTestCase):
    def test_a_missing_file(self):
        missing = self.server.home / "nothing.exr"
        self.assertError(self.refused("publish", "demo/look/lut", missing), "publish.fileMissing", "nothing.exr")

    def test_a_missing_file_among_others(self):
        files = [*self.server.frames(1001, 1003), self.server.home / "gone.exr"]
        self.assertError(self.refused("publish", "demo/plate", *files), "publish.fileMissing", "gone.exr")

    def test_an_unreadable_thing_that_is_no_file(self):
        os.mkfifo(self.server.home / "pipe")
        self.assertError(self.refused("publish", "demo/x", self.server.home / "pipe"), "path.invalid", "pipe")

    def test_an_empty_directory(self):
        (self.server.home / "empty").mkdir()
        self.assertError(self.refused("publish", "demo/x", self.server.home / "empty"), "publish.nothing")

    def test_a_hole_is_refused_with_the_frames_it_lacks(self):
        frames = self.server.frames(1001, 1024, without=(1011, 1015, 1016))
        error = self.refused("publish", "demo/plate", *frames)
        self.assertError(error, "publish.hole", "1011", "1015")
        self.assertIn("--allow-missing", error["fix"])
        answer = self.server.ask("publish", "demo/plate", *frames, "--allow-missing")
        self.assertEqual(answer["files"], 21)
        shown = self.server.ask("show", "demo/plate")["selected"]
        self.assertEqual(shown["representations"][0]["frames"], "1001-1010,1012-1014,1017-1024")

    def test_a_link_out_of_a_published_directory(self):
        tree = self.server.file("tree/good.txt", "good").parent
        secret = self.server.file("secret.txt", "secret")
        (tree / "link.txt").symlink_to(secret)
        self.assertError(self.refused("publish", "demo/kit", tree), "publish.outside", "link.txt")
        (tree / "link.txt").unlink()
        (tree / "folder").symlink_to(self.server.home)
        self.assertError(self.refused("publish", "demo/kit", tree), "publish.outside", "folder")
        (tree / "folder").unlink()
        (tree / "dangling").symlink_to(tree / "nowhere")
        self.refused("publish", "demo/kit", tree)
        (tree / "dangling").unlink()
        (tree / "inside.txt").symlink_to(tree / "good.txt")
        self.assertEqual(self.server.ask("publish", "demo/kit", tree)["files"], 2)

    def test_a_manifest_that_is_none(self):
        for text in ("", "[]", "{}", "{\"products\": 7}", '{"products": [{"ref": "demo/a"}]}', "not json", "\xff"):
            with self.subTest(text):
                file = self.server.file("manifest.json", text.encode("latin-1"))
                self.assertError(self.refused("publish", "--manifest", file), "publish.manifest")
        for manifest, code in (
            ({"products": []}, "publish.nothing"),
            ({"products": [{"ref": "demo/a", "representations": []}]}, "publish.nothing"),
            ({"products": [{"ref": "demo/a", "representations": [{"files": ["nothing.txt"]}]}]}, "publish.fileMissing"),
        ):
            with self.subTest(manifest):
                file = self.server.file("manifest.json", json.dumps(manifest))
                self.assertError(self.refused("publish", "--manifest", file), code)

    def test_one_product_twice_in_a_manifest_gives_two_versions_or_an_error(self):
        self.server.file("a.txt", "a")
        entry = {"ref": "demo/twice", "representations": [{"files": ["a.txt"]}]}
        file = self.server.file("manifest.json", json.dumps({"products": [entry, entry]}))
        ran = self.server.run("publish", "--manifest", file, "--json", code=None)
        if ran.code == 0:
            self.assertEqual(len(set(self.server.versions("demo/twice"))), 2)
        else:
            self.assertError(ran.error, "publish.manifest")
            self.assertEqual(ran.code, 2)

    def test_paths_that_would_leave_the_version(self):
        for path in ("../out.txt", "/etc/passwd", "a/../../b", "a\\b", "a\nb", "", "x" * 300, "a//b", "./a"):
            with self.subTest(path):
                body = {"products": [{"ref": "demo/x", "representations": [{"files": [{"path": path, "content": "YQ=="}]}]}]}
                answer = self.assertUntouched(lambda body=body: self.server.post("/api/v1/publish", body))
                self.assertProblem(answer, 400, "path.invalid")

    def test_bytes_that_are_not_what_was_said(self):
        file = {"path": "a.txt", "content": "YQ==", "sha256": "0" * 64}
        body = {"products": [{"ref": "demo/x", "representations": [{"files": [file]}]}]}
        answer = self.assertUntouched(lambda: self.server.post("/api/v1/publish", body))
        self.assertProblem(answer, 400, "publish.digestMismatch")

    def test_an_upload_that_is_not_there_or_tries_to_leave(self):
        body = {"upload": "u-nothing", "products": [{"ref": "demo/x", "representations": [{"files": [{"path": "a.txt"}]}]}]}
        self.assertProblem(self.assertUntouched(lambda: self.server.post("/api/v1/publish", body)), 404, "upload.unknown")
        upload = self.server.post("/api/v1/uploads", b"").json["upload"]
        for path in ("../marker", "../../../../data/views.sqlite", "/etc/hosts"):
            answer = self.server.http("PUT", f"/api/v1/uploads/{upload}/files?path={path}", b"evil")
            self.assertProblem(answer, 400, "path.invalid")
        for name in ("..%2F..", "..", "%2e%2e", "intents"):
            answer = self.server.http("PUT", f"/api/v1/uploads/{name}/files?path=a", b"evil")
            self.assertEqual(answer.status, 404, str(answer))
        self.assertEqual(self.server.http("DELETE", f"/api/v1/uploads/{upload}").status, 204)


class References(BadInputTestCase):
    BAD = [
        "demo/../secret",
        "../demo/look",
        "demo/./look/lut",
        "demo//look/lut",
        "demo//lut",
        "/demo/look/lut",
        "demo/look/lut/",
        "demo/look/l\x01ut",
        "demo/look/l\nut",
        "demo/look/lut\x7f",
        "demo/loök/lut",
        "demo/look/lut name",
        "demo/" + "x" * 97,
        "demo/" + "a/" * 20 + "x",
        "demo/v-1/x",
        "demo/-x/y",
        "demo/.hidden",
        "demo",
        "@",
        "demo/look/lut@",
        "demo/look/lut@../..",
        "sluice://host/demo/look/lut",
    ]

    def test_references_that_are_none(self):
        file = self.server.file("x.txt")
        for reference in self.BAD:
            with self.subTest(reference):
                error = self.assertUntouched(
                    lambda reference=reference: self.server.refused("publish", reference, file)
                )
                self.assertIn(error["code"], ("reference.invalid", "path.invalid"))
                self.assertError(self.server.refused("show", reference), error["code"])
                answer = self.server.get("/api/v1/show", ref=reference)
                self.assertEqual((answer.status, answer.json["code"]), (400, error["code"]))

    def test_10_kilobytes(self):
        long = "demo/" + "/".join(["x" * 90] * 110)
        self.assertGreater(len(long), 10_000)
        error = self.refused("publish", long, self.server.file("x.txt"))
        self.assertError(error, "reference.invalid")
        self.assertLess(len(json.dumps(error)), 1_000)
        answer = self.server.get("/api/v1/show", ref=long)
        self.assertEqual((answer.status, answer.json["code"]), (400, "reference.invalid"))

    def test_bytes_that_are_not_utf_8(self):
        def no_crash(ran):
            self.assertIn(ran.code, (1, 2), str(ran))
            self.assertNotIn("Fatal", ran.errors)

        file = self.server.file("x.txt")
        for arguments in ((b"publish", b"demo/\xff\xfe", os.fsencode(file)), (b"show", b"demo/l\xc3(ut"), (b"status", b"\xff"),
                          (b"publish", b"demo/x", b"/tmp/\xff\xfe"), (b"plan", b"\xff"), (b"tag", b"demo/look/lut", b"\xff"),
                          (b"identify", b"/tmp/\xff")):  # fmt: skip
            with self.subTest(arguments):
                no_crash(self.assertUntouched(lambda arguments=arguments: self.server.run(*arguments, "--json", code=None)))
        for path in ("/api/v1/show?ref=demo/%FF%FE", "/api/v1/status?ref=%C3%28", "/api/v1/%FF", "/%FF",
                     "/api/v1/why?ref=%00", "/api/v1/impact?ref=%ED%A0%80", "/api/v1/events?type=%FF"):  # fmt: skip
            with self.subTest(path):
                self.assertIn(self.server.get(path).status, (200, 400, 404), path)

    def raw(self, data):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer

    def test_raw_bytes_in_the_request_line(self):
        for line in (b"GET /api/v1/show?ref=demo/\xff\xfe HTTP/1.1", b"GET /\x01 HTTP/1.1", b"\x00\x01\x02", b"GET", b"FOO / HTTP/9.9"):
            with self.subTest(line):
                answer = self.raw(line + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:200])
                self.assertEqual(self.server.get("/api/v1/health").status, 200)

    def test_an_unknown_project(self):
        file = self.server.file("x.txt")
        error = self.refused("publish", "dmeo/look/lut", file)
        self.assertError(error, "project.unknown", "demo")
        for command in (["status", "nosuch"], ["plan", "nosuch"], ["apply", "nosuch"], ["show", "nosuch/x"],
                        ["why", "nosuch/x"], ["impact", "nosuch/x"], ["plans", "nosuch"], ["pipeline", "show", "nosuch"],
                        ["folder", "list", "nosuch"], ["tag", "nosuch/x", "a"], ["fetch", "nosuch/x", "--to", "out"]):  # fmt: skip
            with self.subTest(command):
                self.assertError(self.refused(*command), "project.unknown")


@unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small disk")
class DiskFull(unittest.TestCase):
    def disk(self, mebibytes, path):
        small_disk(self, mebibytes, path)

    def start(self):
        server = Server()
        self.addCleanup(server.close)
        return server

    def check(self, server, codes, ran):
        self.assertEqual(ran.code, 1, str(ran))
        self.assertIn(ran.error["code"], codes, str(ran))

    def test_the_store_is_full_while_copying(self):
        server = self.start()
        self.disk(8, server.data / "store")
        server.start()
        server.ask("folder", "add", "demo")
        server.ask("publish", "demo/small", server.file("small.bin", b"x" * 1_000_000))
        before = (server.get("/api/v1/status").json, server.position(), server.stored_versions())
        big = server.file("big.bin", b"y" * 12_000_000)
        self.check(server, ["store.full"], server.run("publish", "demo/big", big, "--json", code=None))
        self.assertEqual((server.get("/api/v1/status").json, server.position(), server.stored_versions()), before)
        used = lambda: sum(p.stat().st_size for p in (server.data / "store").rglob("*") if p.is_file())  # noqa: E731
        self.assertLess(used(), 1_100_000, "what was copied half-way is gone")
        # Over HTTP, where the server writes.
        upload = server.post("/api/v1/uploads", b"").json["upload"]
        answer = server.http("PUT", f"/api/v1/uploads/{upload}/files?path=big.bin", big.read_bytes())
        self.assertEqual((answer.status, answer.json["code"]), (507, "store.full"))
        self.assertLess(used(), 1_100_000)
        server.ask("publish", "demo/small", server.file("small.bin", b"z" * 1_000_000))
        server.ask("fetch", "demo/small", "--to", server.home / "out")

    def test_the_store_is_full_while_a_step_publishes(self):
        server = self.start()
        self.disk(4, server.data)
        server.start()
        server.pipeline(
            STEP.replace("[COMMAND]", "[sh, -c, 'head -c 8000000 /dev/zero > \"$1\"', sh, \"{result}\"]")
        )
        server.ask("publish", "demo/sh0010/source", server.file("s.txt"))
        # The disk of the log is the same one: whatever could be recorded, the plan ends and leaves nothing half-done.
        applied = server.apply("--select", "sh0010", code=1, timeout=20)
        self.assertGreaterEqual(applied["failed"], 1)
        self.assertEqual(server.stored_versions(), server.recorded_versions())
        server.pipeline(STEP.replace("[COMMAND]", '[cp, "{source}", "{result}"]'))
        self.assertEqual(server.apply("--select", "sh0010", timeout=20)["failed"], 0)

    def test_the_log_is_full(self):
        server = self.start()
        # Only the log, the views and the lock lie on the small disk; what is accepted has room in the zeros that lie ready.
        self.disk(8, server.data)
        real = server.home / "store"
        real.mkdir()
        (server.data / "store").symlink_to(real)
        server.start()
        server.ask("folder", "add", "demo")
        server.ask("publish", "demo/first", server.file("first.txt"))
        filler = fill(server.data)
        refused, accepted = None, 0
        for number in range(2_000):
            note = f"{number} " + "n" * 3_000
            ran = server.run("publish", "demo/more", server.file("m.txt", str(number)), "--note", note, "--json", code=None)
            if ran.code != 0:
                refused = ran
                break
            accepted += 1
        self.assertIsNotNone(refused, "a full disk is noticed")
        self.check(server, ["log.full"], refused)
        self.assertEqual(server.get("/api/v1/health").status, 200)
        filler.unlink()
        server.ask("publish", "demo/more", server.file("m.txt", "after"))
        self.assertEqual(len(server.versions("demo/more")), accepted + 1)
        self.assertEqual(server.stored_versions(), server.recorded_versions())
        before = server.run("status", "--json").output
        server.stop()
        server.start("--rebuild")
        self.assertEqual(server.run("status", "--json").output, before)


class Together(BadInputTestCase):
    def test_16_publishes_of_one_product_at_once_are_16_versions(self):
        files = [self.server.file(f"{index}.bin", f"content {index}") for index in range(16)]
        answers = threads(16, lambda index: self.server.ask("publish", "demo/together", files[index], "--note", index))
        self.assertEqual(len({answer["version"] for answer in answers}), 16)
        self.assertEqual(sorted(answer["number"] for answer in answers), list(range(1, 17)))
        for index, answer in enumerate(answers):
            target = self.server.home / f"out{index}"
            self.server.ask("fetch", f"demo/together@{answer['version']}", "--to", target)
            self.assertEqual((target / f"{index}.bin").read_text(), f"content {index}")
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())

    def test_one_command_sent_8_times_at_once_is_one_version(self):
        body = {"command": "4f4b7d9e-0000-4000-8000-000000000002", "products": [
            {"ref": "demo/once", "representations": [{"files": [{"path": "a.txt", "content": "YQ=="}]}]}]}  # fmt: skip
        answers = threads(8, lambda _: self.server.post("/api/v1/publish", body))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.body for answer in answers}), 1)
        self.assertEqual(len(self.server.versions("demo/once")), 1)
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        self.server.ask("fetch", "demo/once", "--to", self.server.home / "out")

    def test_clients_that_hang_up_leave_nothing_half_done(self):
        def hang_up(index):
            for number in range(8):
                body = json.dumps({"products": [{"ref": f"demo/hung/p{index}", "representations": [
                    {"files": [{"path": "a.txt", "content": "YQ=="}]}]}]}).encode()  # fmt: skip
                head = f"POST /api/v1/publish HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
                with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as connection:
                    connection.sendall(head.encode() + body[: len(body) - (number % 2)])
                    time.sleep(0.0007 * number)

        threads(8, hang_up)
        time.sleep(0.5)
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        for version in self.server.recorded_versions():
            self.server.ask("fetch", version, "--to", self.server.home / "out" / version)


class PipelineFiles(BadInputTestCase):
    def problems(self, text):
        """What check says, and that apply refuses the same, over the command line and over HTTP."""
        file = self.server.file("sluice.yaml", text)
        ran = self.server.run("pipeline", "check", file, "--json", code=2, server=False)
        problems = ran.json["problems"]
        error = self.refused("pipeline", "apply", file)
        self.assertEqual(error["code"], problems[0]["code"])
        raw = file.read_bytes()
        answer = self.assertUntouched(lambda: self.server.http("POST", "/api/v1/pipelines", raw))
        self.assertEqual((answer.status, answer.json["code"]), (400, problems[0]["code"]), str(answer))
        return problems

    def assertPlace(self, problem, code, line, column=None):
        self.assertEqual(problem["code"], code, problem)
        self.assertEqual(problem["line"], line, problem)
        if column is not None:
            self.assertEqual(problem["column"], column, problem)

    def test_a_tab(self):
        text = tiny_show.PIPELINE.replace("    for: { type: shot }", "\tfor: { type: shot }", 1)
        line = text[: text.index("\t")].count("\n") + 1
        self.assertPlace(self.problems(text)[0], "pipeline.syntax", line, 1)

    def test_a_duplicate_key(self):
        text = "sluice: 1\nproject: demo\nproject: other\nsteps: {}\n"
        problem = self.problems(text)[0]
        self.assertIn("project", problem["what"])
        # Either of the two is a place to look at.
        self.assertIn(problem["line"], (2, 3))
        self.assertPlace(problem, "pipeline.syntax", problem["line"], 1)

    def test_a_duplicate_step(self):
        text = tiny_show.PIPELINE.replace("  neutral:\n", "  review:\n")
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "  review:"]
        problem = self.problems(text)[0]
        self.assertIn("review", problem["what"])
        self.assertIn(problem["line"], lines)
        self.assertPlace(problem, "pipeline.syntax", problem["line"], 3)

    def test_a_billion_laughs(self):
        lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
        began = time.monotonic()
        before = self.server.memory_bytes()
        problem = self.problems("\n".join(lines) + "\nsluice: 1\n")[0]
        self.assertEqual(problem["code"], "pipeline.tooLarge")
        self.assertLess(time.monotonic() - began, 10)
        self.assertLess(self.server.memory_bytes() - before, 100 * 1024 * 1024)

    def test_empty_scalar_and_list_documents(self):
        for text in ("", "\n\n", "# only a comment\n", "hello\n", "42\n", "- a\n- b\n", "null\n", "---\n---\n"):
            with self.subTest(text):
                problem = self.problems(text)[0]
                self.assertIn(problem["code"], ("pipeline.shape", "pipeline.syntax"))
                self.assertTrue(problem["line"])

    def test_a_misspelt_key_has_its_exact_place_and_the_nearest_word(self):
        text = tiny_show.PIPELINE.replace("    command:", "    comand:", 1)
        lines = text.splitlines()
        line = next(index for index, entry in enumerate(lines) if "comand" in entry)
        problem = self.problems(text)[0]
        self.assertPlace(problem, "pipeline.unknownKey", line + 1, lines[line].index("comand") + 1)
        self.assertIn("command", problem["fix"])
        words = self.server.run("pipeline", "check", self.server.file("sluice.yaml", text), code=2, server=False).errors
        self.assertIn(f"line {line + 1}, column 5", words)
        self.assertIn("did you mean 'command'?", words)

    def test_misspelt_keys_everywhere(self):
        for right, wrong, code in (
            ("project:", "projct:", "pipeline.unknownKey"),
            ("steps:", "step:", "pipeline.unknownKey"),
            ("inputs:", "input:", "pipeline.unknownKey"),
            ("frames: one-to-one", "frame: one-to-one", "pipeline.unknownKey"),
            ("frames: one-to-one", "frames: one-by-one", "pipeline.unknownWord"),
            ("from: children", "from: childern", "pipeline.unknownWord"),
            ("files: ", "file: ", "pipeline.unknownKey"),
            ('"{plate}"', '"{plat}"', "pipeline.placeholder"),
            ('"{frames.dir}"', '"{frames.dri}"', "pipeline.placeholder"),
            ("{ type: shot }", "{ typ: shot }", "pipeline.unknownKey"),
        ):
            with self.subTest(wrong):
                text = tiny_show.PIPELINE.replace(right, wrong, 1)
                line = text[: text.index(wrong)].count("\n") + 1
                problem = next(problem for problem in self.problems(text) if problem["code"] == code)
                self.assertEqual(problem["line"], line, problem)
                self.assertIn("did you mean", problem["fix"])

    def test_all_problems_are_told_at_once(self):
        text = tiny_show.PIPELINE.replace("command:", "comand:", 2)
        self.assertEqual([problem["code"] for problem in self.problems(text)][:2], ["pipeline.unknownKey"] * 2)

    def test_a_cycle_and_a_product_with_two_makers(self):
        cycle = tiny_show.PIPELINE.replace("plate: { product: plate, frames: one-to-one }", "plate: { product: review_movie }", 1)
        cycle = cycle.replace('"{plate}"', '"{plate}"').replace('"{frame}", ', '"x", ', 1)
        found = self.problems(cycle)
        self.assertEqual(found[0]["code"], "pipeline.cycle", found)
        self.assertTrue(found[0]["line"])
        twice = tiny_show.PIPELINE.replace("product: neutral_frames", "product: review_frames")
        found = self.problems(twice)
        self.assertEqual(found[0]["code"], "pipeline.doubleOutput", found)
        self.assertIn("review_frames", found[0]["what"])

    def test_what_is_not_utf_8(self):
        file = self.server.file("bad.yaml", b"sluice: 1\nproject: \xff\xfe\n")
        self.assertError(self.server.refused("pipeline", "check", file, server=False), "pipeline.syntax")
        self.assertError(self.refused("pipeline", "apply", file), "pipeline.syntax")
        answer = self.server.http("POST", "/api/v1/pipelines", file.read_bytes())
        self.assertProblem(answer, 400, "pipeline.syntax")


class Steps(BadInputTestCase):
    def apply_step(self, command, code=1):
        self.server.pipeline(STEP.replace("[COMMAND]", command))
        for shot in ("sh0010", "sh0020"):
            self.server.ask("publish", f"demo/{shot}/source", self.server.file("source.txt", f"{shot}\n"))
        return self.server.apply(code=code)

    def failure(self, applied, code):
        """The run of `make` failed with the code, what depends on it did not run, all else is there."""
        self.assertEqual((applied["failed"], applied["succeeded"]), (2, 2), applied)
        states = self.server.states()
        for shot in ("sh0010", "sh0020"):
            self.assertEqual(states[f"demo/{shot}/result"], "failed")
            self.assertEqual(states[f"demo/{shot}/other"], "current")
            self.assertNotEqual(states[f"demo/{shot}/end"], "current")
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        self.assertFalse([version for version in self.server.recorded_versions() if "/result@" in version])
        product = next(p for p in self.server.ask("status", "demo")["products"] if p["ref"] == "demo/sh0010/result")
        self.assertError(product["failure"], code)
        shown = self.server.ask("plan", "show", applied["id"])
        failed = [run for run in shown["progress"]["runs"] if run["status"] == "failed"]
        self.assertEqual(len(failed), 2)
        self.assertEqual(shown["progress"]["status"], "failed")
        return failed[0]["failedTasks"][0]

    def test_an_output_that_was_not_made(self):
        self.failure(self.apply_step("[sh, -c, 'echo did nothing']"), "task.outputMissing")

    def test_a_command_that_is_not_installed(self):
        self.failure(self.apply_step('[no-such-program-here, "{source}", "{result}"]'), "task.commandNotFound")

    def test_a_program_path_that_is_not_there(self):
        self.failure(self.apply_step('[/no/such/program, "{source}", "{result}"]'), "task.commandNotFound")

    def test_garbage_makes_the_task_fail_and_its_log_can_be_read(self):
        applied = self.apply_step('[sh, -c, \'grep "^LUT" "$1" > "$2" && exit 0; echo "garbage: $1" >&2; exit 3\', sh, "{source}", "{result}"]')
        task = self.failure(applied, "task.failed")
        self.assertIn("garbage", self.server.run("task", "log", task).output)

    def test_an_output_that_is_a_link_or_a_folder_is_not_published(self):
        applied = self.apply_step('[ln, -s, /etc/passwd, "{result}"]')
        self.failure(applied, "task.outputMissing")

    def test_one_failed_frame_fails_the_run_and_publishes_nothing_of_it(self):
        self.server.pipeline(tiny_show.PIPELINE.replace('cat "$1" "$2" > "$3"', 'case $1 in *1003*) exit 9;; esac; cat "$1" "$2" > "$3"'))
        tiny_show.publish_sources(self.server)
        applied = self.server.apply(code=1)
        self.assertEqual((applied["failed"], applied["succeeded"]), (3, 8))
        self.assertFalse([version for version in self.server.recorded_versions() if "neutral_frames" in version])


class Bodies(BadInputTestCase):
    def stream(self, header, chunk, total, path="/api/v1/publish", seconds=30):
        """Sends head and as much body as is taken; the answer, seconds and bytes sent."""
        began, sent, rest = time.monotonic(), 0, b""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=seconds) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n".encode())
            connection.setblocking(False)
            answer = b""
            while time.monotonic() - began < seconds:
                try:
                    piece = connection.recv(65536)
                    answer += piece
                    if not piece or b"\r\n\r\n" in answer:
                        break
                except BlockingIOError:
                    pass
                except ConnectionError:
                    break
                if sent < total:
                    try:
                        rest = rest or chunk
                        taken = connection.send(rest)
                        sent, rest = sent + taken, rest[taken:]
                    except BlockingIOError:
                        time.sleep(0.002)
                    except ConnectionError:
                        time.sleep(0.05)
                        try:
                            connection.setblocking(True)
                            connection.settimeout(1)
                            answer += connection.recv(65536)
                        except OSError:
                            pass
                        break
        return answer, time.monotonic() - began, sent

    def test_a_body_of_1_gib_is_refused_quickly_and_not_kept(self):
        gibibyte = 1 << 30
        chunk = b"a" * 65536
        hexed = b"10000\r\n" + chunk + b"\r\n"
        for path in ("/api/v1/publish", "/api/v1/pipelines", "/api/v1/identify", "/api/v1/folders"):
            for header, piece in ((f"Content-Length: {gibibyte}", chunk), ("Transfer-Encoding: chunked", hexed)):
                with self.subTest(path=path, header=header):
                    before = self.server.memory_bytes()
                    answer, seconds, sent = self.assertUntouched(
                        lambda header=header, piece=piece, path=path: self.stream(header, piece, gibibyte, path)
                    )
                    self.assertIn(b" 413 ", answer.split(b"\r\n")[0], answer[:300])
                    self.assertIn(b"body.tooLarge", answer)
                    self.assertLess(seconds, 10)
                    self.assertLess(sent, 128 << 20)
                    self.assertLess(self.server.memory_bytes() - before, 160 << 20)

    def test_a_million_nested_brackets(self):
        deep = b"[" * 1_000_000
        both = deep + b"]" * 1_000_000
        objects = b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000
        for body in (deep, both, objects, b'{"products":' + both + b"}"):
            for path in ("/api/v1/publish", "/api/v1/plan", "/api/v1/tags", "/api/v1/identify"):
                with self.subTest(path=path, body=body[:20]):
                    answer = self.assertUntouched(
                        lambda body=body, path=path: self.server.http("POST", path, body, {"Content-Type": "application/json"})
                    )
                    self.assertProblem(answer, 400, "body.invalid")

    def test_a_million_nested_brackets_as_yaml(self):
        for body, codes in (
            (b"[" * 1_000_000, ("pipeline.tooLarge",)),
            (b"a: " + b"[" * 500_000 + b"]" * 500_000, ("pipeline.tooLarge",)),
            (b"{a: " * 200_000, ("pipeline.tooLarge",)),
            (b"- " * 500_000, ("pipeline.tooLarge",)),
            (b"? " * 500_000, ("pipeline.tooLarge",)),
            (b"\n".join(b" " * n + b"a:" for n in range(1, 1_300)), ("pipeline.tooLarge", "pipeline.syntax")),
            (b"\n".join(b" " * n + b"- a" for n in range(1_300, 1, -1)), ("pipeline.tooLarge", "pipeline.syntax")),
            (b"!!a " * 200_000, ("pipeline.syntax", "pipeline.shape")),
            (b"x" * 1_100_000, ("pipeline.tooLarge", "body.tooLarge")),
        ):
            with self.subTest(body[:20]):
                answer = self.assertUntouched(lambda body=body: self.server.http("POST", "/api/v1/pipelines", body))
                self.assertIn(answer.json["code"], codes, str(answer))
                self.assertIn(answer.status, (400, 413))
                file = self.server.file("deep.yaml", body)
                ran = self.server.run("pipeline", "check", file, code=2, server=False)
                self.assertIn("code:", ran.errors)

    def test_bodies_that_are_not_what_the_route_takes(self):
        for path, body in (
            ("publish", b""), ("publish", b"null"), ("publish", b"[]"), ("publish", b"{"), ("publish", b"\xff\xfe"),
            ("publish", b'{"products": 7}'), ("publish", b'{"products": [{"ref": 7}]}'), ("tags", b'{"ref": 7}'),
            ("tags", b'{"ref": "demo/look/lut"}'), ("plan", b"{}"), ("apply", b'"x"'), ("cancel", b"{}"),
            ("identify", b'{"files": {}}'), ("tokens", b"{}"), ("folders", b'{"project": null}'),
            ("publish", b'{"products": [{"ref": "demo/x", "representations": [{"files": [{"path": "a", "content": "%%%"}]}]}]}'),
        ):  # fmt: skip
            with self.subTest(path=path, body=body):
                answer = self.assertUntouched(lambda path=path, body=body: self.server.http("POST", f"/api/v1/{path}", body))
                self.assertProblem(answer, 400, "body.invalid")

    def test_numbers_and_limits_that_are_none(self):
        for query in ("limit=-1", "limit=99999999999999999999", "limit=x", "last=0", "last=-5", "last=9223372036854775807",
                      "from=main:-1", "from=main:99999999999999999999", "from=main:9223372036854775807", "type=%2A%2A%2A"):  # fmt: skip
            with self.subTest(query):
                self.assertIn(self.server.get("/api/v1/events?" + query).status, (200, 400))
        for frames in ("1-999999999999", "0-10000000", "-5--1", "1-", "a", "1,,2", "99999999999999999999"):
            with self.subTest(frames):
                answer = self.server.post("/api/v1/plan", {"project": "demo", "frames": frames})
                self.assertEqual(answer.status // 100, 4, str(answer))
        for query in ("width=-1", "width=99999999999", "frame=99999999999999999999", "width=x"):
            with self.subTest(query):
                self.assertEqual(self.server.get(f"/api/v1/preview?ref=demo/look/lut&{query}").status, 404)
        self.assertEqual(self.server.get("/api/v1/tasks/..%2F..%2Fviews.sqlite/log").status, 404)

    def test_ranges_of_a_file(self):
        path = "/api/v1/files?ref=demo/look/lut"
        for text, status, body in (
            ("bytes=0-1", 206, b"fi"), ("bytes=-2", 206, b"t\n"), ("bytes=3-", 206, b"st\n"), ("bytes=9-99", 200, b"first\n"),
            ("bytes=5-2", 200, b"first\n"), ("bytes=x", 200, b"first\n"), ("bytes=0-99999999999999999999", 200, b"first\n"),
        ):  # fmt: skip
            with self.subTest(text):
                answer = self.server.get(path, headers={"Range": text})
                self.assertIn((answer.status, answer.body), ((status, body), (416, answer.body)))


class Doors(BadInputTestCase):
    def test_a_second_server_on_the_same_data(self):
        ran = self.assertUntouched(
            lambda: self.server.run("serve", "--data", self.server.data, "--listen", "127.0.0.1:0", "--json", code=1)
        )
        self.assertError(ran.error, "store.busy")
        ran = self.server.run("token", "create", "alice", "--data", self.server.data, "--json", code=1)
        self.assertError(ran.error, "store.busy")

    def test_a_port_that_is_taken(self):
        ran = self.server.run("serve", "--data", self.server.home / "other", "--listen", f"127.0.0.1:{self.server.port}", code=1)
        self.assertIn("listen.refused", ran.errors)

    def test_a_wrong_host(self):
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example:7733", "", "0.0.0.0",
                     "[::1].evil.example", "[::1]evil.example"):  # fmt: skip
            for path in ("/api/v1/status", "/", "/openapi.json"):
                with self.subTest(host=host, path=path):
                    self.assertProblem(self.server.get(path, headers={"Host": host}), 403, "host.refused")
        for host in ("localhost", f"localhost:{self.server.port}", "127.0.0.1", "[::1]:7733", "LOCALHOST"):
            with self.subTest(host):
                self.assertEqual(self.server.get("/api/v1/health", headers={"Host": host}).status, 200)

    def test_a_foreign_origin(self):
        body = {"project": "evil"}
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{self.server.port + 1}", f"http://127.0.0.1:{self.server.port}.evil.example", "file://"):
            with self.subTest(origin):
                answer = self.assertUntouched(
                    lambda origin=origin: self.server.post("/api/v1/folders", body, headers={"Origin": origin})
                )
                self.assertProblem(answer, 403, "origin.refused")
        own = {"Origin": self.server.url}
        self.assertEqual(self.server.post("/api/v1/folders", {"project": "good"}, headers=own).status, 200)

    def test_published_files_never_run_as_a_page(self):
        self.server.ask("publish", "demo/page", self.server.file("evil.html", "<script>alert(1)</script>"))
        answer = self.server.get("/api/v1/files?ref=demo/page&path=evil.html")
        self.assertEqual(answer.headers["content-type"], "application/octet-stream")
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
        self.assertIn("default-src 'self'", answer.headers["content-security-policy"])

    def test_routes_that_are_not_there(self):
        for method, path in (("GET", "/api/v1/nothing"), ("GET", "/api/v1/publish"), ("DELETE", "/api/v1/status"),
                             ("PATCH", "/api/v1/publish"), ("GET", "/app/../../etc/passwd"), ("GET", "/schemas/../views.sqlite")):  # fmt: skip
            with self.subTest(path):
                self.assertProblem(self.server.http(method, path), 404, "route.unknown")


class Tokens(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    assertProblem = ServerTestCase.assertProblem
    assertError = ServerTestCase.assertError

    def test_listening_beyond_this_machine_wants_a_token_first(self):
        ran = self.server.run("serve", "--data", self.server.data, "--listen", "0.0.0.0:0", "--json", code=1)
        self.assertError(ran.error, "listen.refused", "token")

    def test_from_the_first_token_on_everybody_needs_one(self):
        first = self.server.ask("token", "create", "alice", "--data", self.server.data)
        self.assertEqual(sorted(first["rights"]), ["admin", "agent", "pipeline", "publish", "run", "subscribe"])
        self.server.start()
        self.server.extra.pop("SLUICE_TOKEN", None)
        alice = {"SLUICE_TOKEN": first["token"]}
        # Nobody without one.
        error = self.server.refused("status", code=1)
        self.assertError(error, "token.missing")
        for path in ("status", "events", "health", "stream", "folders?project=x", "nothing"):
            self.assertProblem(self.server.get(f"/api/v1/{path}"), 401, "token.missing")
        for token in ("wrong", first["token"] + "x", first["token"][:-1], "", "\xe4"):
            answer = self.server.get("/api/v1/status", headers={"Authorization": f"Bearer {token}"})
            self.assertProblem(answer, 401, "token.missing")
        self.assertEqual(self.server.get("/").status, 200)
        # Rights.
        self.server.ask("folder", "add", "demo", environment=alice)
        file = self.server.file("x.txt")
        rights = {}
        for right in ("publish", "run", "pipeline", "admin"):
            made = self.server.ask("token", "create", f"only-{right}", "--right", right, environment=alice)
            self.assertEqual(made["rights"], [right])
            rights[right] = {"SLUICE_TOKEN": made["token"]}
        pipeline = self.server.file("sluice.yaml", tiny_show.PIPELINE)
        for command, needed in (
            (["publish", "demo/x", file], "publish"),
            (["folder", "add", "demo/new"], "publish"),
            (["tag", "demo/x", "approved"], "publish"),
            (["pipeline", "apply", pipeline], "pipeline"),
            (["apply", "demo", "--select", "state:failed"], "run"),
            (["token", "create", "bob"], "admin"),
        ):
            for right, environment in rights.items():
                with self.subTest(command=command, right=right):
                    if right == needed:
                        self.server.ask(*command, environment=environment)
                    else:
                        error = self.server.refused(*command, environment=environment, code=1)
                        self.assertError(error, "token.right", needed)
        for environment in rights.values():
            self.server.ask("status", environment=environment)
        # The name on a fact is the token's, whatever is claimed.
        event = self.server.run("events", "--type", "sluice.version.*", environment={**alice, "SLUICE_ACTOR": "mallory"}).lines[0]
        self.assertEqual((event["actor"], event["actortrust"]), ("only-publish", "token"))
        # Neither the log nor the events hold a token.
        everything = self.server.run("events", environment=alice).output
        self.assertNotIn(first["token"], everything)
        for name in self.server.data.glob("*.sqlite*"):
            self.assertNotIn(first["token"].encode(), name.read_bytes())
        # It lasts.
        self.server.kill()
        self.server.start()
        self.assertError(self.server.refused("status", code=1), "token.missing")
        self.server.ask("status", environment=alice)

    def test_a_session_cookie_stands_for_a_token(self):
        token = self.server.ask("token", "create", "alice", "--data", self.server.data)["token"]
        self.server.start()
        self.assertProblem(self.server.post("/api/v1/session", {"token": "wrong"}), 401, "token.missing")
        answer = self.server.post("/api/v1/session", {"token": token})
        self.assertEqual(answer.status, 204)
        cookie = answer.headers["set-cookie"]
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict", cookie)
        headers = {"Cookie": cookie.split(";")[0]}
        self.assertEqual(self.server.get("/api/v1/status", headers=headers).status, 200)
        self.assertIn("Max-Age=0", self.server.http("DELETE", "/api/v1/session", headers=headers).headers["set-cookie"])

    def test_a_right_that_does_not_exist(self):
        self.assertError(self.server.refused("token", "create", "x", "--right", "everything", "--data", self.server.data), "usage")
        self.assertError(self.server.refused("token", "create", "../x", "--data", self.server.data), "reference.invalid")


if __name__ == "__main__":
    unittest.main()
