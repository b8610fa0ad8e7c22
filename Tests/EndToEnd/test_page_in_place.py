"""Files in place, in the page and on a real server: unread, damaged, and what hangs on them.

Without Chromium or playwright every test here is skipped.
"""

import os
import unittest

import test_page
import tiny_show
from sluice_server import ServerTestCase

SHOT = "sq010/sh0010"
PLATE = f"demo/{SHOT}/plate"


def setUpModule():
    test_page.start_browser()


class InPlace(test_page.PageTestCase, ServerTestCase):
    def start(self):
        self.root = self.server.home / "scans"
        self.root.mkdir()
        self.server.start("--root", str(self.root))

    def test_damage_comes_to_a_page_that_is_open(self):
        self.server.pipeline(tiny_show.PIPELINE)
        tiny_show.publish_sources(self.server)
        frames = [self.root / f"plate.{frame}.txt" for frame in range(1001, 1005)]
        for frame in frames:
            frame.write_text(f"scan {frame.name}\n")
        self.server.ask("publish", PLATE, *frames, "--in-place")
        self.server.apply()
        page = self.open(f"/#/demo/show?at={SHOT}/plate", ready="#aside .part-history li")
        self.wait_said(page, "#aside .part-marks", "Its files stay where they lie")
        self.wait_said(page, "#aside .part-history", "in place")
        self.wait_said(page, ".notice h1", "Everything is current")
        frames[0].write_text("another\n")
        os.utime(frames[0], (2_000_000_000, 2_000_000_000))
        self.server.post("/api/v1/resolve", {"refs": [PLATE]})
        self.wait_said(page, "#aside .part-marks", r"It is damaged: plate\.1001\.txt was .* Publish it anew")
        self.wait_said(page, ".notice h1", f"^{SHOT}/plate is damaged$")
        self.wait_said(page, ".notice .said", r"plate\.1001\.txt was .*\s+Nothing is made from it until it is published anew")
        self.assertNotIn("Everything is current", self.said(page, ".news"))
        cell = page.locator(f'.cell[data-ref="{PLATE}"]')
        self.assertEqual((cell.locator(".mark-sign.damaged").count(), cell.locator(".text").inner_text()), (1, "damaged"))
        self.assertIn("damaged", cell.get_attribute("aria-label"))
        self.assertIn("Damaged 1", self.said(page, ".board .filters"))
        page = self.open(f"/#/demo/show?at={SHOT}/review_frames", ready="#aside .part-history li")
        self.wait_said(page, "#aside .part-marks", r"plate v\d+ is damaged: plate\.1001\.txt was")


if __name__ == "__main__":
    unittest.main()
