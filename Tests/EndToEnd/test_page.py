"""The web page in a headless Chromium: what it says, what its buttons do, and that it fits a telephone.

Screenshots go to .build/screenshots. Without Chromium or playwright every test here is skipped.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sluice_server import ROOT, VENV, Server, ServerTestCase, SharedServerTestCase, wait_until

SCREENSHOTS = ROOT / ".build" / "screenshots"
WIDE, NARROW = (1440, 900), (400, 800)
SECONDS = 20

SHOTS = ["sq010/sh0010", "sq010/sh0020"]
FRAMES = range(1001, 1005)
REVIEW = f"demo/{SHOTS[0]}/review_frames"

PIPELINE = """\
sluice: 1
project: demo
folders:
  - look
  - { path: sq010, type: sequence }
  - { path: sq010/sh0010, type: shot, range: 1001-1004, fps: 24 }
  - { path: sq010/sh0020, type: shot, range: 1001-1004, fps: 24 }
steps:
  review:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
      lut: { product: /look/show_lut }
    outputs:
      frames: { product: review_frames, files: "review.####.png", preview: true }
    command: [oiiotool, --threads, "1", "{plate}", --ociofiletransform, "{lut}", -d, uint8, -o, "{frames}"]
  neutral:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
    outputs:
      frames: { product: neutral_frames, files: "neutral.####.png", preview: true }
    command: [oiiotool, --threads, "1", "{plate}", --powc, "0.4545", -d, uint8, -o, "{frames}"]
  contact:
    for: { type: sequence }
    inputs:
      reviews: { product: review_frames, from: children }
    outputs:
      sheet: { product: contact, files: "contact.jpg", preview: true }
    command: [sh, -c, 'sheet=$1; shift; for folder; do set -- "$@" "$folder"/*.png; shift; done;
              exec oiiotool "$@" --mosaic:pad=4 4x2 --nosoftwareattrib -o "$sheet"', sh,
              "{sheet}", "{reviews.dir}"]
"""

PLATES = {
    "sq010/sh0010": "fill:topleft=.05,.10,.30:topright=.10,.12,.28:bottomleft=.90,.45,.20:bottomright=1.2,.70,.25",
    "sq010/sh0020": "fill:topleft=.10,.26,.60:topright=.08,.22,.56:bottomleft=.06,.30,.08:bottomright=.30,.40,.10",
}


def find_chromium():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One Chromium for all tests of this file."""

    playwright = chromium = None
    plates = None


