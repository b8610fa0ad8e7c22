"""What the server answers, as values.

Words are those of docs/reference/glossary.md. Frames are ranges such as `1001-1010,1020`, times are RFC 3339 in UTC,
positions are opaque. Servers may know more states and kinds than this client: they are plain text here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._errors import SluiceError


@dataclass(frozen=True)
class Representation:
    """One form of a version: its files, summed up."""

    name: str
    #: `file`, `sequence` or `tree`.
    kind: str
    files: int
    bytes: int
    sha256: str
    frames: str | None


@dataclass(frozen=True)
class Published:
    """A version that a publish made."""

    ref: str
    version: str
    #: The nickname, 43 for what is shown as v043.
    number: int | None
    representations: tuple[Representation, ...]
    #: Over all representations.
    files: int
    bytes: int
    #: Frames that differ from the version before; None where that has no meaning.
    changed: str | None
    #: A read that names it sees this version.
    position: str
    #: `hashed` or `unhashed` for files that stay where they lay; None for files in the store.
    in_place: str | None = None

    @property
    def reference(self) -> str:
        """Exactly this version, as other calls take it."""
        return f"{self.ref}@{self.version}"


@dataclass(frozen=True)
class Files:
    """The files that a reference stands for: one representation of a version, or one file of it."""

    #: The entity reference with the version's id; it names the file where one file is meant.
    entity: str
    product: str
    version: str
    number: int | None
    representation: str
    #: `file`, `sequence` or `tree`.
    kind: str
    #: The folder that the representation's files lie in.
    directory: str
    #: The file, the sequence as `name.####.ext`, or the directory of a tree.
    path: str
    frames: str | None
    files: int
    bytes: int


@dataclass(frozen=True)
class Resolved:
    """One reference of a batch: `files`, or the `error` that there are none; never both."""

    ref: str
    files: Files | None
    error: SluiceError | None

    def require(self) -> Files:
        """The files, or raises the error."""
        if self.files is None:
            raise self.error or SluiceError("internal", "neither files nor an error", self.ref, "report this")
        return self.files


@dataclass(frozen=True)
class Identified:
    """Which version a file on this machine is; `ref` is None where nobody has published it."""

    path: str
    #: `place` by where it lies in the store or was recorded in place, `content` by its bytes.
    by: str | None
    ref: str | None
    version: str | None
    number: int | None
    representation: str | None
    file: str | None
    #: Other versions with the same bytes, newest first.
    also: tuple[str, ...]
    sha256: str | None
    #: Why this path could not be looked at; the others of the batch are answered.
    error: SluiceError | None
    #: How the version's files in place are not what was recorded, in words; None where they are.
    damaged: str | None = None


@dataclass(frozen=True)
class Reason:
    """Why something is not current, complete in one sentence: `text`."""

    kind: str
    #: The product, step or tool that it is about.
    input: str | None
    used: str | None
    now: str | None
    #: The input that is itself out of date because of it.
    via: str | None
    text: str


@dataclass(frozen=True)
class StatusRange:
    """Frames of a product that stand alike, and for the same reasons."""

    frames: str
    freshness: str
    #: Places in the product's `reasons`.
    reasons: tuple[int, ...]


@dataclass(frozen=True)
class Completeness:
    """Whether all of a product's step is there, and what is not."""

    value: bool
    reason: str | None


@dataclass(frozen=True)
class Approval:
    """What a person said of the latest version."""

    value: bool
    #: `approved`, `rejected` or `none`.
    verdict: str
    by: str | None
    time: str | None
    because: str | None


@dataclass(frozen=True)
class ProductStatus:
    """One product: four things kept apart, and `state`, their summary."""

    ref: str
    state: str
    freshness: str
    activity: str
    version: str | None
    number: int | None
    #: The step that makes it; None for a source.
    step: str | None
    frames: str | None
    #: Frames that are stale or missing.
    stale_frames: str | None
    #: Frames of the folder's range that an input lacks, so that they cannot be made.
    missing_frames: str | None
    reasons: tuple[Reason, ...]
    #: Why its last run failed.
    failure: SluiceError | None
    #: How its frames stand, disjoint and together all of them; empty for what is not made frame by frame.
    ranges: tuple[StatusRange, ...] = ()
    #: None where the server does not say it.
    complete: Completeness | None = None
    approved: Approval | None = None
    #: `hashed` or `unhashed` for files that stay where they lay; None for files in the store.
    in_place: str | None = None
    #: How its files in place are not what was recorded, in words; None where they are.
    damaged: str | None = None
    #: Whether its folder, or one above it, is left out of the show.
    omitted: bool = False


@dataclass(frozen=True)
class Status:
    """How products stand, true at the position `as_of`."""

    as_of: str
    products: tuple[ProductStatus, ...]


@dataclass(frozen=True)
class PlannedRun:
    """A step on one folder that a plan would run."""

    id: str
    step: str
    folder: str
    outputs: tuple[str, ...]
    reasons: tuple[Reason, ...]
    tasks: int
    #: None for a step that does not work frame by frame.
    frames: str | None
    #: Core-seconds, from earlier runs; None where there are none.
    estimate_seconds: float | None


