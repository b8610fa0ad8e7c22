"""What can go wrong: one type with a stable code, and the two kinds that people catch apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._answers import Plan


class SluiceError(Exception):
    """What happened, where, and how to fix it, in the words of the server and the command line.

    `code` is stable and has a section in docs/reference/errors.md. `status` is the HTTP status it came with, or None
    where it arose on this machine or is the error of one element in a batch.
    """

    def __init__(self, code: str, what: str, at: str, fix: str, status: int | None = None) -> None:
        super().__init__(code, what, at, fix, status)
        self.code = code
        self.what = what
        self.at = at
        self.fix = fix
        self.status = status

    def __str__(self) -> str:
        return f"{self.what}\n  where: {self.at}\n  fix:   {self.fix}\n  code:  {self.code}"


class Unreachable(SluiceError):
    """The server did not answer, or the connection broke before its answer was whole."""


class PlanChanged(SluiceError):
    """The plan that was looked at is another one now: `plan` is what it has become, `difference` says how in words."""

    def __init__(
        self,
        code: str,
        what: str,
        at: str,
        fix: str,
        status: int | None = None,
        plan: Plan | None = None,
        difference: Sequence[str] = (),
    ) -> None:
        super().__init__(code, what, at, fix, status)
        # What pickle makes the error from again.
        self.args = (code, what, at, fix, status, plan, tuple(difference))
        self.plan = plan
        self.difference = tuple(difference)
