"""Do the cases notice a fault? Every mutant of a trial's rules is compiled and run on every case."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cds_service.durations import Duration
from cds_service.errors import Finding
from cds_service.facts.catalogue import Catalogue
from cds_service.logic import BoolExpr, Program, Truth3, Vocabulary, lower
from cds_service.rule_tools.cases.cases import EquivalentMutant, Place, places_of, said
from cds_service.rule_tools.cases.mutants import Mutant, mutants
from cds_service.rule_tools.cases.runs import CaseReport
from cds_service.trials import CompiledCriterion, CompiledTrial, typed_with_exception


@dataclass(frozen=True, slots=True)
class Survivor:
    """A fault that no case notices. `pointer` leads into the trial file."""

    place: Place
    pointer: str
    mutant: Mutant


@dataclass(frozen=True, slots=True)
class MutationReport:
    """`tried` faults were put into the rules of one trial, each on its own.

    `equivalent` of them are explained as no fault at all; `survivors` stay unnoticed and unexplained.
    """

    trial: str
    tried: int
    equivalent: int
    survivors: tuple[Survivor, ...]
    findings: tuple[Finding, ...]


def mutate(report: CaseReport, vocabulary: Vocabulary, catalogue: Catalogue) -> MutationReport:
    """Put every fault into the rules of the trial and run its cases on it.

    A mutant is noticed where the criterion comes out differently in some case. One that means the same as the rule, or
    as an earlier mutant of it, is not tried.
    """
    trial = report.cases.trial
    candidates = list(_candidates(trial, vocabulary, catalogue))
    noticed = _noticed(report, candidates)
    declared = {(e.criterion, e.pointer, e.mutation): e for e in report.cases.equivalent}
    survivors, used = [], set()
    for candidate, found in zip(candidates, noticed, strict=True):
        key = (candidate.place[1], candidate.mutant.pointer, candidate.mutant.mutation)
        if not found:
            used.add(key)
            if key not in declared:
                pointer = candidate.at + candidate.mutant.pointer
                survivors.append(Survivor(candidate.place, pointer, candidate.mutant))
    survived = [
        Finding(
            f"trials/{trial.id}/trial.json",
            s.pointer,
            "mutant-survived",
            "error",
            f"{said(s.place)}: no case notices {s.mutant.mutation!r}",
            "add a case that does, or explain under 'equivalent_mutants' why none can",
        )
        for s in survivors
    ]
    unneeded = list(_unneeded(report, declared.keys() - used))
    equivalent = len(used & declared.keys())
    return MutationReport(trial.id, len(candidates), equivalent, tuple(survivors), (*survived, *unneeded))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A valid mutant of the criterion that stands at `at` in the trial file."""

    place: Place
    at: str
    mutant: Mutant
    rule: BoolExpr


def _candidates(trial: CompiledTrial, vocabulary: Vocabulary, catalogue: Catalogue) -> Iterator[_Candidate]:
    for place, at, compiled in _criteria(trial):
        criterion = compiled.criterion
        if not criterion.has_logic or compiled.rule is None:
            continue
        seen = {_meaning(compiled.rule)}
        for mutant in mutants(criterion, vocabulary, catalogue):
            valid, lookback = _length(mutant.criterion.lookback)
            rule = typed_with_exception(mutant.criterion, vocabulary, lookback) if valid else None
            if rule is not None and (meaning := _meaning(rule)) not in seen:
                seen.add(meaning)
                yield _Candidate(place, at, mutant, rule)


def _meaning(rule: BoolExpr) -> str:
    low = lower(rule)
    return json.dumps([low.certainly_true, low.certainly_false])


def _criteria(trial: CompiledTrial) -> Iterator[tuple[Place, str, CompiledCriterion]]:
    for i, compiled in enumerate(trial.criteria):
        yield ("", compiled.criterion.id), f"/criteria/{i}", compiled
    for n, (cohort, criteria) in enumerate(trial.cohorts):
        for i, compiled in enumerate(criteria):
            yield (cohort.id, compiled.criterion.id), f"/cohorts/{n}/criteria/{i}", compiled


def _noticed(report: CaseReport, candidates: Sequence[_Candidate]) -> list[bool]:
    """For each mutant, whether some case comes out differently from the rule itself."""
    places = places_of(report.cases.trial)
    rules = {place: c.rule for place, c in places.items() if c.rule is not None}
    order = list(rules)
    program = Program([*rules.values(), *(c.rule for c in candidates)])
    found = [False] * len(candidates)
    for case, documents in report.ran:
        truths = program.evaluate(documents.closed, case.as_of).truths
        right: dict[Place, Truth3] = dict(zip(order, truths, strict=False))
        for i, (candidate, truth) in enumerate(zip(candidates, truths[len(order) :], strict=True)):
            found[i] = found[i] or truth is not right[candidate.place]
    return found


def _unneeded(report: CaseReport, keys: set[tuple[str, str, str]]) -> Iterator[Finding]:
    for i, entry in enumerate(report.cases.equivalent):
        if _key(entry) in keys:
            what = f"{entry.criterion}: {entry.mutation!r} at {entry.pointer}"
            message = f"{what} is noticed by a case, or is no mutant of the rule"
            yield report.cases.finding(f"/equivalent_mutants/{i}", "mutant-not-needed", message, "take the entry out")


def _key(entry: EquivalentMutant) -> tuple[str, str, str]:
    return entry.criterion, entry.pointer, entry.mutation


def _length(lookback: str | None) -> tuple[bool, Duration | None]:
    """Whether a lookback can stand in a trial file, and what it is."""
    if lookback is None:
        return True, None
    try:
        return True, Duration.parse(lookback)
    except ValueError:
        return False, None
