"""The graph of a project, over HTTP and by `sluice graph`."""

import shutil
import tempfile
import unittest

import tiny_show
from sluice_server import ServerTestCase, SharedServerTestCase

GRAPH = "/api/v1/projects/demo/graph"
HAS_DOT = shutil.which("dot") is not None


def nodes(answer):
    return {node["id"]: node for node in answer["nodes"]}


def links(answer):
    return sorted((edge["from"], edge["to"], edge["links"]) for edge in answer["edges"])


class Changed(SharedServerTestCase):
    """A show whose look has changed."""

    @classmethod
    def prepare(cls, server):
        tiny_show.make(server)
        server.ask("publish", "demo/look/show_lut", server.file("show_lut.cube", "cold\n"), environment={"SLUICE_ACTOR": "mira"})

    def graph(self, **query):
        answer = self.server.get(GRAPH, **query)
        self.assertEqual(answer.status, 200, str(answer))
        return answer.json

    def test_by_step_it_counts_states_and_says_why(self):
        answer = self.graph()
        self.assertEqual(links(answer), [
            ("product:look/neutral_lut", "step:neutral", 3), ("product:look/show_lut", "step:review", 3),
            ("sources:plate", "step:neutral", 3), ("sources:plate", "step:review", 3),
            ("step:review", "step:contact", 3), ("step:review", "step:review_movie", 3)])  # fmt: skip
        review = nodes(answer)["step:review"]
        self.assertEqual((review["products"], review["states"], review["opens"]), (3, {"stale": 3}, True))
        self.assertEqual([reason["products"] for reason in review["reasons"]], [3])
        self.assertRegex(review["reasons"][0]["text"], r"look/show_lut moved from v001 to v002 \(mira, ")
        self.assertEqual(nodes(answer)["step:neutral"]["states"], {"current": 3})
        self.assertEqual(nodes(answer)["step:neutral"]["reasons"], [])
        # What waits for many names the first cause once, not each way that it came.
        self.assertEqual(len(nodes(answer)["step:review_movie"]["reasons"]), 1)

    def test_states_are_those_of_status(self):
        for collapse in ("step", "folder", "none"):
            counts = {}
            for node in self.graph(collapse=collapse)["nodes"]:
                for state, count in node["states"].items():
                    counts[state] = counts.get(state, 0) + count
            expected = {}
            for state in self.server.states().values():
                expected[state] = expected.get(state, 0) + 1
            self.assertEqual(counts, expected, collapse)

    def test_opened_by_folder(self):
        answer = self.graph(collapse="folder", open="folder:sq010")
        self.assertEqual(list(nodes(answer)), [
            "folder:look", "unit:contact/sq010", "folder:sq010/sh0010", "folder:sq010/sh0020", "folder:sq020"])  # fmt: skip

    def test_several_nodes_can_be_opened(self):
        answer = self.server.get(f"{GRAPH}?open=step:contact&open=step:neutral").json
        self.assertEqual(sum(node["kind"] == "unit" for node in answer["nodes"]), 2 + 3)

    def test_of_a_selection(self):
        answer = self.graph(collapse="none", select="+sq020/sh0030/review_movie")
        self.assertEqual(sorted(nodes(answer)), [
            "product:look/show_lut", "product:sq020/sh0030/plate", "unit:review/sq020/sh0030",
            "unit:review_movie/sq020/sh0030"])  # fmt: skip
        self.assertEqual(answer["select"], "+sq020/sh0030/review_movie")

    @unittest.skipUnless(HAS_DOT, "no Graphviz")
    def test_places_are_found_and_flow_along_the_links(self):
        for direction, axis in (("right", "x"), ("down", "y")):
            answer = self.graph(collapse="none", direction=direction)
            boxes = {node["id"]: node["box"] for node in answer["nodes"]}
            for edge in answer["edges"]:
                self.assertLess(boxes[edge["from"]][axis], boxes[edge["to"]][axis], edge)
                self.assertEqual(len(edge["curve"]["points"]) % 6, 2)
            for box in boxes.values():
                self.assertLessEqual(0, box["x"] - box["width"] / 2)
                self.assertLessEqual(box["x"] + box["width"] / 2, answer["size"]["width"] + 0.2)
                self.assertLessEqual(box["y"] + box["height"] / 2, answer["size"]["height"] + 0.2)

    def test_wrong_words_are_refused(self):
        for query in ({"collapse": "steps"}, {"direction": "left"}, {"format": "png"}):
            self.assertProblem(self.server.get(GRAPH, **query), 400, "usage")
        self.assertProblem(self.server.get(GRAPH, select="nowhere"), 400, "selection.invalid")
        self.assertProblem(self.server.get("/api/v1/projects/dmeo/graph"), 404, "project.unknown")

    def test_the_command_prints_what_http_answers(self):
        self.assertEqual(self.server.ask("graph", "demo"), self.graph())
        self.assertEqual(
            self.server.ask("graph", "demo", "--collapse", "folder", "--open", "folder:sq010", "--open", "folder:sq010/sh0010"),
            self.server.get(f"{GRAPH}?collapse=folder&open=folder:sq010&open=folder:sq010/sh0010").json)  # fmt: skip

    def test_the_command_prints_a_list(self):
        text = self.server.run("graph", "demo").output
        self.assertRegex(text, r"review \(3 folders\)\s+3 stale\s+from look/show_lut, plate \(3 folders\)")

    def test_the_command_prints_dot(self):
        text = self.server.run("graph", "demo", "--dot").output
        self.assertIn('label="review\\n3 folders\\n3 stale"', text)
        self.assertTrue(text.startswith("digraph"))

    @unittest.skipUnless(HAS_DOT, "no Graphviz")
    def test_the_command_draws_a_picture(self):
        file = self.server.home / "graph.svg"
        self.server.run("graph", "demo", "--svg", file)
        self.assertIn("<svg", file.read_text())
        self.assertIn("review_movie", file.read_text())
        self.assertIn("<svg", self.server.run("graph", "demo", "--svg", "-").output)

    def test_one_form_at_a_time(self):
        self.assertError(self.server.refused("graph", "demo", "--dot"), "usage")


class WithoutGraphviz(ServerTestCase):
    """A server on whose machine `dot` is not installed."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="sluice-empty-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.environment = {"PATH": folder}
        super().setUp()

    def test_nodes_and_links_are_there_and_the_reason_why_there_are_no_places(self):
        self.server.pipeline(tiny_show.PIPELINE)
        answer = self.server.get(GRAPH).json
        self.assertIsNone(answer["size"])
        self.assertEqual(answer["problem"]["code"], "graph.dotMissing")
        self.assertIn("apt install graphviz", answer["problem"]["fix"])
        self.assertEqual(len(answer["nodes"]), 7)
        self.assertNotIn("box", answer["nodes"][0])
        self.assertIn("digraph", self.server.run("graph", "demo", "--dot").output)
        self.assertProblem(self.server.get(GRAPH, format="svg"), 500, "graph.dotMissing")
        self.assertIn("apt install graphviz", self.server.run("graph", "demo", "--svg", "x.svg", code=1).errors)


if __name__ == "__main__":
    unittest.main()
