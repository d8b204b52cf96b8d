"""How answers look in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cds_service.cli.as_of import when
from cds_service.explanation import EXTENSION, sentence
from cds_service.facts import PRESUMED, presumed_words

COLOURS = {"pass": "green", "fail": "red", "unknown": "yellow", "review": "cyan"}
VERDICTS = {
    "likely_eligible": "green",
    "possibly_eligible": "yellow",
    "undetermined": "cyan",
    "not_eligible": "red",
}

MOST_FACTS = 5
"""Facts that are named of an entry that was not understood."""
PANEL_WIDTH = 76
"""Columns of a card: what an EHR gives it, roughly."""


def show_cards(answer: Mapping[str, Any], console: Console | None = None, *, markdown: bool = True) -> None:
    """A response as a narrow EHR panel would show it; `markdown` says how the details of its cards are written."""
    console = console or Console()
    cards: Sequence[dict[str, Any]] = answer["cards"]
    undetermined = answer.get("extension", {}).get(EXTENSION)
    if undetermined is not None:
        console.print(sentence(undetermined), markup=False, style="bold yellow")
    elif not cards:
        console.print("No cards.")
    for card in cards:
        detail = Markdown(card["detail"]) if markdown else Text(card["detail"])
        buttons = [Text(f"[ {suggestion['label']} ]", style="bold cyan") for suggestion in card.get("suggestions", ())]
        links = [Text(f"{link['label']}: {link['url']}", style="dim") for link in card.get("links", ())]
        rest = [Text(), *buttons, *links] if buttons or links else []
        summary = Text(card["summary"], style="bold")
        panel = Panel(
            Group(summary, Rule(style="dim"), detail, *rest),
            subtitle=Text(card["source"]["label"], style="dim"),
            width=min(console.width, PANEL_WIDTH),
        )
        console.print(panel)


def unread_lines(document: Mapping[str, Any]) -> list[str]:
    """A line for each entry that was not understood: what it says, what waits for it, and what to do."""
    lines = []
    for entry in document.get("unread", ()):
        code = entry["code"]
        said = ", ".join(f"“{text}”" for text in entry["texts"] or filter(None, [entry["words"]])) or "no words"
        coded = f" ({code['system']} {code['code']})" if code else ""
        facts = ", ".join(entry["facts"][:MOST_FACTS])
        more = f" and {len(entry['facts']) - MOST_FACTS} more" if len(entry["facts"]) > MOST_FACTS else ""
        lines.append(f"not understood: {entry['source']}: {said}{coded}; {facts}{more} may be meant")
    if lines:
        command = 'cds-service site answer "TEXT" --is VALUESET, or --none'
        lines.append(f"To answer them for good: {command} (docs/site.md); or the patient's page of the workbench.")
    return lines


def show_explanation(document: dict[str, Any], console: Console | None = None) -> None:
    """The explanation as one table per trial and cohort."""
    console = console or Console()
    console.print(f"Patient {document['patient']} as of {when(document)}", markup=False)
    if document.get("deceased"):
        console.print("The patient has died: no cards are shown.", style="bold")
    for issue in document["issues"]:
        place = " ".join(filter(None, (issue["resource"], issue["element"])))
        console.print(f"{issue['severity']}: {place}: {issue['message']}", markup=False, style="yellow")
    for line in unread_lines(document):
        console.print(line, markup=False, style="yellow")
    if "undetermined" in document:
        console.print(sentence(document["undetermined"]), markup=False, style="bold yellow")
    for trial in document["trials"]:
        console.print()
        console.print(_table(f"{trial['id']} {trial['title']}", trial["verdict"], trial["criteria"]))
        for gap in trial.get("source_gaps", ()):
            console.print(f"source gap: {gap}", markup=False, highlight=False, style="yellow")
        for cohort in trial["cohorts"]:
            console.print(_table(f"{trial['id']} cohort {cohort['id']}", cohort["verdict"], cohort["criteria"]))


def _table(title: str, verdict: str, criteria: Iterable[dict[str, Any]]) -> Table:
    table = Table(title=f"{title}: {verdict.replace('_', ' ')}", title_style=VERDICTS[verdict], title_justify="left")
    for heading in ("id", "outcome", "criterion", "what it rests on"):
        table.add_column(heading, overflow="fold")
    for criterion in criteria:
        outcome = criterion["outcome"]
        basis = " (presumed)" if criterion["basis"] == "presumed" else ""
        evidence = "\n".join(_fact_line(fact) for fact in criterion["facts"])
        table.add_row(criterion["id"], f"[{COLOURS[outcome]}]{outcome}[/]{basis}", criterion["text"], evidence)
    return table


def _fact_line(fact: dict[str, Any]) -> str:
    if fact.get("basis") == PRESUMED:
        return f"{fact['name']}: {presumed_words(fact['value'])}"
    value = "unknown" if fact.get("value") is None else str(fact["value"])
    unit = fact.get("unit")
    parts = [f"{fact['name']} = {value}" + (f" {unit}" if unit and unit != "1" else "")]
    parts += [str(fact[key]) for key in ("date", "source", "reason") if fact.get(key)]
    return ", ".join(parts)
