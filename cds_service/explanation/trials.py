"""The explanation of a match as JSON: every criterion of every trial with its outcome, basis and evidence."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from cds_service.deadline import NEVER, Deadline
from cds_service.explanation.dated import dated
from cds_service.explanation.undetermined import undetermined
from cds_service.explanation.unread import by_words, unread_entries
from cds_service.logic import FactRef
from cds_service.matching import Match
from cds_service.trials import EXCEPTION, SOURCE_GAP, CriterionResult, Trial, TrialResult, Verdict

_encode: Callable[[Any], bytes] = msgspec.json.Encoder(order="deterministic").encode


def explain(match: Match, trial_id: str | None = None) -> dict[str, Any]:
    """The document of docs/design.md, section 9, for all trials or for one. Raises KeyError for an unknown trial."""
    results = [r for r in match.trials if trial_id in (None, r.trial.id)]
    if trial_id is not None and not results:
        raise KeyError(trial_id)
    document: dict[str, Any] = {**dated(match.as_of), "patient": match.patient_id}
    if match.library.site_digest is not None:
        document["site"] = match.library.site_digest
    if match.deceased:
        document["deceased"] = True
    document["issues"] = [asdict(issue) for issue in match.issues]
    document["unread"] = [entry.as_json() for entry in unread_entries(match)]
    document["read_by_words"] = [entry.as_json() for entry in by_words(match)]
    open_trials = undetermined(match)
    if open_trials is not None:
        document["undetermined"] = open_trials.as_json()
    document["trials"] = [_trial(match, result) for result in results]
    return document


def _trial(match: Match, result: TrialResult) -> dict[str, Any]:
    trial = result.trial
    own = _criteria(match, result.criteria)
    cohorts = []
    for c in result.cohorts:
        extra = _criteria(match, c.criteria)
        head = {"id": c.cohort.id, "title": c.cohort.title, "verdict": c.verdict}
        cohorts.append(head | _reasons(trial, c.verdict, [*own, *extra]) | {"criteria": extra})
    best: list[dict[str, Any]] = next((c["criteria"] for c in cohorts if c["verdict"] == result.verdict), [])
    head = {
        "id": trial.id,
        "title": trial.short_title,
        "status": trial.status,
        "state": trial.state,
        "rules_version": trial.rules_version,
        "verdict": result.verdict,
    }
    gaps = {"source_gaps": list(trial.gap_texts)} if trial.source_gaps else {}
    reasons = _reasons(trial, result.verdict, [*own, *best])
    return head | reasons | gaps | {"criteria": own, "cohorts": cohorts}


def _reasons(trial: Trial, verdict: Verdict, criteria: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """`reasons`: why it is open whether a trial fits, a gap in its source before what is not known of the patient.
    Nothing where it is not open."""
    if verdict not in ("possibly_eligible", "undetermined"):
        return {}
    gap = [SOURCE_GAP] if trial.source_gaps else []
    unknown = [c for c in criteria if c["outcome"] == "unknown"]
    each = (reason for c in unknown for reason in (c.get("reason"), *(fact["reason"] for fact in c["facts"])))
    return {"reasons": list(dict.fromkeys([*gap, *(reason for reason in each if reason is not None)]))}


def _criteria(match: Match, results: Iterable[CriterionResult]) -> list[dict[str, Any]]:
    return [_criterion(match, result) for result in results]


def _criterion(match: Match, result: CriterionResult) -> dict[str, Any]:
    criterion = result.criterion
    entry: dict[str, Any] = {
        "id": criterion.id,
        "kind": criterion.kind,
        "outcome": result.outcome,
        "basis": result.basis,
        "text": criterion.text,
        "facts": evidence_of(match, result.facts),
    }
    if criterion.gate:
        entry["gate"] = True
    if result.excepted:
        entry["reason"] = EXCEPTION
    if criterion.exception is not None:
        entry["exception"] = criterion.exception.text
    if criterion.review is not None:
        entry["review"] = criterion.review
    if criterion.has_screen:
        entry["screen"] = {True: "on record", False: "not on record", None: "unknown"}[result.screened]
    return entry


def evidence_of(match: Match, facts: Iterable[FactRef]) -> list[dict[str, Any]]:
    """What is known of facts as a rule reads them: name, value, unit, date, source and, where unknown, the reason."""
    entries: list[dict[str, Any]] = []
    for ref in facts:
        limit = None if ref.limit is None else ref.limit.span(match.as_of)
        entries += match.sheet.describe(ref.name, limit)
    return each_once(entries)


def each_once(entries: list[dict[str, Any]], deadline: Deadline = NEVER) -> list[dict[str, Any]]:
    """The entries without those that say the same as an earlier one. Raises `OutOfTime`."""
    if len(entries) < 2:
        return entries
    found: dict[bytes, dict[str, Any]] = {}
    for entry in deadline.each(entries):
        found.setdefault(said(entry), entry)
    return list(found.values())


def said(entry: Mapping[str, Any]) -> bytes:
    """The same bytes for entries that say the same, so that an entry need not be compared with all others."""
    return _encode(entry)
