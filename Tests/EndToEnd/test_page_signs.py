"""What the page says of products beside their state: omitted, frozen, judged, not all of their range; and that what it counts agrees.

Screenshots go to .build/screenshots. Without Chromium or playwright every test here is skipped.
"""

import json
import re
import unittest

import test_page
import tiny_show
from sluice_server import ROOT, ServerTestCase, SharedServerTestCase
from test_page import SECONDS

STEPS = ["denoise", "key", "grade", "comp", "grain", "final"]
SHOT, LEFT_OUT = "sq010/sh0010", "sq010/sh0030"
COMP = f"demo/{SHOT}/comp"

STEP = """\
  {name}:
    for: {{ type: shot }}
    inputs:
      plate: {{ product: {source}, frames: one-to-one }}
      lut: {{ product: /look/show_lut }}
    outputs:
      {name}: {{ product: {name}, files: "{name}.####.txt" }}
    command: [sh, -c, 'cat "$1" "$2" > "$3"', sh, "{{plate}}", "{{lut}}", "{{{name}}}"]
"""
PIPELINE = f"""\
sluice: 1
project: demo
folders:
  - {{ path: look, type: asset }}
  - {{ path: {SHOT}, type: shot, range: 1001-1006 }}
  - {{ path: {LEFT_OUT}, type: shot, range: 1001-1004 }}
steps:
""" + "".join(STEP.format(name=name, source=source) for name, source in zip(STEPS, ["plate", *STEPS], strict=False))


def setUpModule():
    test_page.start_browser()