@dataclass(frozen=True)
class BlockedRun:
    """A run that the selection wants and that cannot go."""

    step: str
    folder: str
    text: str


@dataclass(frozen=True)
class FrozenInput:
    """A product whose freeze keeps a change out of a plan: who froze it, when and why."""

    product: str
    at: str
    number: int | None
    by: str
    time: str
    until: str | None
    because: str | None
    #: What would be taken without it; None where that is still to be made.
    kept_out: str | None
    text: str


@dataclass(frozen=True)
class HeldProduct:
    """A product that its step leaves alone, because a person has it in hand."""

    product: str
    step: str
    folder: str
    by: str
    time: str
    because: str | None
    text: str


@dataclass(frozen=True)
class HandWork:
    """A product of a human step that wants a person."""

    product: str
    step: str
    folder: str
    freshness: str
    text: str


@dataclass(frozen=True)
class SupposedChange:
    """A change that has not happened, as a what-if takes it."""

    ref: str
    #: The version that is there.
    version: str | None
    number: int | None
    #: False where the content is what is there already.
    differs: bool
    #: Frames that would differ; None for what is no sequence, or wholly changed.
    frames: str | None
    text: str


@dataclass(frozen=True)
class WhatIf:
    """Says that a plan is about changes that have not happened; it cannot be applied."""

    changes: tuple[SupposedChange, ...]
    #: Runs of the plan that are due without the changes, too.
    already_due: int
    text: str


@dataclass(frozen=True)
class Plan:
    """What must run, before anything runs."""

    id: str
    project: str
    selection: str
    frames: str | None
    pipeline_revision: int
    runs: tuple[PlannedRun, ...]
    #: Products in the selection that need nothing.
    untouched: int
    #: Sources that steps need and nobody has published.
    missing: tuple[str, ...]
    blocked: tuple[BlockedRun, ...]
    frozen: tuple[FrozenInput, ...] = ()
    held: tuple[HeldProduct, ...] = ()
    by_hand: tuple[HandWork, ...] = ()
    #: None for a plan of what is.
    what_if: WhatIf | None = None

    @property
    def tasks(self) -> int:
        """Tasks of all runs."""
        return sum(run.tasks for run in self.runs)


@dataclass(frozen=True)
class Link:
    """One link of a chain of causes."""

    event: str
    type: str
    time: str
    actor: str
    ref: str | None
    version: str | None
    text: str


@dataclass(frozen=True)
class Why:
    """From a thing back to its first cause."""

    ref: str
    version: str | None
    #: Why it is out of date now.
    reasons: tuple[Reason, ...]
    chain: tuple[Link, ...]


@dataclass(frozen=True)
class Judged:
    """What a verdict on a version led to."""

    ref: str
    version: str
    number: int | None
    approved: Approval
    #: The version that `latest` means now; None where every version was rejected.
    latest: str | None
    position: str


@dataclass(frozen=True)
class Used:
    """An input as a version was made from it."""

    #: The input's name in its step.
    input: str | None
    product: str
    version: str
    content: str
    #: The input's product that names this one by a reference; None for the input's own.
    through: str | None


@dataclass(frozen=True)
class Vouched:
    """What was vouched for: a version, and the inputs that it is right for."""

    ref: str
    version: str
    number: int | None
    inputs: tuple[Used, ...]
    because: str | None
    position: str


@dataclass(frozen=True)
class Frozen:
    """What a product is frozen at."""

    ref: str
    #: None where it is not frozen.
    at: str | None
    number: int | None
    until: str | None
    because: str | None
    position: str


@dataclass(frozen=True)
class Released:
    """That a product's step makes it again."""

    ref: str
    held: bool
    position: str


@dataclass(frozen=True)
class SpentWork:
    """Work that was done, and what it cost."""

    runs: int
    tasks: int
    #: Core-seconds, measured.
    seconds: float


@dataclass(frozen=True)
class SparedWork:
    """Work that was not necessary: tasks, frames and bytes are counted, seconds are estimated."""

    runs: int
    tasks: int
    #: Of steps that work frame by frame.
    frames: int
    #: Core-seconds: tasks times what a task of the step took when it was last measured.
    seconds: float
    bytes: int
    #: Tasks whose step was never measured; they are not in `seconds`.
    tasks_without_seconds: int


@dataclass(frozen=True)
class StepSavings:
    """What was spent and spared on one step, or on all of them (`step` is None)."""

    step: str | None
    spent: SpentWork
    #: Not run since an input came out the same.
    cut_off: SparedWork
    #: Taken from earlier runs.
    reuse: SparedWork
    #: Frames that were carried.
    frames: SparedWork
    total: SparedWork


@dataclass(frozen=True)
class Savings:
    """Work of a project that was done, and work that was not necessary."""

    project: str
    #: From where on events were counted; None for all that the log has.
    since: str | None
    as_of: str
    all: StepSavings
    steps: tuple[StepSavings, ...]
    #: Runs from before this was counted.
    unmeasured_runs: int
