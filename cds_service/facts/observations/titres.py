"""Titres: n of 1:n, as text and as a ratio."""

import re
from decimal import Decimal

from cds_service.facts.catalogue import words
from cds_service.facts.intervals import Interval, compared, parse_number
from cds_service.fhir import Quantity

_TITER = re.compile(
    r"(?:(?P<lead>titer|titre|positive|pos|negative|neg)\b[\s,:=(]*)?"
    r"(?P<comparator><=|>=|=<|=>|<|>|=|≤|≥)?\s*1\s*[:/]\s*(?P<n>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?P<rest>\D{0,60})",
    re.IGNORECASE,
)
# What laboratories write behind a titre without changing it.
_PATTERN_WORDS = frozenset(
    {
        *(
            "titer",
            "titre",
            "dilution",
            "pattern",
            "homogeneous",
            "homogenous",
            "speckled",
            "nucleolar",
            "nuclear",
            "rim",
        ),
        *("centromere", "diffuse", "fine", "coarse", "dense", "cytoplasmic", "peripheral", "granular", "and", "with"),
    }
)


def parse_titer(text: str) -> Interval | None:
    """`1:80`, `1/80`, `>=1:80`, `1:160 speckled`, `Negative (<1:80)` as the interval of n in 1:n; `None` if it is none.

    Words before the titre must agree with it: nobody knows what `negative 1:160` means.
    """
    found = _TITER.fullmatch(text.strip())
    if found is None or not _PATTERN_WORDS.issuperset(words(found["rest"])):
        return None
    lead, comparator = (found["lead"] or "").casefold(), found["comparator"] or ""
    if lead.startswith(("neg", "pos")) and lead.startswith("neg") != comparator.startswith(("<", "=<", "≤")):
        return None
    number = parse_number(found["n"].replace(",", ""))
    return None if number is None or number == 0 else compared(number, comparator)


def titer_of_ratio(above: Quantity, below: Quantity, one: Decimal, n: Decimal) -> Interval | None:
    """1:n. A comparator may stand at either number and means the titre: `>1:100` is above 100."""
    comparator = above.comparator or below.comparator
    if (above.comparator and below.comparator) or one <= 0 or n < one:
        return None
    value = compared(n, comparator)
    return value if value is None or one == 1 else value.over(one)
