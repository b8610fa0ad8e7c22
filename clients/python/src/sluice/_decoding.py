"""From JSON to the values of an answer."""

from __future__ import annotations

from ._answers import (
    Approval,
    BlockedRun,
    Completeness,
    Files,
    Frozen,
    FrozenInput,
    HandWork,
    HeldProduct,
    Identified,
    Judged,
    Link,
    Plan,
    PlannedRun,
    ProductStatus,
    Published,
    Reason,
    Released,
    Representation,
    Resolved,
    Savings,
    SparedWork,
    SpentWork,
    Status,
    StatusRange,
    StepSavings,
    SupposedChange,
    Used,
    Vouched,
    WhatIf,
    Why,
)
from ._errors import PlanChanged, SluiceError
from ._fields import Fields


def failure(fields: Fields) -> SluiceError:
    """An error as answers and events carry it."""
    return SluiceError(fields.text("code"), fields.text("what"), fields.text("at"), fields.text("fix"))


def problem(fields: Fields, status: int) -> SluiceError:
    """RFC 9457 problem details."""
    code, what, at, fix = fields.text("code"), fields.text("title"), fields.text("at"), fields.text("fix")
    if code == "plan.changed":
        difference = fields.texts("difference") if fields.has("difference") else ()
        return PlanChanged(code, what, at, fix, status, fields.optional("plan", plan), difference)
    return SluiceError(code, what, at, fix, status)


def representation(fields: Fields) -> Representation:
    return Representation(
        name=fields.text("name"),
        kind=fields.text("kind"),
        files=fields.integer("files"),
        bytes=fields.integer("bytes"),
        sha256=fields.text("sha256"),
        frames=fields.optional_text("frames"),
    )


def published(fields: Fields) -> Published:
    return Published(
        ref=fields.text("ref"),
        version=fields.text("version"),
        number=fields.optional_integer("number"),
        representations=fields.each("representations", representation),
        files=fields.integer("files"),
        bytes=fields.integer("bytes"),
        changed=fields.optional_text("changed"),
        position=fields.text("position"),
        in_place=fields.optional_text("inPlace"),
    )


def resolved(fields: Fields) -> Resolved:
    if fields.has("error"):
        return Resolved(ref=fields.text("ref"), files=None, error=failure(fields.part("error")))
    files = Files(
        entity=fields.text("entity"),
        product=fields.text("product"),
        version=fields.text("version"),
        number=fields.optional_integer("number"),
        representation=fields.text("representation"),
        kind=fields.text("kind"),
        directory=fields.text("directory"),
        path=fields.text("path"),
        frames=fields.optional_text("frames"),
        files=fields.integer("files"),
        bytes=fields.integer("bytes"),
    )
    return Resolved(ref=fields.text("ref"), files=files, error=None)


def identified(fields: Fields) -> Identified:
    return Identified(
        path=fields.text("path"),
        by=fields.optional_text("by"),
        ref=fields.optional_text("ref"),
        version=fields.optional_text("version"),
        number=fields.optional_integer("number"),
        representation=fields.optional_text("representation"),
        file=fields.optional_text("file"),
        also=fields.texts("also"),
        sha256=fields.optional_text("sha256"),
        error=fields.optional("error", failure),
        damaged=fields.optional_text("damaged"),
    )


def reason(fields: Fields) -> Reason:
    return Reason(
        kind=fields.text("kind"),
        input=fields.optional_text("input"),
        used=fields.optional_text("used"),
        now=fields.optional_text("now"),
        via=fields.optional_text("via"),
        text=fields.text("text"),
    )


def product_status(fields: Fields) -> ProductStatus:
    return ProductStatus(
        ref=fields.text("ref"),
        state=fields.text("state"),
        freshness=fields.text("freshness"),
        activity=fields.text("activity"),
        version=fields.optional_text("version"),
        number=fields.optional_integer("number"),
        step=fields.optional_text("step"),
        frames=fields.optional_text("frames"),
        stale_frames=fields.optional_text("staleFrames"),
        missing_frames=fields.optional_text("missingFrames"),
        reasons=fields.each("reasons", reason),
        failure=fields.optional("failure", failure),
        ranges=fields.each("ranges", status_range) if fields.has("ranges") else (),
        complete=fields.optional("complete", completeness),
        approved=fields.optional("approved", approval),
        in_place=fields.optional_text("inPlace"),
        damaged=fields.optional_text("damaged"),
        omitted=fields.flag("omitted") if fields.has("omitted") else False,
    )


def status_range(fields: Fields) -> StatusRange:
    return StatusRange(
        frames=fields.text("frames"), freshness=fields.text("freshness"), reasons=fields.integers("reasons")
    )


def completeness(fields: Fields) -> Completeness:
    return Completeness(value=fields.flag("value"), reason=fields.optional_text("reason"))


def approval(fields: Fields) -> Approval:
    return Approval(
        value=fields.flag("value"),
        verdict=fields.text("verdict"),
        by=fields.optional_text("by"),
        time=fields.optional_text("time"),
        because=fields.optional_text("because"),
    )


def status(fields: Fields) -> Status:
    return Status(as_of=fields.text("asOf"), products=fields.each("products", product_status))


def planned_run(fields: Fields) -> PlannedRun:
    estimate = fields.part("estimate") if fields.has("estimate") else None
    return PlannedRun(
        id=fields.text("id"),
        step=fields.text("step"),
        folder=fields.text("folder"),
        outputs=fields.texts("outputs"),
        reasons=fields.each("reasons", reason),
        tasks=fields.integer("tasks"),
        frames=fields.optional_text("frames"),
        estimate_seconds=estimate.optional_number("seconds") if estimate else None,
    )


