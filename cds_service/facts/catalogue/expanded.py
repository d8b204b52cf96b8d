"""The expansions of a rules folder beside its definitions: read, and held against each other and the lock.

Nothing here stops a service. An expansion that can't be read, is another one than the lock names, or has no group for a
filter of its definition leaves that filter *open*: its root is a member, and what else it holds is not known
(`SetTables.open`).
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cds_service.errors import Finding, Severity
from cds_service.facts.catalogue.codesystems import PRINTED_SYSTEMS, CodeSystems
from cds_service.facts.catalogue.definitions import Definition, Part, filter_words
from cds_service.facts.catalogue.expansions import (
    Expansion,
    ExpansionError,
    GroupKey,
    content_digest,
    read_expansion,
    unpacked,
)
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.lock import Lock, read_lock
from cds_service.rule_files import is_there, pointer, read_file

FOLDER = "expansions"
SUFFIX = ".json.gz"
_ID = re.compile(r"[A-Za-z0-9\-._]{1,128}")


class WrittenSet(NamedTuple):
    """A definition as it was read: the file's name below the rules folder, and the SHA-256 of its `compose`."""

    definition: Definition
    file: str
    digest: str


Groups = Mapping[GroupKey, Mapping[str, str]]
"""What each sourced filter of a set gave: code to name."""


def names_a_file(set_id: str) -> bool:
    """Whether an expansion of this set has a place: an id with strokes would lead out of the folder."""
    return _ID.fullmatch(set_id) is not None


def expansion_name(set_id: str) -> str:
    """The name of a set's expansion below the rules folder."""
    return f"{FOLDER}/{set_id}{SUFFIX}"


def read_expansions(
    rules_dir: Path, sets: Mapping[str, WrittenSet], systems: CodeSystems
) -> tuple[dict[str, Groups], list[Finding]]:
    """By set what its filters gave, and a finding for each that is open, stale or in doubt."""
    lock, findings = read_lock(rules_dir)
    found: dict[str, Groups] = {}
    for set_id, written in sets.items():
        groups, about = _of_set(rules_dir, written, lock, systems)
        found[set_id] = groups
        findings += about
    findings += _without_a_set(rules_dir, sets)
    return found, findings


def load_expansion(path: Path, set_id: str, lock: Lock | None = None) -> Expansion | None:
    """The expansion of a set; None where there is no such file and the lock names none. Raises ExpansionError."""
    if not is_there(path):
        if lock is not None and not lock.allows(set_id, ""):
            raise ExpansionError("it is not there, and terminology.lock names it")
        return None
    try:
        data, _ = read_file(path)
    except OSError as problem:
        raise ExpansionError(f"can't be read: {problem.strerror}") from None
    text = unpacked(data)
    if lock is not None and not lock.allows(set_id, content_digest(text)):
        raise ExpansionError("it is another one than terminology.lock names: its SHA-256 doesn't fit")
    return read_expansion(text, set_id)


def _of_set(
    rules_dir: Path, written: WrittenSet, lock: Lock, systems: CodeSystems
) -> tuple[Groups, tuple[Finding, ...]]:
    definition = written.definition
    sourced = [
        (element, index, part.filter_text, name)
        for element, index, part in definition.compose.parts()
        if part.system
        and part.is_sourced(name := systems.canonical(part.system))
        and not any(part.misplaced(name))  # that has a finding of its own
    ]
    file = expansion_name(definition.id)
    try:
        expansion = load_expansion(rules_dir / file, definition.id, lock) if names_a_file(definition.id) else None
    except ExpansionError as problem:
        open_systems = {PRINTED_SYSTEMS.get(name, name) for _, _, _, name in sourced}
        follows = (
            f"of {' and '.join(sorted(open_systems))} only roots and lists count, and any other code is unread for it"
            if open_systems
            else "its definition needs none"
        )
        severity: Severity = "error" if sourced else "warning"
        message = f"{problem.problem}; {follows}"
        about = finding("valueset-expansion-unreadable", file, problem.pointer, message, severity=severity)
        return {}, (about,)
    groups: dict[GroupKey, Mapping[str, str]] = {}
    if expansion is not None:
        named = expansion.by_key().items()
        groups = {(element, systems.canonical(system), text): members for (element, system, text), members in named}
    findings = []
    if expansion is not None and expansion.definition != written.digest:
        message = "its definition has changed since; filters that stayed keep their members, lists and prefixes apply"
        findings.append(finding("valueset-expansion-stale", written.file, "/compose", message, severity="warning"))
    for element, index, text, name in sourced:
        if (element, name, text) not in groups:
            at = pointer(["compose", element, index])
            findings.append(
                finding("valueset-expansion-missing", written.file, at, _open(text, name), severity="warning")
            )
    return groups, tuple(findings)


def _open(text: str, name: str) -> str:
    system, words = PRINTED_SYSTEMS.get(name, name), filter_words(text)
    return f"no expansion yet of {words}: its root alone counts, and other codes of {system} are unread for the set"


def _without_a_set(rules_dir: Path, sets: Mapping[str, WrittenSet]) -> Iterator[Finding]:
    for path in sorted((rules_dir / FOLDER).glob(f"*{SUFFIX}")):
        if path.name.removesuffix(SUFFIX) not in sets:
            name = f"{FOLDER}/{path.name}"
            yield finding("valueset-expansion-unused", name, "", "there is no such value set", severity="warning")


def codes_by_part(
    rules_dir: Path, definition: Definition, systems: CodeSystems | None = None
) -> Iterator[tuple[str, Part, Mapping[str, str]]]:
    """Every include and exclude with its element's name and its codes, each with its name: those of a list, or what a
    filter gave, as far as that can be read. None of a prefix, or of another set."""
    systems = systems or CodeSystems()
    groups: Mapping[GroupKey, Mapping[str, str]] = {}
    with suppress(ExpansionError):
        expansion = load_expansion(rules_dir / expansion_name(definition.id), definition.id)
        groups = {} if expansion is None else expansion.by_key()
    for element, _, part in definition.compose.parts():
        name = systems.canonical(part.system or "")
        if part.is_sourced(name):
            yield element, part, groups.get((element, name, part.filter_text), dict.fromkeys(part.roots, ""))
        else:
            yield element, part, {concept.code: concept.display for concept in part.concept}
