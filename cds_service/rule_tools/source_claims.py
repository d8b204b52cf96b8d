"""Does every clause of the text that a trial was written from stand in a criterion?

A trial says what its text is (`source`: the SHA-256 of the file, and where what it asks of patients stands), and each
criterion which clauses it takes up (`source`: code points of that file). What no criterion and no source gap claims is
told, so that nothing of a source is lost without anybody noticing.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_service.errors import Finding
from cds_service.trials import TRIALS, SourceSpan, Trial

_CLAUSE = re.compile(r"[^\n;；。①-⑳]+")
"""Clauses end with their line, with a semicolon, and where the next circled number begins."""
_HEADING = re.compile(
    r"(?:inclusion|exclusion|eligibility|additional)\b.{0,60}\b(?:criteria|cohorts)|notes|view|.*\b(?:criteria|following)\b.*:",
    re.IGNORECASE,
)
"""Lines that say what comes next and ask nothing themselves."""
_LETTER = re.compile(r"[^\W_]")
_LABEL = re.compile(r"\s*(?:[•*·-]|\(?(?:\d{1,2}|[a-z])[.)])?\s*", re.IGNORECASE)
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a text that nothing claims, or that is claimed in part. `start`, `end`: code points of the text."""

    start: int
    end: int
    text: str


def unclaimed(trial: Trial, text: str) -> tuple[Clause, ...]:
    """The clauses of what the text asks of patients that no criterion and no source gap claims, in its order."""
    if trial.source is None:
        return ()
    claimed = bytearray(len(text))
    for span in _claims(trial):
        claimed[span.start : span.end] = b"\1" * len(claimed[span.start : span.end])
    return tuple(
        Clause(start, end, text[start:end])
        for start, end in _clauses(text, trial.source)
        if any(not claimed[at] and _LETTER.match(text[at]) for at in range(start, end))
    )


def source_findings(trial: Trial, text: str, file: str) -> tuple[Finding, ...]:
    """What is wrong between a trial and the text that it was written from; `file` is what findings call the trial's."""
    source = trial.source
    if source is None:
        message = f"trial {trial.id} does not say what text it was written from"
        return (Finding(file, "/source", "source-not-stated", "error", message, "give sha256, start and end"),)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if source.sha256 != digest:
        message = f"trial {trial.id} was written from another text (this one has the SHA-256 {digest})"
        return (Finding(file, "/source/sha256", "source-other-text", "error", message),)
    findings = [
        Finding(file, place, "source-span-outside", "error", f"{span.start} to {span.end} lies beyond the text")
        for place, span in _placed(trial)
        if span.end > len(text)
    ]
    findings += [
        Finding(
            file, "/source", "source-not-claimed", "error", _said(clause), "give a criterion or a source gap its span"
        )
        for clause in unclaimed(trial, text)
    ]
    return tuple(findings)


def check_source(trials: Sequence[Trial], path: Path) -> tuple[Finding, ...]:
    """`source_findings` of the trial that was written from this file: the only one, or the one that names its digest.

    Raises OSError and UnicodeDecodeError.
    """
    text = path.read_bytes().decode("utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = [one for one in trials if one.source is not None and one.source.sha256 == digest]
    if not found and len(trials) == 1:
        found = list(trials)
    if not found:
        message = f"no trial here was written from {path.name} (SHA-256 {digest})"
        return (Finding(TRIALS, "", "source-other-text", "error", message),)
    return tuple(f for one in found for f in source_findings(one, text, f"{TRIALS}/{one.id}/trial.json"))


def _said(clause: Clause) -> str:
    shown = clause.text if len(clause.text) <= _SHOWN else f"{clause.text[:_SHOWN]}…"
    return f"no criterion claims {clause.start} to {clause.end}: {shown}"


def _clauses(text: str, source: SourceSpan) -> Iterator[tuple[int, int]]:
    for found in _CLAUSE.finditer(text, source.start, min(source.end, len(text))):
        label = _LABEL.match(found[0])
        start = found.start() + (label.end() if label is not None else 0)
        clause = text[start : found.end()].rstrip()
        if _LETTER.search(clause) and _HEADING.fullmatch(clause.strip(" :")) is None and not clause.endswith(":"):
            yield start, start + len(clause)


def _claims(trial: Trial) -> Iterator[SourceSpan]:
    return (span for place, span in _placed(trial) if place != "/source")


def _placed(trial: Trial) -> Iterator[tuple[str, SourceSpan]]:
    """Every span of the trial with its place in the file."""
    if trial.source is not None:
        yield "/source", trial.source
    groups = [("", trial.criteria)] + [(f"/cohorts/{n}", cohort.criteria) for n, cohort in enumerate(trial.cohorts)]
    for at, criteria in groups:
        for i, criterion in enumerate(criteria):
            for span in criterion.source:
                yield f"{at}/criteria/{i}/source", span
    for i, gap in enumerate(trial.source_gaps):
        for span in () if isinstance(gap, str) else gap.source:
            yield f"/source_gaps/{i}/source", span
