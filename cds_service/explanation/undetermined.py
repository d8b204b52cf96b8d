"""Trials of which it is not known whether the patient has their disease, because the record could not be read.

An answer without cards says that no trial fits. Where that is not known it has to be said, and this is what is said
(`org.cds-service.undetermined`). It is about what is malformed, has a status that FHIR does not know, or is not
understood at all; a diagnosis that is suspected was understood, and what was not sent is refused by the hook.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.facts.catalogue import EventResource, EventsFact
from cds_service.fhir import Record, is_material
from cds_service.matching import Match, indexed, whole_lists

EXTENSION = "org.cds-service.undetermined"
"""The name under which an answer carries it."""
_MISREAD = frozenset({"malformed_resource", "modifier", "unknown_subject", "unknown_status"})
"""The issues without one of which every entry was read."""
_UNREAD: EventResource = "Condition"
"""The kind of which an answer needs that some entry was understood: a request without it is refused."""
MOST_NAMED = 20
"""Trials whose ids an answer gives."""


@dataclass(frozen=True, slots=True)
class Undetermined:
    """The ids of the trials that could not be judged, in the library's order, and how many entries are why."""

    trials: tuple[str, ...]
    entries: int

    def as_json(self) -> dict[str, Any]:
        """What an answer carries: numbers and ids of trials, nothing of the record."""
        return {"count": len(self.trials), "trials": list(self.trials[:MOST_NAMED]), "entries": self.entries}


def response(cards: Sequence[Mapping[str, Any]], undetermined: Undetermined | None = None) -> dict[str, Any]:
    """The response that carries these cards, and says which trials could not be judged."""
    if undetermined is None:
        return {"cards": cards}
    return {"cards": cards, "extension": {EXTENSION: undetermined.as_json()}}


def unreadable_conditions(record: Record) -> int:
    """How many conditions were sent where none of them can be read: then they are as good as not sent. 0 where one can,
    or none was sent."""
    if record.resources.get("Condition"):
        return 0
    return sum(malformed.type == "Condition" for malformed in record.malformed)


def none_readable(sent: int) -> str:
    """What is said where nothing was found, and none of the conditions that were sent can be read."""
    which = "the only one that was sent cannot" if sent == 1 else f"none of the {sent} that were sent can"
    return f"the conditions cannot be had: {which} be read"


def sentence(told: Mapping[str, Any]) -> str:
    """What an answer says of it (see `Undetermined.as_json`), for people."""
    count, entries, named = told["count"], told["entries"], list(told["trials"])
    trials = "1 trial" if count == 1 else f"{count} trials"
    why = "an entry" if entries == 1 else f"{entries} entries"
    more = [f"{count - len(named)} more"] if count > len(named) else []
    return f"{trials} could not be judged because {why} of the record could not be read: {', '.join(named + more)}."


def is_misread(match: Match) -> bool:
    """Whether any entry of the record is malformed or has a status that FHIR does not know."""
    return any(issue.code in _MISREAD and is_material(issue) for issue in match.issues)


def undetermined(match: Match, told: Collection[str] = ()) -> Undetermined | None:
    """The active trials whose diagnosis could not be judged, but for those that a person is `told` of otherwise.

    None where every one could. It is worked out from the entries and from what the gates ask for, without evaluating
    a trial that was not evaluated: what age and sex rule out is left out, and any other criterion may fail.
    """
    if match.deceased:
        return None
    if not is_misread(match) and not match.sheet.reader.unread(_UNREAD):
        return None  # nearly always
    cause = _Cause(match)
    trials = tuple(trial for trial in cause.trials() if trial not in told)
    return Undetermined(trials, cause.entries) if trials else None


class _Cause:
    """Why the events of some facts are not known.

    `kinds`: the resources of which an entry may be about anything; `misread`: the facts that entries may speak of which
    could not be read for certain.
    """

    def __init__(self, match: Match) -> None:
        self.match = match
        self.patient = indexed(match.sheet.reader, match.library)
        self.index = match.library.compiled.index
        specs = match.library.catalogue.facts
        self.resources: dict[str, EventResource] = {
            name: spec.resource for name in self.index.gate_facts if isinstance(spec := specs[name], EventsFact)
        }
        kinds, reader = set(self.resources.values()), match.sheet.reader
        unread = reader.unread(_UNREAD) if _UNREAD in kinds else 0
        unjudged = {kind: found for kind in kinds if (found := reader.unjudged(kind))}
        self.kinds = unjudged.keys() | ({_UNREAD} if unread else set())
        on_record = self.resources.keys() & self.patient.on_record
        misread = {name: found for name in on_record if (found := reader.misread(name))}
        self.misread = misread.keys()
        self.entries = unread + len(frozenset[str]().union(*unjudged.values(), *misread.values()))

    def trials(self) -> list[str]:
        """The ids of the trials whose gates hang on it."""
        patient, stored = self.patient, self.match.library.compiled.stored
        whole = frozenset(name for name in whole_lists(self.match) if self.resources.get(name) not in self.kinds)
        verdicts = {result.trial.id: result.verdict for result in self.match.trials}
        return [
            stored[place].id
            for place in self.index.undetermined(patient, whole)
            if self._concerns(place)
            # A candidate was evaluated (or there was no time for it, which is said): something else may decide it.
            and (not self.index.may_fit(place, patient) or verdicts.get(stored[place].id) == "undetermined")
        ]

    def _concerns(self, place: int) -> bool:
        gates = self.index.gates_of(place)
        return any(self.resources.get(name) in self.kinds or name in self.misread for name in gates)
