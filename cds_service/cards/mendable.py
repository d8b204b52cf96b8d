"""Trials whose diagnosis is only named by entries that could not be read for certain: a person can mend these."""

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.cards.counted import counted
from cds_service.cards.trial_views import TrialView, TrialViews
from cds_service.trials import CriterionResult, TrialResult

_REASON = "malformed_entry"


@dataclass(frozen=True, slots=True)
class MendableEntry:
    """An entry of the record by its reference, and what it says as far as that can be read (it may be nothing)."""

    source: str
    words: str


@dataclass(frozen=True, slots=True)
class MendableEntries:
    """The entries that would have to be mended for a trial to be looked at."""

    reading: TrialView
    entries: tuple[MendableEntry, ...]


def unread(reader: TrialViews, result: TrialResult) -> MendableEntries | None:
    """The entries that keep a trial from being judged, if every open gate is open for such entries; else None."""
    if result.verdict != "undetermined":
        return None
    entries: dict[str, MendableEntry] = {}
    for gate in counted(result):
        if gate.criterion.gate and gate.outcome != "pass":
            found = {entry.source: entry for entry in _entries(reader, gate)} if gate.outcome == "unknown" else {}
            if not found:
                return None
            entries |= found
    return MendableEntries(reader.read(result), tuple(entries[source] for source in sorted(entries)))


def _entries(reader: TrialViews, gate: CriterionResult) -> Iterator[MendableEntry]:
    for ref in gate.facts:
        for entry in reader.evidence(ref):
            if entry["reason"] == _REASON and entry["source"]:
                code = entry.get("code") or {}
                yield MendableEntry(entry["source"], code.get("display") or entry.get("text") or code.get("code") or "")
