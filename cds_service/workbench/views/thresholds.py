"""The limits that trials set to a measured fact, to be drawn into its chart."""

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.library import Library
from cds_service.logic import model
from cds_service.logic.words import words
from cds_service.matching import Match
from cds_service.rule_tools.cases import places_of, said
from cds_service.trials import CriterionResult


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit in the fact's canonical unit. `side`: whether the limit is one of the value or a multiple of the ULN
    or LLN (`high`, `low`), for which `value` is the multiple."""

    trial: str
    criterion: str
    value: float
    side: str
    text: str

    def at(self, low: float | None, high: float | None) -> float | None:
        """Where it lies, for limits of normal in the canonical unit; None where there is no such limit."""
        if not self.side:
            return self.value
        limit = high if self.side == "high" else low
        return None if limit is None else self.value * limit


_SIDES = {"": "", "x_uln": "high", "x_lln": "low"}
_PERSON = "patient."
"""How facts begin that everybody has: a gate on these alone asks for no diagnosis."""


def thresholds(library: Library, fact: str, result: Match | None = None) -> tuple[Threshold, ...]:
    """Every limit of every trial for a fact, in the library's order, each once for each criterion. With `result` those
    of trials, and of cohorts, that concern the patient."""
    titles = library.titles()
    found: dict[Threshold, None] = {}
    concerning = None if result is None else _concerning(result)
    for trial in library.trials:
        for place, compiled in places_of(trial).items():
            if concerning is not None and (trial.id, place[0]) not in concerning:
                continue
            for node in model.walk(compiled.rule) if compiled.rule is not None else ():
                limit = _limit(node, fact)
                if limit is not None:
                    assert isinstance(node, model.Compare)
                    found[Threshold(trial.id, said(place), *limit, words(node, titles))] = None
    return tuple(found)


def _concerning(result: Match) -> frozenset[tuple[str, str]]:
    """The trials, as (id, ""), and cohorts whose diagnosis the patient has or may have: no gate that asks for one
    fails. A trial all of whose cohorts are ruled out like this is not there either."""
    found: set[tuple[str, str]] = set()
    for trial in result.trials:
        cohorts = [c.cohort.id for c in trial.cohorts if not _lacks_diagnosis(c.criteria)]
        if not _lacks_diagnosis(trial.criteria) and (cohorts or not trial.cohorts):
            found |= {(trial.trial.id, part) for part in ("", *cohorts)}
    return frozenset(found)


def _lacks_diagnosis(criteria: Iterable[CriterionResult]) -> bool:
    return any(
        c.criterion.gate and c.outcome == "fail" and any(not fact.name.startswith(_PERSON) for fact in c.facts)
        for c in criteria
    )


def _limit(node: model.Rule, fact: str) -> tuple[float, str] | None:
    if not isinstance(node, model.Compare) or node.implied:
        return None
    sides = (node.left, node.right)
    reading = next((side for side in sides if isinstance(side, model.NumericFact)), None)
    number = next((side for side in sides if isinstance(side, model.Number)), None)
    if reading is None or number is None:
        return None
    for part, side in _SIDES.items():
        if reading.fact.name == (f"{fact}.{part}" if part else fact):
            return number.value, side
    return None
