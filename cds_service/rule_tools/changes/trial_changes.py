"""What differs between two versions of a trial: its particulars, and its criteria one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cds_service.rule_tools.cases import Place, places_of
from cds_service.rule_tools.changes.rule_changes import AGE, Change, rule_changes
from cds_service.trials import CompiledCriterion, CompiledTrial, Criterion, CriterionException, Trial

Kind = Literal["added", "removed", "changed"]

_OWN_FIELDS = ("kind", "text", "gate", "review", "exception", "lookback")
_TRIAL_FIELDS = [
    "title",
    "short_title",
    "status",
    "phase",
    "enrollment",
    "sponsor",
    "registry",
    "dates",
    "interventions",
    "sites",
    "countries",
    "state",
    "rules_version",
    "notes",
    "source_gaps",
]


@dataclass(frozen=True, slots=True)
class CriterionChange:
    """A criterion that was added, removed or changed. `text` is the newest wording."""

    place: Place
    kind: Kind
    text: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialChange:
    """A trial that was added, removed or changed, with what changed in it."""

    id: str
    kind: Kind
    changes: tuple[Change, ...] = ()
    criteria: tuple[CriterionChange, ...] = ()


def trial_change(old: CompiledTrial | None, new: CompiledTrial | None, titles: Mapping[str, str]) -> TrialChange | None:
    """From one version to the other; None where they mean the same. `titles`: fact to title."""
    if old is None or new is None:
        there = old or new
        return None if there is None else TrialChange(there.id, "removed" if new is None else "added")
    changes = [
        Change(name, _said(_particular(old.trial, name)), _said(_particular(new.trial, name)))
        for name in _TRIAL_FIELDS
        if _particular(old.trial, name) != _particular(new.trial, name)
    ]
    before = {c.id: c.title for c in old.trial.cohorts}
    after = {c.id: c.title for c in new.trial.cohorts}
    changes += [
        Change(f"cohort {id}", before.get(id, "none"), after.get(id, "none"))
        for id in {**before, **after}
        if before.get(id) != after.get(id)
    ]
    criteria = _criteria(places_of(old), places_of(new), titles)
    return TrialChange(new.id, "changed", tuple(changes), criteria) if changes or criteria else None


def _criteria(
    old: Mapping[Place, CompiledCriterion], new: Mapping[Place, CompiledCriterion], titles: Mapping[str, str]
) -> tuple[CriterionChange, ...]:
    found = []
    for place in {**old, **new}:
        before, after = old.get(place), new.get(place)
        if before is None or after is None:
            there = before or after
            assert there is not None
            found.append(CriterionChange(place, "removed" if after is None else "added", there.criterion.text))
            continue
        changes = criterion_changes(before, after, titles)
        if changes:
            found.append(CriterionChange(place, "changed", after.criterion.text, changes))
    return tuple(found)


def criterion_changes(old: CompiledCriterion, new: CompiledCriterion, titles: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs between two versions of a criterion."""
    a, b = old.criterion, new.criterion
    changes = [
        Change(name, _said(_field(a, name)), _said(_field(b, name)))
        for name in _OWN_FIELDS
        if _field(a, name) != _field(b, name)
    ]
    ways = [_way(a.has_logic, a.has_screen), _way(b.has_logic, b.has_screen)]
    if ways[0] != ways[1]:
        changes.append(Change("decided by", *ways))
    if old.rule is not None and new.rule is not None:
        # A lookback that was changed says what that makes of each fact.
        said = a.lookback != b.lookback
        found = rule_changes(old.rule, new.rule, titles)
        changes += [change for change in found if not (said and change.what.startswith(AGE))]
    return tuple(changes)


def _particular(trial: Trial, name: str) -> Any:
    return trial.gap_texts if name == "source_gaps" else getattr(trial, name)


def _field(criterion: Criterion, name: str) -> Any:
    """What is written there. Of an exception its text: what it asks of the record is told with the rule."""
    found = getattr(criterion, name)
    return found.text if isinstance(found, CriterionException) else found


def _way(has_logic: bool, has_screen: bool) -> str:
    return "a rule" if has_logic else "a person, with a screen" if has_screen else "a person"


def _said(value: Any) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(_said(item) for item in value)
    if hasattr(value, "model_dump"):
        return ", ".join(_said(v) for v in value.model_dump().values() if v not in {None, ()})
    if isinstance(value, dict):
        return ", ".join(_said(v) for v in value.values() if v)
    return str(value)
