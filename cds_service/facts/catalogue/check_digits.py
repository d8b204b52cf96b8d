"""Check digits: SNOMED CT's by Verhoeff, LOINC's by modulus 10. They find a typing error without a release.

Sources: SNOMED CT Release File Specification, chapter 6 (constraints, check-digit computation, partitions);
LOINC Users' Guide, "Calculating Mod 10 Check Digits" (https://loinc.org/kb/users-guide/calculating-mod-10-check-digits/).
"""

import re

_PRODUCTS = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
"""The dihedral group D5: row times column (table 6.4.2-1)."""

_PERMUTATION = "1576283094"
"""Row 1 of the function F (table 6.4.2-2). Row i of it is row i - 1 at the places that row 1 gives."""

_INVERSES = "0432156789"
"""What makes each element of D5 zero."""


def _rows_of_f() -> tuple[str, ...]:
    rows = ["0123456789"]
    for _ in range(7):
        rows.append("".join(rows[-1][int(place)] for place in _PERMUTATION))
    return tuple(rows)


_F = _rows_of_f()

_SCTID = re.compile(r"[1-9][0-9]{5,17}", re.ASCII)
_SHORT = {"00": "concept", "01": "description", "02": "relationship"}
_LONG = {"10": "concept", "11": "description", "12": "relationship", "16": "expression"}
_NAMESPACED = 11
"""The fewest digits of an identifier with a namespace: one of its own, seven of the namespace, two of the partition and
one to check."""

_LOINC = re.compile(r"((?:L[AP])?[0-9]{1,7})-([0-9])", re.ASCII)
"""LA: an answer, LP: a part. Theirs are check digits of the same kind, over the letters too."""
MISPRINTED_LOINC = frozenset(
    {
        *("11491-6", "11501-6", "5895-7", "5896-5", "5897-3", "5928-1", "6028-3"),
        *("6415-5", "6580-7", "6645-7", "6646-5", "6647-3", "6648-1", "6649-9"),
        *("LA101819-1", "LA21257-8"),
    }
)
"""Codes that LOINC gave out with a wrong check digit: fourteen, as its Users' Guide lists them, and two answers."""


def verhoeff_digit(digits: str) -> str:
    """The digit that makes `digits` (0 to 9 only) an identifier."""
    return _INVERSES[_verhoeff(digits + "0")]


def _verhoeff(digits: str) -> int:
    """Zero where the last digit is the check digit of those before it."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_PRODUCTS[check][int(_F[place % 8][int(digit)])])
    return check


def sctid_problem(code: str, component: str = "concept") -> str | None:
    """Why a code can't be the identifier of a SNOMED CT component (concept, description, relationship); None if it can.

    Right digits do not make it one that a release holds.
    """
    if not _SCTID.fullmatch(code):
        return "an identifier of SNOMED CT is 6 to 18 digits, the first of them not 0"
    if _verhoeff(code) != 0:
        return f"its check digit is wrong: {code[:-1]} takes {verhoeff_digit(code[:-1])}"
    partition = code[-3:-1]
    kind = _SHORT.get(partition) or _LONG.get(partition)
    if kind is None:
        return f"its partition {partition} is none of SNOMED CT's"
    if partition in _LONG and len(code) < _NAMESPACED:
        return f"its partition {partition} asks for a namespace of seven digits, and there is no room for one"
    if kind != component:
        return f"it identifies a SNOMED CT {kind}, not a {component}"
    return None


def namespace_of(code: str) -> str | None:
    """The namespace (seven digits) of an identifier that an extension gave out; None for one of the core."""
    return code[-10:-3] if code[-3:-1] in _LONG and len(code) >= _NAMESPACED else None


def loinc_digit(stem: str) -> str:
    """The check digit of what stands before a LOINC code's hyphen: digits, or LA or LP and digits.

    Every second character from the last on counts double, less 9 where that is more than 9. A letter counts by its
    place after "0" in ASCII (https://wiki.openmrs.org/display/docs/Check+Digit+Algorithm).
    """
    values = [ord(character) - ord("0") for character in reversed(stem)]
    total = sum(2 * value - value // 5 * 9 for value in values[::2]) + sum(values[1::2])
    return str(-total % 10)


def loinc_problem(code: str) -> str | None:
    """Why a code can't be one of LOINC, of a term, a part or an answer; None if it can."""
    found = _LOINC.fullmatch(code)
    if found is None:
        return "a LOINC code is up to 7 digits (after LA or LP for an answer or a part), a hyphen and a check digit"
    stem, digit = found.groups()
    if digit != loinc_digit(stem) and code not in MISPRINTED_LOINC:
        return f"its check digit is wrong: {stem} takes {loinc_digit(stem)}"
    return None
