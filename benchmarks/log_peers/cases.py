"""Everything that is measured: sections of cases, each of which measures one thing once in a folder of its own."""

import itertools
import pathlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import ours, servers
from .disk import TRIES
from .drivers import Failed, Figures, Missing, drive

# More connections than this PostgreSQL is not given, since each is a process of its own.
POOL = 100
SYNCED = "yes"
TWO_MINUTES = "no, within 2 min"


@dataclass
class Bench:
    """What one run of the benchmark shares: its options and the folders that outlive a measurement."""

    work: pathlib.Path
    seconds: int
    runs: int
    replayed: int
    rebuilt: int
    turns: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def limit(self, writers: int) -> int:
        """Events at which a driver stops before its time is up, so that its memory has a bound."""
        return min(1_000_000, max(30_000, 4_000 * writers))

    def filled(self, name: str, fill: Callable[[pathlib.Path], object]) -> pathlib.Path:
        """A folder that is filled when it is first asked for, and then kept for the other cases and turns."""
        folder, mark = self.work / name, self.work / f"{name}.filled"
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            fill(folder)
            mark.touch()
        return folder


@dataclass(frozen=True)
class Case:
    """One row: whose it is, what it is, whether an acknowledged event was synced, and how to measure it once."""

    peer: str
    name: str
    synced: str
    measure: Callable[[Bench, pathlib.Path], Figures]


@dataclass(frozen=True)
class Section:
    title: str
    # Key of a figure and its heading; the first is what ratios are made of.
    columns: tuple[tuple[str, str], ...]
    cases: tuple[Case, ...]
    # Rows that ratios are made to; None where a section has no such row.
    raw: str | None = None
    engine: str | None = None
    http: str | None = None
    # Measured once, since neither time nor the disk's pace matters.
    once: bool = False


RATE = ("perSecond", "events/s")
LATENCY = (("p50ms", "p50 ms"), ("p99ms", "p99 ms"))
ENGINE = "Sluice, engine"
HTTP = "Sluice, HTTP"
RAW = "file, append and fdatasync"


def write_section(writers: int) -> Section:
    """Events are written by `writers` at a time, each of which waits for its acknowledgement before the next."""
    many = writers > 1
    each = f", {writers:,} connections" if many else ""
    cases = [
        Case("raw", RAW, SYNCED, write_raw(writers, prepared=0)),
        Case("raw", "file, filled with zeros before", SYNCED, write_raw(writers, prepared=1)),
        Case("sqlite", "SQLite, a transaction each", SYNCED, write_sqlite(writers, group=0)),
    ]
    if many:
        cases.append(Case("sqlite", f"SQLite, a transaction for {writers:,}", SYNCED, write_sqlite(writers, group=1)))
    cases.append(Case("postgres", f"PostgreSQL, a transaction each{each}", SYNCED, write_postgres(writers, writers)))
    if writers > POOL:
        cases.append(Case("postgres", f"PostgreSQL, a pool of {POOL} connections", SYNCED,
                          write_postgres(writers, POOL)))
    cases.append(Case("redis", f"Redis Streams, always{each}", SYNCED, write_redis(writers, writers)))
    if writers > 16:
        cases.append(Case("redis", "Redis Streams, always, 16 connections, pipelined", SYNCED,
                          write_redis(writers, 16)))
    for always in (False, True):
        name, synced = ("JetStream, always", SYNCED) if always else ("JetStream, default", TWO_MINUTES)
        cases.append(Case("jetstream", f"{name}, 1 connection", synced, write_jetstream(writers, 1, always)))
        if many:
            cases.append(Case("jetstream", f"{name}{each}", synced, write_jetstream(writers, writers, always)))
    if many:
        cases.append(Case("jetstream", f"JetStream, always, atomic batches of {writers:,}", SYNCED,
                          write_jetstream(writers, 1, always=True, batch=1)))
    cases.append(Case("sluice", ENGINE, SYNCED, write_engine(writers)))
    cases.append(Case("sluice", HTTP + each, SYNCED, write_http(writers)))
    return Section(f"write, {writers:,} writer{'s' if many else ''}", (RATE, *LATENCY), tuple(cases),
                   raw=RAW, engine=ENGINE, http=HTTP + each)


def write_raw(writers: int, prepared: int) -> Callable[[Bench, pathlib.Path], Figures]:
    return lambda bench, folder: drive("raw", "write", folder=folder, writers=writers, prepared=prepared,
                                       events=bench.limit(writers), seconds=bench.seconds)


