"""What running the cases of trials showed, as findings: those that say the same are one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_service.errors import Finding
from cds_service.facts.catalogue import Catalogue
from cds_service.rule_tools.cases.cases import NO_CASES, cases_named, few_named, load_cases
from cds_service.rule_tools.cases.runs import NOT_COVERED, CaseReport, Mismatch, ReadSample, run_cases
from cds_service.trials import TrialLibrary, titles_of

_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class CasesRun:
    """How many cases of trials ran, and the findings: faults of their files, and what came out differently."""

    ran: int
    findings: tuple[Finding, ...]


def run_all_cases(
    trial_ids: Iterable[str],
    library: TrialLibrary,
    rules_dir: Path,
    catalogue: Catalogue,
    sample: ReadSample,
    *,
    pause: Callable[[], None] = lambda: None,
) -> CasesRun:
    """Run the cases beside these trials of `library`. That there are none, or too few, is no finding here.

    `pause` is called before each case, for other threads' sake.
    """
    titles = titles_of(catalogue)
    ran, findings = 0, list[Finding]()
    for trial_id in trial_ids:
        trial = library.trial(trial_id)
        if trial is not None:
            found = run_cases(load_cases(trial, rules_dir, catalogue), library, titles, sample, pause)
            ran += len(found.ran)
            findings += (one for one in found.findings if one.code not in (NO_CASES, NOT_COVERED))
            findings += differences(found)
    return CasesRun(ran, tuple(findings))


def differences(report: CaseReport) -> Iterator[Finding]:
    """A finding for each kind of difference, with all criteria that differ so in the same cases.

    A verdict that differs beside a criterion follows from it, and is left out.
    """
    criteria = {item.pointer for item in report.mismatches if item.criterion is not None}
    by_what: dict[tuple[str, str, str], list[Mismatch]] = {}
    for item in report.mismatches:
        if item.criterion is not None or item.pointer not in criteria:
            by_what.setdefault((item.what, item.expected, item.found), []).append(item)
    alike: dict[tuple[str, str, tuple[str, ...]], list[list[Mismatch]]] = {}
    for (_, expected, found), items in by_what.items():
        alike.setdefault((expected, found, tuple(item.pointer for item in items)), []).append(items)
    for (expected, found, _), several in alike.items():
        yield _difference(report, expected, found, several)


def _difference(report: CaseReport, expected: str, found: str, several: Sequence[Sequence[Mismatch]]) -> Finding:
    """One finding about what differs equally in the same cases; `several` has these cases for each."""
    cases = several[0]
    first = cases[0]
    where = cases_named(first.pointer, first.case, len(cases))
    names = [items[0].what for items in several]
    verb = "is" if len(names) == 1 else "are"
    # The finding is the criterion's own, which whoever shows it names.
    said = f"the rule says {found}" if names == [first.criterion] else f"{few_named(names)} {verb} {found}"
    # Reasons that are told once for several criteria are those of the first.
    return Finding(
        report.cases.file,
        first.pointer,
        "case-differs",
        "error",
        f"{said}, expected {expected}, in {where}",
        "; ".join(first.because[:_MOST_REASONS]),
        criterion=first.criterion if len(names) == 1 else None,
    )
