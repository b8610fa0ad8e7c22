"""Files that can be made again are dropped and come back, byte for byte, also when the server is killed between."""

import time
import unittest

import tiny_show
from sluice_server import ServerTestCase

REVIEW = "demo/sq010/sh0010/review_frames"
MOVIE = "demo/sq010/sh0010/review_movie"


class Purge(ServerTestCase):
    def setUp(self):
        super().setUp()
        tiny_show.make(self.server)

    def folder(self, ref, version):
        return self.server.data / "store" / ref / version

    def bytes_of(self, ref, version):
        folder = self.folder(ref, version)
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    def purge(self, *arguments):
        return self.server.ask("purge", "demo", *arguments, "--yes")

    def test_shows_first_and_takes_nothing_without_yes(self):
        before = self.server.position()
        shown = self.server.ask("purge", "demo", "--select", "step:review")
        self.assertFalse(shown["purged"])
        self.assertEqual(len(shown["versions"]), 3)
        self.assertEqual(shown["files"], 12)
        self.assertEqual(shown["frees"], shown["bytes"])
        self.assertEqual(self.server.position(), before)
        words = self.server.run("purge", "demo", "--select", "step:review")
        self.assertIn("Nothing was dropped", words.output)

    def test_drops_and_brings_back_the_same_version_byte_for_byte(self):
        version = self.server.versions(REVIEW)[-1]
        before = self.bytes_of(REVIEW, version)
        gone = self.purge("--select", REVIEW, "--because", "room")
        self.assertEqual([(one["ref"], one["version"]) for one in gone["versions"]], [(REVIEW, version)])
        self.assertFalse(self.folder(REVIEW, version).exists())
        status = self.server.ask("status", REVIEW)["products"][0]
        self.assertEqual((status["state"], status["purged"]), ("current", True))
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        plan = self.server.ask("plan", "demo", "--select", REVIEW)
        self.assertEqual([[reason["kind"] for reason in run["reasons"]] for run in plan["runs"]], [["purged"]])
        self.assertEqual(self.server.apply("--select", REVIEW)["succeeded"], 1)
        self.assertEqual(self.server.versions(REVIEW), [version])
        self.assertEqual(self.bytes_of(REVIEW, version), before)
        self.assertNotIn("purged", self.server.ask("status", REVIEW)["products"][0])
        self.assertEqual(len(self.server.events("sluice.version.restored.v1")), 1)
        self.server.ask("fetch", REVIEW, "--to", self.server.home / "fetched")

    def test_what_is_gone_says_how_to_get_it_back(self):
        version = self.server.versions(REVIEW)[-1]
        self.purge("--select", REVIEW)
        error = self.server.refused("fetch", REVIEW, "--to", self.server.home / "fetched", code=1)
        self.assertError(error, "version.purged", f"sluice apply demo --select {REVIEW}@{version}")
        self.assertProblem(self.server.get("/api/v1/files", ref=REVIEW), 410, "version.purged")
        resolved = self.server.post("/api/v1/resolve", {"refs": [REVIEW]}).json["results"][0]
        self.assertEqual(resolved["error"]["code"], "version.purged")
        shown = self.server.ask("show", REVIEW)
        self.assertEqual(shown["selected"]["purged"]["actor"]["name"], "tester")
        self.assertEqual(len(shown["selected"]["files"]), 4)
        self.assertTrue(shown["selected"]["madeFrom"])
        self.assertIn("were purged", self.server.run("show", REVIEW).output)
        self.assertTrue(self.server.ask("why", REVIEW)["chain"])

    def test_an_older_version_comes_back_by_its_number(self):
        first = self.server.versions(REVIEW)[0]
        before = self.bytes_of(REVIEW, first)
        tiny_show.change_look(self.server)
        self.server.apply()
        self.purge("--select", REVIEW)
        self.assertEqual(self.server.apply("--select", f"{REVIEW}@1")["succeeded"], 1)
        self.assertEqual(self.bytes_of(REVIEW, first), before)
        self.assertEqual(self.server.ask("show", f"{REVIEW}@2")["selected"]["purged"]["bytes"] > 0, True)

    def test_what_a_run_takes_comes_back_with_it(self):
        movie = self.server.versions(MOVIE)[-1]
        before = self.bytes_of(MOVIE, movie)
        self.purge("--select", "sq010/sh0010")
        made = self.server.apply("--select", MOVIE)
        self.assertEqual([run["step"] for run in made["runs"]], ["review", "review_movie"])
        self.assertEqual(self.bytes_of(MOVIE, movie), before)

    def test_what_must_stay_stays_and_says_why(self):
        self.server.ask("tag", REVIEW, "approved")
        answer = self.purge("--select", "**")
        kinds = {kept["kind"] for kept in answer["kept"]}
        self.assertEqual(kinds, {"tagged", "source"})
        self.assertNotIn(REVIEW, [one["ref"] for one in answer["versions"]])
        for kept in answer["kept"]:
            self.assertTrue(kept["text"])
            self.assertTrue(self.bytes_of(kept["ref"], kept["version"]))

    def test_an_edited_step_keeps_what_it_made_before(self):
        self.server.pipeline(tiny_show.PIPELINE.replace('(cat "$1";', '(cat "$1"; echo more;'))
        answer = self.purge("--select", "step:review")
        self.assertEqual(answer["versions"], [])
        self.assertEqual({kept["kind"] for kept in answer["kept"]}, {"notRemakeable"})
        self.assertIn("edited", answer["kept"][0]["text"])

    def test_frees_what_no_other_version_shares(self):
        fixed = self.server.file("fixed/plate.1001.txt", "another first frame\n")
        self.server.ask("publish", "demo/sq010/sh0010/plate", fixed, "--patch")
        self.server.apply()
        shown = self.server.ask("purge", "demo", "--select", REVIEW, "--keep", "1")
        self.assertEqual(shown["files"], 4)
        first = self.folder(REVIEW, self.server.versions(REVIEW)[0])
        alone = [path for path in first.rglob("*") if path.is_file() and path.stat().st_nlink == 1]
        self.assertEqual(shown["frees"], sum(path.stat().st_size for path in alone))
        self.assertEqual(len(alone), 1)

    def test_older_than_and_keep_narrow(self):
        self.assertEqual(self.server.ask("purge", "demo", "--select", "**", "--older-than", "30d")["versions"], [])
        self.assertEqual(self.server.ask("purge", "demo", "--select", "step:review", "--keep", "1")["versions"], [])
        self.assertTrue(self.server.ask("purge", "demo", "--select", "step:review", "--older-than", "0s")["versions"])
        for wrong in (["--older-than", "soon"], ["--keep", "-1"]):
            self.assertError(self.server.refused("purge", "demo", "--select", "**", *wrong), "usage")
        self.assertError(self.server.refused("purge", "demo", "--select", " "), "usage")

    def test_killed_after_it_was_recorded_it_is_finished_at_the_next_start(self):
        version = self.server.versions(REVIEW)[-1]
        before = self.bytes_of(REVIEW, version)
        self.purge("--select", REVIEW)
        self.server.kill()
        # As it is when the bytes had not gone yet, and half of a version that was on its way back.
        for path, content in before.items():
            file = self.folder(REVIEW, version) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.server.start()
        self.assertFalse(self.folder(REVIEW, version).exists())
        self.assertEqual(self.server.apply("--select", REVIEW)["succeeded"], 1)
        self.assertEqual(self.bytes_of(REVIEW, version), before)

    def test_killed_at_any_moment_it_loses_nothing(self):
        versions = {ref: self.server.versions(ref)[-1] for ref in self.server.states() if "review" in ref}
        before = {ref: self.bytes_of(ref, version) for ref, version in versions.items()}
        for delay in (0.05, 0.1, 0.15, 0.2, 0.3):
            process = self.server.popen("purge", "demo", "--select", "step:review step:review_movie", "--yes")
            with self.subTest(delay):
                time.sleep(delay)
                self.server.kill()
                process.wait(30)
                self.server.start()
                purged = {product["ref"]: product.get("purged", False) for product in self.server.ask("status", "demo")["products"]}
                for ref, version in versions.items():
                    self.assertEqual(self.bytes_of(ref, version), {} if purged[ref] else before[ref])
                self.server.apply("--select", "step:review step:review_movie")
                for ref, version in versions.items():
                    self.assertEqual(self.server.versions(ref), [version])
                    self.assertEqual(self.bytes_of(ref, version), before[ref])

    def test_a_restore_that_is_killed_goes_on_after_the_start(self):
        version = self.server.versions(REVIEW)[-1]
        before = self.bytes_of(REVIEW, version)
        self.purge("--select", "step:review")
        plan = self.server.ask("apply", "demo", "--select", "step:review")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.wait_for_plan(plan["id"])["state"]["status"], "succeeded")
        self.assertEqual(self.server.versions(REVIEW), [version])
        self.assertEqual(self.bytes_of(REVIEW, version), before)


if __name__ == "__main__":
    unittest.main()
