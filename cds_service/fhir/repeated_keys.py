"""Keys that stand more than once in one JSON object, with different values: decoders keep the last and say nothing.

What stood before it was sent, so it is not absent: where its loss could matter, whoever reads the object has to say
that it is not whole. https://www.rfc-editor.org/rfc/rfc8259#section-4
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_KEY = re.compile(rb'\s*+[,{]\s*+"([^"\\]*+(?:\\.[^"\\]*+)*+)"\s*+:\s*+', re.DOTALL)
_END = re.compile(rb"\s*+\}\s*+")
_NONE: frozenset[str] = frozenset()


def repeated_keys(text: bytes | Raw, members: Mapping[str, Raw] | None = None) -> frozenset[str]:
    """The keys of an object (not of those within it) that stand there with different values; none where the text is no
    object. `members`: what it was decoded to, if it was. It costs little more than looking for the object's end."""
    if members is None:
        members = _members(text)
    return _NONE if not members or _is_all_of_it(text, members) else _repeated(bytes(text), members)


def _members(text: bytes | Raw) -> dict[str, Raw]:
    try:
        return _MEMBERS.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}


def _is_all_of_it(text: bytes | Raw, members: Mapping[str, Raw]) -> bool:
    """Whether the members account for every byte, in one of the two ways in which programs write JSON in one line."""
    number = len(members)
    compact = sum(map(len, members)) + sum(map(len, members.values())) + 4 * number + 1
    if len(text) == compact:
        return True
    spaced = bytes(text[:200] if isinstance(text, bytes) else text).partition(b":")[2][:1] == b" "
    return spaced and len(text) == compact + 2 * number - 1


def _repeated(text: bytes, members: Mapping[str, Raw]) -> frozenset[str]:
    position = 0
    for _ in members:
        key = _KEY.match(text, position)
        if key is None:
            return _told_apart(text)
        name = key[1].decode("utf-8", "replace")
        value = bytes(members.get(name, b""))
        if not value or not text.startswith(value, key.end()):
            return _told_apart(text)
        position = key.end() + len(value)
    # As many members as there are keys, and then the end: there is none that stands there twice.
    return _NONE if _END.fullmatch(text, position) else _told_apart(text)


def _told_apart(text: bytes) -> frozenset[str]:
    """The same by reading all of it."""
    found: list[tuple[str, Any]] = []

    def noting(pairs: list[tuple[str, Any]]) -> Any:
        nonlocal found
        found = pairs  # the outermost object ends last
        return tuple(pairs)  # no list is equal to it

    try:
        json.loads(text, object_pairs_hook=noting)
    except (ValueError, RecursionError):
        return frozenset(_MEMBERS.decode(text))
    first: dict[str, Any] = {}
    return frozenset(name for name, value in found if first.setdefault(name, value) != value)
