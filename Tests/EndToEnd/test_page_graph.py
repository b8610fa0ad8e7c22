"""The graph in the page: what it draws, how one moves in it, and that states change without anything jumping.

Screenshots go to .build/screenshots. Without Chromium or playwright every test here is skipped; what needs places is
skipped without Graphviz.
"""

import json
import re
import shutil
import tempfile
import unittest
import urllib.parse

import test_page
import tiny_show
from sluice_server import ServerTestCase, SharedServerTestCase, wait_until
from test_page import NARROW

HAS_DOT = shutil.which("dot") is not None
REVIEW = "sq010/sh0010/review_frames"


def setUpModule():
    test_page.start_browser()


class GraphTestCase(test_page.PageTestCase):
    def open_graph(self, query="", ready=".canvas .node", **more):
        return self.open(f"/#/demo/graph{query}", ready=ready, **more)

    def nodes(self, page):
        """`{id: {state, place, lit, chosen}}` as they are drawn."""
        return page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('.canvas .node')].map(n => [n.dataset.id, {"
            " state: [...n.querySelector('.sign').classList].find(c => c !== 'sign'), place: n.getAttribute('transform'),"
            " lit: n.classList.contains('lit'), chosen: n.classList.contains('chosen'), said: n.getAttribute('aria-label') }]))"
        )

    def lit(self, page):
        self.assertTrue(page.evaluate("document.querySelector('.canvas').classList.contains('lighting')"))
        return sorted(name for name, node in self.nodes(page).items() if node["lit"])

    def focused(self, page):
        return page.evaluate("document.activeElement?.dataset?.id ?? null")

    def wait_for(self, page, node):
        page.wait_for_selector(f'.canvas .node[data-id="{node}"]')

    def address(self, page):
        return urllib.parse.unquote(page.url.split("#")[1])


@unittest.skipUnless(HAS_DOT, "no Graphviz")
class LookChanged(GraphTestCase, SharedServerTestCase):
    """A show whose look has changed and nothing has run since."""

    @classmethod
    def prepare(cls, server):
        tiny_show.make(server)
        server.ask("publish", "demo/look/show_lut", server.file("show_lut.cube", "cold\n"), "--note", "colder",
                   environment={"SLUICE_ACTOR": "<img src=x onerror=boom()>"})  # fmt: skip

    def test_by_step_it_shows_states_by_shape(self):
        page = self.open_graph()
        nodes = self.nodes(page)
        self.assertEqual({name: node["state"] for name, node in nodes.items()}, {
            "product:look/neutral_lut": "current", "product:look/show_lut": "current", "sources:plate": "current",
            "step:review": "stale", "step:neutral": "current", "step:review_movie": "stale", "step:contact": "stale"})  # fmt: skip
        self.assertEqual(page.locator(".canvas .link").count(), 6)
        self.assertEqual(nodes["step:review"]["said"], "review, 3 folders: 3 products, 3 out of date")
        self.assertRegex(self.said(page, ".graph-tools .filters"), "Out of date 8 Current 8")

    def test_each_address_loads_by_itself(self):
        for query, node in (
            ("", "step:review"), ("?collapse=folder", "folder:sq010"),
            ("?collapse=folder&open=folder:sq010,folder:sq010/sh0020", "unit:review/sq010/sh0020"),
            ("?collapse=none", "unit:contact/sq020"), ("?open=step:neutral", "unit:neutral/sq020/sh0030"),
        ):  # fmt: skip
            with self.subTest(query):
                self.wait_for(self.open_graph(query), node)
        page = self.open_graph("?node=step:review", ready="#aside h2")
        self.assertEqual(self.said(page, "#aside h2"), "review")
        self.assertTrue(self.nodes(page)["step:review"]["chosen"])
        # A product is chosen where it is drawn, alone or among others.
        self.assertTrue(self.nodes(self.open_graph(f"?collapse=none&at={REVIEW}"))["unit:review/sq010/sh0010"]["chosen"])
        page = self.open_graph(f"?at={REVIEW}", ready="#aside h2")
        self.wait_for(page, "step:review")
        wait_until(lambda: self.nodes(page)["step:review"]["chosen"], "its step is chosen")

    def test_a_chosen_node_lights_what_is_upstream_and_downstream(self):
        page = self.open_graph()
        page.click('.node[data-id="step:review"]')
        self.wait_said(page, "#aside h2", "review")
        reached = ["product:look/show_lut", "sources:plate", "step:contact", "step:review", "step:review_movie"]
        self.assertEqual(self.lit(page), reached)
        self.assertEqual(page.locator(".canvas .link.lit").count(), 4)
        page.mouse.move(5, 700)
        page.keyboard.press("Escape")
        page.wait_for_function("() => !document.querySelector('.canvas').classList.contains('lighting')")
        self.assertEqual(self.address(page), "/demo/graph")

    def test_reasons_are_words_and_names_are_never_markup(self):
        page = self.open_graph("?node=step:review", ready="#aside h2")
        self.wait_said(page, "#aside", "out of date because")
        said = self.said(page, "#aside")
        self.assertRegex(said, r"look/show_lut moved from v001 to v002 \(<img src=x onerror=boom\(\)>, ")
        self.assertIn("3 products", said)
        page.hover('.node[data-id="step:contact"]')
        self.assertIn("<img src=x", page.evaluate("document.querySelector('.node[data-id=\"step:contact\"] title').textContent"))
        self.assertEqual(page.locator("img[src=x]").count(), 0)
        page.click("#aside button:has-text('contact')")
        self.wait_said(page, "#aside h2", "contact")

    def test_a_product_shows_its_own_reason(self):
        page = self.open_graph("?collapse=none")
        page.click('.node[data-id="unit:review_movie/sq020/sh0030"]')
        self.wait_said(page, "#aside .part-because", "show_lut moved from v001")
        self.assertIn("through sq020/sh0030", self.said(page, "#aside .part-because"))
        self.assertEqual(self.address(page), "/demo/graph?at=sq020/sh0030/review_movie&collapse=none")

    def test_a_node_opens_and_closes(self):
        page = self.open_graph()
        page.click('.node[data-id="step:contact"] .opener')
        self.wait_for(page, "unit:contact/sq020")
        self.assertEqual(self.address(page), "/demo/graph?open=step:contact")
        self.assertNotIn("step:contact", self.nodes(page))
        page.click(".opened button:has-text('contact')")
        self.wait_for(page, "step:contact")
        page.click(".ways button:has-text('Folders')")
        self.wait_for(page, "folder:sq020")
        page.dblclick('.node[data-id="folder:sq020"]')
        self.wait_for(page, "unit:contact/sq020")

    def test_the_keyboard_walks_along_the_links(self):
        page = self.open_graph()
        page.focus('.node[data-id="product:look/show_lut"]')
        path = []
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowUp"):
            page.keyboard.press(key)
            path.append(self.focused(page))
        self.assertEqual(path[0], "step:review")
        self.assertIn(path[1], ("step:review_movie", "step:contact"))
        self.assertEqual(path[2], "step:review")
        self.assertIn(path[3], ("product:look/show_lut", "sources:plate"))
        self.assertNotEqual(path[4], path[3])
        page.focus('.node[data-id="step:review"]')
        page.keyboard.press("Enter")
        self.wait_said(page, "#aside h2", "review")
        page.keyboard.press("Enter")
        self.wait_for(page, "unit:review/sq010/sh0010")
        page.focus('.node[data-id="unit:review/sq010/sh0010"]')
        page.keyboard.press("Backspace")
        self.wait_for(page, "step:review")
        # One node at a time is in the order of Tab.
        self.assertEqual(page.locator('.canvas .node[tabindex="0"]').count(), 1)

    def test_a_slash_finds_what_is_gathered_too(self):
        page = self.open_graph()
        page.keyboard.press("/")
        page.keyboard.type("sh0020 review")
        self.wait_said(page, ".graph-search .found", "2 products")
        self.assertEqual(self.lit(page), ["step:review", "step:review_movie"])
        page.keyboard.press("Enter")
        self.wait_said(page, "#aside h2", "review")
        page.keyboard.press("Escape")
        self.assertEqual(page.input_value("#graph-search"), "")
        page.keyboard.type("nothing of the kind")
        self.wait_said(page, ".graph-search .found", "nothing")

    def test_what_is_chosen_in_a_search_lights_its_upstream_and_downstream(self):
        page = self.open_graph()
        page.keyboard.press("/")
        page.keyboard.type("review")
        self.wait_said(page, ".graph-search .found", "products")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.wait_for_selector(".canvas .node.chosen")
        nodes = self.nodes(page)
        chosen = next(name for name, node in nodes.items() if node["chosen"])
        linked = {"step:review": ["sources:plate", "product:look/show_lut", "step:contact"],
                  "step:review_movie": ["sources:plate", "product:look/show_lut", "step:review"]}[chosen]  # fmt: skip
        self.assertLessEqual({chosen, *linked}, set(self.lit(page)))
        self.assertNotIn("step:neutral", self.lit(page))

    def test_a_state_is_picked_out(self):
        page = self.open_graph()
        page.click(".graph-tools .filters button:has-text('Out of date')")
        self.assertEqual(self.lit(page), ["step:contact", "step:review", "step:review_movie"])

    def test_it_moves_and_zooms(self):
        page = self.open_graph()
        world = "document.querySelector('.canvas > g').getAttribute('transform')"
        before = page.evaluate(world)
        page.mouse.move(700, 780)
        page.mouse.down()
        page.mouse.move(760, 800, steps=4)
        page.mouse.up()
        moved = page.evaluate(world)
        self.assertNotEqual(moved, before)
        self.assertEqual(self.address(page), "/demo/graph", "to move is not to choose")
        page.mouse.wheel(0, -300)
        page.wait_for_function(f"() => {world} !== {json.dumps(moved)}")
        scales = [float(re.search(r"scale\(([\d.]+)", text)[1]) for text in (moved, page.evaluate(world))]
        self.assertGreater(scales[1], scales[0] * 1.2)

    def test_link_styles_say_their_policy(self):
        page = self.open_graph("?collapse=folder")

        def answer(route):
            graph = route.fetch().json()
            for edge, link in zip(graph["edges"], ("dependency", "reference", "association"), strict=False):
                edge["link"] = link
            route.fulfill(json=graph)

        page.route("**/api/v1/projects/demo/graph?*", answer)
        # The page may ask again while it is closed.
        self.addCleanup(page.unroute_all, behavior="ignoreErrors")
        page.click(".ways button:has-text('Steps')")
        page.wait_for_selector(".link.association")
        dashes = [page.evaluate(f"getComputedStyle(document.querySelector('.link.{link} path')).strokeDasharray")
                  for link in ("dependency", "reference", "association")]  # fmt: skip
        self.assertEqual(dashes[0], "none")
        self.assertEqual(len(set(dashes)), 3)
        self.assertIn("reference passes on", self.said(page, ".legend"))
        page.set_viewport_size({"width": 400, "height": 800})
        below = "document.querySelector('.legend').getBoundingClientRect().top >= document.querySelector('.canvas').getBoundingClientRect().bottom"
        self.assertTrue(page.evaluate(below), "the legend stands below the drawing, not upon it")

    def test_it_fits_and_is_kept_as_pictures(self):
        views = {
            "graph-steps": ("/#/demo/graph", '.node[data-id="step:review"]'),
            "graph-node": ("/#/demo/graph?node=step:review", "#aside h2"),
            "graph-folders": ("/#/demo/graph?collapse=folder&open=folder:sq010", '.node[data-id="unit:contact/sq010"]'),
            "graph-everything": ("/#/demo/graph?collapse=none", '.node[data-id="unit:contact/sq010"]'),
        }
        for _ in self.photograph(views):
            pass

    def test_on_a_telephone_it_flows_down(self):
        page = self.open_graph(size=NARROW)
        boxes = {name: [float(n) for n in re.findall(r"[\d.]+", node["place"])] for name, node in self.nodes(page).items()}
        self.assertLess(boxes["sources:plate"][1] + 48, boxes["step:review"][1])
        self.assertLess(boxes["step:review"][1] + 48, boxes["step:contact"][1])

    def test_on_a_telephone_it_is_seen_whole_or_fades_where_it_goes_on(self):
        inside = """() => {
          const stage = document.querySelector('.canvas').getBoundingClientRect();
          const ends = [...document.querySelectorAll('.canvas .node .box')].map(box => box.getBoundingClientRect().right);
          return [Math.max(...ends) <= stage.right + 1, document.querySelector('.canvas').classList.contains('more-right')];
        }"""
        self.assertEqual(self.open_graph(size=NARROW).evaluate(inside), [True, False])
        page = self.open_graph("?collapse=none", size=NARROW)
        is_whole, fades = page.evaluate(inside)
        self.assertEqual(fades, not is_whole)
        page.click(".zooms button:has-text('+')")
        page.click(".zooms button:has-text('+')")
        self.assertEqual(page.evaluate(inside), [False, True])


@unittest.skipUnless(HAS_DOT, "no Graphviz")
class Living(GraphTestCase, ServerTestCase):
    """One page that stays open while things happen."""

    def test_states_change_and_nothing_moves(self):
        tiny_show.make(self.server)
        page = self.open_graph("?collapse=none")
        page.evaluate("window.sameDocument = true")
        before, view = self.nodes(page), page.evaluate("document.querySelector('.canvas > g').getAttribute('transform')")
        self.assertEqual({node["state"] for node in before.values()}, {"current"})
        page.evaluate("window.kept = document.querySelector('.node[data-id=\"unit:contact/sq010\"]')")
        tiny_show.change_look(self.server)
        page.wait_for_selector('.node[data-id="unit:contact/sq010"] .sign.stale')
        after = self.nodes(page)
        self.assertEqual({name: node["place"] for name, node in after.items()}, {name: node["place"] for name, node in before.items()})
        self.assertEqual(page.evaluate("document.querySelector('.canvas > g').getAttribute('transform')"), view)
        self.assertTrue(page.evaluate("window.kept.isConnected"), "it is the same node")
        self.assertEqual(after["unit:neutral/sq010/sh0010"]["state"], "current")
        self.server.apply()
        page.wait_for_function("() => [...document.querySelectorAll('.node .sign')].every(s => s.classList.contains('current'))")
        # A new folder is a new shape: what was there stays, and the new one is drawn.
        self.server.ask("folder", "add", "demo/sq020/sh0040", "--type", "shot", "--set", "range=1001-1004")
        self.wait_for(page, "unit:review/sq020/sh0040")
        self.assertTrue(page.evaluate("window.sameDocument === true"), "the page was never loaded again")


@unittest.skipUnless(HAS_DOT, "no Graphviz")
class ManyShots(GraphTestCase, SharedServerTestCase):
    """A show of two sequences with thirty shots each, whose look has changed; not all of it was made."""

    @classmethod
    def prepare(cls, server):
        shots = [f"sq0{sequence}0/sh{10 * shot:04d}" for sequence in (1, 2) for shot in range(1, 31)]
        folders = "".join(f"  - {{ path: {shot}, type: shot, range: 1001-1002, fps: 24 }}\n" for shot in shots)
        head, _, rest = tiny_show.PIPELINE.partition("folders:\n")
        steps = rest.partition("steps:\n")[2]
        server.pipeline(f"{head}folders:\n  - look\n  - {{ path: sq010, type: sequence }}\n  - {{ path: sq020, type: sequence }}\n"
                        f"{folders}steps:\n{steps}")  # fmt: skip
        plates = [{"ref": f"demo/{shot}/plate", "representations": [{"files": [*map(str, server.frames(1001, 1002, folder=shot))]}]}
                  for shot in shots]  # fmt: skip
        luts = [{"ref": f"demo/look/{name}", "representations": [{"files": [str(server.file(f"{name}.cube"))]}]}
                for name in ("show_lut", "neutral_lut")]  # fmt: skip
        server.ask("publish", "--manifest", server.file("all.json", json.dumps({"products": plates + luts})))
        server.apply("--select", "folder:sq010 and step:neutral")
        server.apply("--select", "folder:sq010/sh0010 or folder:sq010/sh0020 or folder:sq010/sh0030")
        tiny_show.change_look(server)

    def areas(self, page):
        return page.evaluate("[...document.querySelectorAll('.canvas .areas text')].map(text => text.textContent)")

    def test_it_is_cut_into_blocks_that_are_seen_together(self):
        page = self.open_graph("?collapse=none")
        self.assertIn("look", self.areas(page))
        self.assertTrue(any(title.startswith("sq010/sh0010 – sh") for title in self.areas(page)), self.areas(page))
        self.assertGreater(page.locator(".canvas .echo").count(), 4)
        drawn = page.evaluate("(() => { const [w, s] = ['.canvas > g', '.canvas'].map(q => document.querySelector(q).getBoundingClientRect());"
                              " return [w.left >= s.left, w.top >= s.top, w.right <= s.right, w.bottom <= s.bottom, w.width / s.width] })()")  # fmt: skip
        self.assertEqual(drawn[:4], [True] * 4)
        self.assertGreater(drawn[4], 0.6, "it uses the room")

    def test_far_away_there_are_names_of_blocks_and_close_by_those_of_nodes(self):
        page = self.open_graph("?collapse=none")

        def seen():
            title, name = ("document.querySelector('.canvas .areas text').getBoundingClientRect().height",
                           "getComputedStyle(document.querySelector('.canvas .node .title')).display")  # fmt: skip
            return page.evaluate(title), page.evaluate(name) != "none"

        size, is_named = seen()
        self.assertEqual((size > 10, is_named), (True, False))
        for _ in range(6):
            page.click(".zooms button:has-text('+')")
        size, is_named = seen()
        self.assertEqual((size > 10, is_named), (True, True))

    def test_an_echo_is_the_thing_itself(self):
        page = self.open_graph("?collapse=none")
        page.locator('.echo[data-id="product:look/show_lut"]').first.click()
        self.wait_said(page, "#aside h2", "show_lut")
        self.assertTrue(self.nodes(page)["product:look/show_lut"]["chosen"])
        lit = page.evaluate("[...document.querySelectorAll('.echo.lit')].map(echo => echo.dataset.id)")
        self.assertIn("product:look/show_lut", lit)
        self.assertNotIn("product:look/neutral_lut", lit)

    def test_what_the_address_names_is_in_view_on_a_telephone(self):
        page = self.open_graph("?collapse=none&at=sq020/sh0290/plate", ready="#aside h2", size=NARROW)
        page.wait_for_selector('.node.chosen[data-id="product:sq020/sh0290/plate"]')
        page.wait_for_function("() => { const [n, s] = ['.node.chosen', '.graph-stage'].map(q => document.querySelector(q).getBoundingClientRect());"
                               " return n.top >= s.top && n.bottom <= s.bottom && n.left >= s.left && n.right <= s.right }")  # fmt: skip

    def test_it_fits_and_is_kept_as_pictures(self):
        node = '.node[data-id="unit:contact/sq010"]'
        for page, _ in self.photograph({
            "graph-blocks-opened": ("/#/demo/graph?open=step:review", '.node[data-id="unit:review/sq010/sh0010"]'),
            "graph-blocks": ("/#/demo/graph?collapse=none", node),
            "graph-blocks-lit": ("/#/demo/graph?collapse=none&at=sq010/sh0040/neutral_frames", node)}):  # fmt: skip
            self.check_quiet(page)


class Judged(GraphTestCase, SharedServerTestCase):
    """What persons say of products is shown where the server says it."""

    @classmethod
    def prepare(cls, server):
        tiny_show.make(server)

    def open_with(self, changes):
        """The page of a product whose status has these fields too."""
        posted = []
        page = self.open("/", quiet=False)

        def status(route):
            answer = route.fetch().json()
            for product in answer["products"]:
                if product["ref"] == f"demo/{REVIEW}":
                    product.update(changes)
            route.fulfill(json=answer)

        page.route("**/api/v1/status?*", status)
        page.route("**/api/v1/vouch", lambda route: (posted.append(route.request.post_data_json), route.fulfill(json={})))
        page.goto(self.server.url + f"/#/demo/show?at={REVIEW}")
        page.reload()
        page.wait_for_selector("#aside .part-history li")
        return page, posted

    def test_no_verdict_is_shown_where_nobody_said_one(self):
        page, _ = self.open_with({})
        self.assertEqual(page.locator("#aside .part-marks").inner_text(), "Complete")
        self.assertEqual(page.locator("#aside button:has-text('Vouch')").count(), 0)

    def test_a_doubtful_product_says_why_and_is_vouched_for(self):
        reason = {"kind": "input", "input": "demo/look/show_lut", "text": "look/show_lut moved from v001 to v002 (mira, Mon 23 Nov 15:02 UTC)"}
        page, posted = self.open_with({"state": "dubious", "freshness": "dubious", "reasons": [reason]})
        self.wait_said(page, "#aside .part-because", "in doubt because")
        self.assertIn("look/show_lut moved from v001", self.said(page, "#aside .part-because"))
        self.assertIn("Needs a person", self.said(page, "#aside .part-head"))
        page.click("#aside button:has-text('Vouch')")
        page.fill("dialog input", "checked against the new rig")
        # Routes are answered only while the browser is waited for.
        with page.expect_response("**/api/v1/vouch"):
            page.click("dialog button:has-text('Vouch')")
        self.assertRegex(posted[0]["ref"], rf"^demo/{REVIEW}@v-")
        self.assertEqual(posted[0]["because"], "checked against the new rig")

    def test_complete_and_approved_stand_apart(self):
        page, _ = self.open_with({
            "complete": {"value": False, "reason": "frames 1003-1004 are not there"},
            "approved": {"value": True, "verdict": "approved", "by": "olga", "time": "2026-11-23T14:23:00Z", "because": "final"}})  # fmt: skip
        said = self.said(page, "#aside .part-marks")
        self.assertIn("Not complete: frames 1003-1004 are not there", said)
        self.assertRegex(said, "Approved by olga .*“final”")
        self.assertEqual(page.locator(f'.cell[data-ref="demo/{REVIEW}"] .mark-sign.approved').count(), 1)

    def test_a_rejected_product_says_who_rejected_it(self):
        page, _ = self.open_with({"approved": {
            "value": False, "verdict": "rejected", "by": "olga", "time": "2026-11-23T14:23:00Z", "because": "flicker"}})  # fmt: skip
        self.assertRegex(self.said(page, "#aside .part-marks"), "Rejected by olga .*“flicker”")
        self.assertEqual(page.locator(f'.cell[data-ref="demo/{REVIEW}"] .mark-sign.rejected').count(), 1)

    def test_held_frozen_and_purged_are_told_and_are_no_reason_to_be_out_of_date(self):
        texts = {
            "held": "sq010/sh0010/review_frames is held by ben since Mon 23 Nov 14:23 UTC: because “painted out the rig”",
            "frozen": "look/show_lut is frozen at v001 by anna (Mon 23 Nov 14:23 UTC)",
            "missingFrames": "plate has no frames 1025-1030"}  # fmt: skip
        page, _ = self.open_with({
            "purged": True, "reasons": [{"kind": kind, "text": text} for kind, text in texts.items()]})  # fmt: skip
        said = self.said(page, "#aside .part-marks")
        for words in (*texts.values(), "files were dropped"):
            self.assertIn(words, said)
        self.assertEqual(page.locator("#aside .part-because").inner_text(), "")


class WithoutGraphviz(GraphTestCase, ServerTestCase):
    """A server on whose machine `dot` is not installed."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="sluice-empty-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.environment = {"PATH": folder}
        super().setUp()

    def test_it_says_how_it_is_installed_and_shows_a_list(self):
        self.server.pipeline(tiny_show.PIPELINE)
        page = self.open_graph(ready=".graph-list li")
        said = self.said(page, ".graph-list")
        self.assertIn("graph.dotMissing", said)
        self.assertIn("apt install graphviz", said)
        self.assertRegex(said, "review 3 folders Open from look/show_lut, plate")
        page.screenshot(path=test_page.SCREENSHOTS / "graph-list.png")
        page.click(".graph-list button:has-text('contact')")
        self.wait_said(page, "#aside h2", "contact")


if __name__ == "__main__":
    unittest.main()
