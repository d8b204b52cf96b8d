"""Check digits: whether a code of SNOMED CT or LOINC can be one at all, or was typed wrongly.

Sources: SNOMED CT Technical Implementation Guide, "Check-digit computation" (Verhoeff's dihedral scheme) and "SCTID
Constraints"; LOINC Users' Guide, "LOINC Codes" (Luhn's scheme, mod 10). No code is looked up: one that passes may still
not exist.
"""

import re

_MULTIPLIED = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
"""Products in the dihedral group of order ten."""

_FIRST = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""Verhoeff's permutation, which is applied as often as a digit stands from the end."""

# The last three digits: what the id is of (00 and 10 a concept, of the release itself or of an extension), then the
# check digit.
_SCTID = re.compile(r"[1-9][0-9]{2,14}(?:00|10)[0-9]", re.ASCII)
_LOINC = re.compile(r"([0-9]{1,7})-([0-9])", re.ASCII)
# Answers, parts, answer lists and groups: their digit counts the letters too, by a rule that LOINC doesn't publish.
_NO_TERM = re.compile(r"(?:LA|LP|LL|LG)[0-9]{1,7}-[0-9]", re.ASCII)

_IRREGULAR = frozenset(
    {
        *("11491-6", "11501-6", "5895-7", "5896-5", "5897-3", "5928-1", "6028-3"),
        *("6415-5", "6580-7", "6645-7", "6646-5", "6647-3", "6648-1", "6649-9"),
    }
)
"""Codes of LOINC's releases whose digit is another than the scheme gives; every other of 95,405 terms has it."""


def is_sctid(code: str) -> bool:
    """Whether this has the form of a SNOMED CT concept id, its check digit included."""
    if _SCTID.fullmatch(code) is None:
        return False
    product = 0
    for place, digit in enumerate(reversed(code)):
        number = int(digit)
        for _ in range(place % 8):
            number = _FIRST[number]
        product = _MULTIPLIED[product][number]
    return product == 0


def is_loinc(code: str) -> bool:
    """Whether this has the form of a LOINC code, the check digit of a term included; answers (LA…) and parts (LP…)
    have theirs by another rule, which is not checked."""
    if code in _IRREGULAR or _NO_TERM.fullmatch(code) is not None:
        return True
    found = _LOINC.fullmatch(code)
    if found is None:
        return False
    total = 0
    for place, digit in enumerate(reversed(found[1])):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number // 10 + number % 10
    return (10 - total % 10) % 10 == int(found[2])
