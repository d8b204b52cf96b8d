"""How answers look in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from cds_service.explanation import EXTENSION, sentence

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