def start_browser():
    """For the tests of one module; skips them where there is no browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("skipped: no playwright")
        raise unittest.SkipTest("no playwright") from None
    program = find_chromium()
    if program is None:
        print("skipped: no chromium")
        raise unittest.SkipTest("no chromium")
    Browser.playwright = sync_playwright().start()
    unittest.addModuleCleanup(Browser.playwright.stop)
    Browser.chromium = Browser.playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    unittest.addModuleCleanup(Browser.chromium.close)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)


def setUpModule():
    start_browser()
    Browser.plates = Path(tempfile.mkdtemp(prefix="sluice-plates-"))
    unittest.addModuleCleanup(shutil.rmtree, Browser.plates, ignore_errors=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: make_plate(*job), [(shot, frame) for shot in SHOTS for frame in FRAMES]))


# The show


def make_plate(shot, frame):
    folder = Browser.plates / shot
    folder.mkdir(parents=True, exist_ok=True)
    x = 12 + 18 * (frame - FRAMES[0])
    environment = {**os.environ, "PATH": f"{VENV}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run(
        ["oiiotool", "--threads", "1", "--pattern", PLATES[shot], "96x54", "3",
         "--fill:color=1.4,1.1,.5", f"14x14+{x}+20", "-d", "half", "-o", str(folder / f"plate.{frame}.exr")],
        check=True, timeout=60, env=environment)  # fmt: skip


def lut(red, green, blue):
    """A 2-point cube that scales each channel: small, and seen by the eye."""
    lines = ["LUT_3D_SIZE 2"]
    for b in (0, 1):
        for g in (0, 1):
            for r in (0, 1):
                lines.append(f"{r * red:.3f} {g * green:.3f} {b * blue:.3f}")
    return "\n".join(lines) + "\n"


def make_show(server):
    server.pipeline(PIPELINE)
    for shot in SHOTS:
        frames = [Browser.plates / shot / f"plate.{frame}.exr" for frame in FRAMES]
        server.ask("publish", f"demo/{shot}/plate", *frames)
    publish_look(server, lut(1, 1, 1), "as shot")
    done = server.apply()
    assert done["failed"] == 0, done


def publish_look(server, text, note, who="mira"):
    file = server.file("show_lut.cube", text)
    return server.ask(
        "publish", "demo/look/show_lut", file, "--note", note, environment={"SLUICE_ACTOR": who}
    )


def wait_for_proposal(server):
    """The proposal that waits, once Sluice has made it."""
    return wait_until(
        lambda: next((plan for plan in server.ask("plans", "demo")["plans"] if plan["status"] == "proposed"), None),
        "a proposal waits", 40)  # fmt: skip


# The page


def settle(page):
    """Waits until the fonts and pictures that are in view are there."""
    page.wait_for_function(
        "() => document.fonts.status === 'loaded' && [...document.images].every(i => i.complete)",
        timeout=SECONDS * 1000)  # fmt: skip


OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const clipped = element => {
    for (let e = element.parentElement; e && e !== document.body; e = e.parentElement)
      if (getComputedStyle(e).overflowX !== 'visible') return true;
    return false;
  };
  const out = [...document.body.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.right > innerWidth + 1 && !clipped(e);
  }).map(e => `${e.tagName}.${e.className} to ${Math.round(e.getBoundingClientRect().right)}`);
  return { wide, out: out.slice(0, 8) };
}"""


class PageTestCase:
    """Opens pages on `self.server`, and fails where the console or the content policy has something to say."""

    def open(self, path="/", size=WIDE, scheme="dark", ready=".notice h1", quiet=True):
        context = Browser.chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.addCleanup(context.close)
        context.add_init_script(
            "window.violations = [];"
            "document.addEventListener('securitypolicyviolation', e => violations.push(`${e.violatedDirective}: ${e.blockedURI}`));"
        )
        page = context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.problems = []
        page.on("console", lambda m: page.problems.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.problems.append(f"uncaught: {error}"))
        page.on("response", lambda r: page.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("request", lambda r: page.problems.append(f"elsewhere: {r.url}") if not self.is_ours(r.url) else None)
        page.goto(self.server.url + path)
        if ready:
            page.wait_for_selector(ready)
        if quiet:
            self.addCleanup(self.check_quiet, page)
        return page

    def photograph(self, views):
        """Keeps `{name: (path, selector to wait for)}` as pictures, wide and narrow, dark and light, and sees to it that
        nothing leaves the page. Gives each page with its scheme."""
        for scheme in ("dark", "light"):
            for size in (WIDE, NARROW):
                page = self.open(size=size, scheme=scheme)
                for name, (path, selector) in views.items():
                    with self.subTest(view=name, width=size[0], scheme=scheme):
                        page.goto(self.server.url + path)
                        page.wait_for_selector(selector)
                        settle(page)
                        page.screenshot(path=SCREENSHOTS / f"{name}-{size[0]}-{scheme}.png", full_page=size == WIDE)
                        self.assertEqual(page.evaluate(OVERFLOW), {"wide": 0, "out": []})
                yield page, scheme

    def is_ours(self, url):
        return url.startswith((self.server.url, "data:", "blob:"))

    def check_quiet(self, page):
        self.assertEqual(page.problems, [])
        self.assertEqual(page.evaluate("violations"), [])

    def said(self, page, selector):
        """What a person reads there, as one line."""
        return re.sub(r"\s+", " ", page.locator(selector).first.inner_text()).strip()

    def wait_said(self, page, selector, pattern, seconds=SECONDS):
        """Waits until the first `selector` reads like `pattern`, in small or large letters."""
        page.wait_for_function(
            "([selector, pattern]) => new RegExp(pattern, 'i').test(document.querySelector(selector)?.innerText ?? '')",
            arg=[selector, pattern], timeout=seconds * 1000)  # fmt: skip

    def states(self, page):
        """`{"demo/…": "stale", …}` as the board shows them, by shape."""
        return page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('.board .cell')]"
            ".map(c => [c.dataset.ref, [...c.querySelector('i.s').classList].find(n => n !== 's')]))"
        )


