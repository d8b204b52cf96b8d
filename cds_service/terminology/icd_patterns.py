"""Long lists of ICD-10-CM codes as `code regex` filters: injuries are listed by encounter, the seventh character.

A list of "subsequent encounter" and "sequela" is thousands of codes and one sentence. The table is that of
`simple-icd-10-cm`, in the public domain; without it lists stay lists.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

_CATEGORY = 3
_LENGTH = 7


class IcdPattern(NamedTuple):
    """A regular expression on codes as they are written, and the codes without their point that it means."""

    regex: str
    codes: frozenset[str]


@cache
def icd_10_cm() -> frozenset[str]:
    """Every code of ICD-10-CM without its point; none where the package is not installed."""
    if find_spec("simple_icd_10_cm") is None:
        return frozenset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of how the package opens its own table
        listed = import_module("simple_icd_10_cm").get_all_codes()
    return frozenset(code.replace(".", "") for code in listed if len(code) >= _CATEGORY and "-" not in code)


def patterns_of(codes: frozenset[str], table: frozenset[str]) -> list[IcdPattern]:
    """Filters that together mean codes of a list and no other code of the table: what begins alike and ends in some
    seventh characters. What fits none is left out."""
    of_seven = frozenset(code for code in codes if len(code) == _LENGTH)
    below: dict[str, list[str]] = {}
    for code in table:
        if len(code) == _LENGTH:
            for length in range(_CATEGORY, _LENGTH):
                below.setdefault(code[:length], []).append(code)
    patterns: list[IcdPattern] = []
    while found := _alike(of_seven, below):
        patterns += found
        of_seven -= frozenset[str]().union(*(one.codes for one in found))
    return patterns


def _alike(codes: frozenset[str], below: Mapping[str, list[str]]) -> list[IcdPattern]:
    """The patterns that a first look finds: without their codes a second may find more."""
    found: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for category in sorted({code[:_CATEGORY] for code in codes}):
        for beginning, ends, meant in _beginnings(category, codes, below):
            found.setdefault(ends, []).append((beginning, meant))
    return [
        IcdPattern(
            f"^({'|'.join(_written(one) for one, _ in rows)})[{ends}]$", frozenset[str]().union(*(m for _, m in rows))
        )
        for ends, rows in sorted(found.items())
    ]


def _beginnings(
    beginning: str, codes: frozenset[str], below: Mapping[str, list[str]]
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """The shortest beginnings below which the list has all codes with some seventh characters: with these, and the
    codes."""
    own = frozenset(code for code in below.get(beginning, ()) if code in codes)
    ends = "".join(sorted({code[-1] for code in own}))
    if own and own == {code for code in below[beginning] if code[-1] in ends}:
        yield beginning, ends, own
    elif own and len(beginning) < _LENGTH - 1:
        for longer in sorted({code[: len(beginning) + 1] for code in own}):
            yield from _beginnings(longer, codes, below)


def _written(beginning: str) -> str:
    """All but the last character of the codes that begin so, as a regular expression, with the point."""
    left = _LENGTH - 1 - len(beginning)
    rest = "." * left if left < 2 else f".{{{left}}}"
    return f"{beginning[:_CATEGORY]}\\.{beginning[_CATEGORY:]}{rest}"


def without(codes: Iterable[str], patterns: Iterable[IcdPattern]) -> list[str]:
    """The codes that no pattern means."""
    meant = frozenset[str]().union(*(one.codes for one in patterns))
    return [code for code in codes if code.replace(".", "") not in meant]