def blocked_run(fields: Fields) -> BlockedRun:
    return BlockedRun(step=fields.text("step"), folder=fields.text("folder"), text=fields.text("text"))


def plan(fields: Fields) -> Plan:
    return Plan(
        id=fields.text("id"),
        project=fields.text("project"),
        selection=fields.text("selection"),
        frames=fields.optional_text("frames"),
        pipeline_revision=fields.integer("pipelineRevision"),
        runs=fields.each("runs", planned_run),
        untouched=fields.integer("untouched"),
        missing=fields.texts("missing"),
        blocked=fields.each("blocked", blocked_run),
        frozen=fields.each("frozen", frozen_input) if fields.has("frozen") else (),
        held=fields.each("held", held_product) if fields.has("held") else (),
        by_hand=fields.each("byHand", hand_work) if fields.has("byHand") else (),
        what_if=fields.optional("whatIf", what_if),
    )


def frozen_input(fields: Fields) -> FrozenInput:
    return FrozenInput(
        product=fields.text("product"),
        at=fields.text("at"),
        number=fields.optional_integer("number"),
        by=fields.text("by"),
        time=fields.text("time"),
        until=fields.optional_text("until"),
        because=fields.optional_text("because"),
        kept_out=fields.optional_text("keptOut"),
        text=fields.text("text"),
    )


def held_product(fields: Fields) -> HeldProduct:
    return HeldProduct(
        product=fields.text("product"),
        step=fields.text("step"),
        folder=fields.text("folder"),
        by=fields.text("by"),
        time=fields.text("time"),
        because=fields.optional_text("because"),
        text=fields.text("text"),
    )


def hand_work(fields: Fields) -> HandWork:
    return HandWork(
        product=fields.text("product"),
        step=fields.text("step"),
        folder=fields.text("folder"),
        freshness=fields.text("freshness"),
        text=fields.text("text"),
    )


def supposed_change(fields: Fields) -> SupposedChange:
    return SupposedChange(
        ref=fields.text("ref"),
        version=fields.optional_text("version"),
        number=fields.optional_integer("number"),
        differs=fields.flag("differs"),
        frames=fields.optional_text("frames"),
        text=fields.text("text"),
    )


def what_if(fields: Fields) -> WhatIf:
    return WhatIf(
        changes=fields.each("changes", supposed_change),
        already_due=fields.integer("alreadyDue"),
        text=fields.text("text"),
    )


def link(fields: Fields) -> Link:
    return Link(
        event=fields.text("event"),
        type=fields.text("type"),
        time=fields.text("time"),
        actor=fields.text("actor"),
        ref=fields.optional_text("ref"),
        version=fields.optional_text("version"),
        text=fields.text("text"),
    )


def why(fields: Fields) -> Why:
    return Why(
        ref=fields.text("ref"),
        version=fields.optional_text("version"),
        reasons=fields.each("reasons", reason),
        chain=fields.each("chain", link),
    )


def judged(fields: Fields) -> Judged:
    return Judged(
        ref=fields.text("ref"),
        version=fields.text("version"),
        number=fields.optional_integer("number"),
        approved=approval(fields.part("approved")),
        latest=fields.optional_text("latest"),
        position=fields.text("position"),
    )


def used(fields: Fields) -> Used:
    return Used(
        input=fields.optional_text("input"),
        product=fields.text("product"),
        version=fields.text("version"),
        content=fields.text("content"),
        through=fields.optional_text("through"),
    )


def vouched(fields: Fields) -> Vouched:
    return Vouched(
        ref=fields.text("ref"),
        version=fields.text("version"),
        number=fields.optional_integer("number"),
        inputs=fields.each("inputs", used),
        because=fields.optional_text("because"),
        position=fields.text("position"),
    )


def frozen(fields: Fields) -> Frozen:
    return Frozen(
        ref=fields.text("ref"),
        at=fields.optional_text("at"),
        number=fields.optional_integer("number"),
        until=fields.optional_text("until"),
        because=fields.optional_text("because"),
        position=fields.text("position"),
    )


def released(fields: Fields) -> Released:
    return Released(ref=fields.text("ref"), held=fields.flag("held"), position=fields.text("position"))


def spent_work(fields: Fields) -> SpentWork:
    return SpentWork(
        runs=fields.integer("runs"), tasks=fields.integer("tasks"), seconds=fields.optional_number("seconds") or 0.0
    )


def spared_work(fields: Fields) -> SparedWork:
    return SparedWork(
        runs=fields.integer("runs"),
        tasks=fields.integer("tasks"),
        frames=fields.integer("frames"),
        seconds=fields.optional_number("seconds") or 0.0,
        bytes=fields.integer("bytes"),
        tasks_without_seconds=fields.integer("tasksWithoutSeconds"),
    )


def step_savings(fields: Fields) -> StepSavings:
    return StepSavings(
        step=fields.optional_text("step"),
        spent=spent_work(fields.part("spent")),
        cut_off=spared_work(fields.part("cutOff")),
        reuse=spared_work(fields.part("reuse")),
        frames=spared_work(fields.part("frames")),
        total=spared_work(fields.part("total")),
    )


def savings(fields: Fields) -> Savings:
    return Savings(
        project=fields.text("project"),
        since=fields.optional_text("since"),
        as_of=fields.text("asOf"),
        all=step_savings(fields),
        steps=fields.each("steps", step_savings),
        unmeasured_runs=fields.integer("unmeasuredRuns"),
    )
