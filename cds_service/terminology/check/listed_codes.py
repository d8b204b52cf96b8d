"""Every code that stands in the files of a rules folder, with its place."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cds_service.facts.catalogue import PREFIX_SYSTEMS, beginnings
from cds_service.rule_files import MOST_BYTES, pointer, read_file, read_json, unzipped

_PACKED = ".json.gz"
_NO_CODES = frozenset({"schema", "codesystems", "conceptmaps"})
"""Folders of which the codes are no members: schemas, our own code system, and maps, whose codes are checked as they
are read."""
_EXPANSIONS = "expansions/"
_VALUE_SETS = ("valuesets/", _EXPANSIONS)


class ListedCode(NamedTuple):
    """A code as it is written. `set_id`: the value set that lists it, empty for one of a fact, a table or a trial."""

    file: str
    pointer: str
    system: str
    code: str
    display: str
    set_id: str = ""
    is_root: bool = False
    """The value of a filter by `concept`: it stands for all below it."""
    is_excluded: bool = False
    """It stands in an exclude, or in a filter by `is-not-a`."""

    @property
    def is_expanded(self) -> bool:
        """Whether a filter gave it, and nobody wrote it."""
        return self.file.startswith(_EXPANSIONS)


def listed_codes(rules_dir: Path) -> Iterator[ListedCode]:
    """The codes of all JSON files, and of packed expansions. What can't be read is told by who loads the rules."""
    for path in sorted({*rules_dir.rglob("*.json"), *rules_dir.glob(f"expansions/*{_PACKED}")}):
        name = path.relative_to(rules_dir).as_posix()
        if name.partition("/")[0] in _NO_CODES:
            continue
        content = _content(path, name)
        set_id = ""
        if name.startswith(_VALUE_SETS) and isinstance(content, dict) and isinstance(content.get("id"), str):
            set_id = content["id"]
        yield from _within(content, _Where(name, set_id))


def _content(path: Path, name: str) -> Any:
    if not name.endswith(_PACKED):
        return read_json(path, name)[0]
    try:
        return json.loads(unzipped(read_file(path)[0], MOST_BYTES))
    except (OSError, EOFError, ValueError):
        return None


class _Where(NamedTuple):
    file: str
    set_id: str
    at: tuple[str | int, ...] = ()
    is_excluded: bool = False

    def below(self, *steps: str | int) -> "_Where":
        return self._replace(at=(*self.at, *steps), is_excluded=self.is_excluded or "exclude" in steps)

    def listed(self, system: str, code: str, display: Any, *, is_root: bool = False) -> ListedCode:
        name = display if isinstance(display, str) else ""
        return ListedCode(self.file, pointer(self.at), system, code, name, self.set_id, is_root, self.is_excluded)


def _within(value: Any, where: _Where) -> Iterator[ListedCode]:
    """A code stands beside its system, or in a list `concept` beside it; so do the roots of filters."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _within(one, where.below(number))
    if not isinstance(value, dict):
        return
    if isinstance(value.get("system"), str):
        yield from _beside(value, value["system"], where)
    for key, one in value.items():
        yield from _within(one, where.below(key))


def _beside(value: dict[str, Any], system: str, where: _Where) -> Iterator[ListedCode]:
    if isinstance(value.get("code"), str):
        yield where.listed(system, value["code"], value.get("display"))
    for key in ("concept", "filter"):
        several = value.get(key)
        for number, one in enumerate(several if isinstance(several, list) else ()):
            if not isinstance(one, dict):
                continue
            is_root = key == "filter" and one.get("property") == "concept" and one.get("op") != "regex"
            code = one.get("value") if is_root else one.get("code") if key == "concept" else None
            if isinstance(code, str):
                place = where.below(key, number)
                if is_root and one.get("op") == "is-not-a":
                    place = place._replace(is_excluded=True)
                yield place.listed(system, code, one.get("display"), is_root=is_root)
            elif key == "filter":
                for root in _roots(one, system):
                    yield where.below(key, number).listed(system, root, None, is_root=True)


def _roots(condition: dict[str, Any], system: str) -> tuple[str, ...]:
    """The prefixes that a pattern stands for (`beginnings`)."""
    value = condition.get("value")
    is_pattern = condition.get("property") == "code" and condition.get("op") == "regex" and system in PREFIX_SYSTEMS
    return (beginnings(value) or ()) if is_pattern and isinstance(value, str) else ()