class Signs(test_page.PageTestCase, SharedServerTestCase):
    """A shot whose plate has fewer frames than its range, a comp that was judged more than once, and a shot that is left out."""

    @classmethod
    def prepare(cls, server):
        server.pipeline(PIPELINE)
        server.ask("publish", "demo/look/show_lut", server.file("show_lut.txt", "warm\n"))
        for shot in (SHOT, LEFT_OUT):
            server.ask("publish", f"demo/{shot}/plate", *server.frames(1001, 1004, folder=shot))
        done = server.apply()
        assert done["failed"] == 0, done
        server.ask("publish", COMP, *server.frames(1001, 1004, folder="by-hand", text="by hand {}\n"), "--override", "--because", "wires",
                   environment={"SLUICE_ACTOR": "ben"})  # fmt: skip
        tess = {"SLUICE_ACTOR": "tess"}
        server.ask("approve", f"{COMP}@2", "--because", "good", environment=tess)
        server.ask("approve", f"{COMP}@2", "--withdraw", environment=tess)
        server.ask("reject", f"{COMP}@2", "--because", "flickers", environment=tess)
        server.ask("approve", f"{COMP}@1", environment={"SLUICE_ACTOR": "olga"})
        server.ask("folder", "omit", f"demo/{LEFT_OUT}")

    def test_history_says_the_verdict_that_holds(self):
        page = self.open(f"/#/demo/show?at={SHOT}/comp", ready="#aside .part-history li")
        newest, first = [re.sub(r"\s+", " ", text) for text in page.locator("#aside .part-history li").all_inner_texts()]
        self.assertRegex(newest, r"^v002 ben .* rejected by tess at \d\d:\d\d, “flickers”")
        self.assertNotIn("approved", newest)
        self.assertRegex(first, r"^v001 .* approved by olga")
        self.assertEqual(page.locator("#aside .part-history .tag", has_text="approved").count(), 0)

    def test_what_is_left_out_of_the_show_is_marked_and_counted_apart(self):
        status = {product["ref"]: product.get("omitted") for product in self.server.ask("status", "demo")["products"]}
        self.assertEqual({ref for ref, omitted in status.items() if omitted}, {ref for ref in status if f"/{LEFT_OUT}/" in ref})
        self.assertNotIn(False, status.values(), "absent where the product is in the show")
        page = self.open()
        cell = page.locator(f'.cell[data-ref="demo/{LEFT_OUT}/final"]')
        self.assertEqual(cell.locator("i.s.omitted").count(), 1)
        self.assertEqual(cell.locator(".text").inner_text(), "omitted")
        self.assertEqual(cell.get_attribute("aria-label"), f"{LEFT_OUT} final: omitted")
        filters = self.said(page, ".board .filters")
        self.assertRegex(filters, r"All 15 .*Current \d+ Omitted 7")
        self.assertIn("7 products of omitted folders are left aside", self.said(page, ".notice .said"))
        page.click(".board .filters button:has-text('Omitted')")
        page.wait_for_function("() => document.querySelectorAll('.board .group .row:not(.lead)').length === 1")
        cell.click()
        self.wait_said(page, "#aside .part-head", "omitted · was made by the step final")
        self.assertEqual(self.said(page, "#aside .part-marks"), f"{LEFT_OUT} is left out of the show: no step works on it")

    def test_the_graph_draws_what_is_in_the_show(self):
        graph = self.server.get("/api/v1/projects/demo/graph", collapse="none").json
        self.assertEqual([ref for node in graph["nodes"] for ref in node["refs"] if LEFT_OUT in ref], [])
        self.assertIn("7 products of omitted folders are not drawn", graph["notes"])

    def test_complete_says_what_the_range_has_beyond_it(self):
        status = self.server.ask("status", f"demo/{SHOT}/denoise")["products"][0]
        self.assertEqual((status["complete"]["value"], status["missingFrames"]), (True, "1005-1006"))
        page = self.open(f"/#/demo/show?at={SHOT}/denoise", ready="#aside .part-history li")
        self.wait_said(page, "#aside .part-marks", "^complete but for frames 1005–1006 of the range")
        for product in ("denoise", "plate"):
            self.assertEqual(self.said(page, f'.cell[data-ref="demo/{SHOT}/{product}"] .text'), "4 of 6 frames")
        page = self.open(f"/#/demo/show?at={SHOT}/plate", ready="#aside .part-history li")
        self.assertEqual(self.said(page, "#aside .part-marks"), "Without frames 1005–1006 of its folder’s range")

    def test_a_freeze_is_said_where_the_product_is_shown(self):
        frozen = {"version": "v-20261123-142301-main", "number": 1, "until": "2026-11-30T12:00:00.000Z", "because": "the cut is locked",
                  "actor": {"name": "anna", "trust": "claimed"}, "time": "2026-11-23T14:23:00.000Z"}  # fmt: skip
        page = self.open()

        def status(route):
            answer = route.fetch().json()
            for product in answer["products"]:
                if product["ref"] == "demo/look/show_lut":
                    product["frozen"] = frozen
            route.fulfill(json=answer)

        page.route("**/api/v1/status?*", status)
        self.addCleanup(page.unroute_all, behavior="ignoreErrors")
        page.goto(f"{self.server.url}/#/demo/show?at=look/show_lut")
        page.reload()
        page.wait_for_selector("#aside .part-history li")
        said = self.said(page, "#aside .part-marks")
        self.assertRegex(said, "^Frozen at v001 by anna on .*, “the cut is locked”, until .*. Who takes its latest version takes this one.")
        self.assertIn("Current, frozen", self.said(page, "#aside .part-head"))
        cell = page.locator('.cell[data-ref="demo/look/show_lut"]')
        self.assertEqual(cell.locator(".mark-sign.frozen").count(), 1)
        self.assertIn("frozen", cell.get_attribute("aria-label"))
        page.click(".board .filters button:has-text('Frozen')")
        page.wait_for_function("() => document.querySelectorAll('.board .cell').length === 1")

    def test_a_board_that_goes_on_beyond_its_edge_says_so(self):
        page = self.open()
        page.wait_for_selector(".board .more:visible")
        self.assertRegex(self.said(page, ".board .more"), r"^\d more columns? →$")
        self.assertEqual(page.locator(".pane.more-right").count(), 1)
        for _ in range(5):
            if page.locator(".board .more:visible").count():
                page.click(".board .more")
                page.wait_for_timeout(100)
        page.wait_for_selector(".pane.more-left:not(.more-right)")
        self.assertTrue(page.locator(f'.cell[data-ref="demo/{SHOT}/final"]').is_visible())

    def test_every_type_of_fact_has_words(self):
        page = self.open("/#/demo/activity", ready=".activity li")
        facts = []
        for path in sorted((ROOT / "schemas" / "events").glob("*.json")):
            schema = json.loads(path.read_text())
            for example in schema["examples"]:
                facts.append({
                    "type": schema["title"], "data": example, "time": "2026-11-23T14:23:00.000Z", "position": str(len(facts)),
                    "project": "demo", "product": "demo/sq010/sh0010/plate", "folder": "sq010/sh0010",
                    "actor": {"name": "mira", "trust": "claimed"}, "actortrust": "claimed"})  # fmt: skip
        self.assertGreater(len(facts), 30)
        said = page.evaluate(
            "facts => import('/app/activity.js').then(({ lines }) => facts.map(fact => lines([fact])[0].querySelector('p').textContent))",
            facts)  # fmt: skip
        for fact, text in zip(facts, said, strict=True):
            with self.subTest(fact["type"]):
                kind = re.sub(r"^sluice\.|\.v\d+$", "", fact["type"])
                self.assertGreater(len(text.split()), 2, text)
                for raw in (kind, "undefined", "null", "[object", "NaN"):
                    self.assertNotIn(raw, text)

    def test_amounts_of_bytes_are_those_of_the_command_line(self):
        page = self.open()
        amounts = [0, 5, 1023, 1024, 1536, 12_582_912, 5_000_000_000, 2**45]
        said = page.evaluate("amounts => import('/app/words.js').then(({ bytes }) => amounts.map(bytes))", amounts)
        self.assertEqual(said, ["0 B", "5 B", "1023 B", "1.0 KiB", "1.5 KiB", "12.0 MiB", "4.7 GiB", "32.0 TiB"])

    def test_it_fits_and_is_kept_as_pictures(self):
        views = {
            "signs-show": ("/#/demo/show", ".notice h1"),
            "signs-comp": (f"/#/demo/show?at={SHOT}/comp", "#aside .part-history li"),
            "signs-omitted": (f"/#/demo/show?at={LEFT_OUT}/comp", "#aside .part-history li"),
        }
        for _ in self.photograph(views):
            pass