class LookChanged(PageTestCase, SharedServerTestCase):
    """A show in which the look has changed and nothing has run since."""

    @classmethod
    def prepare(cls, server):
        make_show(server)
        publish_look(server, lut(1.0, 0.8, 0.4), "warmer")
        wait_for_proposal(server)

    def test_it_loads_without_errors_and_shows_the_board(self):
        page = self.open()
        self.assertIn("Sluice", page.title())
        wait_until(lambda: page.url.endswith("#/demo/show"), "the first project is chosen")
        self.assertEqual(self.said(page, "#live"), "live")
        settle(page)
        expected = self.server.states()
        self.assertEqual(self.states(page), expected)
        self.assertEqual(sorted(set(expected.values())), ["current", "stale"])
        policy = self.server.get("/").headers["content-security-policy"]
        self.assertIn("default-src 'self'", policy)
        self.assertNotIn("unsafe", policy)

    def test_each_address_loads_by_itself(self):
        for path, ready in (
            ("/#/demo", ".notice"), ("/#/demo/plans", ".plans .runs"), ("/#/demo/activity", ".activity li"),
            (f"/#/demo/show?at={SHOTS[0]}/review_frames", ".detail h2"),
        ):  # fmt: skip
            with self.subTest(path):
                self.open(path, ready=ready)

    def test_the_news_says_who_what_and_how_much(self):
        page = self.open()
        plan = self.server.ask("plan", "demo")
        self.assertEqual(len(plan["runs"]), 3)
        self.assertEqual(self.said(page, ".notice h1"), "look/show_lut changed")
        self.wait_said(page, ".notice .said", "mira")
        said = self.said(page, ".notice .said")
        self.assertRegex(said, r"mira published look/show_lut v002 at \d\d:\d\d, “warmer”\.")
        self.assertIn("3 products no longer match it.", said)
        self.assertIn(f"{plan['untouched']} products stay as they are.", said)
        facts = self.said(page, ".notice .facts")
        self.assertIn("3 runs", facts)
        self.assertIn(f"{sum(run['tasks'] for run in plan['runs'])} tasks", facts)
        self.assertRegex(facts, r"about \d+ s on 4 workers")
        self.assertEqual(self.said(page, ".notice .acts button"), "Run these 3")

    def test_reasons_are_words(self):
        page = self.open()
        page.click(f'.cell[data-ref="{REVIEW}"]')
        self.wait_said(page, "#aside .part-because", "out of date because")
        because = self.said(page, "#aside .part-because")
        status = next(p for p in self.server.ask("status", REVIEW)["products"])
        self.assertIn("look/show_lut", because)
        self.assertIn("mira", because)
        self.assertIn(re.sub(r"\s+", " ", status["reasons"][0]["text"]), because)
        self.assertIn("Out of date", self.said(page, "#aside .part-head"))
        self.assertIn("look/show_lut", self.said(page, "#aside .part-from"))
        self.assertIn("contact", self.said(page, "#aside .part-used"))
        # One link on, what only waits for another.
        page.click("#aside .part-used a")
        self.wait_said(page, "#aside .part-head h2", "contact")
        self.wait_said(page, "#aside .part-because", "show_lut")
        self.assertIn("waits for", page.locator('.cell[data-ref="demo/sq010/contact"]').get_attribute("aria-label"))
        page.keyboard.press("Escape")
        page.wait_for_selector("#aside .recent")

    def test_the_plan_is_seen_before_it_runs(self):
        before = self.server.position()
        page = self.open()
        page.click("text=See the plan")
        page.wait_for_selector(".plans .waiting .step")
        plan = self.server.ask("plan", "demo")
        steps = [re.sub(r"\s+", " ", text) for text in page.locator(".plans .waiting .step").all_inner_texts()]
        self.assertEqual(len(steps), 2)
        for run in plan["runs"]:
            mine = next(text for text in steps if text.startswith(run["step"]))
            self.assertIn(run["folder"], mine)
        self.assertIn("1001–1004", steps[0])
        self.assertIn("show_lut", steps[0])
        self.assertIn("mira", steps[0])
        self.assertEqual(page.locator(".plans .waiting button:has-text('Run')").count(), 1)
        self.assertIn("all there is to do", self.said(page, ".plans .next"))
        # Narrowed, it is another plan, and looking at it records nothing either.
        page.fill("#select", "step:review")
        page.press("#select", "Enter")
        page.wait_for_function("() => document.querySelectorAll('.plans .next .step').length === 1")
        self.assertIn("select=step", page.url)
        self.assertEqual(self.server.position(), before)
        self.assertEqual(len([plan for plan in self.server.ask("plans", "demo")["plans"] if plan["applications"]]), 1)

    def test_a_wrong_selection_is_told_in_the_servers_words(self):
        page = self.open("/#/demo/plans?select=step:reviw", ready="#troubles .trouble", quiet=False)
        self.assertIn("review", self.said(page, "#troubles"))
        self.assertIn("selection.invalid", self.said(page, "#troubles"))

    def test_the_events_are_listed_in_words(self):
        page = self.open("/#/demo/activity", ready=".activity li")
        said = self.said(page, ".activity .days")
        for words in ("mira published look/show_lut v002", "“warmer”", "tester applied the pipeline, revision 1",
                      "tester started a plan: 5 runs", "plan succeeded", "finished on"):  # fmt: skip
            self.assertIn(words, said)
        page.select_option(".activity select", "sluice.version.*")
        page.wait_for_function("() => !document.querySelector('.activity .days').innerText.includes('pipeline')")
        self.wait_said(page, ".activity .days", "mira published look/show_lut")
        self.assertNotIn("pipeline", self.said(page, ".activity .days"))

    def test_a_product_is_found_by_typing(self):
        page = self.open()
        page.keyboard.press("Control+k")
        page.keyboard.type("sh0020 review")
        page.wait_for_selector("dialog.search li")
        page.keyboard.press("Enter")
        self.wait_said(page, "#aside .part-head h2", "review_frames")
        self.assertIn("at=sq010/sh0020/review_frames", urllib.parse.unquote(page.url))

    def test_the_keyboard_reaches_every_cell(self):
        page = self.open()
        page.focus(f'.cell[data-ref="{REVIEW}"]')
        page.keyboard.press("ArrowDown")
        self.assertEqual(
            page.evaluate("document.activeElement.dataset.ref"), f"demo/{SHOTS[1]}/review_frames"
        )
        page.keyboard.press("Enter")
        self.wait_said(page, "#aside .part-head h2", "review_frames")

    def test_escape_closes_the_product_from_its_sliders_too(self):
        page = self.open(f"/#/demo/show?at={SHOTS[0]}/review_frames", ready="#aside input[aria-label=Frame]")
        page.focus("#aside input[aria-label=Frame]")
        page.keyboard.press("Escape")
        wait_until(lambda: "at=" not in page.url, "Escape closes it, as its button says", 3)

    def test_it_fits_and_is_kept_as_pictures(self):
        views = {
            "show": ("/#/demo/show", ".notice h1"),
            "product": (f"/#/demo/show?at={SHOTS[0]}/review_frames", "#aside .part-because li"),
            "plans": ("/#/demo/plans", ".plans .waiting .step"),
            "activity": ("/#/demo/activity", ".activity li"),
        }
        for page, scheme in self.photograph(views):
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            level = sum(int(number) for number in re.findall(r"\d+", background)[:3]) / 3
            self.assertEqual(level < 128, scheme == "dark", background)


