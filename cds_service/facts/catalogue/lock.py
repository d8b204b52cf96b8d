"""`rules/terminology.lock`: which releases the value sets were compiled from, and what came of it, by its SHA-256."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue.findings import finding
from cds_service.rule_files import invalid, is_there, read_json

LOCK = "terminology.lock"
_SHA256 = r"^[0-9a-f]{64}$"


class LockedSet(BaseModel):
    """Of a set: the SHA-256 of its definition's `compose` (`compose_digest`), and that of its expansion's JSON
    (`content_digest`); empty where it has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    definition: str = Field(pattern=_SHA256)
    expansion: str = Field(default="", pattern=_SHA256 + "|^$")


class Lock(BaseModel):
    """The file. `systems`: the versions of each code system that an expansion was made from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    systems: dict[str, tuple[str, ...]] = {}
    sets: dict[str, LockedSet] = {}
    pending: dict[str, str] = {}
    """While expansions are being written: what a set's will be. Whoever reads meanwhile may find either."""

    def allows(self, set_id: str, digest: str) -> bool:
        """Whether an expansion may be the one with this digest; empty for none."""
        locked = self.sets.get(set_id)
        return locked is None or digest in {locked.expansion, self.pending.get(set_id, locked.expansion)}


def read_lock(rules_dir: Path) -> tuple[Lock, list[Finding]]:
    """The lock of a rules folder; an empty one where there is none, or none that can be read, which is a finding."""
    path = rules_dir / LOCK
    if not is_there(path):
        return Lock(), []
    content, findings = read_json(path, LOCK)
    if content is None:
        return Lock(), [_unreadable(one.pointer, one.message) for one in findings]
    try:
        return Lock.model_validate(content), []
    except ValidationError as problem:
        return Lock(), [_unreadable(one.pointer, one.message) for one in invalid(problem, LOCK, Lock)]


def _unreadable(pointer: str, message: str) -> Finding:
    return finding("terminology-lock-unreadable", LOCK, pointer, f"{message}; no expansion is checked against it")
