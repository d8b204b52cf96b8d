"""The error tree and the two kinds of problem report, which every layer shares.

A *finding* is a problem in a file that a rule author wrote; an *issue* is a problem in a patient record that
somebody sent. Both are values: they are collected and shown, and never stop the rest from being read.
"""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "information"]


class CdsError(Exception):
    """Root of every error this project raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A problem in a rule, fact, value-set or case file.

    `code` is stable and documented; `file` is relative to the rules folder; `pointer` is an RFC 6901 JSON pointer
    into it; `hint` says how to mend it and may be empty. `line` (from 1) and `criterion` (its id) are where an author
    finds the place, as far as somebody has looked it up in the text: they are no part of what makes a finding.
    """

    file: str
    pointer: str
    code: str
    severity: Severity
    message: str
    hint: str = ""
    line: int | None = field(default=None, compare=False)
    criterion: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem in a patient record: what was wrong, where, and therefore what was not counted.

    `resource` is a reference such as `Observation/123` (or `entry 17` where there is no id); `element` is the FHIR
    path within it, such as `valueQuantity.value`, and may be empty.
    """

    severity: Severity
    code: str
    resource: str
    element: str
    message: str


class RulesError(CdsError):
    """The rules folder cannot be used; `findings` says why, place by place."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        worst = [f for f in findings if f.severity == "error"] or list(findings)
        lines = [f"{f.file}{f.pointer}: {f.code}: {f.message}" for f in worst]
        super().__init__("\n".join(lines) or "no rules")


@dataclass(slots=True)
class RecordError(CdsError):
    """A patient record that cannot be read at all: not JSON, not FHIR, or without a usable Patient."""

    message: str
    issues: tuple[Issue, ...] = field(default=())

    def __str__(self) -> str:
        return self.message
