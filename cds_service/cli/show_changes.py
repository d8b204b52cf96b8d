"""How changes of the rules look in a terminal."""

from collections.abc import Iterable

from rich.console import Console

from cds_service.rule_tools.cases import said
from cds_service.rule_tools.changes import Change, LibraryChange, VerdictFlip

_STYLE = {"added": "green", "removed": "red", "changed": "yellow"}


def show_change(change: LibraryChange, console: Console | None = None) -> None:
    """Trials, criteria, facts and value sets that differ."""
    console = console or Console()

    def line(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False, highlight=False)

    def differences(changes: Iterable[Change], indent: str) -> None:
        for item in changes:
            line(f"{indent}{item.what}: {item.old} → {item.new}")

    if not change:
        line("The rules mean the same.")
    for trial in change.trials:
        console.rule(f"{trial.id} {trial.kind}", align="left", style=_STYLE[trial.kind])
        differences(trial.changes, "  ")
        for criterion in trial.criteria:
            line(f"  {said(criterion.place)} {criterion.kind}: {criterion.text}", _STYLE[criterion.kind])
            differences(criterion.changes, "    ")
    for title, changed in (("Facts", change.facts), ("Value sets", change.value_sets)):
        if changed:
            console.rule(title, align="left")
        for name, changes in changed.items():
            line(f"  {name}")
            differences(changes, "    ")


def show_flips(flips: Iterable[VerdictFlip], patients: int, console: Console | None = None) -> None:
    """Patients whose verdict differs, with the criteria that did it; then those where only outcomes differ."""
    console = console or Console()
    flips = tuple(flips)
    verdicts = [f for f in flips if f.flips]
    console.rule(f"Patients: {len(verdicts)} verdicts flip among {patients} records", align="left")
    for flip in flips:
        told = f"{flip.old or 'no trial'} → {flip.new or 'no trial'}" if flip.flips else f"{flip.new}, as before"
        style = "bold" if flip.flips else "dim"
        console.print(f"  {flip.patient}  {flip.trial}: {told}", style=style, markup=False, highlight=False)
        for item in flip.because:
            text = f"    {said(item.place)}: {item.old} → {item.new}  {item.text}"
            console.print(text, markup=False, highlight=False)
