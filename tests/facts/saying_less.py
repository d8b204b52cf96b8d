"""What is known of a record, whether another says no more, and the parts that can be taken away of an entry."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from cds_service.facts.catalogue import Catalogue
from cds_service.facts.fact import Age, DaySpan, Event, Events, Fact, World
from cds_service.facts.intervals import Interval
from tests.facts.records import Json

Path = tuple[str | int, ...]
Known = Mapping[str, Any]
"""Of one fact: answers and values by what is asked; `None` is not known."""

WORLDS: tuple[World, ...] = ("closed", "open")
WINDOWS = (0, 1, 3, 7, 14, 28, 30, 60, 90, 96, 183, 365, 730)
"""Days back that rules ask about, as `within` and as `since`."""

_KEPT = frozenset({"resourceType", "id", "subject", "patient"})


class Exempt(NamedTuple):
    """A part without which an entry may say more, or something else: `where` it stands, `why`, `when` it reads so, and
    of what it `may` be more. Patterns, of the whole place, and of some of the part as JSON and of what is asked."""

    where: str
    why: str
    when: str = ""
    may: str = ""

    def covers(self, place: str, part: str) -> bool:
        """Whether a part at a place, as JSON text, is one of these."""
        return re.fullmatch(self.where, place) is not None and re.search(self.when, part) is not None

    def allows(self, found: str) -> bool:
        """Whether it may be the reason that this is known more."""
        return re.match(self.may, found) is not None


def parts(node: Any, path: Path = ()) -> Iterator[Path]:
    """Every element of an entry, at every depth, and every item of a list that has others. Whose it is stays."""
    if isinstance(node, dict):
        for name, value in node.items():
            if path or name not in _KEPT:
                yield (*path, name)
                yield from parts(value, (*path, name))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            if len(node) > 1:
                yield (*path, number)
            yield from parts(value, (*path, number))


def at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node


def without(node: Json, *paths: Path) -> Json:
    """The entry without these parts; the last of a list first, so that the others stay in their places."""
    less = copy.deepcopy(node)
    for path in sorted(paths, key=lambda one: [str(step).zfill(4) for step in one], reverse=True):
        try:
            del at(less, path[:-1])[path[-1]]
        except (KeyError, IndexError):
            continue  # it went with another one
    return less


def place(entry: Json, path: Path) -> str:
    """`Observation.referenceRange.high`, and `Observation.component[]` for an item of a list."""
    names = ".".join([entry["resourceType"], *(step for step in path if isinstance(step, str))])
    return f"{names}[]" if isinstance(path[-1], int) else names


def known(fact: Fact, catalogue: Catalogue, as_of: date) -> Known:
    """What is known of a fact, under its own limit of age: of events every answer that a rule can ask for."""
    value = fact.value
    if not isinstance(value, Events):
        spec = catalogue.lookup(fact.name)
        limit = None if spec is None or spec.fresh_for is None else spec.fresh_for.span(as_of)
        parts_of_it = {name: part.at(limit).value for name, part in fact.parts.items()}
        return {"value": fact.at(limit).value, "age": (fact.least_age, fact.age), **parts_of_it}
    found: dict[str, Any] = {}
    now = [item for item in value.items if not item.only_past]
    for world in WORLDS:
        whole = value.whole(world)
        found[f"exists, {world}"] = value.exists(world)
        found[f"active, {world}"] = value.active(world)
        found[f"history, {world}"] = value.history(world)
        for days in WINDOWS:
            found[f"within {days} days, {world}"] = _some([(one.sure, _within(one, days)) for one in now], whole)
            found[f"since {days} days, {world}"] = _some([(one.sure, _since(one, days)) for one in now], whole)
    return found


def more(after: Known, before: Known) -> list[str]:
    """What is known after and was not before."""
    found = [
        f"{asked}: {_shown(before.get(asked))} to {_shown(after.get(asked))}"
        for asked in {**before, **after}
        if asked != "age" and not says_no_more(after.get(asked), before.get(asked))
    ]
    if after.get("value") is not None and "age" in after and before.get("value") is not None:
        (least, most), (was_least, was_most) = after["age"], before["age"]
        if least > was_least or most < was_most:
            found.append(f"age: {before['age']} to {after['age']}")
    return found


def asked_of(found: str) -> str:
    """What was asked, of one of the findings of `more`."""
    return found.partition(":")[0]


def says_no_more(after: Any, before: Any) -> bool:
    """Whether every value that was possible before still is."""
    match after, before:
        case None, _:
            return True
        case _, None:
            return False
        case Interval(), Interval():
            return bool(after.hull(before) == after)
        case DaySpan(), DaySpan():
            return after.lo <= before.lo and after.hi >= before.hi
        case Age(), Age():
            spans = zip(
                (after.years, after.months, after.days), (before.years, before.months, before.days), strict=True
            )
            return all(wide[0] <= narrow[0] and wide[1] >= narrow[1] for wide, narrow in spans)
    return bool(after == before)


def text(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False, sort_keys=True)


def _within(item: Event, days: int) -> bool | None:
    return True if item.end.hi <= days else False if item.end.lo > days else None


def _since(item: Event, days: int) -> bool | None:
    """Whether it is current and has been for so many days."""
    if not item.active:
        return item.active
    return True if item.course.lo >= days else False if item.course.hi < days else None


def _some(items: list[tuple[bool, bool | None]], whole: bool) -> bool | None:
    if any(sure and holds for sure, holds in items):
        return True
    return None if any(holds is not False for _, holds in items) or not whole else False


def _shown(value: Any) -> str:
    return value.text() if isinstance(value, Interval) else str(value)
