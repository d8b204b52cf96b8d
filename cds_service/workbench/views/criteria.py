"""A trial's criteria as its page shows them: rule in words and as JSON, facts with codes and units, test cases."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.library import Library
from cds_service.rule_tools.cases import TESTED, CaseReport, Place, places_of
from cds_service.rule_tools.docs import CriterionInWords, FactInWords, RulesReference
from cds_service.trials import CompiledTrial, Outcome


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion. `logic` is its JSON, with what it excepts below, `tests` how many cases test each outcome."""

    place: Place
    words: CriterionInWords
    logic: str
    facts: tuple[FactInWords, ...]
    tests: str


def criteria_views(
    trial: CompiledTrial, library: Library, rules_dir: Path, cases: CaseReport | None
) -> tuple[tuple[str, tuple[CriterionView, ...]], ...]:
    """The trial's own criteria under an empty title, then each cohort's under its own."""
    reference = RulesReference(library, rules_dir)
    told = reference.trial(trial)
    facts = {fact.name: fact for fact in told.facts}
    tests = {} if cases is None else {item.place: item.tested for item in cases.coverage}
    rules = {place: c.criterion for place, c in places_of(trial).items()}

    def view(cohort: str, words: CriterionInWords) -> CriterionView:
        place = (cohort, words.id)
        criterion = rules[place]
        logic = criterion.logic if criterion.has_logic else criterion.screen
        written = _written(logic) if words.rule else ""
        if criterion.exception is not None:
            written += (
                f"\n\nexcepted where:\n{_written(criterion.exception.when)}" if criterion.exception.has_when else ""
            )
        bases = dict.fromkeys(library.catalogue.fact_of(name) or name for name in words.facts)
        return CriterionView(
            place, words, written, tuple(facts[b] for b in bases if b in facts), _tests(tests.get(place, {}))
        )

    groups = [("", tuple(view("", words) for words in told.criteria))]
    groups += [(f"Cohort {id}: {title}", tuple(view(id, words) for words in own)) for id, title, own in told.cohorts]
    return tuple(groups)


def _written(logic: Any) -> str:
    return json.dumps(logic, indent=2, ensure_ascii=False)


def _tests(tested: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{outcome} in {tested[outcome]}" for outcome in TESTED if tested.get(outcome))
