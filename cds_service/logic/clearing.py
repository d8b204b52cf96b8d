"""The day on which a test of elapsed time turns by itself.

Time moves the days since a start or an end, and the half-lives with them, and nothing else: a record that is current
stays current, a value keeps its age. The test is evaluated on the engine as it would stand on each day on which it can
turn, so month ends and leap days come out as they do in the rule itself.
"""

import math
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from cds_service.deadline import NEVER, Deadline
from cds_service.durations import Duration
from cds_service.logic import model
from cds_service.logic.document import node_at, placed
from cds_service.logic.program import Program, Truth3
from cds_service.logic.vocabulary import EVENT_FIELDS

_HALF_LIVES = "half_lives_since_end"
MAX_DAYS = 1_000
"""How many days are tried before giving up."""
_AFTER = range(5)
"""Days from date + duration on which a test can turn. Six months before 28 to 31 August is 28 February each time."""


def clears_on(
    rule: model.BoolExpr,
    value: Truth3,
    facts: Mapping[str, Any],
    as_of: date,
    *,
    until: date = date.max,
    deadline: Deadline = NEVER,
) -> date | None:
    """The first day after `as_of`, up to `until`, on which a test of elapsed time is certain to be the opposite of
    `value`.

    `rule` is a test over the records of one event fact, or a comparison of one elapsed fact. None for any other rule,
    for an unknown one, and where waiting does not turn it. Raises `OutOfTime`.
    """
    path, durations, counts = _path(rule), _durations(rule), _half_lives(rule)
    if value is None or path is None or not (durations or counts):
        return None
    node = node_at(facts, path)
    program = Program([rule])
    # Each day is as much work as there are records, of which there may be thousands.
    every = _candidates(node, durations, as_of, deadline) | _washouts(node, counts, as_of, deadline)
    for day in sorted(day for day in every if as_of < day <= until)[:MAX_DAYS]:
        deadline.spend(1 + len(node.get("items", ())))
        later = placed(path, _later(node, (day - as_of).days))
        if program.evaluate(later, day).truths[0] is (not value):
            return day
    return None


def half_lives_since(days: Mapping[str, Any], half_life: Mapping[str, Any]) -> dict[str, Any]:
    """How many half-lives have passed in so many days, of a half-life between its two bounds in days."""
    is_bounded = half_life["lo"] > 0 and days["hi"] < sys.float_info.max
    return {
        "lo": days["lo"] / half_life["hi"],
        "hi": days["hi"] / half_life["lo"] if is_bounded else sys.float_info.max,
    }


def _path(rule: model.BoolExpr) -> str | None:
    """Where the one fact stands whose test this is."""
    match rule:
        case model.Quantified(fact=fact):
            return fact.path
        case model.Compare(left=model.NumericFact(elapsed=True, fact=fact)):
            return fact.path
        case model.Compare(right=model.NumericFact(elapsed=True, fact=fact)):
            return fact.path
    return None


def _durations(rule: model.BoolExpr) -> frozenset[Duration]:
    """The lengths of time that the rule compares with; none where it compares anything else."""
    found: set[Duration] = set()
    for node in model.walk(rule):
        match node:
            case model.Compare() if _in_half_lives(node):
                continue
            case (
                model.Compare(left=model.NumericFact(), right=limit)
                | model.Compare(left=limit, right=model.NumericFact())
            ):
                match limit:
                    case model.LengthOfTime(duration=duration):
                        found.add(duration)
                    case model.Number(value=days):
                        found.add(Duration(days=int(days)))
                    case _:
                        return frozenset()
            case model.Compare():
                return frozenset()
    return frozenset(found)


def _half_lives(rule: model.BoolExpr) -> frozenset[float]:
    """The numbers of half-lives that the rule compares with."""
    return frozenset(
        side.value
        for node in model.walk(rule)
        if isinstance(node, model.Compare) and _in_half_lives(node)
        for side in (node.left, node.right)
        if isinstance(side, model.Number)
    )


def _in_half_lives(rule: model.Compare) -> bool:
    sides = (rule.left, rule.right)
    return any(isinstance(side, model.NumericFact) and side.fact.path == _HALF_LIVES for side in sides)


def _washouts(node: Mapping[str, Any], counts: frozenset[float], as_of: date, deadline: Deadline) -> set[date]:
    """The days on which a comparison with one of these numbers of half-lives can turn."""
    if not counts:
        return set()
    return {
        _day(as_of, math.ceil(count * days) - end + shift)
        for record in deadline.each(node.get("items", ()))
        if "half_life" in record
        for days in (record["half_life"]["lo"], record["half_life"]["hi"])
        for end in _ends(record["days_since_end"])
        for count in counts
        for shift in (0, 1)
    }


def _candidates(node: Mapping[str, Any], durations: frozenset[Duration], as_of: date, deadline: Deadline) -> set[date]:
    """The days on which a comparison with one of the durations can turn."""
    limits: set[date] = set()
    for elapsed in deadline.each(_elapsed(node)):
        limits.update(d.after(_day(as_of, -days)) for days in _ends(elapsed) for d in durations)
    return {_day(limit, shift) for limit in limits for shift in _AFTER}


def _elapsed(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The node's counts of days, as intervals."""
    for record in (node, *node.get("items", ())):
        if "lo" in record:
            yield record
        for name, kind in EVENT_FIELDS.items():
            if kind.kind == "elapsed" and name in record:
                yield record[name]


def _ends(interval: Mapping[str, Any]) -> list[int]:
    return [int(end) for end in (interval["lo"], interval["hi"]) if abs(end) < sys.float_info.max]


def _day(day: date, shift: int) -> date:
    try:
        return day + timedelta(days=shift)
    except OverflowError:
        return date.min if shift < 0 else date.max


def _later(node: Mapping[str, Any], days: int) -> dict[str, Any]:
    """The node as it will be so many days later."""
    if "items" not in node:
        return _grown(node, days, low=True, high=True)
    return {**node, "items": [_record_later(item, days) for item in node["items"]]}


def _record_later(record: Mapping[str, Any], days: int) -> dict[str, Any]:
    current = record.get("active", {}).get("is")
    later = dict(record)
    for name in ("days_since_start", "days_since_course_start", "days_since_dose_change"):
        if name in record:
            later[name] = _grown(record[name], days, low=True, high=True)
    if "days_since_end" in record:
        # What is current ends on no day that is known; what may be current may still be so.
        ended = current is False or (current is None and record["days_since_end"]["lo"] > 0)
        later["days_since_end"] = _grown(record["days_since_end"], days, low=ended, high=current is not True)
    if "half_life" in record:
        later[_HALF_LIVES] = half_lives_since(later["days_since_end"], record["half_life"])
    return later


def _grown(interval: Mapping[str, Any], days: int, *, low: bool, high: bool) -> dict[str, Any]:
    grown = dict(interval)
    for end in ("lo",) * low + ("hi",) * high:
        if abs(interval[end]) < sys.float_info.max:
            grown[end] = interval[end] + days
    return grown
