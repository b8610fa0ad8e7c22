"""What tasks took of their machines, and which size fits them."""

from __future__ import annotations

from dataclasses import dataclass

from ._fields import Fields


@dataclass(frozen=True)
class TaskShare:
    """What a task is given of its machine."""

    cores: int
    #: In MiB; 0 where its step says nothing of memory.
    memory: int
    gpus: int
    #: The name of the size that has just these amounts.
    size: str | None


@dataclass(frozen=True)
class Peak:
    """Of measured tasks: what 19 of 20 had at most, and the most that one had."""

    p95: float
    most: float


@dataclass(frozen=True)
class SizeWaste:
    """What tasks had and would not have had with the size that fits."""

    core_hours: float
    memory_gibibyte_hours: float
    #: Tries that were stopped because they had too much memory, and how long they had run.
    stopped: int
    stopped_seconds: float


@dataclass(frozen=True)
class StepSizes:
    """What the tasks of one step took, and which size fits them."""

    step: str
    #: Tasks that ended, and how many of them were measured.
    tasks: int
    measured: int
    now: TaskShare
    #: In bytes; None where nothing was measured.
    memory: Peak | None
    #: Cores kept busy, on average over a task.
    cores: Peak | None
    #: `fits`, `tooLarge`, `tooSmall`, `unsaid` or `unknown`.
    verdict: str
    #: The smallest size that fits; None where none does, or nobody knows.
    suggested: TaskShare | None
    waste: SizeWaste
    text: str


@dataclass(frozen=True)
class Sizes:
    """What the tasks of a project's steps took of their machines."""

    project: str
    since: str | None
    as_of: str
    #: What the studio means by each size, from small to large.
    sizes: tuple[TaskShare, ...]
    steps: tuple[StepSizes, ...]


def _share(fields: Fields) -> TaskShare:
    return TaskShare(
        fields.integer("cores"), fields.integer("memory"), fields.integer("gpus"), fields.optional_text("size")
    )


def _peak(fields: Fields) -> Peak:
    return Peak(fields.number("p95"), fields.number("most"))


def _waste(fields: Fields) -> SizeWaste:
    return SizeWaste(
        core_hours=fields.number("coreHours"),
        memory_gibibyte_hours=fields.number("memoryGibibyteHours"),
        stopped=fields.integer("stopped"),
        stopped_seconds=fields.number("stoppedSeconds"),
    )


def _step(fields: Fields) -> StepSizes:
    return StepSizes(
        step=fields.text("step"),
        tasks=fields.integer("tasks"),
        measured=fields.integer("measured"),
        now=_share(fields.part("now")),
        memory=fields.optional("memory", _peak),
        cores=fields.optional("cores", _peak),
        verdict=fields.text("verdict"),
        suggested=fields.optional("suggested", _share),
        waste=_waste(fields.part("waste")),
        text=fields.text("text"),
    )


def sizes(fields: Fields) -> Sizes:
    """What `GET /api/v1/sizes` answers."""
    return Sizes(
        project=fields.text("project"),
        since=fields.optional_text("since"),
        as_of=fields.text("asOf"),
        sizes=fields.each("sizes", _share),
        steps=fields.each("steps", _step),
    )
