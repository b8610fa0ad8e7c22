"""Questions and plans, answered by a real server."""

from __future__ import annotations

import itertools
import os
import unittest
from pathlib import Path
from unittest import mock

import support  # noqa: F401 (finds the client)

import tiny_show  # isort: skip
from sluice_server import Server, ServerTestCase, SharedServerTestCase  # isort: skip

import sluice
from sluice import _client


class Asking:
    def client(self, **more: object) -> sluice.Client:
        client = sluice.Client(self.server.url, actor="ada", **more)
        self.addCleanup(client.close)
        return client


class Questions(Asking, SharedServerTestCase):
    """On a show that was made, and whose look has changed since."""

    @classmethod
    def prepare(cls, server: Server) -> None:
        tiny_show.make(server)
        server.ask("tag", "demo/look/show_lut@1", "approved")
        tiny_show.change_look(server)

    def test_resolve_answers_in_order_and_a_wrong_one_fails_alone(self):
        refs = [
            "demo/look/show_lut@approved",
            "demo/nosuch",
            "../up",
            "demo/sq010/sh0010/plate",
            "sluice:/demo/look/show_lut/v-latest",
        ]
        answers = self.client().resolve(refs)
        self.assertEqual([answer.ref for answer in answers], refs)
        self.assertEqual(
            [answer.error.code if answer.error else None for answer in answers],
            [None, "product.unknown", "reference.invalid", None, None],
        )
        lut, _, _, plate, latest = answers
        self.assertEqual(Path(lut.require().path).read_text(), "warm\n")
        self.assertEqual(Path(latest.require().path).read_text(), "cold\n")
        files = plate.require()
        self.assertEqual(
            (files.kind, files.frames, files.files, Path(files.path).name),
            ("sequence", "1001-1004", 4, "plate.####.txt"),
        )
        self.assertEqual(len(list(Path(files.directory).iterdir())), 4)
        for answer in answers[1:3]:
            with self.assertRaises(sluice.SluiceError) as raised:
                answer.require()
            self.assertIs(raised.exception, answer.error)

    def test_resolve_takes_one_reference_too_and_none(self):
        self.assertEqual(self.client().resolve("demo/look/show_lut")[0].require().number, 2)
        self.assertEqual(self.client().resolve([]), [])

    def test_resolve_of_more_than_one_request_may_carry(self):
        client = self.client()
        with mock.patch.object(_client, "_REFS", 3):
            answers = client.resolve([f"demo/look/show_lut@{number % 3 + 1}" for number in range(8)])
        self.assertEqual([answer.error is None for answer in answers], [True, True, False] * 2 + [True, True])
        self.assertEqual(len(client.resolve(["demo/look/show_lut@1"] * 10_001)), 10_001)

    def test_resolve_of_a_representation(self):
        client = self.client()
        files = {"usd": self.server.file("hero.usd"), "mov": self.server.file("hero.mov")}
        client.publish("demo/hero", files)
        unsaid, usd, other = (client.resolve(["demo/hero"], representation=name)[0] for name in (None, "usd", "abc"))
        self.assertEqual((unsaid.error.code, other.error.code), ("file.unknown", "file.unknown"))
        self.assertEqual((usd.require().representation, Path(usd.require().path).name), ("usd", "hero.usd"))
        (again,) = client.resolve([usd.require().entity])
        self.assertEqual(again.require(), usd.require())

    def test_identify_by_content_by_place_and_each_error_by_itself(self):
        client = self.client()
        stored = client.resolve("demo/look/show_lut@1")[0].require().path
        copy = self.server.file("copy.cube", "warm\n")
        unknown = self.server.file("unknown.txt", "nobody published this\n")
        paths = [stored, copy, unknown, "/no/such/file", self.server.home, os.path.relpath(copy), "nul\0byte"]
        answers = client.identify(paths)
        self.assertEqual([answer.path for answer in answers], [os.fspath(path) for path in paths])
        self.assertEqual([answer.by for answer in answers], ["place", "content", None, None, None, "content", None])
        self.assertEqual([answer.ref for answer in answers][:2], ["demo/look/show_lut"] * 2)
        codes = [answer.error.code if answer.error else None for answer in answers]
        self.assertEqual(codes, [None, None, None, *["publish.fileMissing"] * 2, None, "publish.fileMissing"])
        self.assertEqual(client.identify(copy)[0].version, answers[1].version)
        with mock.patch.object(_client, "_IDENTIFIED", 2):
            self.assertEqual(len(client.identify([copy] * 5)), 5)

    def test_identify_of_a_stored_file_that_cannot_be_read_says_its_place(self):
        client = self.client()
        stored = Path(client.resolve("demo/look/show_lut@1")[0].require().path)
        (gone,) = client.identify([stored.with_name("gone.cube")])
        self.assertEqual((gone.by, gone.ref, gone.sha256, gone.error), ("place", "demo/look/show_lut", None, None))

    def test_identify_says_what_the_command_line_says(self):
        copy = self.server.file("copy.cube", "warm\n")
        said = self.server.ask("identify", copy, "/no/such", code=None)["files"]
        for answer, other in zip(self.client().identify([copy, "/no/such"]), said):
            self.assertEqual(
                (answer.ref, answer.version, answer.by), (other.get("ref"), other.get("version"), other.get("by"))
            )
            if answer.error:
                error = answer.error
                found = {"code": error.code, "what": error.what, "at": error.at, "fix": error.fix}
                self.assertEqual(found, other["error"])

    def test_a_large_file_is_hashed_in_pieces(self):
        import tracemalloc

        large = self.server.file("large.bin", os.urandom(20_000_000))
        client = self.client()
        client.identify(large)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        client.identify(large)
        self.assertLess(tracemalloc.get_traced_memory()[1], 5_000_000)

    def test_status_with_reasons(self):
        client = self.client()
        whole = client.status("demo")
        self.assertEqual(whole.as_of, client.position())
        states = {product.ref: product.state for product in whole.products}
        self.assertEqual(states, {**states, **self.server.states()})
        stale = client.status("demo", stale=True).products
        self.assertEqual(
            {product.ref for product in stale}, {ref for ref, state in states.items() if state != "current"}
        )
        (review,) = client.status("demo/sq010/sh0010/review_frames").products
        self.assertEqual((review.state, review.step, review.stale_frames), ("stale", "review", "1001-1004"))
        self.assertIn("look/show_lut", review.reasons[0].text)
        self.assertGreaterEqual(len(client.status().products), len(whole.products))

    def test_why_leads_back_to_a_person(self):
        why = self.client().why("demo/sq010/contact")
        self.assertEqual(why.ref, "demo/sq010/contact")
        self.assertTrue(why.reasons)
        self.assertIn("published by", why.chain[-1].text)
        self.assertEqual(why.chain[-1].type, "sluice.version.published.v1")

    def test_a_plan_is_computed_and_nothing_recorded(self):
        client = self.client()
        before = client.position()
        plan = client.plan("demo")
        self.assertEqual({run.step for run in plan.runs}, {"review", "review_movie", "contact"})
        self.assertEqual(plan.tasks, sum(run.tasks for run in plan.runs))
        narrow = client.plan("demo", select="sq010/sh0010/review_frames", frames="1002-1003")
        self.assertEqual(
            [(run.folder, run.frames, run.tasks) for run in narrow.runs], [("sq010/sh0010", "1002-1003", 2)]
        )
        self.assertEqual(client.position(), before)

    def test_errors_are_the_servers(self):
        client = self.client()
        for call, code, status in (
            (lambda: client.status("nosuch"), "project.unknown", 404),
            (lambda: client.why("demo/nosuch"), "product.unknown", 404),
            (lambda: client.plan("demo", frames="9-1"), "frames.invalid", 400),
            (lambda: client.plan("nosuch"), "project.unknown", 404),
            (lambda: client.apply("demo", plan="p-000000000000"), "plan.unknown", 404),
            (lambda: next(client.events(start="elsewhere:1")), "usage", 400),
            (lambda: next(client.events(start="elsewhere:1", follow=False)), "usage", 400),
        ):
            with self.subTest(code), self.assertRaises(sluice.SluiceError) as raised:
                call()
            self.assertEqual((raised.exception.code, raised.exception.status), (code, status))


