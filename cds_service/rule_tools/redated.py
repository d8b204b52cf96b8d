"""A sample as of another day: every date in it moved by the same number of days, so that nothing grows too old."""

import re
from datetime import date, timedelta
from typing import Any

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(T.*)?")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d))?")
_DATED = re.compile(r"(date|datetime|start|end|issued|authoredon)\Z", re.IGNORECASE)
"""How the names of FHIR elements end that hold a date: elsewhere `2025` may be a code."""


def redated(content: Any, days: int) -> Any:
    """`content`, decoded JSON, with every date `days` later. A month or a year moves with its middle day."""
    return _moved(content, "", timedelta(days=days))


def _moved(content: Any, name: str, by: timedelta) -> Any:
    if isinstance(content, dict):
        return {key: _moved(value, key, by) for key, value in content.items()}
    if isinstance(content, list):
        return [_moved(value, name, by) for value in content]
    if not isinstance(content, str):
        return content
    if whole := _DAY.fullmatch(content):
        return f"{date.fromisoformat(whole[1]) + by}{whole[2] or ''}"
    partial = _PARTIAL.fullmatch(content) if _DATED.search(name) else None
    if partial is None:
        return content
    year, month = partial.groups()
    middle = date(int(year), int(month), 15) if month else date(int(year), 7, 2)
    return str(middle + by)[: len(content)]
