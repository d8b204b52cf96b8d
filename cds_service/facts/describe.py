"""A fact and its evidence as plain entries, for `explain`, the fact sheet and the cards.

Every entry has `name`, `value`, `unit`, `date`, `source` and `reason`; beside a canonical value stand `raw` (value and
unit as sent) and `code`, or the `text` of what has no code. A known fact has no reason; an unknown one has a reason and
no value; one of which only the upper end is known (`on_oxygen`, `after_transfusion`) has both, the value as it was
measured, and so has a record that is certain and may be over (`may_be_over`). A value with nothing on record behind it
says so: `"basis": "presumed"`, and has no source.
"""

from collections.abc import Sequence
from typing import Any

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.fact import UNBOUNDED, Age, DaySpan, Event, Events, Evidence, Fact, Reason, Value
from cds_service.facts.intervals import Interval

PRESUMED = "presumed"
_ABSENT = (False, 0, "negative")


def presumed_words(value: Any) -> str:
    """What is shown of a presumed value, which nobody may take for a recorded one."""
    said = "presumed absent" if value in _ABSENT else f"presumed {'yes' if value is True else value}"
    return f"{said} (no record)"


def describe_fact(
    name: str, fact: Fact, fresh_within: int | None, *, computed: bool = False, deadline: Deadline = NEVER
) -> list[dict[str, Any]]:
    """The entries of one fact under the name that a rule used, under a limit of age in days.

    A fact that is `computed` from others is one entry with all its sources; its parts are told by themselves. Raises
    `OutOfTime`.
    """
    if isinstance(fact.value, Events):
        return _events(name, fact.value, deadline)
    if fact.value is None and fact.presumed is not None:
        return [_entry(name, value_text(fact.presumed), "", None)]
    current = fact.at(fresh_within)
    measured = current.measured
    value = None if measured is None else value_text(measured)
    reason = current.reason
    if reason is None and current.at_most is not None:  # why what was measured is only a bound
        reason = current.at_most.reason
    unit = "d" if isinstance(fact.value, DaySpan) else "a" if isinstance(fact.value, Age) else fact.unit
    if computed and len(fact.evidence) > 1:
        deadline.spend(len(fact.evidence))
        return [_entry(name, value, unit, _together(fact.evidence), reason)]
    return [_entry(name, value, unit, item, reason) for item in deadline.each(fact.evidence)] or [
        _entry(name, value, unit, None, reason)
    ]


def _together(evidence: Sequence[Evidence]) -> Evidence:
    """All sources of a computed value, with the oldest date."""
    sources = ", ".join(dict.fromkeys(item.source for item in evidence))
    return Evidence(sources, min((item.date for item in evidence if item.date), default=""))


def value_text(value: Value) -> Any:
    """A value for people: a number where it is exact, else words such as `<5`."""
    match value:
        case Interval():
            return _plain_number(value) if value.is_point else value.text()
        case Age(years=(low, high)):
            return low if low == high else f"{low} to {high}"
        case DaySpan():
            if value.lo == value.hi:
                return value.lo
            return f">={value.lo}" if value.hi >= UNBOUNDED else f"{value.lo} to {value.hi}"
        case Events():
            return len(value.items)
    return value


def _plain_number(value: Interval) -> int | float:
    number, _ = value.closed()
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _events(name: str, events: Events, deadline: Deadline) -> list[dict[str, Any]]:
    part = name.rpartition(".")[2]
    entries = [
        _entry(name, None if item.hint else _state(item), "", item.evidence, item.hint or _open(item, part))
        for item in deadline.each(events.items)
        if part == "history" or not item.only_past
    ]
    known = {"active": events.active, "history": events.history}.get(part, events.exists)("closed")
    if known is None and events.gap is not None:
        entries.append(_entry(name, None, "", None, events.gap))
    return entries or [_entry(name, False, "", None)]


def _open(item: Event, part: str) -> Reason | None:
    """Why it is not known of a certain record whether it is there now, where that may be asked."""
    if part == "history" or item.only_past or item.start == item.end:  # it was, and what happened on a day is no state
        return None
    states = (item.active,) if part == "active" else (item.active, item.present)
    return "may_be_over" if None in states else None


def _state(item: Event) -> str:
    if item.active:
        return "current"
    if item.active is None:
        return "on record"
    return "not active" if item.present and item.end.lo == 0 and not item.only_past else "past"


def _entry(name: str, value: Any, unit: str, evidence: Evidence | None, reason: str | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": name,
        "value": value,
        "unit": unit or None,
        "date": (evidence.date or None) if evidence else None,
        "source": evidence.source if evidence else None,
        "reason": reason,
    }
    if evidence is None and value is not None:
        entry["basis"] = PRESUMED
    if evidence and evidence.value:
        entry["raw"] = {"value": evidence.value, "unit": evidence.unit or None}
    if evidence and evidence.code:
        entry["code"] = {"system": evidence.system, "code": evidence.code, "display": evidence.display or None}
    elif evidence and evidence.display:
        entry["text"] = evidence.display
    if evidence and evidence.note:
        entry["note"] = evidence.note
    return entry