class Living(PageTestCase, ServerTestCase):
    """One page that stays open while things happen."""

    def test_from_a_change_to_current_without_a_reload(self):
        make_show(self.server)
        page = self.open()
        self.wait_said(page, ".notice h1", "Everything is current")
        page.evaluate("window.sameDocument = true")
        self.a_change_is_seen_and_run(page)
        self.before_and_after(page)
        self.another_person_runs(page)
        self.a_failure_and_its_log(page)
        self.mended(page)
        self.assertTrue(page.evaluate("window.sameDocument === true"), "the page was never loaded again")

    def a_change_is_seen_and_run(self, page):
        publish_look(self.server, lut(1.0, 0.75, 0.3), "warmer")
        self.wait_said(page, ".notice h1", "look/show_lut changed")
        self.assertEqual(set(self.states(page).values()), {"current", "stale"})
        page.click("text=Run these 3")
        self.wait_said(page, ".notice h1", "Everything is current")
        self.assertEqual(set(self.states(page).values()), {"current"})
        self.assertEqual(set(self.server.states().values()), {"current"})
        newest = self.server.ask("plans", "demo")["plans"][0]
        self.assertEqual((newest["status"], newest["actor"]["name"]), ("succeeded", "web"))
        self.assertIn("3 succeeded", self.said(page, ".notice .said"))
        self.assertIn("web", self.said(page, "#aside .recent"))

    def before_and_after(self, page):
        page.click(f'.cell[data-ref="{REVIEW}"]')
        ready = "() => { const all = [...document.querySelectorAll('#aside .layer img')]; " \
                "return all.length === 2 && all.every(i => i.complete && i.naturalWidth > 0); }"  # fmt: skip
        page.wait_for_function(ready)
        middles = page.evaluate("""() => [...document.querySelectorAll('#aside .layer img')].map(image => {
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          return [canvas.width, canvas.height, ...context.getImageData(80, 45, 1, 1).data];
        })""")
        self.assertEqual([middle[:2] for middle in middles], [[96, 54], [96, 54]])
        before, after = (middle[2:5] for middle in middles)
        self.assertGreater(before[2], after[2] + 10, "the later one is warmer")
        self.assertEqual(self.said(page, "#aside .stage em.left"), "v001")
        self.assertEqual(self.said(page, "#aside .stage em.right"), "v002")
        # Another frame.
        page.locator("#aside input[aria-label=Frame]").fill("0")
        for layer in (".layer:not(.after)", ".layer.after"):
            page.wait_for_selector(f'#aside {layer} img[src*="review.1001.png"]')
        self.assertEqual(self.said(page, "#aside .controls output"), "1001")
        page.wait_for_function(ready)
        page.screenshot(path=SCREENSHOTS / "compare-1440-dark.png", full_page=True)
        # Why it is there, back to the person.
        self.wait_said(page, "#aside .part-why", "mira")
        page.click("#aside .close")
        page.wait_for_selector("#aside .recent")

    def another_person_runs(self, page):
        """What the command line does is seen here too."""
        publish_look(self.server, lut(0.5, 0.8, 1.0), "colder", who="otto")
        self.wait_said(page, ".notice h1", "look/show_lut changed")
        self.wait_said(page, ".notice .said", "otto")
        self.server.apply()
        self.wait_said(page, ".notice h1", "Everything is current")
        self.wait_said(page, f'.cell[data-ref="{REVIEW}"]', "v003")

    def a_failure_and_its_log(self, page):
        publish_look(self.server, "this is no look\n", "oops")
        self.wait_said(page, ".notice h1", "look/show_lut changed")
        page.click("text=Run these 3")
        self.wait_said(page, ".notice h1", "failed")
        self.wait_said(page, ".notice .said", "task.failed")
        self.assertIn("failed", self.states(page).values())
        with self.subTest("what failed, and what waits for it, is offered once"):
            page.wait_for_timeout(1000)
            self.assertEqual(page.locator(".notice").count(), 1, page.locator(".notice h1").all_inner_texts())
        page.locator(".notice .acts button:has-text('Open the log')").wait_for()
        settle(page)
        page.screenshot(path=SCREENSHOTS / "failed-1440-dark.png", full_page=True)
        page.click(".notice .acts button:has-text('Open the log')")
        self.wait_said(page, "dialog.log pre", "oiiotool error|show_lut")
        page.screenshot(path=SCREENSHOTS / "log-1440-dark.png")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog.log", state="detached")

    def mended(self, page):
        """A good look after the bad one: the page proposes it, and running that leaves nothing failed."""
        publish_look(self.server, lut(0.9, 0.9, 0.6), "mended")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.notice button')].some(b => /^Run (it|these \\d+)$|^Try again$/.test(b.innerText))"
        )
        wait_until(lambda: len(self.server.ask("plan", "demo")["runs"]) == 3, "a plan with the mended look")
        page.locator(".notice .acts button", has_text=re.compile("^(Run|Try again)")).first.click()
        self.wait_said(page, ".notice h1", "Everything is current")
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.assertEqual(set(self.states(page).values()), {"current"})


