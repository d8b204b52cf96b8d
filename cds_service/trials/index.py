"""Which trials are worth evaluating for a patient, found without looking at the others."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cds_service.facts.fact import Age
from cds_service.trials.needs import Bounds, Needs
from cds_service.trials.shelf import Shelved


@dataclass(frozen=True, slots=True)
class Patient:
    """What the index asks of a patient.

    `on_record`: the event facts for which there is an entry that counts or may. None: an age or sex that is not known.
    """

    on_record: frozenset[str]
    age: Age | None = None
    sex: str | None = None


class Index:
    """The active trials of a library by what their gates need on record. Others never produce a card."""

    def __init__(self, shelf: Sequence[Shelved]) -> None:
        self._shelf = shelf
        self.active = tuple([place for place, one in enumerate(shelf) if one.state == "active"])
        asked = Counter(fact for place in self.active for any_of in shelf[place].gates.entries for fact in any_of)
        self.asked = frozenset(asked)
        """Every event fact that some gate asks for."""
        self._by_fact: dict[str, list[int]] = {}
        self._always: list[int] = []
        for place in self.active:
            entries = shelf[place].gates.entries
            if not entries:
                self._always.append(place)
                continue
            # Under the rarest of what it needs, each trial is met by the fewest patients.
            for fact in min(entries, key=lambda any_of: sum(asked[fact] for fact in any_of)):
                self._by_fact.setdefault(fact, []).append(place)

    def candidates(self, patient: Patient, *, near: bool = False) -> list[int]:
        """The places of the trials that may fit, in the library's order.

        A trial that is left out is neither likely nor possibly eligible for any record with these; with `near`, nor is
        it one whose gates are certain and which another age would let fit.
        """
        found = set(self._always)
        if near:
            patient = replace(patient, age=None)
        for fact in patient.on_record:
            found.update(self._by_fact.get(fact, ()))
        return [place for place in sorted(found) if self._may_fit(self._shelf[place], patient)]

    def undetermined(self, patient: Patient, whole: frozenset[str]) -> Iterator[int]:
        """The places of the active trials that may be undetermined, candidates included.

        `whole`: the event facts of which nothing on record means that they are absent. A gate that asks for these
        alone and meets none fails.
        """
        absent = whole - patient.on_record
        for place in self.active:
            one = self._shelf[place]
            fails = any(any_of <= absent for any_of in one.gates.entries)
            if not fails and not outside(one.fits, patient):
                yield place

    @staticmethod
    def _may_fit(one: Shelved, patient: Patient) -> bool:
        if any(any_of.isdisjoint(patient.on_record) for any_of in one.gates.entries):
            return False
        return not outside(one.fits, patient)


def outside(needs: Needs, patient: Patient) -> bool:
    """Whether the patient's age or sex is certainly not one that is needed."""
    if patient.sex is not None and needs.sexes is not None and patient.sex not in needs.sexes:
        return True
    if patient.age is None or not needs.ages:
        return False
    spans: dict[str, Bounds] = {"a": patient.age.years, "mo": patient.age.months, "d": patient.age.days}
    return any(spans[unit][1] < least or spans[unit][0] > most for unit, (least, most) in needs.ages)
