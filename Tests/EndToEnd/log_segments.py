"""Reads a log's segments as they lie on disk, for tests that look at what a server has recorded.

It takes the layout as the sources describe it and checks no checksum: a batch counts when its header is there and its
records are JSON. That is enough for a log that a killed server left, where every write is whole or at the very end.
"""

import contextlib
import json
import shutil
import sqlite3
import struct
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

PAGE = 4096
MAGIC = 0xFF4C4F47FE424154
HEADER = struct.Struct("<QIqIIIqI")
"""Magic, bytes behind the header, first sequence, events, records, blobs, time, checksum of the table."""
HEADER_BYTES = 64
RECORD = struct.Struct("<III")
BLOB = struct.Struct("<32sII")


class Batch(NamedTuple):
    first: int
    records: list[tuple[int, bytes]]
    """How many events, and the bytes."""
    blobs: dict[str, bytes]


def batches(folder: Path) -> Iterator[Batch]:
    """Every batch of a log, oldest first."""
    expected = 1
    for segment in sorted(folder.glob("*.seg")):
        data, place = segment.read_bytes(), PAGE
        while place + HEADER_BYTES <= len(data):
            magic, payload, first, _, records, blobs, _, _ = HEADER.unpack_from(data, place)
            if magic != MAGIC or first < expected:
                break
            batch = _batch(data, place + HEADER_BYTES, first, records, blobs)
            if batch is None:
                break
            yield batch
            expected = first + sum(count for count, _ in batch.records)
            place += HEADER_BYTES + payload


def _batch(data: bytes, table: int, first: int, records: int, blobs: int) -> Batch | None:
    body = table + records * RECORD.size + blobs * BLOB.size
    found: list[tuple[int, bytes]] = []
    for number in range(records):
        events, length, _ = RECORD.unpack_from(data, table + number * RECORD.size)
        found.append((events, data[body : body + length]))
        body += length
    named: dict[str, bytes] = {}
    for number in range(blobs):
        digest, length, _ = BLOB.unpack_from(data, table + records * RECORD.size + number * BLOB.size)
        named[digest.hex()] = data[body : body + length]
        body += length
    try:
        for _, record in found:
            json.loads(record)
    except ValueError:
        return None
    return Batch(first, found, named)


def events(folder: Path) -> list[dict[str, Any]]:
    """Every event of a log, oldest first."""
    return [
        event for batch in batches(folder) for _, record in batch.records for event in json.loads(record)["events"]
    ]


def into_sqlite(data: Path, change: Callable[[bytes], bytes] = bytes) -> int:
    """Makes of a data folder's log what a server wrote before there were segments; the last event.

    `change` makes the bytes of each record other ones.
    """
    last = 0
    with contextlib.closing(sqlite3.connect(data / "log.sqlite")) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.execute("CREATE TABLE record (last INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB NOT NULL)")
        old.execute("CREATE TABLE blob (digest TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")
        for batch in batches(data / "log"):
            for count, record in batch.records:
                last += count
                old.execute("INSERT INTO record VALUES (?, ?, ?)", (last, count, change(record)))
            old.executemany("INSERT INTO blob VALUES (?, ?)", batch.blobs.items())
        old.commit()
    shutil.rmtree(data / "log")
    return last