class Counting(test_page.PageTestCase, ServerTestCase):
    def test_news_board_and_badge_agree(self):
        tiny_show.make(self.server)
        # What a run takes was dropped, so that the plan has a run that brings something back beside those that are out of date.
        self.server.ask("purge", "demo", "--select", "demo/sq010/sh0010/review_frames", "--yes")
        self.server.pipeline(tiny_show.PIPELINE.replace('cat "$folder"/*.txt', 'cat "$folder"/*.txt; echo'))
        test_page.wait_for_proposal(self.server)
        plan = self.server.ask("plan", "demo")
        kinds = [[reason["kind"] for reason in run["reasons"]] for run in plan["runs"]]
        self.assertEqual(sorted(map(str, kinds)), ["['purged']", "['step']", "['step']"])
        page = self.open()
        self.wait_said(page, ".notice .said", "2 products no longer match")
        self.assertRegex(self.said(page, ".board .filters"), "Out of date 2")
        page.wait_for_selector("#tabs b")
        self.assertEqual(self.said(page, "#tabs b"), "1 proposal waits", "one proposal, however many runs it has")
        self.assertEqual(page.locator(".notice .acts button").first.inner_text(), "Run these 3")
        page.set_default_timeout(SECONDS * 2000)
        page.click("text=Run these 3")
        self.wait_said(page, ".notice h1", "Everything is current")
        self.wait_said(page, "#aside .recent", "the files of sq010/sh0010/review_frames .* were brought back by a plan")


if __name__ == "__main__":
    unittest.main()