class Progress(PageTestCase, ServerTestCase):
    """Slow tasks of text, one at a time, to see what is said while they run."""

    workers = 1

    SLOW = """\
sluice: 1
project: demo
folders: [ { path: sq010/sh0010, type: shot, range: 1001-1004 } ]
steps:
  slow:
    for: { type: shot }
    inputs:
      plate: { product: plate, frames: one-to-one }
    outputs:
      frames: { product: slow_frames, files: "slow.####.txt" }
    command: [sh, -c, 'sleep 1; cp "$1" "$2"', sh, "{plate}", "{frames}"]
"""

    def test_progress_is_live_and_cancel_ends_it(self):
        self.server.pipeline(self.SLOW)
        self.server.ask("publish", "demo/sq010/sh0010/plate", *self.server.frames(1001, 1004))
        page = self.open()
        page.click("text=Run it")
        self.wait_said(page, ".notice h1", "^Running 1 run$")
        page.wait_for_function("() => +document.querySelector('.notice .meter').getAttribute('aria-valuenow') >= 1")
        self.assertRegex(self.said(page, ".notice .facts"), r"[1-3] of 4 tasks")
        with self.subTest("the board says so too"):
            self.wait_said(page, '.cell[data-ref="demo/sq010/sh0010/slow_frames"]', "[1-3] of 4", 1)
            self.assertEqual(self.states(page)["demo/sq010/sh0010/slow_frames"], "running")
        page.screenshot(path=SCREENSHOTS / "running-1440-dark.png", full_page=True)
        page.click(".notice button:has-text('Cancel')")
        page.wait_for_function("() => !document.querySelector('.notice h1').innerText.startsWith('Running')")
        plan = self.server.ask("plans", "demo")["plans"][0]
        self.assertEqual(plan["status"], "cancelled")
        # What was not made is proposed again, and goes on with what was finished.
        page.click("text=Run it")
        self.wait_said(page, ".notice h1", "Everything is current")


