"""Which patients' verdicts differ between two libraries, and the criteria that made them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.matching import match
from cds_service.rule_tools.cases import Place
from cds_service.trials import CriterionResult, TrialResult, Verdict


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """A criterion whose outcome differs; "none" on the side where there is no such criterion."""

    place: Place
    text: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class VerdictFlip:
    """A trial that comes out differently for a patient; None on the side where there is no such trial.

    `patient` is the name under which the record was given.
    """

    patient: str
    trial: str
    old: Verdict | None
    new: Verdict | None
    because: tuple[OutcomeChange, ...]

    @property
    def flips(self) -> bool:
        """Whether the verdict differs, and not only single outcomes."""
        return self.old != self.new


def verdict_flips(records: Mapping[str, Record], old: Library, new: Library, as_of: date) -> tuple[VerdictFlip, ...]:
    """Every trial of every record whose verdict, or some outcome, differs; flips of the verdict first."""
    found = []
    for name, record in records.items():
        before = {r.trial.id: r for r in match(record, old, as_of).trials}
        after = {r.trial.id: r for r in match(record, new, as_of).trials}
        for id in {**before, **after}:
            flip = _flip(name, id, before.get(id), after.get(id))
            if flip is not None:
                found.append(flip)
    return tuple(sorted(found, key=lambda f: (not f.flips, f.trial, f.patient)))


def _flip(patient: str, trial: str, old: TrialResult | None, new: TrialResult | None) -> VerdictFlip | None:
    because = outcome_changes(old, new) if old is not None and new is not None else ()
    flip = VerdictFlip(
        patient, trial, None if old is None else old.verdict, None if new is None else new.verdict, because
    )
    # A criterion that came or went with the rules tells nothing of this patient as long as the verdict stays.
    return flip if flip.flips or any("none" not in {c.old, c.new} for c in because) else None


def outcome_changes(old: TrialResult, new: TrialResult) -> tuple[OutcomeChange, ...]:
    """The criteria that come out differently, in the trial's order."""
    before, after = _by_place(old), _by_place(new)
    found = []
    for place in {**before, **after}:
        a, b = before.get(place), after.get(place)
        outcomes = ("none" if a is None else a.outcome, "none" if b is None else b.outcome)
        there = b or a
        if outcomes[0] != outcomes[1] and there is not None:
            found.append(OutcomeChange(place, there.criterion.text, *outcomes))
    return tuple(found)


def _by_place(result: TrialResult) -> dict[Place, CriterionResult]:
    own = {("", c.criterion.id): c for c in result.criteria}
    return own | {(cohort.cohort.id, c.criterion.id): c for cohort in result.cohorts for c in cohort.criteria}


def flip_json(flip: VerdictFlip) -> dict[str, Any]:
    """`{"patient", "trial", "old", "new", "because": [{"cohort", "criterion", "old", "new"}]}`."""
    return {
        "patient": flip.patient,
        "trial": flip.trial,
        "old": flip.old,
        "new": flip.new,
        "because": [
            {"cohort": c.place[0] or None, "criterion": c.place[1], "old": c.old, "new": c.new} for c in flip.because
        ],
    }
