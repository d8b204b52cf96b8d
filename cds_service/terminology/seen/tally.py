"""Counting sightings within a bound on memory: how often each was met, and whether by enough patients to be shown."""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from sys import intern

from cds_service.terminology.seen.sighting import Outcome, Sighting

MOST_KEYS = 50_000
"""Different sightings that are told apart, some 40 MB of them. What comes after counts as one by kind and outcome."""

_MOST_PATIENTS = 250_000
_FOLDED = "(more than can be told apart)"
_MOST_CLIPPED = 5_000
_MOST_IN_A_TUPLE = 8
"""Patients of one sighting. Most sightings have one or two, and a set takes four times what a tuple of these does."""


class Occurrences:
    """How often something was met, and a few of the patients who have it, as hashes: just enough to compare with the
    least number."""

    __slots__ = ("patients", "times")

    def __init__(self) -> None:
        self.times = 0
        self.patients: tuple[int, ...] | set[int] = ()

    def add(self, times: int, patients: set[int], enough: int) -> None:
        """`patients`: of those who have it; empty where it is not known whose it is."""
        self.times += times
        if len(self.patients) >= enough:
            return
        new = [patient for patient in patients if patient not in self.patients][: enough - len(self.patients)]
        if isinstance(self.patients, set):
            self.patients.update(new)
        elif len(self.patients) + len(new) > _MOST_IN_A_TUPLE:
            self.patients = {*self.patients, *new}
        elif new:
            self.patients += tuple(new)


class SightingCounts:
    """Counts of sightings. `enough`: the number of patients from which on it does not matter how many there are."""

    def __init__(self, enough: int, most_keys: int = MOST_KEYS) -> None:
        self.enough = enough
        self.outcomes: Counter[Outcome] = Counter()
        self.is_full = False
        self._most_keys = most_keys
        self._counts: dict[Sighting, Occurrences] = {}
        self._facts: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._patients: set[int] = set()
        self.many_patients = False
        # A feed says the same few things again and again. It is this tally's own: what people typed goes with it.
        self._clipped = lru_cache(maxsize=_MOST_CLIPPED)(Sighting.clipped)

    def add(self, sighting: Sighting, patients: set[int], times: int = 1) -> None:
        """Count a sighting of some patients (none where it is not known whose it is)."""
        self.outcomes[sighting.outcome] += times
        kept = self._clipped(sighting)
        count = self._counts.get(kept)
        if count is None and len(self._counts) >= self._most_keys:
            self.is_full = True
            kept = Sighting(kept.kind, kept.outcome, words=_FOLDED)
            count = self._counts.get(kept)
        if count is None:
            count = self._counts[self._sharing(kept)] = Occurrences()
        count.add(times, patients, self.enough)

    def _sharing(self, sighting: Sighting) -> Sighting:
        """The same, with what many have in common held once: each entry was decoded by itself."""
        facts = self._facts.setdefault(sighting.facts, sighting.facts)
        return sighting._replace(system=intern(sighting.system), facts=facts)

    def add_patient(self, patient: int) -> None:
        """Note that there is this patient."""
        if len(self._patients) < _MOST_PATIENTS:
            self._patients.add(patient)
        elif patient not in self._patients:
            self.many_patients = True

    @property
    def patients(self) -> int:
        """How many patients there are; the least number there may be where `many_patients`."""
        return len(self._patients)

    def items(self) -> Iterator[tuple[Sighting, Occurrences]]:
        """What was met, in no order."""
        return iter(self._counts.items())
