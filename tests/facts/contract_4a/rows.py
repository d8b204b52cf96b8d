"""A row of the contract's table: what a record holds, what must be read from it, and why.

`about` names a fact or part of one, or a criterion as `NCT07083349/inc-01`. What is expected is written as a person would
say it: a value in the fact's unit (`80`, `<5`, `4.15 to 4.98`), `yes`, `no` or `unknown` for events, `positive`,
`negative`, the reason why it is unknown, or an outcome (`pass`, `fail`, `unknown`).
"""

from datetime import date
from typing import NamedTuple

from cds_service.facts import build_sheet, value_text
from cds_service.facts.fact import Events
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.matching import match
from tests.facts.records import Json, record

AS_OF = date(2026, 6, 1)
ANSWERS = {True: "yes", False: "no", None: "unknown"}


class Row(NamedTuple):
    why: str
    about: str
    expected: str
    resources: tuple[Json, ...]
    person: Json | None = None
    as_of: date = AS_OF


Table = dict[str, list[Row]]
"""A sentence of the contract, in short, to its rows."""


def row(
    why: str, about: str, expected: str, *resources: Json, person: Json | None = None, as_of: str | None = None
) -> Row:
    return Row(why, about, expected, resources, person, AS_OF if as_of is None else date.fromisoformat(as_of))


def judge(item: Row, library: Library) -> str:
    """What the service makes of the row's record."""
    read = record(*item.resources, about=item.person)
    if "/" in item.about:
        return outcome(item.about, read, library, item.as_of)
    return said(item.about, read, library, item.as_of)


def said(name: str, read: Record, library: Library, as_of: date = AS_OF) -> str:
    """One fact under its own limit of age, in the closed world."""
    fact = build_sheet(read, library.facts, as_of, [name])[name]
    if isinstance(fact.value, Events):
        part = name.rpartition(".")[2]
        ask = {"active": fact.value.active, "history": fact.value.history}.get(part, fact.value.exists)
        return ANSWERS[ask("closed")]
    entry = library.catalogue.lookup(name)
    limit = None if entry is None or entry.fresh_for is None else entry.fresh_for.span(as_of)
    current = fact.at(limit)
    if current.value is None:
        presumed = fact.presumed
        return str(current.reason) if presumed is None else f"presumed {presumed.text()}"
    return str(value_text(current.value))


def outcome(place: str, read: Record, library: Library, as_of: date = AS_OF) -> str:
    """One criterion of a trial or of its cohorts."""
    trial_id, _, criterion_id = place.partition("/")
    [result] = [result for result in match(read, library, as_of).trials if result.trial.id == trial_id]
    every = [*result.criteria, *(one for cohort in result.cohorts for one in cohort.criteria)]
    return next(one.outcome for one in every if one.criterion.id == criterion_id)
