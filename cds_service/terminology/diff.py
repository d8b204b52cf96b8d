"""`codes diff`: what each value set has and had, between two rules folders, or between two folders of expansions.

A folder of expansions has no definitions. Beside a rules folder its expansions are read under the definitions of that;
beside another one what the filters gave is compared, whatever a definition leaves out of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cds_service.errors import CdsError
from cds_service.facts.catalogue import (
    CodeSystems,
    Definition,
    Expansion,
    ExpansionError,
    load_codesystems,
    load_expansion,
    normalised,
    read_definitions,
)

_SUFFIX = ".json.gz"


class FolderError(CdsError):
    """A folder holds nothing that can be compared."""


class SetMember(NamedTuple):
    """A code of a set as it is written. `with_below`: all codes that begin with it are members too. `left_out`: it is
    no member, though one of these stands above it."""

    system: str
    code: str
    with_below: bool = False
    left_out: bool = False


Names = Mapping[SetMember, str]
"""The members of a set, each with its name; empty where none is shipped."""


class SetDifference(NamedTuple):
    """What a set has more and less than before, with the names that either side has. `only_in`: "old" or "new" where
    the other side has no such set."""

    set_id: str
    added: tuple[tuple[SetMember, str], ...]
    dropped: tuple[tuple[SetMember, str], ...]
    unchanged: int
    only_in: str = ""


class NotCompared(NamedTuple):
    """A set of which one side can't be read, so that nobody knows what it has more or less."""

    set_id: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class CodesDifference:
    """All sets that differ, how many are the same, and the releases of each side: system to versions."""

    sets: tuple[SetDifference, ...]
    same: int
    not_compared: tuple[NotCompared, ...]
    old_releases: Mapping[str, tuple[str, ...]]
    new_releases: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class CodesSide:
    """A folder. `definitions` is None for a folder of expansions; `unread`: sets, each with the place and reason."""

    folder: Path
    rules_dir: Path
    """`folder` itself unless that is the `expansions` of a rules folder."""
    expansions_dir: Path
    definitions: Mapping[str, Definition] | None
    unread: Mapping[str, tuple[str, str]]
    systems: CodeSystems

    @property
    def is_rules_folder(self) -> bool:
        """Whether it holds definitions of its own."""
        return self.definitions is not None

    @property
    def ids(self) -> frozenset[str]:
        """Its sets, unreadable ones too."""
        if self.definitions is not None:
            return frozenset({*self.definitions, *self.unread})
        return frozenset(path.name.removesuffix(_SUFFIX) for path in self.expansions_dir.glob(f"*{_SUFFIX}"))


def open_side(folder: Path) -> CodesSide:
    """A rules folder, or a folder of expansions; `expansions` of a rules folder is that rules folder. Raises
    FolderError."""
    if not folder.is_dir():
        raise FolderError(f"{folder}: there is no such folder")
    rules = folder.parent if folder.name == "expansions" and (folder.parent / "valuesets").is_dir() else folder
    if (rules / "valuesets").is_dir():
        systems = load_codesystems(rules)[0]
        written, findings = read_definitions(rules)
        broken = {
            Path(one.file).stem: (one.file + (f"#{one.pointer}" if one.pointer else ""), one.message)
            for one in findings
            if one.severity == "error"
        }
        if not written and not broken:
            raise FolderError(f"{folder}: there is no value set in {rules / 'valuesets'}")
        definitions = {set_id: one.definition for set_id, one in written.items() if set_id not in broken}
        return CodesSide(folder, rules, rules / "expansions", definitions, broken, systems)
    if not any(folder.glob(f"*{_SUFFIX}")):
        raise FolderError(
            f"{folder}: neither a rules folder (with valuesets/) nor a folder of expansions (ID{_SUFFIX})"
        )
    return CodesSide(folder, folder, folder, None, {}, CodeSystems())


def codes_difference(old: CodesSide, new: CodesSide, only: frozenset[str] | None = None) -> CodesDifference:
    """From one side to the other, of all sets or of `only` these. Raises KeyError for one that neither side has."""
    ids = old.ids | new.ids
    if only is not None and (unknown := sorted(only - ids)):
        raise KeyError(unknown[0])
    chosen = sorted(ids if only is None else only)
    # Expansions beside definitions are read under these: they are what a compile elsewhere gave for them.
    before = _Reader(old, new.definitions if old.definitions is None else old.definitions)
    after = _Reader(new, old.definitions if new.definitions is None else new.definitions)
    found: list[SetDifference] = []
    lost: list[NotCompared] = []
    same = 0
    for set_id in chosen:
        try:
            one = _difference(set_id, before.members(set_id), after.members(set_id))
        except _UnreadError as problem:
            lost.append(NotCompared(set_id, problem.place, problem.reason))
            continue
        if one is None:
            same += 1
        else:
            found.append(one)
    return CodesDifference(tuple(found), same, tuple(lost), before.releases(), after.releases())


