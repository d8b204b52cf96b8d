"""Lengths of time as a record states them: a Quantity with a unit of time, or a number beside a word for one."""

from collections.abc import Sequence
from decimal import Decimal

from cds_service.durations import Duration, TimeUnit
from cds_service.fhir import Quantity

_LONGEST = 100 * 366
"""Days. No order is for longer; larger numbers are typing errors."""
_DAYS = {"s": Decimal(1) / 86_400, "min": Decimal(1) / 1_440, "h": Decimal(1) / 24, "d": Decimal(1), "wk": Decimal(7)}
_LONGEST_NUMBER = 4
_SHORTEST_MONTH, _SHORTEST_YEAR = 28, 365
# UCUM's codes (https://ucum.org/ucum, tables 5 and 27) and what feeds write for them.
_NAMES = {
    "s": ("s", "sec", "second", "seconds"),
    "min": ("min", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours", "stunde", "stunden", "小时"),
    "d": ("d", "day", "days", "tag", "tage", "tagen", "天", "日"),
    "wk": ("wk", "wks", "week", "weeks", "woche", "wochen", "周", "星期"),
    "mo": ("mo", "mon", "mos", "month", "months", "monat", "monate", "monaten", "月", "个月"),
    "a": ("a", "y", "yr", "yrs", "year", "years", "jahr", "jahre", "年"),
}
_UNITS = {name: unit for unit, names in _NAMES.items() for name in names}


def unit_of(word: str | None) -> str | None:
    """The UCUM code of a unit of time; `None` for what is none."""
    return None if word is None else _UNITS.get(word.strip().strip("{}().").casefold())


def length_of(quantity: Quantity | None, unit: str | None = None) -> Duration | None:
    """The least length that a Quantity states; `unit` is that of one that has none. `None` where it is not understood.

    What is less than a day at the end is left out, so that nothing is said to last longer than it does.
    """
    if quantity is None or quantity.value is None or (quantity.comparator or "").strip() not in {"", ">", ">="}:
        return None
    said = quantity.code or quantity.unit
    found = unit_of(quantity.code) or unit_of(quantity.unit) if said else unit
    return None if found is None else least(quantity.value, found)


def least(count: Decimal, unit: str) -> Duration | None:
    """So many units of time in whole days or calendar months, never rounded up; `None` for no length at all."""
    if count < 0 or count > _LONGEST:
        return None
    if unit in _DAYS:
        days = int(count * _DAYS[unit])
    elif count == int(count):
        calendar: TimeUnit = "mo" if unit == "mo" else "a"
        return Duration.of(int(count), calendar) if count <= _LONGEST // _SHORTEST_MONTH else None
    else:
        days = int(count * (_SHORTEST_MONTH if unit == "mo" else _SHORTEST_YEAR))
    return Duration(days=days) if days <= _LONGEST else None


def least_in_words(words: Sequence[str]) -> Duration | None:
    """The length that words begin with, such as `5`, `day` or `2`, `个`, `月`; `None` where they begin with none."""
    if not words or not words[0].isascii() or not words[0].isdigit() or len(words[0]) > _LONGEST_NUMBER:
        return None
    # In Chinese each character is a word of its own.
    unit = next((unit for size in (2, 1) if (unit := unit_of("".join(words[1 : 1 + size]))) is not None), None)
    length = None if unit is None else least(Decimal(words[0]), unit)
    return length if length is not None and (length.months or length.days) else None
