"""What is said of products and versions is what is the case: verdicts, freezes, holds, omissions, older versions."""

import tiny_show
from sluice_server import ServerTestCase
from test_judgement import ANIMATION, BEAUTY, PIPELINE

LUT, REVIEW = "demo/look/show_lut", "demo/sq010/sh0010/review_frames"
LOOK = "demo/hero/look"


class StatesTestCase(ServerTestCase):
    def status(self, ref):
        return self.server.ask("status", ref)["products"][0]

    def words(self, *command):
        return self.server.run(*command).output


class OfWhatWasRejected(StatesTestCase):
    def setUp(self):
        super().setUp()
        self.server.pipeline(PIPELINE)
        self.server.ask("publish", "demo/hero/rig", self.server.file("rig.txt", "rig\n"))
        self.server.ask("publish", "demo/sh010/layout", self.server.file("layout.txt", "layout\n"))
        self.server.ask("publish", LOOK, self.server.file("look.txt", "grey\n"))
        self.server.ask("approve", f"{LOOK}@1")
        self.server.ask("publish", ANIMATION, self.server.file("animation.txt", "she walks\n"), "--from", "inputs")
        self.server.apply()

    def test_the_reason_says_who_rejected_it_and_why(self):
        self.server.ask("reject", f"{LOOK}@1", "--because", "bad")
        pattern = r"hero/look v001 was rejected by tester \(.*\): because “bad”"
        self.assertRegex(self.words("status", BEAUTY), rf"^stale +{BEAUTY} +v001 +{pattern}")
        self.assertNotIn("nobody has published", self.words("status", "demo"))
        plan = self.server.ask("plan", "demo")
        self.assertEqual((plan["missing"], len(plan["blocked"])), ([], 1))

    def test_the_reason_says_that_an_approval_was_taken_back(self):
        self.server.ask("approve", f"{LOOK}@1", "--withdraw", "--because", "not yet")
        self.assertRegex(self.words("status", BEAUTY), r"hero/look v001 has no approval any more: tester took it back \(.*“not yet”")

    def test_the_reason_says_that_the_only_latest_was_rejected(self):
        self.server.ask("reject", "demo/hero/rig@1", "--because", "melted")
        self.assertRegex(self.words("status", ANIMATION), r"^dubious .* hero/rig v001 was rejected by tester \(.*“melted”")

    def test_show_has_the_verdict_of_each_version_and_no_tag_that_does_not_stand(self):
        self.server.ask("publish", LOOK, self.server.file("look.txt", "green\n"))
        self.server.ask("approve", f"{LOOK}@2")
        self.server.ask("reject", f"{LOOK}@2", "--because", "too green")
        shown = self.server.ask("show", LOOK)
        self.assertEqual(shown["tags"], {})
        self.assertEqual([version["judged"]["verdict"] for version in shown["versions"]], ["rejected", "approved"])
        words = self.words("show", f"{LOOK}@2")
        self.assertRegex(words, rf"^{LOOK} v002 \(v-\S+\), rejected\n")
        self.assertRegex(words, r"(?m)^  v002 .* rejected by tester: “too green”")
        self.assertRegex(words, r"(?m)^  v001 .* approved by tester")
        self.assertNotIn("tags", words)


