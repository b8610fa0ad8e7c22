"""Sizes on the web page: asked for when somebody opens them.

Without Chromium or playwright every test here is skipped.
"""

import unittest

import test_page
from sluice_server import SharedServerTestCase
from test_page import make_show

setUpModule = test_page.setUpModule


class Sizes(test_page.PageTestCase, SharedServerTestCase):
    @classmethod
    def prepare(cls, server):
        make_show(server)
        server.apply()

    def test_the_plans_end_with_them(self):
        page = self.open("/#/demo/plans", ready=".plans .sizes summary")
        page.locator(".plans .sizes summary").click()
        page.locator(".plans .sizes li").first.wait_for()
        rows = page.locator(".plans .sizes li").all_inner_texts()
        self.assertEqual([row.split()[0] for row in rows], ["contact", "neutral", "review"])
        for row in rows:
            self.assertRegex(row, r"1 core\s+\d+ measured\s+(No task was measured|\d+ tasks? w\w+ measured|It says nothing of memory)")


if __name__ == "__main__":
    unittest.main()
