"""Codes as feeds write them into one `code`: with marks, a point, or several of them.

Feeds write dagger and star together (`A02.2+J17.0*`, `J17.0* A02.2†`), or a list (`I10, E11.9`). Each is a code of its
own: taken for one, the second would be lost and the first would say that it is not there.

A point stands in one place. Elsewhere digits are lost: `3.31` is the spinal tap 03.31 after a spreadsheet had it, and
no 33.1. Such a code is none, and keeps its point, so that it looks like none.
"""

import re
from collections.abc import Collection

_MARKS = str.maketrans("", "", " +*!†")
_BETWEEN = re.compile(r"[\s,;/|&+*!†‡、，；]+")


def one_spelling(code: str, places: Collection[int]) -> str:
    """A code in capitals, without marks, blanks and its point. `places`: after how many characters it may have one;
    none: anywhere."""
    plain = code.upper().translate(_MARKS)
    before, point, after = plain.partition(".")
    if point and places and (len(before) not in places or "." in after):
        return plain
    return plain.replace(".", "")


def written_apart(code: str, places: Collection[int], shape: re.Pattern[str]) -> tuple[str, ...]:
    """The codes of which a text is a list; the text itself where it is not one. `shape` is what one of a list
    looks like as `one_spelling` writes it."""
    parts = [part for part in _BETWEEN.split(code.strip()) if part]
    if len(parts) > 1 and all(shape.fullmatch(one_spelling(part, places)) for part in parts):
        return tuple(dict.fromkeys(parts))
    return (code,)
