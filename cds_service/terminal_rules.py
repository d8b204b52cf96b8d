"""How the tools for rule authors look in a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from cds_service.trials.case_runs import TESTED, CaseReport, Coverage, Mismatch
from cds_service.trials.cases import said
from cds_service.trials.mutation import MutationReport


def show_case_report(report: CaseReport, mutation: MutationReport | None, console: Console | None = None) -> None:
    """What differs, what is tested, and how many faults the cases would notice."""
    console = console or Console()
    trial = report.cases.trial
    checked = sum(len(case.expect) for case, _ in report.ran)
    console.rule(f"{trial.id}  {trial.trial.short_title}", align="left")
    for mismatch, more in _grouped(report.mismatches):
        line = f"{mismatch.case}: {mismatch.what} is {mismatch.found}, expected {mismatch.expected}"
        line += f" (and in {more} more {'case' if more == 1 else 'cases'})" if more else ""
        console.print(line, style="red", markup=False, highlight=False)
        console.print(f"  {report.cases.file}#{mismatch.pointer}", style="dim", markup=False, highlight=False)
        for reason in mismatch.because:
            console.print(f"    {reason}", markup=False, highlight=False)
    console.print(_coverage_table(report.coverage))
    console.print(_sums(report.coverage), highlight=False)
    summary = f"{len(report.ran)} cases, {checked} outcomes checked, {len(report.mismatches)} differ"
    console.print(summary, style="green" if not report.mismatches else "red", highlight=False)
    if mutation is not None:
        text = f"{mutation.tried} faults put into the rules: {len(mutation.survivors)} stay unnoticed"
        text += f", {mutation.equivalent} are explained as no fault" if mutation.equivalent else ""
        console.print(text, style="green" if not mutation.survivors else "red", highlight=False)


def _grouped(mismatches: Sequence[Mismatch]) -> list[tuple[Mismatch, int]]:
    """The first of those that say the same, and how many more there are: a wrong base shows in every case."""
    groups: dict[tuple[object, ...], list[Mismatch]] = {}
    for item in mismatches:
        groups.setdefault((item.what, item.expected, item.found, item.because), []).append(item)
    return [(group[0], len(group) - 1) for group in groups.values()]


def _coverage_table(coverage: Sequence[Coverage]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("criterion")
    table.add_column("decided by")
    for outcome in TESTED:
        table.add_column(outcome, justify="right")
    for item in coverage:
        cells = []
        for outcome in TESTED:
            count = item.tested[outcome]
            if not item.criterion.has_logic:
                cells.append("")
            elif outcome in item.cannot:
                cells.append("[dim]never[/]")
            else:
                cells.append(str(count) if count else "[red]none[/]")
        table.add_row(said(item.place), item.decides, *cells)
    return table


def _sums(coverage: Sequence[Coverage]) -> str:
    computed = sum(item.criterion.has_logic for item in coverage)
    screened = sum(item.decides == "screen" for item in coverage)
    by_hand = len(coverage) - computed - screened
    return f"{len(coverage)} criteria: {computed} computed, {screened} screened, {by_hand} left to a person"