class Applying(Asking, ServerTestCase):
    def test_a_plan_that_was_looked_at_runs_and_one_that_changed_does_not(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        client = self.client()
        looked_at = client.plan("demo")
        client.publish("demo/look/neutral_lut", self.server.file("neutral.cube", "another\n"))
        with self.assertRaises(sluice.PlanChanged) as raised:
            client.apply("demo", plan=looked_at)
        changed = raised.exception
        self.assertEqual((changed.code, changed.status), ("plan.changed", 409))
        self.assertTrue(changed.difference)
        self.assertGreater(changed.plan.tasks, looked_at.tasks)
        applied = client.apply("demo", plan=changed.plan)
        self.assertEqual(applied.id, changed.plan.id)
        self.assertEqual(self.server.wait_for_plan(applied.id)["state"]["status"], "succeeded")
        self.assertEqual(client.status("demo", stale=True).products, ())

    def test_a_selection_beside_a_plan_is_refused(self):
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client().apply("demo", plan="p-1", select="sq010")
        self.assertEqual(raised.exception.code, "usage")

    def test_the_same_command_applies_once(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        client = self.client()
        first = client.apply("demo", command="once")
        self.server.wait_for_plan(first.id)
        again = client.apply("demo", command="once")
        self.assertEqual(len(self.server.events("sluice.plan.applied.v1")), 2, "the show's making, and this one")
        self.assertEqual(again.project, "demo")


class Rights(Asking, unittest.TestCase):
    def test_a_token_is_shown_and_without_one_nothing_is_answered(self):
        self.server = server = Server()
        self.addCleanup(server.close)
        token = server.run("token", "create", "ada", "--data", server.data, "--json", server=False).json["token"]
        server.start()
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client().status()
        self.assertEqual((raised.exception.code, raised.exception.status), ("token.missing", 401))
        client = self.client(token=token)
        self.assertEqual(client.status().products, ())
        kinds = [event.type for event in itertools.islice(client.events(follow=False), 5)]
        self.assertEqual(kinds, ["sluice.token.created.v1"])


if __name__ == "__main__":
    unittest.main()
