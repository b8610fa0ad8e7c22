"""Server-sent events are read as the HTML standard says, however the bytes are cut."""

from __future__ import annotations

import random
import unittest
from unittest import mock

import support  # noqa: F401 (finds the client)

import sluice
from sluice import _sse
from sluice._sse import Message, MessageReader


def read(*pieces: bytes, last: str | None = None) -> tuple[list[Message], str | None]:
    reader = MessageReader("the test", last)
    found = [message for piece in pieces for message in reader.feed(piece)]
    return found, reader.last_id


class Reading(unittest.TestCase):
    def test_a_message_has_kind_data_and_the_last_id(self):
        found, last = read(b"retry: 1000\n\nid: main:1\nevent: fact\ndata: {}\n\ndata: x\n\n")
        self.assertEqual(found, [Message("fact", "{}", "main:1"), Message("message", "x", "main:1")])
        self.assertEqual(last, "main:1")

    def test_comments_are_passed_over(self):
        self.assertEqual(read(b": still here\n\n: and here\n\n")[0], [])

    def test_an_id_without_data_is_a_place(self):
        self.assertEqual(read(b"id: main:9\n\n"), ([], "main:9"))

    def test_what_is_not_finished_is_no_message_and_no_place(self):
        for cut in (b"id: main:2\nevent: fact\ndata: {}\n", b"id: main:2\nevent: fact\ndata: {", b"id: main:2"):
            self.assertEqual(read(b"id: main:1\ndata: 1\n\n" + cut), ([Message("message", "1", "main:1")], "main:1"))

    def test_lines_of_data_are_joined(self):
        self.assertEqual(read(b"data: a\ndata:b\ndata:  c\ndata\n\n")[0], [Message("message", "a\nb\n c\n", None)])

    def test_unknown_fields_an_id_with_a_null_and_a_byte_order_mark_are_passed_over(self):
        found = read(b"\xef\xbb\xbfdata: a\nfoo: bar\nid: x\0y\n\n", last="main:1")
        self.assertEqual(found, ([Message("message", "a", "main:1")], "main:1"))

    def test_bytes_that_are_no_text_are_shown_as_such(self):
        self.assertEqual(read(b"data: \xff\n\n")[0], [Message("message", "\ufffd", None)])

    def test_every_cut_and_every_line_end_gives_the_same_messages(self):
        lines = [
            "id: main:1",
            "event: fact",
            'data: {"a": "ä€🎬"}',
            "",
            ": beat",
            "",
            "data: x",
            "data: y",
            "",
            "id: main:2",
            "",
            "",
        ]
        wanted, last = read("\n".join(lines).encode())
        self.assertEqual((len(wanted), last), (2, "main:2"))
        for seed in range(1000):
            chance = random.Random(seed)
            end = chance.choice(["\n", "\r", "\r\n"])
            rest, pieces = end.join(lines).encode(), []
            while rest:
                size = chance.randint(1, chance.choice([2, 7, 40]))
                pieces.append(rest[:size])
                rest = rest[size:]
            self.assertEqual(read(*pieces), (wanted, last), f"seed {seed}, line end {end!r}")

    def test_a_message_that_is_larger_than_any_event_is_refused_and_not_gathered(self):
        with mock.patch.object(_sse, "MESSAGE_BYTES", 1000):
            for pieces in ([b"data: " + b"x" * 1100], [b"x" * 100] * 11, [b"data: " + b"x" * 90 + b"\n"] * 11):
                with self.assertRaises(sluice.SluiceError) as raised:
                    read(*pieces)
                self.assertEqual(raised.exception.code, "server.answer")


if __name__ == "__main__":
    unittest.main()
