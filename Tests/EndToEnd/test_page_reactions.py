"""Proposals on the web page: what waits comes first, with what and why, and is run or declined there.

Screenshots go to .build/screenshots. Without Chromium or playwright every test here is skipped.
"""

import unittest

import test_page
from sluice_server import ServerTestCase, SharedServerTestCase, wait_until
from test_page import NARROW, OVERFLOW, PIPELINE, REVIEW, SCREENSHOTS, WIDE, lut, make_show, publish_look, settle, wait_for_proposal

setUpModule = test_page.setUpModule

# The reviews would run by themselves, and are dearer than their step allows.
CEILING = PIPELINE.replace("  review:\n", "  review:\n    on_change: auto\n    max_core_hours: 0.001\n").replace(
    "command: [oiiotool, --threads, \"1\", \"{plate}\", --ociofiletransform, \"{lut}\", -d, uint8, -o, \"{frames}\"]",
    "command: [sh, -c, 'sleep 0.6; exec oiiotool --threads 1 \"$1\" --ociofiletransform \"$2\" -d uint8 -o \"$3\"', sh,"
    " \"{plate}\", \"{lut}\", \"{frames}\"]")  # fmt: skip


class Waiting(test_page.PageTestCase, SharedServerTestCase):
    """A proposal waits for a person."""

    @classmethod
    def prepare(cls, server):
        make_show(server)
        server.pipeline(CEILING)
        server.apply()
        publish_look(server, lut(1.0, 0.8, 0.4), "warmer")
        cls.proposal = wait_for_proposal(server)

    def test_the_news_asks_about_it(self):
        page = self.open()
        self.assertEqual(self.said(page, ".notice h1"), "look/show_lut changed")
        self.wait_said(page, ".notice .said", "mira published look/show_lut v002")
        self.assertIn("review waits here, because its step may take 0.001 core-hours by itself", self.said(page, ".notice .said"))
        buttons = page.locator(".notice").first.locator(".acts button").all_inner_texts()
        self.assertEqual(buttons, ["Run these 3", "Decline", "See the plan"])
        self.assertEqual(self.said(page, "#tabs b"), "1 proposal waits", "one proposal of three runs")

    def test_the_plans_begin_with_it(self):
        page = self.open("/#/demo/plans", ready=".plans .waiting .step")
        self.assertEqual(self.said(page, ".plans h1"), "Sluice proposes 3 runs")
        self.assertRegex(self.said(page, ".plans .waiting p"), r"Sluice proposed it at \d\d:\d\d\. Nothing runs before somebody says so\.")
        steps = page.locator(".plans .waiting .step").all_inner_texts()
        self.assertEqual([text.split("\n")[0] for text in steps], ["review", "contact"])
        self.assertIn("show_lut", steps[0])
        self.assertIn("mira", steps[0])

    def test_it_has_a_page_of_its_own(self):
        page = self.open(f"/#/demo/plans/{self.proposal['id']}", ready=".plans .doing button")
        self.assertEqual(self.said(page, ".plans h1"), f"Proposed {self.proposal['id']}")
        self.assertEqual(page.locator(".plans .doing button").all_inner_texts(), ["Run these 3", "Decline"])

    def test_a_product_says_what_waits(self):
        page = self.open(f"/#/demo/show?at={REVIEW.removeprefix('demo/')}", ready="#aside .part-because li")
        self.assertIn(f"The proposal {self.proposal['id']} waits for somebody", self.said(page, "#aside .part-because"))

    def test_the_activity_tells_it(self):
        page = self.open("/#/demo/activity", ready=".activity li")
        self.assertIn("Sluice proposed a plan: 3 runs", self.said(page, ".activity"))

    def test_it_fits_and_is_kept_as_pictures(self):
        views = {
            "proposal-news": ("/#/demo/show", ".notice h1"),
            "proposal-plans": ("/#/demo/plans", ".plans .waiting .step"),
            "proposal-one": (f"/#/demo/plans/{self.proposal['id']}", ".plans .step"),
        }
        for scheme in ("dark", "light"):
            for size in (WIDE, NARROW):
                page = self.open(size=size, scheme=scheme)
                for name, (path, ready) in views.items():
                    with self.subTest(view=name, width=size[0], scheme=scheme):
                        page.goto(self.server.url + path)
                        page.wait_for_selector(ready)
                        settle(page)
                        page.screenshot(path=SCREENSHOTS / f"{name}-{size[0]}-{scheme}.png", full_page=True)
                        self.assertEqual(page.evaluate(OVERFLOW), {"wide": 0, "out": []})
                page.goto(self.server.url + "/#/demo/plans")
                page.click(".waiting button:has-text('Decline')")
                page.wait_for_selector("dialog.ask input")
                page.screenshot(path=SCREENSHOTS / f"proposal-decline-{size[0]}-{scheme}.png")
                self.assertEqual(page.evaluate(OVERFLOW), {"wide": 0, "out": []})
                page.keyboard.press("Escape")
        self.assertEqual(self.server.ask("plans", "demo")["plans"][0]["status"], "proposed")


class Deciding(test_page.PageTestCase, ServerTestCase):
    """One page that stays open while a person decides."""

    def test_declined_it_is_said_and_can_be_run_all_the_same(self):
        make_show(self.server)
        page = self.open()
        publish_look(self.server, lut(1.0, 0.8, 0.4), "warmer")
        page.click(".notice button:has-text('Decline')")
        page.fill("dialog.ask input", "the look is not final")
        page.click("dialog.ask button:has-text('Decline')")
        self.wait_said(page, ".notice h1", "3 products stay out of date")
        self.assertRegex(self.said(page, ".notice .said"), r"web declined it at \d\d:\d\d, “the look is not final”\.")
        self.wait_said(page, "#aside .recent", "web declined the proposal")
        self.assertEqual(page.locator("#tabs b").count(), 0)
        settle(page)
        page.screenshot(path=SCREENSHOTS / "declined-news-1440-dark.png", full_page=True)
        page.click("text=See the proposal")
        self.wait_said(page, ".plans h1", r"Declined\s+p-")
        self.wait_said(page, ".plans", "the look is not final")
        page.click("text=← All plans")
        self.wait_said(page, ".plans", "“the look is not final”")
        page.click("#tabs >> text=Show")
        page.click("text=Run these 3 anyway")
        self.wait_said(page, ".notice h1", "Everything is current")

    def test_run_it_is_current(self):
        make_show(self.server)
        page = self.open("/#/demo/plans", ready=".plans .past h1, .plans h1")
        publish_look(self.server, lut(1.0, 0.8, 0.4), "warmer")
        page.click(".plans .waiting button:has-text('Run these 3')")
        wait_until(lambda: set(self.server.states().values()) == {"current"}, "everything is current", 40)
        self.wait_said(page, ".plans h1", "Succeeded")
        plan = self.server.ask("plans", "demo")["plans"][0]
        self.assertEqual((plan["status"], plan["actor"]["name"]), ("succeeded", "web"))

    def test_what_runs_by_itself_is_seen(self):
        make_show(self.server)
        self.server.pipeline(PIPELINE.replace("    for: ", "    on_change: auto\n    for: "))
        page = self.open()
        self.wait_said(page, ".notice h1", "Everything is current")
        publish_look(self.server, lut(1.0, 0.8, 0.4), "warmer")
        self.wait_said(page, ".notice", "Sluice runs this by itself as soon as changes have come to rest")
        self.wait_said(page, ".notice h1", "Everything is current", 60)
        self.wait_said(page, "#aside .recent", "Sluice started a plan by itself")


if __name__ == "__main__":
    unittest.main()
