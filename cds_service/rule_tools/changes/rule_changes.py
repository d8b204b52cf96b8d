"""What differs between two versions of one rule: limits that moved, where the rule is built alike, else the whole rule.

Two rules are built alike when they differ in nothing but numbers, durations and how old evidence may be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from cds_service.logic import model
from cds_service.logic.words import words


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in plain words.

    `what` is `threshold`, `logic`, a limit of age (see `AGE`), or the key in the file that differs.
    """

    what: str
    old: str
    new: str


AGE = "oldest evidence of "
"""How a change of the limit of age begins; the name of the fact follows."""

_Difference = Literal["number", "age"]
_PLACES = frozenset({"pointer", "written"})


def rule_changes(old: model.BoolExpr, new: model.BoolExpr, titles: Mapping[str, str]) -> tuple[Change, ...]:
    """The changes from one typed rule to another; empty where they mean the same."""
    if _differences(old, new) == ():
        return ()
    found: dict[Change, None] = {}
    if _differences(old, new) is None or not _collect(old, new, titles, found):
        return (Change("logic", words(old, titles), words(new, titles)),)
    return tuple(found)


def _collect(old: model.BoolExpr, new: model.BoolExpr, titles: Mapping[str, str], found: dict[Change, None]) -> bool:
    """The smallest conditions that differ. False where one can't be told apart in words."""
    differences = _differences(old, new)
    if not differences:
        return differences is not None
    parts = list(zip(_conditions(old), _conditions(new), strict=True))
    if parts and not isinstance(old, model.Quantified):
        return all(_collect(a, b, titles, found) for a, b in parts)
    if isinstance(old, model.Compare) and old.implied:
        return True
    if "number" in differences:
        change = Change("threshold", words(old, titles), words(new, titles))
        found[change] = None
        if change.old == change.new:
            return False
    for a, b in zip(model.facts_read(old), model.facts_read(new), strict=True):
        if a.limit != b.limit:
            found[Change(AGE + a.name, _age(a), _age(b))] = None
    return True


def _conditions(rule: model.Rule) -> Iterator[model.BoolExpr]:
    for child in model.children(rule):
        if isinstance(child, model.BoolExpr):
            yield child
        else:
            yield from _conditions(child)


def _differences(old: Any, new: Any) -> tuple[_Difference, ...] | None:
    """Which numbers and limits of age differ; None where the two are not built alike."""
    if type(old) is not type(new):
        return None
    match old:
        case model.Number():
            return () if old.value == new.value else ("number",)
        case model.LengthOfTime():
            return () if old.duration == new.duration else ("number",)
        case model.FactRef():
            if (old.name, old.path) != (new.name, new.path):
                return None
            return () if old.limit == new.limit else ("age",)
        case tuple():
            if len(old) != len(new):
                return None
            return _together([_differences(a, b) for a, b in zip(old, new, strict=True)])
    if is_dataclass(old):
        names = [f.name for f in fields(old) if f.name not in _PLACES]
        return _together([_differences(getattr(old, name), getattr(new, name)) for name in names])
    return () if old == new else None


def _together(parts: list[tuple[_Difference, ...] | None]) -> tuple[_Difference, ...] | None:
    found: list[_Difference] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return tuple(found)


def _age(fact: model.FactRef) -> str:
    limit = fact.limit
    return "any" if limit is None else limit.words()