class Empty(PageTestCase, ServerTestCase):
    def test_an_empty_server_says_how_to_begin_and_wakes_up(self):
        page = self.open()
        self.assertEqual(self.said(page, ".notice h1"), "No project yet")
        self.assertIn("sluice pipeline apply", self.said(page, ".notice"))
        self.server.pipeline(PIPELINE)
        self.wait_said(page, ".notice h1", "missing|waits for its first files")

    def test_names_are_text_and_never_markup(self):
        self.server.pipeline(PIPELINE)
        evil = "<img src=x onerror=violations.push(1)>"
        publish_look(self.server, lut(1, 1, 1), evil)
        page = self.open("/#/demo/activity", ready=".activity li")
        self.wait_said(page, ".activity .days", "onerror")
        self.assertEqual(page.locator(".activity img").count(), 0)

    def test_events_of_other_tools_are_told_and_break_nothing(self):
        self.server.pipeline(PIPELINE)
        page = self.open("/#/demo/activity", ready=".activity li")
        kinds = ["farm.job.done", "tag.moved.v1", "run.finished", "task.finished", "version.published", "constructor"]
        for number, kind in enumerate(kinds):
            for data in ("null", "7", '"words"', "[1]", '{"outcome":"failed","frames":7}', None):
                line = f'{{"specversion":"1.0","id":"same-{number}","source":"/tool/{hash(data)}","type":"{kind}","project":"demo"'
                line += f',"subject":"<img src=x onerror=violations.push(1)>"{"" if data is None else f",{chr(34)}data{chr(34)}:{data}"}}}'
                answer = self.server.post("/api/v1/events", line.encode(), {"Content-Type": "application/cloudevents+json"})
                self.assertEqual(answer.status, 200, str(answer))
        self.wait_said(page, ".activity .days", "tester sent constructor")
        page.reload()
        self.wait_said(page, ".activity .days", "tester sent farm.job.done")
        said = self.said(page, ".activity .days")
        for kind in kinds:
            self.assertEqual(said.count(f"tester sent {kind} "), 6, said)
        self.assertIn("applied the pipeline, revision 1", said)
        self.assertEqual(page.locator(".activity img").count(), 0)

    def test_a_lost_server_is_seen_and_found_again(self):
        self.server.pipeline(PIPELINE)
        page = self.open(quiet=False)
        self.wait_said(page, "#live", "^live$")
        self.server.kill()
        self.wait_said(page, "#live", "reconnecting")
        self.server.start()
        self.wait_said(page, "#live", "^live$")
        publish_look(self.server, lut(1, 1, 1), "after the restart")
        self.wait_said(page, "#aside .recent", "after the restart")


