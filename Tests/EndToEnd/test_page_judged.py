"""What persons say, in the page and on a real server: a human step in doubt, vouched for in the page, verdicts, holds, freezes.

Screenshots go to .build/screenshots. Without Chromium or playwright every test here is skipped.
"""

import unittest

import test_page
from sluice_server import ServerTestCase, SharedServerTestCase, wait_until

SHOT = "sq010/sh0010"
PAINT, COMP, MOVIE = (f"demo/{SHOT}/{name}" for name in ("paint", "comp", "movie"))

PIPELINE = """\
sluice: 1
project: demo
folders:
  - { path: hero, type: asset }
  - { path: look, type: asset }
  - { path: sq010/sh0010, type: shot, range: 1001-1008 }
steps:
  animation:
    for: { type: shot }
    inputs:
      rig: { product: /hero/rig }
    outputs:
      animation: { product: animation }
  paint:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
    outputs:
      paint: { product: paint, files: "paint.####.txt" }
  comp:
    for: { type: shot }
    inputs:
      paint: { product: paint, frames: one-to-one }
      matte: { product: matte, frames: { offset: [-1, 1] } }
      lut: { product: /look/show_lut }
    outputs:
      comp: { product: comp, files: "comp.####.txt" }
    command: [sh, -c, 'cat "$1" "$2" > "$3"', sh, "{paint}", "{lut}", "{comp}"]
  movie:
    for: { type: shot }
    inputs:
      comp: { product: comp }
      animation: { product: animation }
    outputs:
      movie: { product: movie, files: "movie.txt" }
    command: [sh, -c, 'cat "$1"/*.txt "$2" > "$3"', sh, "{comp.dir}", "{animation}", "{movie}"]
"""


def setUpModule():
    test_page.start_browser()


def publish(server, name, text, *arguments, who="ada"):
    file = server.file(f"{name.rpartition('/')[2]}.txt", text)
    return server.ask("publish", f"demo/{name}", file, *arguments, environment={"SLUICE_ACTOR": who})


def publish_frames(server, name, first, last, text, *arguments, who="ada"):
    product = name.rpartition("/")[2]
    files = server.frames(first, last, folder=text.split()[0] + product, name=product + ".{:04d}.txt", text=text + " {}\n")
    return server.ask("publish", f"demo/{name}", *files, *arguments, environment={"SLUICE_ACTOR": who})


def make(server):
    """Everything made and published once."""
    server.pipeline(PIPELINE)
    publish(server, "hero/rig", "rig one\n")
    publish(server, "look/show_lut", "warm\n")
    publish_frames(server, f"{SHOT}/plate", 1001, 1008, "plate")
    publish_frames(server, f"{SHOT}/matte", 1001, 1008, "matte")
    publish(server, f"{SHOT}/animation", "she walks\n", "--from", "inputs", who="ben")
    publish_frames(server, f"{SHOT}/paint", 1001, 1008, "paint", "--from", "inputs", who="ben")
    done = server.apply()
    assert (done["failed"], set(server.states().values())) == (0, {"current"}), (done, server.states())


class Doubt(test_page.PageTestCase, ServerTestCase):
    """One page that stays open while a rig changes and a person vouches for the animation."""

    def test_a_vouch_in_the_page_makes_what_is_in_doubt_current(self):
        make(self.server)
        page = self.open(f"/#/demo/show?at={SHOT}/animation", ready="#aside .part-history li")
        self.wait_said(page, ".notice h1", "Everything is current")
        page.evaluate("window.sameDocument = true")
        publish(self.server, "hero/rig", "rig two\n", who="mira")
        self.wait_said(page, ".notice h1", "animation needs a person")
        self.wait_said(page, "#aside .part-because", "in doubt because")
        self.assertRegex(self.said(page, "#aside .part-because"), r"hero/rig moved from v001 to v002 \(mira, .* since v001 was published")
        self.assertEqual(self.states(page)[f"demo/{SHOT}/animation"], "dubious")
        self.assertEqual(self.states(page)[MOVIE], "current", "what is made from it is not out of date")
        page.click("#aside button:has-text('Vouch')")
        page.fill("dialog input", "only the tail")
        page.click("dialog button:has-text('Vouch')")
        self.wait_said(page, ".notice h1", "Everything is current")
        self.wait_said(page, "#aside .part-marks", "web vouched for v001 with these inputs .*“only the tail”")
        self.assertEqual(self.states(page)[f"demo/{SHOT}/animation"], "current")
        status = self.server.ask("status", f"demo/{SHOT}/animation")["products"][0]
        self.assertEqual((status["freshness"], status["reasons"][0]["kind"]), ("current", "vouched"))
        self.assertEqual(page.locator("#aside button:has-text('Vouch')").count(), 0)
        # Published anew it is no longer about the vouch, and what follows is out of date.
        publish(self.server, f"{SHOT}/animation", "she runs\n", "--from", "inputs", who="ben")
        page.wait_for_selector(f'.cell[data-ref="{MOVIE}"] i.s.stale')
        self.assertTrue(page.evaluate("window.sameDocument === true"), "the page was never loaded again")


