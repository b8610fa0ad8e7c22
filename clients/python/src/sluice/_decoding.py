"""From JSON to the values of an answer."""

from __future__ import annotations

from ._answers import (
    BlockedRun,
    Files,
    Identified,
    Link,
    Plan,
    PlannedRun,
    ProductStatus,
    Published,
    Reason,
    Representation,
    Resolved,
    Status,
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