class _UnreadError(Exception):
    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place, self.reason = place, reason


class _Reader:
    """The members of a side's sets, under the definitions that it is read with."""

    def __init__(self, side: CodesSide, definitions: Mapping[str, Definition] | None) -> None:
        self._side, self._definitions = side, definitions
        self._releases: dict[str, set[str]] = {}

    def releases(self) -> Mapping[str, tuple[str, ...]]:
        """Of the expansions that were read; the version is empty where nobody wrote it down."""
        return {system: tuple(sorted(found)) for system, found in sorted(self._releases.items())}

    def members(self, set_id: str) -> Names | None:
        """None for a set that the side has not. Raises _UnreadError for one that can't be read."""
        if set_id in self._side.unread:
            raise _UnreadError(*self._side.unread[set_id])
        path = self._side.expansions_dir / f"{set_id}{_SUFFIX}"
        try:
            expansion = load_expansion(path, set_id)
        except ExpansionError as problem:
            raise _UnreadError(str(path), problem.problem) from problem
        for system, version in () if expansion is None else expansion.releases:
            self._releases.setdefault(system, set()).add(version)
        definition = None if self._definitions is None else self._definitions.get(set_id)
        if definition is not None:
            return _members(definition, expansion, self._side.systems)
        return None if expansion is None or self._side.is_rules_folder else _given(expansion)


def _given(expansion: Expansion) -> Names:
    """What its filters gave, without what the filters of excludes gave."""
    gone = {(key[1], code) for key, codes in expansion.by_key().items() if key[0] == "exclude" for code in codes}
    return {
        SetMember(key[1], code): name
        for key, codes in expansion.by_key().items()
        if key[0] == "include"
        for code, name in codes.items()
        if (key[1], code) not in gone
    }


def _members(definition: Definition, expansion: Expansion | None, systems: CodeSystems) -> Names:
    """What a definition lists, its prefixes, and what its filters gave, without what it excludes."""
    parts: dict[str, dict[SetMember, str]] = {"include": {}, "exclude": {}}
    groups = {} if expansion is None else expansion.by_key()
    for element, _, part in definition.compose.parts():
        system = systems.canonical(part.system or "")
        prefixes = part.prefixes(system)
        if prefixes:
            codes: Iterable[tuple[SetMember, str]] = [(SetMember(system, one, with_below=True), "") for one in prefixes]
        elif part.is_sourced(system):
            given = groups.get((element, system, part.filter_text), dict.fromkeys(part.roots, ""))
            codes = [(SetMember(system, code), name) for code, name in given.items()]
        else:
            codes = [(SetMember(system, one.code), one.display) for one in part.concept]
        parts[element].update(codes)
    return dict(_without(parts["include"], parts["exclude"]))


def _without(included: Names, excluded: Names) -> Iterator[tuple[SetMember, str]]:
    exact = {(one.system, normalised(one.system, one.code)) for one in excluded}
    beginnings = _beginnings(excluded)
    above = _beginnings(included)
    for one, name in included.items():
        plain = normalised(one.system, one.code)
        if (one.system, plain) not in exact and not plain.startswith(beginnings.get(one.system, ())):
            yield one, name
    for one, name in excluded.items():
        if normalised(one.system, one.code).startswith(above.get(one.system, ())):
            yield one._replace(left_out=True), name


def _beginnings(members: Iterable[SetMember]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for one in members:
        if one.with_below:
            found.setdefault(one.system, []).append(normalised(one.system, one.code))
    return {system: tuple(codes) for system, codes in found.items()}


def _difference(set_id: str, old: Names | None, new: Names | None) -> SetDifference | None:
    if old is None and new is None:
        return None
    before, after = _compared(old or {}), _compared(new or {})
    names = {**before, **{key: (one, name or before.get(key, (one, ""))[1]) for key, (one, name) in after.items()}}
    added = tuple(names[key] for key in sorted(after.keys() - before.keys()))
    dropped = tuple(names[key] for key in sorted(before.keys() - after.keys()))
    only_in = "new" if old is None else "old" if new is None else ""
    if not added and not dropped and not only_in:
        return None
    return SetDifference(set_id, added, dropped, len(before.keys() & after.keys()), only_in)


def _compared(members: Names) -> dict[SetMember, tuple[SetMember, str]]:
    """By the spelling in which codes are compared: C92.0 is C920."""
    return {one._replace(code=normalised(one.system, one.code)): (one, name) for one, name in members.items()}
