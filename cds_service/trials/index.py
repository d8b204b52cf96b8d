"""An index of trials: finds those worth evaluating for a patient without looking at the others."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cds_service.facts.fact import Age
from cds_service.trials.prefilter import Bounds, Prefilter
from cds_service.trials.stored import StoredTrial


@dataclass(frozen=True, slots=True)
class IndexedPatient:
    """The facts of a patient by which the index selects trials.

    `on_record`: the event facts for which there is an entry that counts or may. None: an age or sex that is not known.
    """

    on_record: frozenset[str]
    age: Age | None = None
    sex: str | None = None


class Index:
    """The active trials of a library by what their gates need on record. Others never produce a card."""

    def __init__(self, stored: Sequence[StoredTrial]) -> None:
        self._stored = stored
        self.active = tuple([place for place, one in enumerate(stored) if one.state == "active"])
        self._times_asked = Counter(fact for place in self.active for fact in _gate_facts(stored[place]))
        self._by_fact: dict[str | None, list[int]] = {}
        for place in self.active:
            for fact in self._keys(stored[place]):
                self._by_fact.setdefault(fact, []).append(place)

    @property
    def gate_facts(self) -> Collection[str]:
        """Every event fact that some gate names."""
        return self._times_asked.keys()

    def changed(self, stored: Sequence[StoredTrial], places: Sequence[int]) -> "Index":
        """The index of a library that differs from this one's only at these places."""
        index = Index(())
        index._stored, index.active = stored, self.active
        index._times_asked, index._by_fact = self._times_asked.copy(), self._by_fact.copy()
        for place in places:
            old, new = self._stored[place], stored[place]
            if old.state == "active":
                index._times_asked.subtract(_gate_facts(old))
                for fact in {None, *_gate_facts(old)}:
                    listed = index._by_fact.get(fact, ())
                    if place in listed:
                        index._by_fact[fact] = [other for other in listed if other != place]
            if new.state == "active":
                index._times_asked.update(_gate_facts(new))
                for fact in index._keys(new):
                    index._by_fact[fact] = [*index._by_fact.get(fact, ()), place]
            if "active" in (old.state, new.state) and old.state != new.state:
                index.active = tuple([place for place, one in enumerate(stored) if one.state == "active"])
        index._times_asked += Counter()  # drops facts that no gate names any more
        return index

    def _keys(self, one: StoredTrial) -> Iterable[str | None]:
        """The facts under which a trial is found: the rarest of what it needs. None: it needs nothing."""
        entries = one.gates.entries
        if not entries:
            return (None,)
        return min(entries, key=lambda any_of: sum(self._times_asked[fact] for fact in any_of))

    def candidates(self, patient: IndexedPatient, *, near: bool = False) -> list[int]:
        """The places of the trials that may fit, in the library's order.

        A trial that is left out is neither likely nor possibly eligible for any record with these; with `near`, nor is
        it one whose gates are certain and which another age would let fit.
        """
        found = set(self._by_fact.get(None, ()))
        if near:
            patient = replace(patient, age=None)
        for fact in patient.on_record:
            found.update(self._by_fact.get(fact, ()))
        return [place for place in sorted(found) if self.may_fit(place, patient)]

    def undetermined(self, patient: IndexedPatient, whole: frozenset[str]) -> Iterator[int]:
        """The places of the active trials that may be undetermined, candidates included.

        `whole`: the event facts that are absent where nothing is on record. A gate fails that asks for these alone and
        finds none.
        """
        absent = whole - patient.on_record
        for place in self.active:
            one = self._stored[place]
            fails = any(any_of <= absent for any_of in one.gates.entries)
            if not fails and not outside(one.fits, patient):
                yield place

    def may_fit(self, place: int, patient: IndexedPatient) -> bool:
        """Whether the trial at this place is a candidate."""
        one = self._stored[place]
        if any(any_of.isdisjoint(patient.on_record) for any_of in one.gates.entries):
            return False
        return not outside(one.fits, patient)

    def gates_of(self, place: int) -> frozenset[str]:
        """The event facts that the gates of the trial at this place ask for."""
        return frozenset(_gate_facts(self._stored[place]))


def _gate_facts(one: StoredTrial) -> Iterator[str]:
    return (fact for any_of in one.gates.entries for fact in any_of)


def outside(prefilter: Prefilter, patient: IndexedPatient) -> bool:
    """Whether the patient's age or sex is certainly outside the prefilter."""
    if patient.sex is not None and prefilter.sexes is not None and patient.sex not in prefilter.sexes:
        return True
    if patient.age is None or not prefilter.ages:
        return False
    spans: dict[str, Bounds] = {"a": patient.age.years, "mo": patient.age.months, "d": patient.age.days}
    return any(spans[unit][1] < least or spans[unit][0] > most for unit, (least, most) in prefilter.ages)
