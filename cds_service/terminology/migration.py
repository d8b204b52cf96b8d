"""A whole rules folder through `migrate`: definitions, expansions, the lock, and what is spared of names."""

import json
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from cds_service.errors import Finding
from cds_service.facts import load_facts
from cds_service.facts.catalogue import (
    OWN_NAMES,
    ExpansionError,
    OwnNames,
    expansion_name,
    finding,
    load_codesystems,
    read_definitions,
)
from cds_service.rule_files import invalid, read_json
from cds_service.terminology.lock import make_lock, write_locked
from cds_service.terminology.migrate import Migrated, migrate_set
from cds_service.terminology.roots import read_roots
from cds_service.terminology.spared_names import as_file, spared_names
from cds_service.terminology.writing import write_files


class Migration(NamedTuple):
    """How many sets there are, have an expansion, and were rewritten; and what went wrong."""

    sets: int
    expansions: int
    changed: int
    findings: tuple[Finding, ...]


def migrate(rules_dir: Path, roots_dir: Path | None = None) -> Migration:
    """Rewrite the value sets of a folder. A set with a fault stays as it is. Raises OSError.

    The expansions come first: the lists of before don't look at them. Whoever is interrupted has each set either as it
    was or as it will be, and goes on by calling this again.
    """
    systems = load_codesystems(rules_dir)[0]
    written, findings = read_definitions(rules_dir)
    roots, problems = ({}, []) if roots_dir is None else read_roots(roots_dir)
    findings = [*findings, *problems]
    done: list[Migrated] = []
    for set_id, one in written.items():
        try:
            new, found = migrate_set(rules_dir, one.file, systems, roots.get(set_id))
        except ExpansionError as problem:
            name = expansion_name(set_id)
            found = [finding("valueset-expansion-unreadable", name, problem.pointer, problem.problem)]
            new = None
        findings += found
        if new is not None:
            done.append(new)
    names, problems = _names(rules_dir)
    findings += problems
    texts = {one.set_id: one.expansion for one in done if one.expansion is not None}
    digests = {set_id: one.digest for set_id, one in written.items()} | {one.set_id: one.digest for one in done}
    lock = make_lock(digests, texts, [one.made for one in done if one.made is not None])
    changed = [one for one in done if (rules_dir / one.file).read_bytes() != one.definition]
    if names is not None:
        write_files(rules_dir, {OWN_NAMES: names})
    write_locked(rules_dir, lock, texts, ())
    write_files(rules_dir, {one.file: one.definition for one in changed})
    return Migration(len(written), len(texts), len(changed), tuple(findings))


def _names(rules_dir: Path) -> tuple[bytes | None, list[Finding]]:
    """The file of own names with what is spared of the names in the lists; None where there is nothing to write."""
    knowledge, _ = load_facts(rules_dir)
    path = rules_dir / OWN_NAMES
    known = OwnNames()
    if path.is_file():
        content, findings = read_json(path, OWN_NAMES)
        try:
            known = OwnNames.model_validate(content)
        except ValidationError as problem:
            return None, [*findings, *invalid(problem, OWN_NAMES, OwnNames)]
    displays = knowledge.valuesets.tables.displays
    named = [((system, code), name) for system, codes in displays.items() for code, name in codes.items()]
    found = spared_names(knowledge, named, known)
    if found == known:
        return None, []
    return (json.dumps(as_file(found), ensure_ascii=False, indent=1) + "\n").encode(), []