class Said(test_page.PageTestCase, SharedServerTestCase):
    """A comp with frames of every kind, and what persons said of it."""

    @classmethod
    def prepare(cls, server):
        make(server)
        server.ask("approve", COMP, "--because", "final", environment={"SLUICE_ACTOR": "olga"})
        version = server.versions("demo/look/show_lut")[0]
        server.ask("freeze", "demo/look/show_lut", "--at", version, "--because", "the cut is locked",
                   environment={"SLUICE_ACTOR": "anna"})  # fmt: skip
        publish(server, "look/show_lut", "cold\n", who="mira")
        publish_frames(server, f"{SHOT}/matte", 1003, 1003, "new", "--patch", who="mira")
        publish_frames(server, f"{SHOT}/paint", 1004, 1005, "new", "--patch", "--from", "inputs", who="ben")
        publish_frames(server, f"{SHOT}/plate", 1002, 1003, "new", "--patch", who="mira")
        movie = server.file("painted.txt", "painted\n")
        server.ask("publish", MOVIE, movie, "--override", "--because", "wires", environment={"SLUICE_ACTOR": "ben"})
        server.ask("reject", f"demo/{SHOT}/animation@1", "--because", "flickers", environment={"SLUICE_ACTOR": "olga"})

    def test_a_product_says_which_frames_are_out_of_date_and_why_each(self):
        status = self.server.ask("status", COMP)["products"][0]
        ranges = [(part["frames"], part["freshness"], [status["reasons"][index]["input"] for index in part["reasons"]])
                  for part in status["ranges"]]  # fmt: skip
        paint, matte = PAINT, f"demo/{SHOT}/matte"
        self.assertEqual(ranges, [("1001,1006-1008", "current", []), ("1002-1003", "stale", [matte]),
                                  ("1004", "stale", [paint, matte]), ("1005", "stale", [paint])])  # fmt: skip
        self.assertRegex(self.server.run("show", COMP).output,
                         r"(?s)frames\n  1001,1006-1008 current\n  1002-1003 stale because \S+matte moved .*\n  1004 stale because .*; and because ")  # fmt: skip
        page = self.open(f"/#/demo/show?at={SHOT}/comp", ready="#aside .strip")
        self.assertEqual(self.said(page, "#aside .ends span:nth-child(2)"), "4 of 8 out of date: 1002–1005")
        self.assertEqual(page.evaluate("[...document.querySelectorAll('#aside .strip i')].map(i => i.className)"),
                         ["", "stale", "stale", "stale", "stale", "", "", ""])  # fmt: skip
        said = self.said(page, "#aside .part-because")
        self.assertRegex(said, r"paint moved .* 2 frames: 1004–1005 .*matte moved .* 3 frames: 1002–1004")

    def test_frames_that_a_person_made_are_in_doubt_alone(self):
        status = self.server.ask("status", PAINT)["products"][0]
        self.assertEqual([(part["frames"], part["freshness"]) for part in status["ranges"]],
                         [("1001,1004-1008", "current"), ("1002-1003", "dubious")])  # fmt: skip
        page = self.open(f"/#/demo/show?at={SHOT}/paint", ready="#aside .strip i.dubious")
        self.assertEqual(self.said(page, "#aside .ends span:nth-child(2)"), "2 of 8 need a person: 1002–1003")
        self.wait_said(page, "#aside .part-head", "Needs a person")
        self.assertEqual(page.locator("#aside button:has-text('Vouch')").count(), 1)

    def test_an_approval_and_a_rejection_name_who_and_why(self):
        page = self.open(f"/#/demo/show?at={SHOT}/comp", ready="#aside .part-marks li")
        self.assertRegex(self.said(page, "#aside .part-marks"), "Complete Approved by olga .*“final”")
        self.assertEqual(page.locator(f'.cell[data-ref="{COMP}"] .mark-sign.approved').count(), 1)
        page = self.open(f"/#/demo/show?at={SHOT}/animation", ready="#aside .part-marks li")
        self.assertRegex(self.said(page, "#aside .part-marks"), "v001 was rejected by olga .*“flickers”, and nothing is taken instead")

    def test_a_freeze_a_hold_and_what_persons_are_to_do_are_in_the_plan(self):
        page = self.open("/#/demo/plans", ready=".kept li")
        page.wait_for_selector(".next .kept li")
        said = self.said(page, ".next .kept")
        for words in ("sq010/sh0010/animation needs a person: every version of it was rejected", "sq010/sh0010/paint needs a person: ",
                      "sq010/sh0010/movie is held by ben since", "because “wires”", "look/show_lut is frozen at v001 by anna",
                      "because “the cut is locked”; v002 (mira, "):  # fmt: skip
            self.assertIn(words, said)

    def test_what_they_said_is_told_in_words(self):
        page = self.open("/#/demo/activity", ready=".activity li")
        said = self.said(page, ".activity .days")
        for words in ("olga rejected sq010/sh0010/animation", "olga approved sq010/sh0010/comp", "ben holds sq010/sh0010/movie against its step",
                      "anna froze look/show_lut at", "“the cut is locked”"):  # fmt: skip
            self.assertIn(words, said)

    def test_it_fits_and_is_kept_as_pictures(self):
        views = {
            "judged-show": ("/#/demo/show", ".notice h1"),
            "judged-comp": (f"/#/demo/show?at={SHOT}/comp", "#aside .strip"),
            "judged-paint": (f"/#/demo/show?at={SHOT}/paint", "#aside .strip i.dubious"),
            "judged-movie": (f"/#/demo/show?at={SHOT}/movie", "#aside .part-marks p"),
            "judged-plans": ("/#/demo/plans", ".kept li"),
        }
        for _ in self.photograph(views):
            pass


if __name__ == "__main__":
    unittest.main()
