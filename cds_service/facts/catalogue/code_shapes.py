"""Codes of which a part is a code of another system: China's drug codes hold the ATC group. Data for a ConceptMap.

FHIR R4 has no word for it, so it is an extension of `ConceptMap.group`, which every tool carries along:

    {"url": "urn:cds-service:codes-like", "extension": [
      {"url": "shape", "valueString": "X?##??*"},
      {"url": "part", "valueString": "2-6"},
      {"url": "relationship", "valueCode": "source-is-narrower-than-target"}]}

`shape` is what a whole code looks like: `?` is a letter, `#` a digit, `.` one of both, `*` at its end whatever follows;
anything else stands for itself, and case does not count. `part` are the characters, from 1, that are the target's code;
`code` in its place is one code for all of them. `relationship` or `equivalence` as for any target. Such a rule is for
codes of which no map says anything by name. No regular expressions: one that somebody writes may never end.
"""

from typing import Any, NamedTuple

from cds_service.facts.catalogue.relations import Relation, relation_of

URL = "urn:cds-service:codes-like"
ANY_SYSTEM = "urn:cds-service:any-system"
"""As a group's `source`: every system that is not read. A code must then be told by its shape alone."""

LEAST_SHAPE = 20
"""Characters of a shape that tells a code whatever its system, and may have no `*`."""

_KEYS = frozenset({"shape", "part", "code", "relationship", "equivalence"})
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


def read_shape(extension: Any, source: str) -> CodeShape:
    """The rule that an extension states, for a group with this source. Raises ValueError, which says what is wrong."""
    parts = extension.get("extension") if isinstance(extension, dict) else None
    if not isinstance(parts, list) or not all(isinstance(one, dict) for one in parts):
        raise ValueError("holds no list `extension` with `shape`, `part` or `code`, and `relationship`")
    said: dict[str, str] = {}
    for one in parts:
        key = one.get("url")
        value = next((one[name] for name in ("valueString", "valueCode") if name in one), None)
        if key not in _KEYS or key in said or not isinstance(value, str):
            raise ValueError(f"{key!r} is no part of it, stands there twice or has no `valueString` or `valueCode`")
        said[key] = value
    shape = said.get("shape", "").strip()
    first, last = _part(said.get("part"), said.get("code", ""), shape)
    relation = relation_of(said.get("equivalence"), said.get("relationship"))
    if relation is None:
        raise ValueError("says no `relationship` (or `equivalence`) that FHIR has")
    if source == ANY_SYSTEM and (len(shape) < LEAST_SHAPE or "*" in shape):
        raise ValueError(f"for any system a shape has {LEAST_SHAPE} characters or more, and no `*`")
    return CodeShape(shape, first, last, said.get("code", ""), relation)


def _part(part: str | None, code: str, shape: str) -> tuple[int, int]:
    fixed = shape.removesuffix("*")
    if not fixed or "*" in fixed or len(fixed) > _LONGEST or not fixed.isascii():
        raise ValueError("`shape` is what a code looks like: letters, digits, `?`, `#`, `.`, and `*` only at its end")
    if (part is None) is not bool(code):
        raise ValueError("give one of `part` and `code`")
    if part is None:
        return 0, 0
    low, _, high = part.partition("-")
    if not (low.isdecimal() and high.isdecimal() and 0 < int(low) <= int(high) <= len(fixed)):
        raise ValueError(f"`part` is the first and the last character within the shape, such as 2-6, not {part!r}")
    return int(low), int(high)