class OfWhatIsKept(StatesTestCase):
    def setUp(self):
        super().setUp()
        tiny_show.make(self.server)

    def test_a_frozen_product_says_that_it_is(self):
        tiny_show.change_look(self.server)
        self.server.ask("freeze", LUT, "--at", "1", "--until", "2099-01-01", "--because", "the cut is locked")
        frozen = self.status(LUT)["frozen"]
        self.assertEqual((frozen["number"], frozen["because"], frozen["actor"]["name"], frozen["until"][:10]),
                         (1, "the cut is locked", "tester", "2099-01-01"))  # fmt: skip
        self.assertEqual(self.server.ask("show", LUT)["frozen"], frozen)
        pattern = r"frozen at v001 until 2099-01-01T\S+ \(tester, \d{4}-\S+\): “the cut is locked”"
        self.assertRegex(self.words("status", LUT), rf"current +{LUT} +v002 +{pattern}")
        self.assertRegex(self.words("show", LUT), pattern)
        listed = self.server.ask("status", "demo", "--frozen")["products"]
        self.assertEqual([product["ref"] for product in listed], [LUT])
        self.server.ask("thaw", LUT)
        self.assertNotIn("frozen", self.status(LUT))
        self.assertEqual(self.words("status", "demo", "--frozen"), "Nothing is frozen.\n")

    def test_a_painted_frame_leaves_the_others_what_they_were(self):
        frame = self.server.file("painted/review.1002.txt", "painted\n")
        self.server.ask("publish", REVIEW, frame, "--patch", "--override", "--because", "wires")
        shown = self.server.ask("show", REVIEW)
        self.assertEqual((shown["selected"]["carried"]["number"], shown["selected"]["carried"]["but"]), (1, "1002"))
        self.assertEqual({(made["input"], made["frames"]) for made in shown["selected"]["madeFrom"]},
                         {("plate", "1001,1003-1004"), ("lut", "1001,1003-1004")})  # fmt: skip
        self.assertIn("  carried from v001 but for frame 1002\n", self.words("show", REVIEW))
        chain = [link["text"] for link in self.server.ask("why", REVIEW)["chain"]]
        self.assertRegex(chain[0], r"review_frames v002 was published by tester, laid over v001$")
        self.assertRegex(chain[1], r"review_frames v001 was made by the step 'review'")
        self.assertEqual([product["ref"] for product in self.server.ask("status", "demo", "--held")["products"]], [REVIEW])
        self.server.ask("release", REVIEW)
        plan = self.server.ask("plan", "demo", "--select", REVIEW.removeprefix("demo/"))
        self.assertEqual([run["frames"] for run in plan["runs"]], ["1002"])
        self.assertRegex(self.words("status", REVIEW), r"frame 1002 of review_frames v002 was painted over \(tester, ")
        self.server.apply()
        self.assertEqual(set(self.server.states().values()), {"current"})

    def test_what_is_held_says_what_is_kept_out(self):
        frame = self.server.file("painted/review.1002.txt", "painted\n")
        self.server.ask("publish", REVIEW, frame, "--patch", "--override", "--because", "wires")
        self.assertNotIn("kept out", self.words("status", REVIEW))
        tiny_show.change_look(self.server)
        self.assertRegex(self.words("status", REVIEW), r"because “wires”; kept out: look/show_lut moved from v001 to v002 \(tester")

    def test_an_older_version_says_by_which_it_is_superseded_and_not_how_the_latest_stands(self):
        tiny_show.change_look(self.server)
        self.server.apply()
        old = self.server.ask("show", f"{REVIEW}@1")
        self.assertEqual(old["selected"]["supersededBy"]["number"], 2)
        self.assertNotIn("status", old)
        words = self.words("show", f"{REVIEW}@1")
        self.assertRegex(words, rf"^{REVIEW} v001 \(v-\S+\), superseded by v002\n")
        self.assertNotIn("current", words.splitlines()[0])
        self.assertRegex(self.words("show", REVIEW), rf"^{REVIEW} v002 \(v-\S+\), current\n")

    def test_what_is_left_out_of_the_show_says_so(self):
        self.server.ask("folder", "omit", "demo/sq010/sh0010")
        self.assertTrue(self.status(REVIEW)["omitted"])
        self.assertRegex(self.words("status", REVIEW), rf"^omitted +{REVIEW} +v001")
        self.assertRegex(self.words("show", REVIEW), r", omitted\n")
        self.assertNotIn("omitted", self.status("demo/sq010/sh0020/review_frames"))


class OfAVouch(StatesTestCase):
    def test_it_says_how_the_product_stands_then(self):
        tiny_show.make(self.server)
        tiny_show.change_look(self.server)
        words = self.words("vouch", "demo/sq010/sh0010/review_movie")
        self.assertRegex(words, r"(?m)^  frames +demo/sq010/sh0010/review_frames +v001 +v-")
        self.assertRegex(words, r"It is stale all the same:\n  because look/show_lut moved from v001 to v002")
        self.assertTrue(self.words("vouch", REVIEW).endswith("It is current now.\n"))
        answer = self.server.ask("vouch", REVIEW)
        self.assertEqual((answer["status"]["freshness"], {used["number"] for used in answer["inputs"]}), ("current", {1, 2}))


if __name__ == "__main__":
    import unittest

    unittest.main()
