"""All facts of the catalogue about one patient: the value or why it is unknown, and the evidence as it was sent."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from cds_service.explanation.dated import dated
from cds_service.explanation.unread import unread_in
from cds_service.facts import PRESUMED, FactReader, FactSheet, describe_fact, value_text
from cds_service.facts.catalogue import DefinedFact, DerivedFact, FactSpec, group_of
from cds_service.facts.fact import Age, Events, Fact
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.logic import Explainer, Program
from cds_service.logic.check import read_rule

Json = dict[str, Any]
Status = Literal["known", "presumed", "unknown"]
"""`presumed`: nothing is on record, and what was supplied is taken to be all there is. Never shown as recorded."""


def fact_sheet(record: Record, library: Library, as_of: date, names: Iterable[str] | None = None) -> Json:
    """The sheet of the facts of these names, or of all, as plain data:

    `as_of`, `as_of_instant` (see `dated`), `patient`, `deceased` (only where it is so), `issues`, `unread` (see
    `UnreadEntry`), `gaps` (resource types that were not supplied whole, and why) and `facts`. Each fact has `name`,
    `title`, `group`, `kind`, `status` (`known`, `presumed`, `unknown`), `value`, `unit`, `reason` (of an unknown one,
    and of a measured one of which only the upper end is known) and `evidence`; and where there is such a thing
    `display_unit` (as people write it), `months` (of an age), `parts` (multiples of the limits of normal), `active` and
    `ever` (of events), `via` (the alternative that a derived fact took) and `because` (what a defined fact follows
    from).
    """
    sheet = FactReader(record, library.facts, as_of).sheet(names)
    told = sorted(sheet) if names is None else sorted({library.catalogue.fact_of(name) or "" for name in names} - {""})
    document: Json = {**dated(as_of), "patient": (record.patient.id if record.patient else None) or ""}
    if sheet.deceased:
        document["deceased"] = True
    document["issues"] = [asdict(issue) for issue in (*record.issues, *sheet.issues)]
    document["unread"] = [entry.as_json() for entry in unread_in(sheet)]
    document["gaps"] = dict(sorted({**sheet.gaps, **record.gaps}.items()))
    document["facts"] = [_entry(library.catalogue.facts[name], sheet, library) for name in told]
    return document


def _entry(spec: FactSpec, sheet: FactSheet, library: Library) -> Json:
    head = {"name": spec.name, "title": spec.title, "group": group_of(spec.name), "kind": spec.kind}
    if isinstance(spec, DefinedFact):
        return head | _defined(spec, sheet, library)
    fact = sheet[spec.name]
    if isinstance(fact.value, Events):
        return head | _events(fact, fact.value)
    return head | _value(spec, fact, _limit(spec.name, sheet, library), library)


def _value(spec: FactSpec, fact: Fact, limit: int | None, library: Library) -> Json:
    entries = describe_fact(spec.name, fact, limit)
    current = fact.at(limit)
    presumed = entries[0].get("basis") == PRESUMED
    status: Status = "presumed" if presumed else "unknown" if current.value is None else "known"
    found: Json = {
        "status": status,
        "value": entries[0]["value"],
        "unit": entries[0]["unit"],
        "display_unit": _display_unit(spec.name, entries[0]["unit"], library),
        "reason": entries[0]["reason"],
        "evidence": list(_evidence(entries)),
    }
    if isinstance(current.value, Age):
        low, high = current.value.months
        found["months"] = low if low == high else f"{low} to {high}"
    parts = {word: _part(part, limit) for word, part in fact.parts.items()}
    if current.value is not None and parts:
        found["parts"] = parts
    if isinstance(spec, DerivedFact) and fact.via and fact.evidence:
        found["via"] = fact.via
    return found


def _part(part: Fact, limit: int | None) -> Json:
    current = part.at(limit)
    value = None if current.value is None else value_text(current.value)
    return {"value": value, "reason": current.reason}


def _events(fact: Fact, events: Events) -> Json:
    exists = events.exists("closed")
    status: Status = "unknown" if exists is None else "known" if events.exists("open") is not None else "presumed"
    entries = describe_fact(f"{fact.name}.history", fact, None)
    hints = [item.hint for item in events.items if item.hint is not None]
    return {
        "status": status,
        "value": exists,
        "unit": None,
        "reason": None if exists is not None else next(iter(hints), None) or events.gap or "may_be_over",
        "active": events.active("closed"),
        "ever": events.history("closed"),
        "evidence": list(_records(entries)),
    }


def _defined(spec: DefinedFact, sheet: FactSheet, library: Library) -> Json:
    """A fact that a rule defines: what the rule comes to in the closed world, and what decided it."""
    rule, _ = read_rule({"var": spec.name}, library.compiled.vocabulary)
    if rule is None:
        return {"status": "unknown", "value": None, "unit": None, "reason": "value_not_understood", "evidence": []}
    closed, opened = sheet.document("closed"), sheet.document("open")
    [value] = Program([rule]).evaluate(closed, sheet.as_of).truths
    [documented] = Program([rule]).evaluate(opened, sheet.as_of).truths
    reasons = Explainer(rule, library.titles()).reasons(closed, sheet.as_of)
    return {
        "status": "unknown" if value is None else "known" if documented is not None else "presumed",
        "value": value,
        "unit": None,
        "reason": None if value is not None else "no_result",
        "because": [reason.said for reason in reasons],
        "evidence": [],
    }


def _evidence(entries: Iterable[Json], keys: tuple[str, ...] = ("raw", "code", "text", "note")) -> Iterator[Json]:
    """What the record says, without what is said of the fact as a whole."""
    for entry in entries:
        if entry["source"] is not None:
            kept = {"source": entry["source"], "date": entry["date"]}
            yield kept | {key: entry[key] for key in keys if key in entry}


def _records(entries: Iterable[Json]) -> Iterator[Json]:
    """The same for events: the state of each (`current`, `past`, …), or the reason why it only may be one."""
    for item in _evidence(entries, ("value", "reason", "raw", "code", "text", "note")):
        yield {"state" if key == "value" else key: value for key, value in item.items()}


def _display_unit(name: str, unit: str | None, library: Library) -> str | None:
    """How people write the unit."""
    entry = library.catalogue.lookup(name)
    return unit if entry is None or unit is None else entry.display_unit or unit


def _limit(name: str, sheet: FactSheet, library: Library) -> int | None:
    entry = library.catalogue.lookup(name)
    return None if entry is None or entry.fresh_for is None else entry.fresh_for.span(sheet.as_of)
