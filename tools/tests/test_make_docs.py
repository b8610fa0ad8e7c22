"""`make docs` makes the event reference of the schemas, and `make check` notices when it was not run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parent.parent
ROOT = TOOLS.parent
sys.path.insert(0, str(TOOLS))

from event_reference import EventType, rendered

PAGE = """# Events

By hand.

<!-- make-docs: types -->
<!-- make-docs: end -->

Also by hand.

<!-- make-docs: sections -->
<!-- make-docs: end -->
"""


def schema(**more: Any) -> dict[str, Any]:
    return {
        "description": "A bell rang. It was loud.",
        "x-written": "when somebody pulled the rope",
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "description": "Which bell."}},
        "examples": [{"name": "great"}],
        **more,
    }


def fields(properties: dict[str, Any], **more: Any) -> dict[str, str]:
    event = EventType("sluice.bell.rung.v1", schema(properties=properties, **more))
    return {field.name: field.kind for field in event.fields}


class AType(unittest.TestCase):
    def test_has_a_row_and_a_section_for_its_schema(self) -> None:
        page = rendered(PAGE, [EventType("sluice.bell.rung.v1", schema())])
        self.assertIn(
            "| [`sluice.bell.rung.v1`](#sluicebellrungv1) | A bell rang | when somebody pulled the rope |", page
        )
        self.assertIn("## sluice.bell.rung.v1\n\nA bell rang. It was loud.\n\nWritten when somebody pulled", page)
        self.assertIn("| `name` | text | Which bell. |", page)
        self.assertIn('```json\n{\n  "name": "great"\n}\n```', page)

    def test_shows_all_its_examples(self) -> None:
        examples = [{"name": "great"}, {"name": "small"}]
        page = rendered(PAGE, [EventType("sluice.bell.rung.v1", schema(examples=examples))])
        self.assertEqual(page.count("```json"), 2)

    def test_is_told_without_the_note_that_all_schemas_have(self) -> None:
        note = "A bell rang. This is the `data` of the event; later versions of Sluice may add fields."
        self.assertEqual(EventType("sluice.bell.rung.v1", schema(description=note)).what, "A bell rang.")


class AField(unittest.TestCase):
    def test_is_optional_where_the_schema_does_not_require_it(self) -> None:
        event = EventType("sluice.bell.rung.v1", schema(required=[]))
        self.assertEqual([field.is_optional for field in event.fields], [True])

    def test_has_the_word_that_people_use(self) -> None:
        cases: list[tuple[dict[str, Any], str]] = [
            ({"type": "integer"}, "whole number"),
            ({"type": "boolean"}, "true or false"),
            ({"type": "string", "pattern": "^[0-9a-f]{64}$"}, "digest"),
            ({"type": "string", "pattern": "^anything$"}, "text"),
            ({"type": "string", "format": "date-time"}, "time"),
            ({"type": ["string", "null"]}, "text or null"),
            ({"const": "pull"}, "`pull`"),
            ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c`"),
            ({"type": "array", "items": {"type": "string"}}, "list of texts"),
            ({"type": "array", "items": {"enum": ["a", "b"]}}, "list of `a` / `b`"),
            ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "text or whole number"),
        ]
        for part, word in cases:
            with self.subTest(part):
                self.assertEqual(fields({"x": part})["x"], word)

    def test_shows_the_fields_inside_of_it(self) -> None:
        inner = {"type": "object", "properties": {"y": {"type": "string"}}}
        found = fields(
            {
                "a": inner,
                "b": {"type": "array", "items": inner},
                "c": {"type": "object", "additionalProperties": inner},
                "d": {"$ref": "#/$defs/inner"},
            },
            **{"$defs": {"inner": inner}},
        )
        self.assertEqual(list(found), ["a", "a.y", "b", "b[].y", "c", "c.*.y", "d", "d.y"])

    def test_of_several_forms_shows_the_fields_of_each_once(self) -> None:
        pull = {"properties": {"kind": {"const": "pull"}}, "required": ["kind"]}
        webhook = {
            "properties": {"kind": {"const": "webhook"}, "url": {"type": "string"}},
            "required": ["kind", "url"],
        }
        event = EventType(
            "sluice.bell.rung.v1", schema(properties={"target": {"type": "object", "oneOf": [pull, webhook]}})
        )
        found = {field.name: (field.kind, field.is_optional) for field in event.fields}
        self.assertEqual(found["target.kind"], ("`pull` or `webhook`", False))
        self.assertEqual(found["target.url"], ("text", True))


class ASchema(unittest.TestCase):
    def test_that_leaves_nothing_unsaid_has_no_gaps(self) -> None:
        self.assertEqual(list(EventType("sluice.bell.rung.v1", schema()).gaps()), [])

    def test_names_what_it_leaves_unsaid(self) -> None:
        bare = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}}}}
        gaps = "\n".join(EventType("sluice.bell.rung.v1", bare).gaps())
        for word in ("(description)", "(x-written)", "(examples)", "'a'", "'a.b'"):
            self.assertIn(word, gaps)

    def test_with_a_reference_to_nothing_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "#/\\$defs/nothing"):
            fields({"a": {"$ref": "#/$defs/nothing"}})


class ThePage(unittest.TestCase):
    def test_keeps_what_was_written_by_hand(self) -> None:
        page = rendered(PAGE, [EventType("sluice.bell.rung.v1", schema())])
        for line in ("# Events", "By hand.", "Also by hand."):
            self.assertIn(line, page.splitlines())

    def test_is_the_same_when_it_is_made_again(self) -> None:
        types = [EventType("sluice.bell.rung.v1", schema())]
        once = rendered(PAGE, types)
        self.assertEqual(rendered(once, types), once)

    def test_without_a_place_for_it_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "make-docs: sections"):
            rendered(PAGE.replace("make-docs: sections", "sections"), [])


class TheRepository(unittest.TestCase):
    """The real scripts, on a copy of what they read."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "copy"
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.root / name)
        subprocess.run(["git", "-C", str(self.root), "init", "--quiet"], check=True)

    def run_tool(self, name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.root / "tools" / name)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)

    def change_a_description(self) -> None:
        file = self.root / "schemas/events/sluice.tag.moved.v1.json"
        changed = json.loads(file.read_text(encoding="utf-8"))
        changed["properties"]["tag"]["description"] = "Another word for it."
        file.write_text(json.dumps(changed, indent=2), encoding="utf-8")

    def test_fails_its_check_until_the_documents_are_renewed(self) -> None:
        before = self.run_tool("check-docs")
        self.assertEqual(before.returncode, 0, before.stderr)
        self.change_a_description()
        stale = self.run_tool("check-docs")
        self.assertEqual(stale.returncode, 1)
        self.assertIn("docs/reference/events.md: not what the schemas say; renew it with `make docs`", stale.stderr)
        self.assertEqual(self.run_tool("make-docs").returncode, 0)
        renewed = self.run_tool("check-docs")
        self.assertEqual(renewed.returncode, 0, renewed.stderr)
        self.assertIn("Another word for it.", (self.root / "docs/reference/events.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