def write_sqlite(writers: int, group: int) -> Callable[[Bench, pathlib.Path], Figures]:
    return lambda bench, folder: drive("sqlite", "write", folder=folder, writers=writers, group=group,
                                       events=bench.limit(writers), seconds=bench.seconds)


def write_postgres(writers: int, connections: int) -> Callable[[Bench, pathlib.Path], Figures]:
    def measure(bench: Bench, _: pathlib.Path) -> Figures:
        # One cluster for all turns: making one takes seconds, and its log files are used again as in daily life.
        with servers.postgres(bench.work / "postgres", connections=connections) as server:
            return drive("postgres", "write", port=server.port, writers=writers, connections=connections,
                         events=bench.limit(writers), seconds=bench.seconds)

    return measure


def write_redis(writers: int, connections: int) -> Callable[[Bench, pathlib.Path], Figures]:
    def measure(bench: Bench, folder: pathlib.Path) -> Figures:
        with servers.redis(folder) as server:
            return drive("redis", "write", port=server.port, writers=writers, connections=connections,
                         events=bench.limit(writers), seconds=bench.seconds)

    return measure


def write_jetstream(writers: int, connections: int, always: bool,
                    batch: int = 0) -> Callable[[Bench, pathlib.Path], Figures]:
    def measure(bench: Bench, folder: pathlib.Path) -> Figures:
        with servers.jetstream(folder, always=always) as server:
            drive("jetstream", "create", port=server.port)
            return drive("jetstream", "write", port=server.port, writers=writers, connections=connections, batch=batch,
                         events=bench.limit(writers), seconds=bench.seconds)

    return measure


def write_engine(writers: int) -> Callable[[Bench, pathlib.Path], Figures]:
    # bench-log ends by count, not by time: enough for some seconds on a disk with a few hundred syncs per second.
    events = {1: 2_000, 64: 50_000}.get(writers, 200_000)
    return lambda _, folder: ours.engine("write", folder, writers=writers, events=events)


def write_http(writers: int) -> Callable[[Bench, pathlib.Path], Figures]:
    def measure(bench: Bench, folder: pathlib.Path) -> Figures:
        with servers.sluice(ours.server(), folder) as server:
            return drive("http", "write", port=server.port, writers=writers, events=bench.limit(writers),
                         seconds=bench.seconds)

    return measure


def fan_out_section(writers: int, consumers: int) -> Section:
    """Events are written durably by `writers` at a time while `consumers` receive and acknowledge every one."""

    def jetstream(always: bool) -> Callable[[Bench, pathlib.Path], Figures]:
        def measure(bench: Bench, folder: pathlib.Path) -> Figures:
            with servers.jetstream(folder, always=always) as server:
                drive("jetstream", "create", port=server.port)
                return with_deliveries(drive("jetstream", "fanout", port=server.port, writers=writers,
                                             consumers=consumers, events=bench.limit(writers), seconds=bench.seconds))

        return measure

    def http(bench: Bench, folder: pathlib.Path) -> Figures:
        with servers.sluice(ours.server(), folder) as server:
            return with_deliveries(drive("http", "fanout", port=server.port, writers=writers, consumers=consumers,
                                         events=bench.limit(writers), seconds=bench.seconds))

    cases = (Case("jetstream", "JetStream, default", TWO_MINUTES, jetstream(always=False)),
             Case("jetstream", "JetStream, always", SYNCED, jetstream(always=True)),
             Case("sluice", HTTP, SYNCED, http))
    return Section(f"fan-out to {consumers} subscribers, {writers:,} writers",
                   (RATE, ("deliveriesPerSecond", "deliveries/s"), *LATENCY), cases, http=HTTP)


def with_deliveries(figures: Figures) -> Figures:
    return figures | {"deliveriesPerSecond": figures["deliveries"] / figures["seconds"]}


