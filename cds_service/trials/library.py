"""Loading: every trial file read, checked and compiled into one program."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import Catalogue
from cds_service.logic.check import read_rule
from cds_service.logic.durations import parse_iso
from cds_service.logic.model import Condition, FactRef, facts_read
from cds_service.logic.program import Program, Truth3
from cds_service.logic.vocabulary import Vocabulary
from cds_service.rule_files import invalid, nearest, read_json
from cds_service.trials.model import Cohort, Criterion, Trial
from cds_service.trials.verdicts import (
    CohortResult,
    CriterionResult,
    TrialResult,
    outcome_of,
    trial_result,
    verdict_of,
)
from cds_service.trials.vocabulary import vocabulary_of

TRIALS = "trials"
"""The folder of a rules folder that has a folder for each trial."""


@dataclass(frozen=True, slots=True)
class CompiledCriterion:
    """A criterion with its typed rule (or, for a criterion left to a person, its typed screen)."""

    criterion: Criterion
    rule: Condition | None
    slot: int | None
    facts: tuple[FactRef, ...]


@dataclass(frozen=True, slots=True)
class CompiledTrial:
    """A trial that passed all checks. `digest` is the SHA-256 of its file."""

    trial: Trial
    digest: str
    criteria: tuple[CompiledCriterion, ...]
    cohorts: tuple[tuple[Cohort, tuple[CompiledCriterion, ...]], ...]

    @property
    def id(self) -> str:
        """The registry's number."""
        return self.trial.id

    @property
    def rules_version(self) -> str:
        """The version that the rule's author gave."""
        return self.trial.rules_version

    @property
    def state(self) -> str:
        """draft, active or retired."""
        return self.trial.state

    def all_criteria(self) -> tuple[CompiledCriterion, ...]:
        """The trial's own criteria, then each cohort's."""
        return (*self.criteria, *(c for _, criteria in self.cohorts for c in criteria))


@dataclass(frozen=True, slots=True)
class TrialLibrary:
    """All trials, compiled into one program. Immutable, so that threads share it."""

    trials: tuple[CompiledTrial, ...]
    vocabulary: Vocabulary
    program: Program
    facts_read: frozenset[str]
    """The catalogue's names of all facts that some rule reads."""

    def trial(self, trial_id: str) -> CompiledTrial | None:
        """The trial of that number, or None."""
        return next((t for t in self.trials if t.id == trial_id), None)

    def evaluate(self, closed: Mapping[str, Any], opened: Mapping[str, Any], as_of: date) -> tuple[TrialResult, ...]:
        """Every trial's result from the two fact documents of one patient."""
        in_closed = self.program.evaluate(closed, as_of).truths
        in_open = self.program.evaluate(opened, as_of).truths

        def result(compiled: CompiledCriterion) -> CriterionResult:
            criterion, slot = compiled.criterion, compiled.slot
            closed_truth: Truth3 = None if slot is None else in_closed[slot]
            open_truth: Truth3 = None if slot is None else in_open[slot]
            outcome, basis = outcome_of(criterion, closed_truth, open_truth)
            screened = closed_truth if criterion.has_screen else None
            return CriterionResult(criterion, outcome, basis, compiled.facts, screened)

        results = []
        for compiled in self.trials:
            own = [result(c) for c in compiled.criteria]
            cohorts = []
            for cohort, criteria in compiled.cohorts:
                extra = tuple(result(c) for c in criteria)
                cohorts.append(CohortResult(cohort, verdict_of([*own, *extra]), extra))
            results.append(trial_result(compiled.trial, own, cohorts))
        return tuple(results)


def load_trials(
    rules_dir: Path, catalogue: Catalogue, paths: Iterable[Path] | None = None
) -> tuple[TrialLibrary, tuple[Finding, ...]]:
    """Compile every sound `trials/*/trial.json` under `rules_dir`, with a finding for each fault of the others.

    `paths` are the trial files to load instead, somewhere under `rules_dir`.
    """
    vocabulary = vocabulary_of(catalogue)
    findings = list(_definition_findings(catalogue, vocabulary))
    trials = []
    rules: list[Condition] = []
    paths = sorted((rules_dir / TRIALS).glob("*/trial.json")) if paths is None else list(paths)
    for path in paths:
        compiled, faults = _load_trial(path, rules_dir, vocabulary, rules)
        findings += faults
        if compiled is not None:
            trials.append(compiled)
    if not paths:
        findings.append(Finding(TRIALS, "", "no-trials", "error", "no trials/*/trial.json here"))
    read = {catalogue.fact_of(ref.name) for t in trials for c in t.all_criteria() for ref in c.facts}
    facts_read = frozenset(name for name in read if name is not None)
    return TrialLibrary(tuple(trials), vocabulary, Program(rules), facts_read), tuple(findings)


