"""Running the cases of a trial: what came out differently, why, and what is tested at all."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from cds_service.errors import Finding
from cds_service.logic import Explainer, lower
from cds_service.rule_tools.cases.cases import NO_CASES, Place, ReadyCase, TrialCases, few_named, places_of, said
from cds_service.rule_tools.cases.stated import Documents
from cds_service.trials import Criterion, CriterionResult, Decides, Outcome, TrialLibrary, TrialResult, decides

ReadSample = Callable[[str, date], Documents | None]
"""The fact documents of a sample patient on a day; None where there is no such sample."""

TESTED: tuple[Outcome, ...] = ("pass", "fail", "unknown")
NOT_COVERED = "case-not-covered"
"""The code of the finding that no case tests an outcome, which is for `rules test` alone."""
UNKNOWN_SAMPLE = "case-unknown-sample"
"""The code of the finding that a case names a sample patient that there is not."""
_SCREENED = {True: "on record", False: "not on record", None: "unknown"}
_TRUTH = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something in a case that came out differently. `because` are the parts of the rule that decided, `criterion` is
    the id of that whose outcome or screen it is."""

    case: str
    pointer: str
    what: str
    expected: str
    found: str
    because: tuple[str, ...] = ()
    criterion: str | None = None


@dataclass(frozen=True, slots=True)
class CriterionCases:
    """In how many cases a criterion is tested for each outcome. `cannot` are outcomes that its rule never has."""

    place: Place
    criterion: Criterion
    decides: Decides
    tested: Mapping[Outcome, int]
    cannot: frozenset[Outcome]

    @property
    def missing(self) -> tuple[Outcome, ...]:
        """Outcomes that no case tests though they can occur."""
        if not self.criterion.has_logic:
            return ()
        return tuple(o for o in TESTED if not self.tested[o] and o not in self.cannot)


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What running the cases of one trial showed. `ran` are the cases with the documents they ran on."""

    cases: TrialCases
    ran: tuple[tuple[ReadyCase, Documents], ...]
    mismatches: tuple[Mismatch, ...]
    coverage: tuple[CriterionCases, ...]
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected and every outcome is tested."""
        return not self.mismatches and not any(f.severity == "error" for f in self.findings)


def run_cases(
    cases: TrialCases,
    library: TrialLibrary,
    titles: Mapping[str, str],
    sample: ReadSample,
    pause: Callable[[], None] = lambda: None,
) -> CaseReport:
    """Run every case of a trial. `library` must hold the trial; `pause` is called before each case."""
    run = _Run(cases, library.only(cases.trial.id), titles)
    for case in cases.cases:
        pause()
        documents = case.documents if case.sample is None else sample(case.sample, case.as_of)
        if documents is None:
            message = f"there is no sample patient {case.sample!r}"
            run.findings.append(cases.finding(f"{case.pointer}/sample", UNKNOWN_SAMPLE, message))
            continue
        run.check(case, documents)
    coverage = tuple(run.coverage())
    # Where there is no case file that says it all.
    if not any(finding.code == NO_CASES for finding in cases.findings):
        run.findings += _not_covered(cases, coverage)
    return CaseReport(cases, tuple(run.ran), tuple(run.mismatches), coverage, tuple(run.findings))


def _not_covered(cases: TrialCases, coverage: Iterable[CriterionCases]) -> Iterator[Finding]:
    """One finding about all criteria that lack a case for the same outcomes."""
    lacking: dict[tuple[Outcome, ...], list[Place]] = {}
    for item in coverage:
        if item.missing:
            lacking.setdefault(item.missing, []).append(item.place)
    for outcomes, places in lacking.items():
        message = f"no case tests {few_named(map(said, places))} for {' or '.join(outcomes)}"
        yield replace(cases.finding("", NOT_COVERED, message), criterion=places[0][1] if len(places) == 1 else None)


class _Run:
    def __init__(self, cases: TrialCases, library: TrialLibrary, titles: Mapping[str, str]) -> None:
        self.cases, self.library, self.titles = cases, library, titles
        self.places = places_of(cases.trial)
        self.findings = list(cases.findings)
        self.mismatches: list[Mismatch] = []
        self.ran: list[tuple[ReadyCase, Documents]] = []
        self.tested: Counter[tuple[Place, Outcome]] = Counter()

    def check(self, case: ReadyCase, documents: Documents) -> None:
        """Run one case and note what differs."""
        results = self.library.evaluate(documents.closed, documents.opened, case.as_of)
        [result] = [r for r in results if r.trial.id == self.cases.trial.id]
        self.ran.append((case, documents))
        for place, found in _criteria(result):
            expected = case.expect[place]
            if found.outcome != expected:
                because = self._because(place, case, documents)
                self._differs(case, said(place), expected, found.outcome, because, criterion=place[1])
            else:
                self.tested[place, expected] += 1
            shown = _SCREENED[found.screened]
            if case.screens.get(place, shown) != shown:
                because = self._because(place, case, documents)
                self._differs(
                    case, f"the screen of {said(place)}", case.screens[place], shown, because, criterion=place[1]
                )
        if case.verdict is not None and case.verdict != result.verdict:
            self._differs(case, "verdict", case.verdict, result.verdict)
        for cohort in result.cohorts:
            verdict = case.cohorts.get(cohort.cohort.id, cohort.verdict)
            if verdict != cohort.verdict:
                self._differs(case, f"verdict of cohort {cohort.cohort.id}", verdict, cohort.verdict)

    def _differs(
        self,
        case: ReadyCase,
        what: str,
        expected: str,
        found: str,
        because: tuple[str, ...] = (),
        *,
        criterion: str | None = None,
    ) -> None:
        self.mismatches.append(Mismatch(case.name, case.pointer, what, expected, found, because, criterion))

    def _because(self, place: Place, case: ReadyCase, documents: Documents) -> tuple[str, ...]:
        """The parts of the rule that decided, in words."""
        rule = self.places[place].rule
        if rule is None:
            return ()
        reasons = Explainer(rule, self.titles).reasons(documents.closed, case.as_of)
        flips = ["" if reason.flip is None else f" ({reason.flip.text()})" for reason in reasons]
        return tuple(f"{_TRUTH[r.value]}: {r.step.words}{flip}" for r, flip in zip(reasons, flips, strict=True))

    def coverage(self) -> Iterator[CriterionCases]:
        """What the cases that came out as expected test."""
        for place, compiled in self.places.items():
            criterion = compiled.criterion
            tested = {outcome: self.tested[place, outcome] for outcome in TESTED}
            cannot: set[Outcome] = set()
            if criterion.has_logic and compiled.rule is not None:
                low = lower(compiled.rule)
                holds, fails = ("pass", "fail") if criterion.kind == "inclusion" else ("fail", "pass")
                # A rule with `null` in it may leave one side empty by design: relapse on record passes, else unknown.
                cannot |= {holds} if low.certainly_true is False else set()  # type: ignore[arg-type]
                cannot |= {fails} if low.certainly_false is False else set()  # type: ignore[arg-type]
            yield CriterionCases(place, criterion, decides(criterion), tested, frozenset(cannot))


def _criteria(result: TrialResult) -> Iterator[tuple[Place, CriterionResult]]:
    for own in result.criteria:
        yield ("", own.criterion.id), own
    for cohort in result.cohorts:
        for extra in cohort.criteria:
            yield (cohort.cohort.id, extra.criterion.id), extra
