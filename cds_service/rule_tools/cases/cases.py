"""`cases.json` beside a trial: what a case file may hold, and each case made ready to be run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cds_service.errors import Finding
from cds_service.facts.catalogue import Catalogue
from cds_service.facts.fact import Fact
from cds_service.rule_files import Day, YesNo, invalid, is_there, nearest, pointer, read_json
from cds_service.rule_tools.cases.stated import Documents, StatementError, documents_of, read_facts
from cds_service.trials import CASES_FILE, CompiledCriterion, CompiledTrial, Outcome, Text, Verdict

NO_CASES = "no-cases"
"""The code of the finding that a trial has no case file, which is for `rules test` alone."""
EVERY_OTHER = "*"
MOST_NAMED = 8
"""Criteria, or cases, that one finding names; it counts the rest."""
Screened = Literal["on record", "not on record", "unknown"]
Place = tuple[str, str]
"""A criterion of the trial itself, `("", "inc-01")`, or of a cohort, `("S1", "s1-01")`."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectations(_File):
    """What a case must come to."""

    facts: dict[str, Any] = Field(default={}, description="Facts in the rule author's words; null is unknown.")
    expect: dict[str, Outcome] = Field(
        default={}, description='Criterion id to outcome; "*" stands for every other criterion that has logic.'
    )
    cohort_expect: dict[str, dict[str, Outcome]] = Field(
        default={}, description="Where cohorts share a criterion id and differ: cohort, criterion id, outcome."
    )
    screens: dict[str, Screened] = Field(default={}, description="What the screen of a criterion shows.")
    verdict: Verdict | None = None
    cohorts: dict[str, Verdict] = Field(default={}, description="Cohort id to verdict.")


class Base(Expectations):
    """The patient that cases change, with what the trial makes of it."""


class Case(Expectations):
    """One case: the base with some facts changed, a patient of its own (`base` false), or a sample of
    `fhir_samples/patients`. It lists only the outcomes that differ from the base's; any other change is an error."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    why: Text | None = Field(default=None, description="Where the expectation comes from, if it is not plain.")
    as_of: Day | None = Field(default=None, description="The day that counts as today, if not the file's.")
    base: YesNo = True
    sample: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = None

    @model_validator(mode="after")
    def _facts_or_sample(self) -> "Case":
        if self.sample is not None and self.facts:
            raise ValueError("a case has 'facts' or a 'sample', not both")
        return self

    @property
    def stands_alone(self) -> bool:
        """Whether the base's facts and expectations play no part."""
        return self.sample is not None or not self.base


class EquivalentMutant(_File):
    """A changed rule that no patient can tell from the right one."""

    criterion: str
    pointer: str = Field(description="The place in the criterion, such as /logic/or/1.")
    mutation: str = Field(description="As `rules test --mutate` prints it.")
    why: Text


