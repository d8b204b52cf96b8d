"""What would be if one fact were otherwise: what can be changed, the change, and the verdicts that flip."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from msgspec.structs import replace

from cds_service.facts import PRESUMED, presumed_words
from cds_service.facts.catalogue import FactEntry
from cds_service.facts.fact import Fact, unknown
from cds_service.facts.intervals import Interval
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.matching import Match, match
from cds_service.rule_tools.cases import read_fact, unknown_events
from cds_service.rule_tools.changes import OutcomeChange, outcome_changes

Ask = Literal["number", "choice", "date"]
UNKNOWN = "not known"
_YES_NO = {"on record": True, "not on record": False}
_RESULTS = {"positive": "positive", "negative": "negative"}
_SEXES = {"female": "female", "male": "male"}
_UNREAL = Interval(None, None)
"""A number that may be any: it decides nothing, and carries a part that is known."""


@dataclass(frozen=True, slots=True)
class Changeable:
    """A fact that can be changed. `units` are what a number may be written in, `answers` what can be chosen."""

    name: str
    title: str
    ask: Ask
    units: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialFlip:
    """A trial before and after; `because` are the criteria whose outcome differs."""

    trial: str
    title: str
    old: str
    new: str
    because: tuple[OutcomeChange, ...]


def changeable(library: Library) -> tuple[Changeable, ...]:
    """Every fact that some rule reads, by title."""
    found: dict[str, Changeable] = {}
    for trial in library.trials:
        for compiled in trial.all_criteria():
            for ref in compiled.facts:
                for name in _stated_names(library, ref.name):
                    entry = library.catalogue.lookup(name)
                    if entry is not None and name not in found:
                        found[name] = _changeable(entry)
    return tuple(sorted(found.values(), key=lambda c: c.title.casefold()))


def _stated_names(library: Library, name: str) -> Iterator[str]:
    """What has to be stated for a name that a rule reads: it, what it is a part of, or what it is made of."""
    catalogue = library.catalogue
    entry = catalogue.lookup(name)
    if entry is not None and entry.part in {"x_uln", "x_lln"}:
        yield name
    base = catalogue.fact_of(name)
    if base is None:
        return
    spec = catalogue.facts[base]
    if spec.kind == "defined":
        for part in spec.references():
            yield from _stated_names(library, part)
    else:
        yield base


def _changeable(entry: FactEntry) -> Changeable:
    title = entry.title + {"x_uln": " × ULN", "x_lln": " × LLN"}.get(entry.part, "")
    match entry.type:
        case "number":
            plain = entry.unit in {None, "1"}
            others = [unit for unit in entry.units if unit != entry.unit]
            return Changeable(entry.name, title, "number", () if plain else (str(entry.unit), *others))
        case "age":
            return Changeable(entry.name, title, "number", ("years", "months"))
        case "date":
            return Changeable(entry.name, title, "date")
        case "result":
            return Changeable(entry.name, title, "choice", answers=(*_RESULTS, UNKNOWN))
        case "sex":
            return Changeable(entry.name, title, "choice", answers=(*_SEXES, UNKNOWN))
    return Changeable(entry.name, title, "choice", answers=(*_YES_NO, UNKNOWN))


def statement(fact: Changeable, text: str, unit: str) -> Any:
    """What was entered, in the words of test cases (docs/testing-rules.md). Raises ValueError for no number.

    An empty text, and `not known`, is unknown.
    """
    text = text.strip()
    if not text or text == UNKNOWN:
        return None
    if fact.ask == "date":
        return text
    if fact.ask == "choice":
        return {**_YES_NO, **_RESULTS, **_SEXES}[text]
    value: Any = text
    try:
        value = int(text) if text.lstrip("-").isdigit() else float(text.replace(",", "."))
    except ValueError:
        if text[0] not in "<>≤≥":
            raise ValueError(f"{text!r} is no number") from None
    if fact.name == "patient.age":
        return {"mo" if unit == "months" else "a": value}
    return {"quantity": [value, unit]} if fact.units else value


def stated(result: Match, name: str, said: Any) -> Mapping[str, Fact]:
    """The facts that a statement puts in place of the record's. Raises StatementError.

    A number changed by itself keeps its limits of normal, so its multiples of them follow; one of these multiples
    changed by itself leaves the number as it was.
    """
    library = result.library
    base = library.catalogue.fact_of(name) or name
    found = read_fact(name, said, library.catalogue, result.as_of)
    old = result.sheet[base] if base in result.sheet else unknown(base, "no_result")
    if base != name:
        part = name.rpartition(".")[2]
        value = old if old.value is not None else replace(old, value=_UNREAL, reason=None, age=0)
        parts = {**old.parts, part: found if found is not None else unknown(name, "no_result")}
        return {base: replace(value, parts=parts, age=0)}
    if found is None:
        entry = library.catalogue.lookup(name)
        if entry is not None and entry.type == "events":
            return {name: Fact(name, unknown_events())}
        return {name: unknown(name, "no_result")}
    return {name: replace(found, unit=old.unit, parts=_multiples(old, found))}


def _multiples(old: Fact, new: Fact) -> dict[str, Fact]:
    """The multiples of the limits of normal, for limits that stay as they were."""
    parts = {}
    before, after = old.value, new.value
    for word, part in old.parts.items():
        multiple = part.value
        if not (isinstance(before, Interval) and isinstance(after, Interval) and isinstance(multiple, Interval)):
            continue
        if before.is_point and multiple.is_point and before.lo and multiple.lo:
            limit: Decimal = before.lo / multiple.lo
            parts[word] = replace(part, value=after.over(limit), age=new.age)
    return parts


def flips(record: Record, before: Match, changed: Mapping[str, Fact]) -> tuple[TrialFlip, ...]:
    """Every trial that comes out differently in some criterion, flips of the verdict first."""
    after = match(record, before.library, before.as_of, changed)
    found = [
        TrialFlip(a.trial.id, a.trial.short_title, a.verdict, b.verdict, outcome_changes(a, b))
        for a, b in zip(before.trials, after.trials, strict=True)
        if a.verdict != b.verdict or outcome_changes(a, b)
    ]
    return tuple(sorted(found, key=lambda f: f.old == f.new))


def today(result: Match, fact: Changeable) -> str:
    """What the record says now, in words."""
    entries = result.sheet.describe(fact.name, _limit(result, fact.name))
    said = [_said(e) for e in entries]
    return "; ".join(dict.fromkeys(said)) or "not known"


def _limit(result: Match, name: str) -> int | None:
    entry = result.library.catalogue.lookup(name)
    return None if entry is None or entry.fresh_for is None else entry.fresh_for.span(result.as_of)


def _said(entry: Mapping[str, Any]) -> str:
    value = entry["value"]
    if value is None:
        return f"not known ({str(entry['reason']).replace('_', ' ')})"
    if entry.get("basis") == PRESUMED:
        return presumed_words(value)
    text = {True: "on record", False: "not on record"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return " ".join(filter(None, (text, entry["unit"], f"on {entry['date']}" if entry["date"] else "")))
