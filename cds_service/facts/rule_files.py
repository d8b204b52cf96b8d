"""Reading a JSON file of the rules folder strictly: a problem is a `Finding` with its place, never an exception."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from cds_service.errors import Finding
from cds_service.facts.findings import finding


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys came twice."""

    twice: tuple[str, ...] = ()


def read_json(path: Path, root: Path) -> tuple[Any, tuple[Finding, ...]]:
    """The file's content (fractions as `Decimal`), `None` if unreadable, and what is wrong with it."""
    name = relative_name(path, root)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return None, (finding("file-unreadable", name, "", f"cannot be read: {type(error).__name__}"),)
    try:
        content = json.loads(text, object_pairs_hook=_object, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return None, (finding("json-invalid", name, "", str(error) or "nested too deeply"),)
    return content, tuple(
        finding("json-duplicate-key", name, at, f"the key {key!r} stands here twice") for at, key in _twice(content, "")
    )


def relative_name(path: Path, root: Path) -> str:
    """The file's name as findings give it: relative to the rules folder, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def pointer(*parts: str | int) -> str:
    """An RFC 6901 JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        found.twice = tuple(sorted({key for key in keys if keys.count(key) > 1}))
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _twice(content: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(content, _Object):
        for key in content.twice:
            yield at + pointer(key), key
        for key, value in content.items():
            yield from _twice(value, at + pointer(key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _twice(value, at + pointer(index))