class CaseFile(_File):
    """One `cases.json`."""

    json_schema: str | None = Field(default=None, alias="$schema")
    as_of: Day = Field(description="The day that counts as today in every case that says nothing else.")
    base: Base = Base()
    cases: tuple[Case, ...] = ()
    equivalent_mutants: tuple[EquivalentMutant, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadyCase:
    """A case with everything that it takes from the base. `documents` is None where a `sample` gives the facts."""

    name: str
    pointer: str
    as_of: date
    documents: Documents | None
    sample: str | None
    expect: Mapping[Place, Outcome]
    screens: Mapping[Place, Screened]
    verdict: Verdict | None
    cohorts: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class TrialCases:
    """The cases of one trial. `file` is what findings call their file."""

    trial: CompiledTrial
    file: str
    cases: tuple[ReadyCase, ...]
    equivalent: tuple[EquivalentMutant, ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    def finding(self, pointer: str, code: str, message: str, hint: str = "") -> Finding:
        """An error in this case file."""
        return Finding(self.file, pointer, code, "error", message, hint)


def places_of(trial: CompiledTrial) -> dict[Place, CompiledCriterion]:
    """Every criterion by its place: the trial's own, then each cohort's."""
    own = {("", c.criterion.id): c for c in trial.criteria}
    return own | {(cohort.id, c.criterion.id): c for cohort, criteria in trial.cohorts for c in criteria}


def load_cases(trial: CompiledTrial, rules_dir: Path, catalogue: Catalogue) -> TrialCases:
    """The sound cases of a trial, with a finding for every fault of the others."""
    path = rules_dir / "trials" / trial.id / CASES_FILE
    name = path.relative_to(rules_dir).as_posix()
    if not is_there(path):
        missing = Finding(name, "", NO_CASES, "error", f"trial {trial.id} has no test cases", f"write {name}")
        return TrialCases(trial, name, (), findings=(missing,))
    content, findings = read_json(path, name)
    try:
        file = CaseFile.model_validate(content) if content is not None else CaseFile(as_of=date.min)
    except ValidationError as problem:
        return TrialCases(trial, name, (), findings=(*findings, *invalid(problem, name, CaseFile)))
    reader = _Reader(trial, name, file, catalogue)
    cases = tuple(reader.ready())
    return TrialCases(trial, name, cases, file.equivalent_mutants, (*findings, *reader.findings))


class _Reader:
    def __init__(self, trial: CompiledTrial, name: str, file: CaseFile, catalogue: Catalogue) -> None:
        self.trial, self.name, self.file, self.catalogue = trial, name, file, catalogue
        self.places = places_of(trial)
        self.findings: list[Finding] = []
        self.silent: dict[tuple[Place, ...], list[tuple[str, str]]] = {}
        """Criteria of which nothing is said, and the cases (pointer and name) that say nothing of them."""
        refs = {ref.name for c in trial.all_criteria() for ref in c.facts}
        self.read = refs | {base for ref in refs if (base := _whole(ref, catalogue)) is not None}

    def ready(self) -> Iterator[ReadyCase]:
        """The base itself, then every case that has no fault."""
        base = self.file.base
        if base.facts or base.expect:
            parts = {name: getattr(base, name) for name in Expectations.model_fields}
            yield from self._case(Case.model_validate({"name": "the base", **parts}), "/base", Base())
        names: set[str] = set()
        for i, case in enumerate(self.file.cases):
            if case.name in names:
                self._error(f"/cases/{i}/name", "case-repeated-name", f"two cases are called {case.name!r}")
            names.add(case.name)
            yield from self._case(case, f"/cases/{i}", Base() if case.stands_alone else base)
        for places, silent in self.silent.items():
            self._silence(places, silent)

    def _case(self, case: Case, at: str, base: Base) -> Iterator[ReadyCase]:
        """The case on top of the base; nothing where it has a fault. The base's own faults are told at the base."""
        before = len(self.findings)
        as_of = case.as_of or self.file.as_of
        documents = None if case.sample else self._documents({**base.facts, **case.facts}, case.facts, as_of, at)
        expect = self._expected(case, base, at)
        screens: dict[Place, Screened] = {}
        for id, shown in {**base.screens, **case.screens}.items():
            places = [place for place, c in self.places.items() if place[1] == id and c.criterion.has_screen]
            if not places and id in case.screens:
                self._unknown(f"{at}/screens", id, " with a screen")
            screens |= dict.fromkeys(places, shown)
        cohorts = {cohort.id for cohort, _ in self.trial.cohorts}
        for key in ("cohorts", "cohort_expect"):
            for id in (id for id in getattr(case, key) if id not in cohorts):
                place = f"{at}{pointer([key, id])}"
                self._error(place, "case-unknown-cohort", f"no cohort {id!r}", nearest(id, cohorts))
        says_all = self.places.keys() <= expect.keys()
        if len(self.findings) == before and says_all and (case.sample or documents):
            verdicts = (case.verdict, case.cohorts)
            yield ReadyCase(case.name, at, as_of, documents, case.sample, expect, screens, *verdicts)

    def _documents(self, stated: Mapping[str, Any], own: Mapping[str, Any], as_of: date, at: str) -> Documents | None:
        """The fact documents; None where a statement can't be read."""
        found = read_facts(stated, self.catalogue, as_of)
        for name, fault in found:
            if name in own and isinstance(fault, StatementError):
                place = f"{at}{pointer(['facts', name, *fault.steps])}"
                self._error(place, f"case-{fault.code}", fault.message, fault.hint)
            elif name in own and name not in self.read:
                message = f"no rule of this trial reads {name!r}, so it decides nothing"
                place = f"{at}{pointer(['facts', name])}"
                self._error(place, "case-fact-not-read", message, nearest(name, self.read))
        facts = [fact for _, fact in found if isinstance(fact, Fact)]
        return None if any(isinstance(f, StatementError) for _, f in found) else documents_of(facts)

    def _expected(self, case: Case, base: Base, at: str) -> dict[Place, Outcome]:
        """The outcome of every criterion; a finding for each one of which nothing is said."""
        expect = case.expect if EVERY_OTHER in case.expect else {**base.expect, **case.expect}
        other = expect.get(EVERY_OTHER)
        found: dict[Place, Outcome] = {}
        for place, compiled in self.places.items():
            outcome = expect.get(place[1], other if compiled.criterion.has_logic else "review")
            if outcome is not None:
                found[place] = outcome
        known = {EVERY_OTHER, *(id for _, id in self.places)}
        for id in (id for id in case.expect if id not in known):
            self._unknown(f"{at}/expect", id)
        for cohort, outcomes in {**base.cohort_expect, **case.cohort_expect}.items():
            of_cohort = {id for name, id in self.places if name == cohort}
            for id in (id for id in outcomes if id not in of_cohort):
                self._unknown(f"{at}{pointer(['cohort_expect', cohort])}", id)
            found |= {(cohort, id): outcome for id, outcome in outcomes.items()}
        self._note_silence(tuple(place for place in self.places if place not in found), case, at)
        return found

    def _note_silence(self, places: tuple[Place, ...], case: Case, at: str) -> None:
        """Of which criteria a case says nothing. What its base leaves out already is the base's fault."""
        of_base = next((key for key, [(first, _), *_] in self.silent.items() if first == "/base"), ())
        if of_base and not case.stands_alone:
            if not set(of_base).isdisjoint(places):
                self.silent[of_base].append((at, case.name))
            places = tuple(place for place in places if place not in of_base)
        if places:
            self.silent.setdefault(places, []).append((at, case.name))

    def _silence(self, places: tuple[Place, ...], silent: Sequence[tuple[str, str]]) -> None:
        """One finding about criteria of which some cases say nothing: what a base leaves out, every case does."""
        at, first = silent[0]
        hint = 'write "*": "pass" for every criterion that is not listed' if at == "/base" else ""
        self._error(
            f"{at}/expect",
            "case-missing-expectation",
            f"nothing is expected of {few_named(map(said, places))}, in {cases_named(at, first, len(silent))}",
            hint or 'list it, or every other criterion as "*"',
            criterion=places[0][1] if len(places) == 1 else None,
        )

    def _unknown(self, at: str, id: str, what: str = "") -> None:
        hint = nearest(id, {id for _, id in self.places})
        self._error(f"{at}{pointer([id])}", "case-unknown-criterion", f"no criterion {id!r}{what}", hint, id)

    def _error(self, at: str, code: str, message: str, hint: str = "", criterion: str | None = None) -> None:
        self.findings.append(Finding(self.name, at, code, "error", message, hint, criterion=criterion))


def said(place: Place) -> str:
    """A criterion as messages name it: `inc-01`, `exc-18 of cohort S3`."""
    cohort, id = place
    return f"{id} of cohort {cohort}" if cohort else id


def few_named(names: Iterable[str]) -> str:
    """Names with commas between them; of many the first and how many more there are."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more


def cases_named(pointer: str, name: str, count: int) -> str:
    """The first of `count` cases as messages name it, and how many more there are."""
    first = "the base" if pointer == "/base" else f"the case {name!r}"
    return first if count == 1 else f"{first} and {count - 1} more {'case' if count == 2 else 'cases'}"


def check_cases(trials: Iterable[CompiledTrial], rules_dir: Path, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Faults in the case files that these trials have, found without running them."""
    findings = (finding for trial in trials for finding in load_cases(trial, rules_dir, catalogue).findings)
    return tuple(finding for finding in findings if finding.code != NO_CASES)


def _whole(name: str, catalogue: Catalogue) -> str | None:
    """The fact to state for a name that a rule reads, where that is another: `condition.sle` for its `.active`."""
    entry = catalogue.lookup(name)
    if entry is None:
        return catalogue.fact_of(name)  # a date's days_since
    return name.rpartition(".")[0] if entry.part in ("active", "history") else name
