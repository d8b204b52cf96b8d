"""From a match to the cards of a CDS Hooks response."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cds_service.cards.overrides import OVERRIDE_REASONS
from cds_service.cards.selection import CardOptions, counted, referrable, select
from cds_service.cards.suggestions import order, referral, stable_uuid
from cds_service.cards.text import plain
from cds_service.cards.wording import Missing, detail, missing_facts, summary
from cds_service.explanation import evidence_of
from cds_service.facts.catalogue import Catalogue
from cds_service.facts.specs import Code
from cds_service.matching import Match
from cds_service.trials.verdicts import TrialResult

ORDERABLE_REASONS = frozenset({"no_result", "too_old", "undated", "indeterminate"})
"""Why a test is worth ordering. What the EHR did not send, or sent in an unknown unit, may be there already."""


def cards_for(match: Match, options: CardOptions, seed: str) -> list[dict[str, Any]]:
    """The cards for one patient, best first; none for a deceased patient.

    `seed` names the answer (the hook instance): the same seed and match give the same card and suggestion UUIDs.
    """
    if match.deceased:
        return []
    selection = select(match.trials, options, match.as_of)
    last = len(selection.shown) - 1
    return [
        _card(match, result, selection.left_out if i == last else (), seed) for i, result in enumerate(selection.shown)
    ]


def _card(match: Match, result: TrialResult, left_out: Sequence[TrialResult], seed: str) -> dict[str, Any]:
    trial = result.trial
    missing = missing_facts(match, counted(result))
    card: dict[str, Any] = {
        "uuid": stable_uuid(seed, trial.id),
        "summary": summary(match, result, missing),
        "detail": detail(match, result, missing, left_out),
        "indicator": "info",
        "source": {
            "label": urlsplit(trial.registry.url).hostname or "registry",
            "url": trial.registry.url,
            # Static per trial: EHRs remember an override by this code.
            "topic": {
                "system": "https://clinicaltrials.gov",
                "code": trial.id,
                "display": plain(trial.short_title),
            },
        },
        "overrideReasons": [dict(reason) for reason in OVERRIDE_REASONS],
        "links": [{"label": f"Registry record {trial.id}", "url": trial.registry.url, "type": "absolute"}],
    }
    suggestions = _suggestions(match, result, missing, seed)
    if suggestions:
        card["suggestions"] = suggestions
        card["selectionBehavior"] = "any"
    return card


def _suggestions(match: Match, result: TrialResult, missing: Sequence[Missing], seed: str) -> list[dict[str, Any]]:
    if not referrable(result.trial, match.as_of):
        return []
    reasons = _diagnoses(match, result)
    suggestions = [referral(result.trial, match.patient_id, reasons, seed)]
    ordered: set[str] = set()
    for item in missing:
        if item.reason not in ORDERABLE_REASONS:
            continue
        for test, title in _tests(match.library.catalogue, item.name):
            if test.code not in ordered:
                ordered.add(test.code)
                suggestions.append(order(result.trial, test, match.patient_id, reasons, title=title, seed=seed))
    return suggestions


def _tests(catalogue: Catalogue, name: str) -> list[tuple[Code, str]]:
    """What to order for a fact: its own test, or those of the facts that it is made of."""
    entry = catalogue.lookup(name)
    if entry is None:
        return []
    if entry.order is not None:
        return [(entry.order, entry.title)]
    return [test for part in entry.spec.references() for test in _tests(catalogue, part)]


def _diagnoses(match: Match, result: TrialResult) -> list[str]:
    """References to the Conditions that the trial's gates rest on."""
    sources = [
        entry["source"]
        for criterion in result.criteria
        if criterion.criterion.gate
        for entry in evidence_of(match, criterion)
        if str(entry.get("source", "")).startswith("Condition/")
    ]
    return list(dict.fromkeys(sources))
