"""How a fact sheet looks in a terminal: what is known by group, what is unknown at the end with the reason."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cds_service.cli.as_of import when
from cds_service.durations import TimeUnit, range_in_words
from cds_service.facts import PRESUMED, presumed_words
from cds_service.facts.catalogue import GROUPS, OTHER, PRINTED_SYSTEMS
from cds_service.logic.words import rounded

Entry = dict[str, Any]

_NUMBER = re.compile(r"\d+\.\d+")
_YES_NO = {True: "yes", False: "no"}
_SHORT = 40
_MOST_LINES = 8
"""Pieces of evidence of one fact, unless everything is asked for."""
_LASTING = frozenset({"Conditions", "Allergies"})
_OF_THE_PATIENT = frozenset({"birth date", "gender", "deceased"})


def show_fact_sheet(document: Entry, console: Console | None = None, *, everything: bool = False) -> None:
    """The sheet that `fact_sheet` makes. `everything`: also what is presumed absent because nothing is on record."""
    console = console or Console()
    console.print(f"Patient {document['patient']} as of {when(document)}", markup=False)
    if document.get("deceased"):
        console.print("The patient has died.", style="bold")
    for issue in document["issues"]:
        place = " ".join(filter(None, (issue["resource"], issue["element"])))
        console.print(f"{issue['severity']}: {place}: {issue['message']}", markup=False, style="yellow")
    for type, gap in document["gaps"].items():
        console.print(f"{type}: {_words(gap)}; absence is not presumed", markup=False, style="yellow")
    absent = [fact for fact in document["facts"] if _is_absent(fact)]
    shown = [fact for fact in document["facts"] if fact["status"] != "unknown" and (everything or fact not in absent)]
    for group in (*GROUPS, OTHER):
        _show_group(group, [fact for fact in shown if fact["group"] == group], console, everything)
    _show_unknown([fact for fact in document["facts"] if fact["status"] == "unknown"], console, everything)
    if absent and not everything:
        console.print()
        console.print(f"{len(absent)} more facts have nothing on record and are presumed absent; --all lists them.")


def _is_absent(fact: Entry) -> bool:
    """Whether nothing on record is behind it, so that there is nothing to show. What a defined fact that holds follows
    from is worth showing."""
    return fact["status"] == PRESUMED and not fact["evidence"] and ("because" not in fact or fact["value"] is False)


def _show_group(group: str, facts: Sequence[Entry], console: Console, everything: bool) -> None:
    if not facts:
        return
    table = _table(group, "fact", "value", "evidence")
    for fact in facts:
        table.add_row(_called(fact), _said(fact), _evidence(fact, everything))
    console.print()
    console.print(table)


def _show_unknown(facts: Sequence[Entry], console: Console, everything: bool) -> None:
    """Those with something on record one by one, the others by reason in one line each."""
    if not facts:
        return
    table = _table("Unknown", "fact", "reason", "evidence")
    silent: defaultdict[str, list[Entry]] = defaultdict(list)
    for fact in facts:
        if fact["evidence"] or fact.get("because"):
            table.add_row(_called(fact), _words(fact["reason"]), _evidence(fact, everything))
        else:
            silent[fact["reason"]].append(fact)
    console.print()
    if table.row_count:
        console.print(table)
    for reason, names in sorted(silent.items()):
        line = Text(f"{_words(reason)} ({len(names)}): ", style="bold yellow")
        line.append(", ".join(fact["name"] for fact in names), style="not bold default")
        console.print(line)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold", header_style="dim")
    return table


def _called(fact: Entry) -> str:
    return f"{escape(fact['title'])}\n[dim]{escape(fact['name'])}[/]"


def _said(fact: Entry) -> str:
    value = fact["value"]
    if _is_absent(fact) and "because" not in fact:
        return f"[dim]{escape(presumed_words(value))}[/]"
    if fact["kind"] == "events":
        text = _event(fact)
    elif isinstance(value, bool):
        text = _YES_NO[value]
    elif fact["unit"] == "a":
        text = f"{_lasting(value, 'a')} ({_lasting(fact['months'], 'mo')})"
    else:
        unit = "" if fact.get("display_unit") is None else fact["display_unit"]
        text = f"{_number(value)} {unit}".rstrip()
    for word, part in fact.get("parts", {}).items():
        if part["value"] is not None:
            text += f"\n{_number(part['value'])} × {word.removeprefix('x_').upper()}"
    # What an event's own words say already.
    presumed = fact["status"] == PRESUMED and fact["kind"] != "events"
    return escape(text) + (" [dim](presumed)[/]" if presumed else "")


def _event(fact: Entry) -> str:
    """`yes, active`, `no, in the past`; drugs and procedures are `yes, now` or `yes, not now`. Where the record only
    tells of the past: `presumed absent, in the past`."""
    lasting = ("active", "not active") if fact["group"] in _LASTING else ("now", "not now")
    said = ["presumed absent" if fact["status"] == PRESUMED else _YES_NO[fact["value"]]]
    if fact["value"]:
        said.append({True: lasting[0], False: lasting[1], None: f"perhaps {lasting[0]}"}[fact["active"]])
    elif fact["ever"] is not False:
        said.append("in the past" if fact["ever"] else "perhaps in the past")
    return ", ".join(said)


def _lasting(value: Any, unit: TimeUnit) -> str:
    """A number, or `40 to 41`, of years or months."""
    low, _, high = str(value).partition(" to ")
    return range_in_words(int(low), int(high or low), unit)


def _number(value: Any) -> str:
    """A number to three significant digits, as cards and explanations have it; those of `39.0197 to 42.789` too."""
    return _NUMBER.sub(lambda found: rounded(float(found[0])), str(value))


def _evidence(fact: Entry, everything: bool) -> str:
    lines = [_line(item, fact["reason"]) for item in fact["evidence"]]
    if not everything and len(lines) > _MOST_LINES + 1:
        lines[_MOST_LINES:] = [f"… and {len(lines) - _MOST_LINES} more (--all)"]
    lines += [f"because: {reason}" for reason in fact.get("because", ())]
    if fact.get("via"):
        lines.append(f"by {fact['via']}")
    return "\n".join(map(escape, lines))


def _line(item: Entry, reason_of_all: str | None) -> str:
    raw, code, note, state = item.get("raw"), item.get("code"), item.get("note") or "", item.get("state")
    written = "" if raw is None else " ".join(filter(None, (_cut(raw["value"]), raw["unit"])))
    if note in _OF_THE_PATIENT:
        return f"{note} {written}, {item['source']}"
    parts = [item["date"] or "undated"]
    if state is not None or written:
        parts.append(written if state is None else f"{state} ({written})" if written else state)
    if code is not None:
        system = PRINTED_SYSTEMS.get(code["system"]) or code["system"].rpartition("/")[2]
        parts.append(" ".join(filter(None, (system, code["code"], _cut(code["display"] or "")))))
    if "text" in item:
        parts.append(f"“{_cut(item['text'])}”")
    parts.append(item["source"])
    # What is special about it is often the reason itself.
    said = [_words(word) for word in (item.get("reason"), note) if word and word != reason_of_all]
    parts += [word for word in said if not any(word in other and word != other for other in said)]
    return ", ".join(dict.fromkeys(parts))


def _cut(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1].rstrip() + "…"


def _words(reason: str) -> str:
    return reason.replace("_", " ")
