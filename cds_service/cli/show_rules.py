"""How the tools for rule authors look in a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cds_service.rule_tools.cases import TESTED, CaseReport, CriterionCases, Mismatch, MutationReport, said
from cds_service.rule_tools.docs import CriterionInWords, FactInWords, TrialInWords
from cds_service.trials import CompiledTrial, coverage_of


def show_case_report(report: CaseReport, mutation: MutationReport | None, console: Console | None = None) -> None:
    """What differs, what is tested, and how many faults the cases would notice."""
    console = console or Console()
    trial = report.cases.trial
    checked = sum(len(case.expect) for case, _ in report.ran)
    console.rule(f"{trial.id}  {trial.trial.short_title}", align="left")
    for mismatch, more in _grouped(report.mismatches):
        line = f"case “{mismatch.case}”: {mismatch.what} is {mismatch.found}, expected {mismatch.expected}"
        line += f" (and in {more} more {'case' if more == 1 else 'cases'})" if more else ""
        console.print(line, style="red", markup=False, highlight=False)
        console.print(f"  {report.cases.file}#{mismatch.pointer}", style="dim", markup=False, highlight=False)
        for reason in mismatch.because:
            console.print(f"    {reason}", markup=False, highlight=False)
    console.print(_coverage_table(report.coverage))
    console.print(coverage_of(trial.trial).text(), highlight=False)
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


def _coverage_table(coverage: Sequence[CriterionCases]) -> Table:
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


def show_trials(trials: Sequence[CompiledTrial], console: Console | None = None) -> None:
    """One line per trial."""
    console = console or Console()
    table = Table(title="Trials", title_justify="left")
    for heading in ("trial", "what", "state", "criteria"):
        table.add_column(heading, overflow="fold")
    for trial in trials:
        table.add_row(trial.id, escape(trial.trial.short_title), trial.state, coverage_of(trial.trial).text())
    console.print(table)


def show_known_facts(facts: Iterable[FactInWords], console: Console | None = None) -> None:
    """Every fact with its kind, units, freshness and what it is read from."""
    console = console or Console()
    table = Table(title="Facts", title_justify="left")
    for heading in ("fact", "what", "unit", "counts for", "read from"):
        table.add_column(heading, overflow="fold")
    for fact in facts:
        unit = fact.unit
        others = [other for other in fact.units if other != unit]
        if others:
            unit += f"; also {', '.join(others)}"
        what = f"{fact.title} ({fact.kind})"
        table.add_row(*map(escape, (fact.name, what, unit, fact.fresh_for or "always", fact.read_from)))
    console.print(table)


def show_trial(trial: CompiledTrial, in_words: TrialInWords, console: Console | None = None) -> None:
    """A trial as a rule author reviews it: every criterion with its rule in words, then the facts."""
    console = console or Console()
    data = trial.trial
    updated = data.registry.last_updated
    console.rule(f"{trial.id}  {escape(data.short_title)}", align="left")
    console.print(data.title, markup=False)
    status = f"{data.status.replace('_', ' ')}{f' as of {updated}' if updated else ''}"
    console.print(f"{status}; rules {data.rules_version}, {data.state}; {data.registry.url}", markup=False)
    if data.notes:
        console.print(data.notes, style="dim", markup=False)
    for gap in data.gap_texts:
        console.print(f"Source gap: {gap}", style="yellow", markup=False, highlight=False)
    console.print(coverage_of(data).text(), highlight=False)
    console.print(_criteria_table("", in_words.criteria))
    for id, title, criteria in in_words.cohorts:
        console.print(_criteria_table(f"Cohort {id}: {escape(title)}", criteria))
    show_known_facts(in_words.facts, console)


def _criteria_table(title: str, criteria: Iterable[CriterionInWords]) -> Table:
    table = Table(title=title or None, title_justify="left", show_lines=True)
    for heading in ("id", "criterion", "rule", "for a person"):
        table.add_column(heading, overflow="fold")
    for item in criteria:
        rule = escape(item.rule)
        if item.decides == "screen":
            rule = f"[dim]shown only:[/] {rule}"
        if item.lookback:
            rule += f" [dim](evidence at most {item.lookback} old)[/]"
        gate = "\n[bold]gate[/]" if item.gate else ""
        judged = [f"[yellow]where it fails:[/] {escape(item.exception)}"] if item.exception else []
        table.add_row(f"{item.id}{gate}", escape(item.text), rule, "\n".join([*judged, escape(item.review)]))
    return table
