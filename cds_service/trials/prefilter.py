"""Necessary conditions for a trial to be worth evaluating, derived from the typed rules.

The analysis errs on one side only: where it can't tell, it asks for nothing.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cds_service.logic import model

SEX = "patient.sex"
AGE = "patient.age"
AGE_PATHS = {f"{AGE}.a": "a", f"{AGE}.mo": "mo", f"{AGE}.d": "d"}
_SEXES = frozenset({"male", "female"})
_PARTS = ("active", "history")

Bounds = tuple[float, float]
"""The least and the most of a whole number, both included."""


@dataclass(frozen=True, slots=True)
class Prefilter:
    """Conditions that must hold for a rule to have a certain value.

    * `entries`: of each of these sets of event facts the record must have an entry for at least one. If it has none,
      the rule doesn't certainly have the value; if it has none and is complete, the rule certainly doesn't.
    * `ages`: completed units of age (`a`, `mo`, `d`) and their bounds. If the age certainly lies outside one of them,
      the rule certainly doesn't have the value.
    * `sexes`: the same for the sex; None where it doesn't matter.
    """

    entries: tuple[frozenset[str], ...] = ()
    ages: tuple[tuple[str, Bounds], ...] = ()
    sexes: frozenset[str] | None = None


NOTHING = Prefilter()
NEVER = Prefilter(entries=(frozenset(),))
"""A prefilter that no record can meet."""


def necessary_conditions(rule: model.BoolExpr, value: bool, events: Collection[str]) -> Prefilter:
    """The conditions without which the rule is not `value`. `events` are the names of all event facts."""
    match rule:
        case model.Constant(value=constant):
            return NEVER if constant is not None and constant is not value else NOTHING
        case model.BoolFact(fact=fact):
            return _entry(_event_of(fact.name, events)) if value else NOTHING
        case model.Quantified(quantifier=quantifier, fact=fact):
            asks = (quantifier != "none") is value and not (quantifier == "all" and not value)
            return _entry(fact.name if fact.name in events else None) if asks else NOTHING
        case model.Not(part=part):
            return necessary_conditions(part, not value, events)
        case model.And(parts=parts) | model.Or(parts=parts):
            each = [necessary_conditions(part, value, events) for part in parts]
            return all_of(each) if isinstance(rule, model.And) is value else any_of(each)
        case model.If(then=then, otherwise=otherwise):
            return any_of([necessary_conditions(then, value, events), necessary_conditions(otherwise, value, events)])
        case model.OneOf(fact=model.FactRef(name="patient.sex", limit=None), codes=codes):
            return Prefilter(sexes=_SEXES & frozenset(codes) if value else _SEXES - frozenset(codes))
        case model.Compare():
            return _age(rule, value)
        case model.NamedRule(body=body):
            return necessary_conditions(body, value, events)
        case model.Excepted(body=body, when=when, fails_on=fails_on):
            each = [
                necessary_conditions(body, value, events),
                necessary_conditions(when, value is not fails_on, events),
            ]
            return all_of(each) if value is fails_on else any_of(each)
        case _:
            return NOTHING


def all_of(each: Iterable[Prefilter]) -> Prefilter:
    """The prefilter that meets all of these."""
    entries: dict[frozenset[str], None] = {}
    ages: dict[str, Bounds] = {}
    sexes: frozenset[str] | None = None
    for needs in each:
        entries |= dict.fromkeys(needs.entries)
        for unit, (low, high) in needs.ages:
            least, most = ages.get(unit, (-math.inf, math.inf))
            ages[unit] = (max(low, least), min(high, most))
        if needs.sexes is not None:
            sexes = needs.sexes if sexes is None else sexes & needs.sexes
    return Prefilter(tuple(entries), tuple(sorted(ages.items())), sexes)


def any_of(each: Iterable[Prefilter]) -> Prefilter:
    """The prefilter that meets at least one of these."""
    possible = [needs for needs in each if frozenset() not in needs.entries]
    if not possible:
        return NEVER
    entries: tuple[frozenset[str], ...] = ()
    if all(needs.entries for needs in possible):
        entries = (frozenset().union(*(min(needs.entries, key=len) for needs in possible)),)
    ages: list[tuple[str, Bounds]] = []
    bounds: list[Mapping[str, Bounds]] = [dict(needs.ages) for needs in possible]
    for unit in sorted(set.intersection(*(set(found) for found in bounds))):
        spans = [found[unit] for found in bounds]
        ages.append((unit, (min(low for low, _ in spans), max(high for _, high in spans))))
    sexes = [needs.sexes for needs in possible]
    known = [one for one in sexes if one is not None]
    return Prefilter(entries, tuple(ages), frozenset().union(*known) if len(known) == len(sexes) else None)


def _entry(name: str | None) -> Prefilter:
    return NOTHING if name is None else Prefilter(entries=(frozenset({name}),))


def _event_of(name: str, events: Collection[str]) -> str | None:
    """The event fact that a name asks for, itself or one of its parts."""
    if name in events:
        return name
    stem, _, part = name.rpartition(".")
    return stem if part in _PARTS and stem in events else None


def _age(rule: model.Compare, value: bool) -> Prefilter:
    """The bounds that a comparison of the age with a limit sets; `NOTHING` for any other comparison."""
    match rule.left, rule.right:
        case model.Number(value=limit), model.NumericFact(fact=model.FactRef(path=path, limit=None)):
            above = True
        case model.NumericFact(fact=model.FactRef(path=path, limit=None)), model.Number(value=limit):
            above = False
        case _:
            return NOTHING
    unit = AGE_PATHS.get(path)
    if unit is None or (rule.relation == "==" and not value):
        return NOTHING
    if rule.relation == "==":
        return Prefilter(ages=((unit, (math.ceil(limit), math.floor(limit))),))
    # What is not at least the limit is below it, and the other way round.
    strict = (rule.relation == "<") is value
    if above is value:
        least = math.floor(limit) + 1 if strict else math.ceil(limit)
        return Prefilter(ages=((unit, (least, math.inf)),))
    most = math.ceil(limit) - 1 if strict else math.floor(limit)
    return Prefilter(ages=((unit, (-math.inf, most)),))
