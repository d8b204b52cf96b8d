"""Codes of which a part is a code of another system: China's drug codes hold the ATC group. Data for a ConceptMap.

FHIR has no word for it, so an element says by an extension in the place of its `code` what the codes look like, and a
target by one in the place of its `code` which part is meant; every tool carries extensions along:

    {"extension": [{"url": "urn:cds-service:codes-like", "valueString": "X?##??*"}],
     "target": [{"extension": [{"url": "urn:cds-service:code-part", "valueString": "2-6"}], "equivalence": "wider"}]}

Of what a whole code looks like `?` is a letter, `#` a digit, `.` one of both, `*` at its end whatever follows; anything
else stands for itself, and case does not count. The part are the characters, from 1, that are the target's code; a
target with a `code` is that one for all of them. Such an element is for codes of which no other says anything by name.
No regular expressions: one that somebody writes may never end.
"""

from typing import NamedTuple

from cds_service.facts.catalogue.relations import Relation

LIKE = "urn:cds-service:codes-like"
PART = "urn:cds-service:code-part"
ANY_SYSTEM = "urn:cds-service:any-system"
"""As a group's `source`: every system that is not read. A code must then be told by its shape alone."""

LEAST_SHAPE = 20
"""Characters of a shape that tells a code whatever its system, and may have no `*`."""

_LONGEST = 100


class CodeShape(NamedTuple):
    """A rule: codes of this shape, the part of them (or the code) that is the target's, and what that says of them."""

    shape: str
    first: int
    last: int
    code: str
    relation: Relation

    def target(self, code: str) -> str | None:
        """The target's code for a code of the shape, None for any other."""
        fixed, is_open = (self.shape[:-1], True) if self.shape.endswith("*") else (self.shape, False)
        if len(code) < len(fixed) or (len(code) > len(fixed) and not is_open) or not code.isascii():
            return None
        if not all(map(_fits, fixed, code.upper())):
            return None
        return self.code or code[self.first - 1 : self.last]


def _fits(wanted: str, letter: str) -> bool:
    match wanted:
        case "?":
            return letter.isalpha()
        case "#":
            return letter.isdigit()
        case ".":
            return letter.isalnum()
        case _:
            return letter == wanted.upper()


def shape_fault(shape: str, source: str) -> str:
    """What is wrong with a shape, for a group with this source; empty where nothing is."""
    fixed = shape.removesuffix("*")
    if not fixed or "*" in fixed or len(fixed) > _LONGEST or not fixed.isascii():
        return "a shape is what a code looks like: letters, digits, `?`, `#`, `.`, and `*` only at its end"
    if source == ANY_SYSTEM and (len(shape) < LEAST_SHAPE or "*" in shape):
        return f"for any system a shape has {LEAST_SHAPE} characters or more, and no `*`"
    return ""


def read_part(part: str, shape: str) -> tuple[int, int]:
    """The first and the last character that a part names. Raises ValueError, which says what is wrong."""
    low, _, high = part.partition("-")
    longest = len(shape.removesuffix("*"))
    if not (low.isdecimal() and high.isdecimal() and 0 < int(low) <= int(high) <= longest):
        raise ValueError(f"a part is the first and the last character within the shape, such as 2-6, not {part!r}")
    return int(low), int(high)
