"""Many `is-a` filters in systems whose codes say what is below them, as few lines of `code regex`: code for code the
same beginnings (`facts.catalogue.beginnings`), so that nothing is a member more or less.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cds_service.facts.catalogue import ATC, ICD9CM_OPERATIONS, ICD10PCS, PREFIX_SYSTEMS, CodeSystems

_SHORT = 6
"""As many `is-a` filters in a row are read at a glance."""
_CATEGORY = 3
_UNITS = {ICD10PCS: 2, ICD9CM_OPERATIONS: 2, ATC: 5}
"""Characters that stand for themselves in a pattern: the category of a diagnosis, the section and body system of an
operation, the chapter and group of a drug."""
_WIDTH = 110
"""Characters of a pattern that a person still reads, and far below what sources accept (500)."""
_FEWEST_IN_A_RANGE = 3
_PLAIN = re.compile(r"[0-9A-Z]+(?:\.[0-9A-Z]+)?")
_IS_A = {"property": "concept", "op": "is-a"}


def with_patterns(parts: Sequence[dict[str, Any]], systems: CodeSystems) -> list[dict[str, Any]]:
    """Includes or excludes in which every long row of `is-a` filters that say the same of their codes is a few
    patterns, which stand where the first of the row stood."""
    rows: dict[str, list[str]] = {}
    for part in parts:
        if (root := _root(part, systems)) is not None:
            rows.setdefault(_said(part), []).append(root)
    long = {said: roots for said, roots in rows.items() if len(roots) > _SHORT}
    found: list[dict[str, Any]] = []
    for part in parts:
        said = _said(part)
        if _root(part, systems) is None or said not in rows or len(rows[said]) <= _SHORT:
            found.append(part)
        elif said in long:
            unit = _UNITS.get(systems.canonical(part["system"]), _CATEGORY)
            found += [{**part, "filter": [one]} for one in _filters(long.pop(said), unit)]
    return found


def _root(part: Mapping[str, Any], systems: CodeSystems) -> str | None:
    """The code whose descendants a part means; None where it says something else, or writes the code unusually."""
    filters = part.get("filter", ())
    if len(filters) != 1 or systems.canonical(part["system"]) not in PREFIX_SYSTEMS:
        return None
    value = str(filters[0]["value"])
    return value if filters[0] == {**_IS_A, "value": value} and _PLAIN.fullmatch(value) else None


def _said(part: Mapping[str, Any]) -> str:
    """All that a part says beside its filter."""
    return json.dumps({key: value for key, value in part.items() if key != "filter"}, sort_keys=True)


def _filters(roots: Iterable[str], unit: int) -> Iterator[dict[str, str]]:
    for codes in _bundles(sorted(set(roots)), unit, unit):
        if len(codes) == 1:
            yield {**_IS_A, "value": codes[0]}
        else:
            yield {"property": "code", "op": "regex", "value": f"{pattern_of(codes, unit)}.*"}


def _bundles(codes: Sequence[str], unit: int, length: int) -> Iterator[list[str]]:
    """Codes in order, in bundles whose pattern is short enough. What has its first `length` characters in common is
    parted only where it is too long by itself."""
    bundle: list[str] = []
    for _, group in groupby(codes, key=lambda code: code[:length]):
        part = list(group)
        if len(pattern_of([*bundle, *part], unit)) <= _WIDTH:
            bundle += part
            continue
        if bundle:
            yield bundle
        bundle = part
        if len(part) > 1 and len(pattern_of(part, unit)) > _WIDTH:
            yield from _bundles(part, unit, length + 1)
            bundle = []
    if bundle:
        yield bundle


def pattern_of(codes: Iterable[str], unit: int) -> str:
    """A regular expression that means these codes and no other one. The first `unit` characters are written out, so
    that a person finds a category in the line; only their last may be one of several. Of two codes of which one begins
    the other, the shorter counts."""
    parts: dict[str, list[str]] = {}
    for code in codes:
        parts.setdefault(code[:unit], []).append(code[unit:])
    alike: dict[tuple[str, str], list[str]] = {}
    for start, rests in parts.items():
        alike.setdefault((start[:-1], _written(_tree(rests))), []).append(start[-1])
    written = [f"{start}{_class(lasts)}{rest}" for (start, rest), lasts in alike.items()]
    return written[0] if len(written) == 1 else f"({'|'.join(written)})"


class _Tree(dict[str, "_Tree"]):
    """By their first character what follows; nothing follows at the end of a code."""


def _tree(codes: Iterable[str]) -> _Tree:
    root = _Tree()
    ends: set[int] = set()
    for code in sorted(codes):
        node = root
        for character in code:
            if id(node) in ends:
                break
            node = node.setdefault(character, _Tree())
        else:
            ends.add(id(node))
    return root


def _written(tree: _Tree) -> str:
    """What follows alike is written once, after all characters that it follows."""
    followers: dict[str, list[str]] = {}
    for character, below in tree.items():
        followers.setdefault(_written(below), []).append(character)
    written = [f"{_class(characters)}{follows}" for follows, characters in followers.items()]
    return written[0] if len(written) == 1 else f"({'|'.join(written)})" if written else ""


def _class(characters: Sequence[str]) -> str:
    if len(characters) == 1:
        return r"\." if characters[0] == "." else characters[0]
    ordered = sorted(characters)
    ranges: list[str] = []
    for _, run in groupby(enumerate(ordered), key=lambda numbered: ord(numbered[1]) - numbered[0]):
        found = [character for _, character in run]
        ranges.append(f"{found[0]}-{found[-1]}" if len(found) >= _FEWEST_IN_A_RANGE else "".join(found))
    return f"[{''.join(ranges)}]"
