"""Values as people read them: three significant digits, the day of an instant, an age in years or months."""

import math
import re
from typing import Any

from cds_service.durations import range_in_words
from cds_service.logic.words.numerals import number

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}
_INSTANT = re.compile(r"(?<=^\d{4}-\d{2}-\d{2})T.*$", re.DOTALL)
_FEW_YEARS = 6
"""Below this age the months matter."""


def rounded(value: Any) -> str:
    """A value to three significant digits; each number in it where it is text, with signs as they are printed."""
    if type(value) in (int, float) and math.isfinite(value):
        return _significant(float(value))
    text = str(value)
    for sign, printed in _SIGNS.items():
        if text.startswith(sign):
            text = f"{printed} {text.removeprefix(sign).strip()}"
            break
    return _NUMBER.sub(lambda m: _significant(float(m[0])), text)


def apart(value: float, limit: float) -> str:
    """A value with as many digits as it takes to see on which side of the limit it lies."""
    for digits in range(3, 12):
        text = f"{value:.{digits}g}"
        if value == limit or float(text) != limit:
            return number(float(text))
    return repr(value)


def day_words(text: str | None) -> str:
    """A date as it is sent, in short: the day of an instant, `2026-01-05 to 2026-02-01` for a period."""
    if not text:
        return ""
    if "/" not in text and "T" not in text:
        return text.strip()
    first, slash, last = text.partition("/")
    days = [_INSTANT.sub("", day.strip()) if "T" in day else day.strip() for day in (first, last)]
    if not slash or days[0] == days[1]:
        return days[0]
    if "…" in days:
        return f"until {days[1]}" if days[0] == "…" else f"since {days[0]}"
    return f"{days[0]} to {days[1]}"


def age_words(years: tuple[int, int], months: tuple[int, int]) -> str:
    """An age as it is said: `41 years`, `14 months` for small children, `40 to 41 years` where it is not exact."""
    return range_in_words(*months, "mo") if years[1] < _FEW_YEARS else range_in_words(*years, "a")


def _significant(value: float) -> str:
    return number(round(value) if abs(value) >= 1000 else float(f"{value:.3g}"))