def _definition_findings(catalogue: Catalogue, vocabulary: Vocabulary) -> Iterable[Finding]:
    """Faults in the logic of the catalogue's definitions, each at the place of the definition."""
    for name in vocabulary.definitions:
        _, faults = read_rule({"var": name}, vocabulary)
        file, pointer = catalogue.place_of(name)
        for fault in faults:
            yield Finding(file, f"{pointer}/logic", fault.code, fault.severity, fault.message, fault.hint)


def _load_trial(
    path: Path, rules_dir: Path, vocabulary: Vocabulary, rules: list[Condition]
) -> tuple[CompiledTrial | None, list[Finding]]:
    name = path.relative_to(rules_dir).as_posix()
    content, findings = read_json(path, name)
    if content is None:
        return None, findings
    try:
        trial = Trial.model_validate(content)
    except ValidationError as problem:
        return None, findings + invalid(problem, name, Trial)
    folder = path.parent.name if path.parent.parent.name == TRIALS else None
    findings += _structure_findings(trial, name, folder)
    start = len(rules)
    compiler = _Compiler(name, vocabulary, rules)
    own = tuple(compiler.criterion(c, f"/criteria/{i}") for i, c in enumerate(trial.criteria))
    cohorts = tuple(
        (cohort, tuple(compiler.criterion(c, f"/cohorts/{n}/criteria/{i}") for i, c in enumerate(cohort.criteria)))
        for n, cohort in enumerate(trial.cohorts)
    )
    findings += compiler.findings
    if any(f.severity == "error" for f in findings):
        # Nothing of a broken trial may be evaluated: dropping one criterion would make a wrong "eligible".
        del rules[start:]
        return None, findings
    return CompiledTrial(trial, hashlib.sha256(path.read_bytes()).hexdigest(), own, cohorts), findings


class _Compiler:
    def __init__(self, file: str, vocabulary: Vocabulary, rules: list[Condition]) -> None:
        self.file = file
        self.vocabulary = vocabulary
        self.rules = rules
        self.findings: list[Finding] = []

    def criterion(self, criterion: Criterion, pointer: str) -> CompiledCriterion:
        """Compile one criterion; its slot is the rule's place in the program."""
        if not (criterion.has_logic or criterion.has_screen):
            return CompiledCriterion(criterion, None, None, ())
        key = "logic" if criterion.has_logic else "screen"
        lookback = parse_iso(criterion.lookback) if criterion.lookback else None
        rule, faults = read_rule(getattr(criterion, key), self.vocabulary, lookback, f"{pointer}/{key}")
        for fault in faults:
            self.findings.append(
                Finding(self.file, fault.pointer, fault.code, fault.severity, fault.message, fault.hint)
            )
        if rule is None:
            return CompiledCriterion(criterion, None, None, ())
        self.rules.append(rule)
        return CompiledCriterion(criterion, rule, len(self.rules) - 1, facts_read(rule))


def _structure_findings(trial: Trial, file: str, folder: str | None) -> list[Finding]:
    """What the models can't see: ids that repeat, a file in the wrong folder of `trials/`, no gate."""
    findings = []

    def error(pointer: str, code: str, message: str, hint: str = "") -> None:
        findings.append(Finding(file, pointer, code, "error", message, hint))

    if folder not in (None, trial.id):
        error("/id", "wrong-folder", f"trial {trial.id!r} lies in the folder {folder!r}", "give both the same name")
    if not any(c.gate for c in trial.criteria):
        error("/criteria", "no-gate", 'no criterion has "gate": true', "mark the diagnosis that the trial is about")
    places = [(f"/criteria/{i}", c) for i, c in enumerate(trial.criteria)]
    for i, criterion in enumerate(trial.criteria):
        prefix = {"inclusion": "inc-", "exclusion": "exc-"}[criterion.kind]
        if not criterion.id.startswith(prefix):
            hint = nearest(criterion.id, [prefix + criterion.id[4:]])
            error(f"/criteria/{i}/id", "id-against-kind", f"{criterion.id!r} is an {criterion.kind}", hint)
    if len({c.id for c in trial.cohorts}) != len(trial.cohorts):
        error("/cohorts", "repeated-id", "two cohorts have the same id")
    own = set()
    for place, criterion in places:
        if criterion.id in own:
            error(f"{place}/id", "repeated-id", f"{criterion.id!r} stands here more than once")
        own.add(criterion.id)
    for n, cohort in enumerate(trial.cohorts):
        seen = set(own)
        for i, criterion in enumerate(cohort.criteria):
            if criterion.id in seen:
                place = f"/cohorts/{n}/criteria/{i}/id"
                error(place, "repeated-id", f"{criterion.id!r} stands in this cohort or its trial more than once")
            seen.add(criterion.id)
    return findings