def replay_section(events: int, runs: int) -> Section:
    """What is stored is read from the beginning by one consumer. Stores are filled once, before they are measured."""

    def fill_raw(folder: pathlib.Path) -> None:
        drive("raw", "write", folder=folder, writers=1000, events=events)

    def fill_sqlite(folder: pathlib.Path) -> None:
        drive("sqlite", "write", folder=folder, writers=1000, group=1, events=events)

    def fill_jetstream(folder: pathlib.Path) -> None:
        with servers.jetstream(folder, always=False) as server:
            drive("jetstream", "create", port=server.port)
            drive("jetstream", "write", port=server.port, writers=1000, events=events)

    def fill_sluice(folder: pathlib.Path) -> None:
        with servers.sluice(ours.server(), folder) as server:
            for turn in range(runs * TRIES):
                drive("http", "create", port=server.port, name=f"replay-{turn}")
            drive("http", "write", port=server.port, writers=1000, events=events)

    def jetstream(acks: int) -> Callable[[Bench, pathlib.Path], Figures]:
        def measure(bench: Bench, _: pathlib.Path) -> Figures:
            with servers.jetstream(bench.filled("replay-jetstream", fill_jetstream), always=False) as server:
                return drive("jetstream", "replay", port=server.port, events=events, acks=acks,
                             turn=next(bench.turns))

        return measure

    unread = iter(range(runs * TRIES))

    def http(bench: Bench, _: pathlib.Path) -> Figures:
        with servers.sluice(ours.server(), bench.filled("replay-sluice", fill_sluice)) as server:
            return drive("http", "replay", port=server.port, events=events, name=f"replay-{next(unread)}")

    cases = (
        Case("raw", "file, read", SYNCED,
             lambda bench, _: drive("raw", "replay", folder=bench.filled("replay-raw", fill_raw), events=events)),
        Case("sqlite", "SQLite, SELECT", SYNCED,
             lambda bench, _: drive("sqlite", "replay", folder=bench.filled("replay-sqlite", fill_sqlite),
                                    events=events)),
        Case("jetstream", "JetStream, pull, each acknowledged", TWO_MINUTES, jetstream(acks=1)),
        Case("jetstream", "JetStream, pull, no acknowledgements", TWO_MINUTES, jetstream(acks=0)),
        Case("sluice", ENGINE, SYNCED, lambda _, folder: ours.engine("replay", folder, events=events)),
        Case("sluice", "Sluice, HTTP pull, each batch acknowledged", SYNCED, http),
    )
    return Section(f"replay of {events:,} events to one consumer", (RATE,), cases, raw="file, read", engine=ENGINE,
                   http="Sluice, HTTP pull, each batch acknowledged")


def rebuild_section(events: int) -> Section:
    """Views made anew from the log, beside the plain insertion of the same rows. bench-log measures and prints both."""
    cases = (Case("sluice", "Sluice, views from the log", SYNCED,
                  lambda _, folder: ours.engine("rebuild", folder, events=events)),)
    columns = (RATE, ("rowsPerSecond", "rows/s"), ("insertsPerSecond", "inserts/s"))
    return Section(f"views made anew from {events:,} events", columns, cases)


def memory_section(events: int) -> Section:
    """Memory resident when that many events are stored. Run once: what it takes does not vary as times do."""

    def jetstream(_: Bench, folder: pathlib.Path) -> Figures:
        need(folder, disk=events * 700)
        with servers.jetstream(folder, always=False) as server:
            drive("jetstream", "create", port=server.port)
            fill(server, "jetstream")
            return resident(server)

    def redis(_: Bench, folder: pathlib.Path) -> Figures:
        need(folder, disk=events * 700, memory=events * 900)
        with servers.redis(folder, sync="no") as server:
            fill(server, "redis")
            return resident(server)

    def fill(server: servers.Server, driver: str) -> None:
        drive(driver, "write", port=server.port, writers=1000, connections=1, events=events)

    cases = (Case("jetstream", "JetStream", TWO_MINUTES, jetstream), Case("redis", "Redis Streams", "no", redis),
             Case("sluice", ENGINE, SYNCED, lambda _, folder: in_mib(ours.engine("rss", folder, events=events))))
    return Section(f"memory with {events:,} events", (("residentMiB", "MiB now"), ("peakMiB", "MiB at most")), cases,
                   once=True)


def need(folder: pathlib.Path, *, disk: int, memory: int = 0) -> None:
    free = shutil.disk_usage(folder.parent).free
    if free < disk:
        raise Missing(f"not run: needs {disk >> 30} GiB of disk, {free >> 30} are free")
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    if available < memory:
        raise Missing(f"not run: needs {memory >> 30} GiB of memory, {available >> 30} are free")


def resident(server: servers.Server) -> Figures:
    now, most = server.memory()
    return {"residentMiB": now / 2**20, "peakMiB": most / 2**20}


def in_mib(figures: Figures) -> Figures:
    if "rssBytes" not in figures:
        raise Failed("bench-log rss did not say rssBytes")
    peak = {"peakMiB": figures["peakBytes"] / 2**20} if "peakBytes" in figures else {}
    return figures | {"residentMiB": figures["rssBytes"] / 2**20} | peak
