"""What people say of versions and products, through the client and a real server."""

from __future__ import annotations

import unittest

import support  # noqa: F401 (finds the client)

import tiny_show  # isort: skip
from sluice_server import ServerTestCase  # isort: skip

import sluice

REVIEW = "demo/sq010/sh0010/review_frames"
LUT = "demo/look/show_lut"


class Saying(ServerTestCase):
    def setUp(self) -> None:
        super().setUp()
        tiny_show.make(self.server)
        self.client = sluice.Client(self.server.url, actor="ada")
        self.addCleanup(self.client.close)

    def product(self, ref: str) -> sluice.ProductStatus:
        (product,) = self.client.status(ref).products
        return product

    def test_approve_reject_and_withdraw(self):
        approved = self.client.approve(f"{LUT}@1", because="final")
        self.assertEqual((approved.ref, approved.number, approved.approved.verdict), (LUT, 1, "approved"))
        said = self.product(LUT).approved
        self.assertEqual((said.value, said.by, said.because), (True, "ada", "final"))
        rejected = self.client.reject(LUT, because="too warm")
        self.assertEqual((rejected.approved.verdict, rejected.latest), ("rejected", None))
        self.assertEqual(self.client.withdraw(f"{LUT}@1").latest, approved.version)

    def test_a_vouch_makes_what_is_stale_current_and_names_its_inputs(self):
        tiny_show.change_look(self.server)
        stale = self.product(REVIEW)
        self.assertEqual(
            [(part.frames, part.freshness, part.reasons) for part in stale.ranges], [("1001-1004", "stale", (0,))]
        )
        vouched = self.client.vouch(REVIEW, because="not seen in this shot")
        self.assertEqual({used.input for used in vouched.inputs}, {"plate", "lut"})
        self.assertEqual(
            (vouched.ref, vouched.because, {used.through for used in vouched.inputs}),
            (REVIEW, "not seen in this shot", {None}),
        )
        current = self.product(REVIEW)
        self.assertEqual((current.freshness, current.complete.value), ("current", True))
        self.assertEqual(
            [(part.frames, part.freshness, part.reasons) for part in current.ranges], [("1001-1004", "current", ())]
        )

    def test_what_is_frozen_is_kept_out_and_the_plan_says_so(self):
        frozen = self.client.freeze(LUT, at="1", because="the cut is locked")
        tiny_show.change_look(self.server)
        plan = self.client.plan("demo")
        self.assertEqual(
            (plan.runs, [(one.product, one.at, one.by) for one in plan.frozen]), ((), [(LUT, frozen.at, "ada")])
        )
        self.assertIsNone(self.client.thaw(LUT).at)
        self.assertTrue(self.client.plan("demo").runs)

    def test_release_of_what_was_painted_over(self):
        file = self.server.file("review.1002.txt", "painted\n")
        self.server.ask("publish", REVIEW, file, "--patch", "--override", "--because", "wires")
        (held,) = self.client.plan("demo").held
        self.assertEqual((held.product, held.because), (REVIEW, "wires"))
        self.assertFalse(self.client.release(REVIEW).held)
        self.assertEqual(self.client.plan("demo").held, ())

    def test_what_if_and_a_selection_of_the_status(self):
        plan = self.client.plan("demo", changed=LUT)
        self.assertEqual({run.step for run in plan.runs}, {"review", "review_movie", "contact"})
        self.assertEqual([change.ref for change in plan.what_if.changes], [LUT])
        chosen = self.client.status("demo", select="step:review", exclude="sq020").products
        self.assertEqual({product.ref for product in chosen}, {REVIEW, "demo/sq010/sh0020/review_frames"})

    def test_products_of_a_folder_that_is_left_out_say_so(self):
        self.assertFalse(self.product(REVIEW).omitted)
        self.server.ask("folder", "omit", "demo/sq010")
        self.assertTrue(self.product(REVIEW).omitted)

    def test_what_if_a_file_came(self):
        def runs(changed, **more):
            plan = self.client.plan("demo", changed=changed, **more)
            return len(plan.runs), plan.what_if.changes[0].differs

        same, other = self.server.file("same.cube", "warm\n"), self.server.file("other.cube", "cold\n")
        self.assertEqual(runs({LUT: same}), (0, False))
        self.assertEqual(runs({LUT: other}), (8, True))
        self.assertEqual(runs(f"{LUT}={other}"), (8, True))
        self.assertEqual(runs([LUT]), (8, True))
        plate = "demo/sq010/sh0010/plate"
        for frame in (1001, 1002, 1004):
            self.server.file(f"new/plate.{frame}.txt", f"new {frame}\n")
        pattern = f"{plate}={self.server.home}/files/new/plate.####.txt"
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client.plan("demo", changed=pattern)
        self.assertEqual(
            (raised.exception.code, raised.exception.what), ("publish.hole", "the sequence lacks frame 1003")
        )
        self.assertEqual(runs(pattern, allow_missing=True)[1], True)
        for nothing in (f"{LUT}=", {LUT: []}):
            with self.assertRaises(sluice.SluiceError) as raised:
                self.client.plan("demo", changed=nothing)
            self.assertEqual(raised.exception.code, "usage")
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client.plan("demo", changed=f"{LUT}={self.server.home}/none.*.cube")
        self.assertEqual(raised.exception.code, "publish.fileMissing")

    def test_sizes(self):
        sizes = self.client.sizes("demo")
        self.assertEqual([one.size for one in sizes.sizes][:3], ["XS", "S", "M"])
        (review,) = [step for step in sizes.steps if step.step == "review"]
        self.assertGreater(review.tasks, 0)
        later = self.client.sizes("demo", since=self.client.position())
        self.assertEqual({step.tasks for step in later.steps}, {0})

    def test_savings(self):
        tiny_show.change_look(self.server, "# a comment\nwarm\n")
        self.server.apply()
        savings = self.client.savings("demo")
        self.assertEqual((savings.project, savings.since), ("demo", None))
        self.assertGreater(savings.all.spent.tasks, 0)
        self.assertGreater(savings.all.cut_off.tasks, 0)
        self.assertIn("review_movie", [step.step for step in savings.steps])
        self.assertEqual(self.client.savings("demo", since=self.client.position()).all.spent.runs, 0)

    def test_errors_are_the_servers(self):
        with self.assertRaises(sluice.SluiceError) as raised:
            self.client.vouch("demo/sq010/sh0010/plate")
        self.assertEqual(raised.exception.code, "vouch.nothing")


if __name__ == "__main__":
    unittest.main()