class SignIn(PageTestCase, unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        created = self.server.run("token", "create", "mira", "--data", self.server.data, "--json", server=False).json
        self.token = created["token"]
        self.server.start()
        self.server.extra["SLUICE_TOKEN"] = self.token
        self.server.pipeline(PIPELINE)

    def test_a_server_with_a_token_asks_for_it(self):
        page = self.open(ready="dialog #token", quiet=False)
        self.assertEqual(self.said(page, "dialog h2"), "Sign in")
        self.assertIn("sluice token create", self.said(page, "dialog"))
        page.screenshot(path=SCREENSHOTS / "signin-1440-dark.png")
        page.keyboard.press("Escape")
        self.assertEqual(page.locator("dialog #token").count(), 1)
        page.fill("#token", "not a token")
        page.press("#token", "Enter")
        self.wait_said(page, "dialog", "does not know that token")
        page.fill("#token", self.token)
        page.press("#token", "Enter")
        page.wait_for_selector("dialog", state="detached")
        page.wait_for_selector(".notice h1")
        self.assertEqual(self.said(page, "#who"), "Sign out")
        # The cookie lasts, out of reach of scripts.
        self.assertNotIn("sluice", page.evaluate("document.cookie"))
        page.reload()
        page.wait_for_selector(".notice h1")
        self.assertEqual(page.locator("dialog").count(), 0)
        uncaught = [problem for problem in page.problems if problem.startswith(("uncaught", "elsewhere"))]
        self.assertEqual((uncaught, page.evaluate("violations")), ([], []))
        page.click("#who")
        page.wait_for_selector("dialog #token")

    def test_it_fits_a_telephone(self):
        page = self.open(size=NARROW, scheme="light", ready="dialog #token", quiet=False)
        self.assertEqual(page.evaluate(OVERFLOW), {"wide": 0, "out": []})
        page.screenshot(path=SCREENSHOTS / "signin-400-light.png")


if __name__ == "__main__":
    unittest.main()
