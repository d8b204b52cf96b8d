"""Making `terminology.lock` and writing expansions under it."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from cds_service.facts.catalogue import (
    LOCK,
    Expansion,
    Lock,
    LockedSet,
    content_digest,
    expansion_name,
    packed,
    read_lock,
)
from cds_service.terminology.writing import write_files


def make_lock(definitions: Mapping[str, str], expansions: Mapping[str, bytes], releases: Iterable[Expansion]) -> Lock:
    """The lock of sets: `definitions` the digest of each, `expansions` the JSON of those that have one."""
    systems: dict[str, set[str]] = {}
    for expansion in releases:
        for system, version in expansion.releases:
            systems.setdefault(system, set()).update({version} if version else ())
    sets = {
        set_id: LockedSet(
            definition=digest, expansion=content_digest(expansions[set_id]) if set_id in expansions else ""
        )
        for set_id, digest in definitions.items()
    }
    return Lock(systems={name: tuple(sorted(found)) for name, found in systems.items()}, sets=sets)


def keep_locked(made: Lock, before: Lock, kept: Collection[str]) -> Lock:
    """The lock with these sets as they were before: of what can't be read nobody knows its releases."""
    if not kept:
        return made
    sets = {set_id: one for set_id, one in made.sets.items() if set_id not in kept}
    sets |= {set_id: one for set_id, one in before.sets.items() if set_id in kept}
    systems = {
        name: tuple(sorted({*made.systems.get(name, ()), *before.systems.get(name, ())}))
        for name in {*made.systems, *before.systems}
    }
    return Lock(systems=systems, sets=sets)


def lock_text(lock: Lock) -> bytes:
    """The file: one line for each set, so that a change is seen by its lines."""
    systems = json.dumps(lock.systems, ensure_ascii=False, sort_keys=True, indent=4)[:-1].rstrip() + "\n  }"
    rows = [
        f"    {json.dumps(set_id)}: {json.dumps(one.model_dump(exclude_defaults=True))}"
        for set_id, one in sorted(lock.sets.items())
    ]
    text = '{\n  "systems": ' + (systems if lock.systems else "{}") + ',\n  "sets": {'
    text += ("\n" + ",\n".join(rows) + "\n  }") if rows else "}"
    if lock.pending:
        text += ',\n  "pending": ' + json.dumps(lock.pending, sort_keys=True)
    return (text + "\n}\n").encode()


def write_locked(rules_dir: Path, lock: Lock, expansions: Mapping[str, bytes], gone: Iterable[str]) -> None:
    """Write expansions and their lock so that a service that reads at any moment, or after a crash, finds each set as
    it was or as it will be: the lock of before first says what is to come. Raises OSError."""
    before, _ = read_lock(rules_dir)
    changed = {
        set_id: content_digest(expansions[set_id]) if set_id in expansions else ""
        for set_id in (*expansions, *gone)
        if not before.allows(set_id, content_digest(expansions[set_id]) if set_id in expansions else "")
    }
    files: dict[str, bytes | None] = {}
    if changed:
        files[LOCK] = lock_text(before.model_copy(update={"pending": changed}))
    files |= {expansion_name(set_id): packed(text) for set_id, text in expansions.items()}
    files |= {expansion_name(set_id): None for set_id in gone}
    write_files(rules_dir, files)
    write_files(rules_dir, {LOCK: lock_text(lock)})
