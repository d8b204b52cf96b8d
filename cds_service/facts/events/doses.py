"""How much of a drug is taken, as far as the record shows it, and since when it has been so much.

A dose is compared with another one of the same drug only: by what is taken in a day where both say that, else by the
single dose, else by the strength of the product. What is not stated shows no change.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from cds_service.facts.events.dosage_table import DosageTable
from cds_service.facts.events.drugs import RecordedDrug
from cds_service.facts.fact import UNBOUNDED, DaySpan, Event
from cds_service.facts.recent import Recent
from cds_service.facts.words import PhraseIndex, tokens
from cds_service.fhir import Dosage

_COUNT = "{count}"
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_SHORTEST_NAME = 5
_LONGEST = 200
_MOST_REMEMBERED = 2_000
MOST_STEPS = 60
"""Steps of one drug that are compared with each other; of more it is not known when the dose changed."""
# UCUM's units of time in days, for `frequency` in `period`; a month counts as 30 days on both sides of a comparison.
_DAYS = {"h": Fraction(1, 24), "d": Fraction(1), "wk": Fraction(7), "mo": Fraction(30), "a": Fraction(365)}
_Amounts = frozenset[tuple[Fraction, str]]


class Dose(Struct, frozen=True, gc=False):
    """`amounts` of one dose by unit, `times` a day, and the `strengths` of the product (of a tablet, of a mL)."""

    amounts: _Amounts = frozenset()
    times: Fraction | None = None
    strengths: _Amounts = frozenset()

    @property
    def single(self) -> Fraction | None:
        """The milligrams of a single dose, where they are stated."""
        if len(self.amounts) != 1:
            return None
        ((number, unit),) = self.amounts
        if unit == "mg":
            return number
        if unit != _COUNT or len(self.strengths) != 1:
            return None
        ((strength, of),) = self.strengths
        return number * strength if of == "mg" else None

    def differs(self, other: "Dose") -> bool:
        """Whether the record shows that one is more than the other."""
        if self.single is not None and other.single is not None:
            if self.times is not None and other.times is not None:
                return self.single * self.times != other.single * other.times
            return self.single != other.single
        if self.amounts and other.amounts:
            if self.amounts != other.amounts or _differ(self.times, other.times):
                return True
        elif _differ(self.times, other.times):
            return True
        return bool(self.strengths and other.strengths) and self.strengths != other.strengths


class DoseStep(Struct, frozen=True, gc=False):
    """So much of a drug from `start` to `end`; `is_current`: it may still be so."""

    start: DaySpan
    end: DaySpan
    is_current: bool
    dose: Dose


class DoseReader:
    """Reads doses by the words of `rules/facts/dosage.json`."""

    def __init__(self, table: DosageTable) -> None:
        self._units: dict[str, tuple[str, Fraction]] = {}
        for unit, amount in table.amounts.items():
            name, factor = (unit, Fraction(1)) if amount.mg is None else ("mg", Fraction(amount.mg))
            self._units |= {word.casefold(): (name, factor) for word in amount.words}
        words = "|".join(re.escape(word) for word in sorted(self._units, key=len, reverse=True))
        number = r"(?<![\w.,/])([0-9]{1,6}(?:[.,/][0-9]{1,4})?)"
        self._amount = re.compile(rf"{number}\s*({words})(?![^\W\d_])") if words else None
        self._times = PhraseIndex({phrase: {ratio} for ratio, listed in table.times_a_day.items() for phrase in listed})
        # The same few names and instructions come again and again.
        self._names: Recent[str, str] = Recent(_MOST_REMEMBERED)
        self._amounts: Recent[str, _Amounts] = Recent(_MOST_REMEMBERED)
        self._ratios: Recent[str, tuple[tuple[int, frozenset[str]], ...]] = Recent(_MOST_REMEMBERED)
        self._no_names = frozenset(token.word for word in table.no_names for token in tokens(word))

    def name_of(self, drug: RecordedDrug, known_as: Iterable[str]) -> str:
        """The word that names a drug: the first long one of the first name that has any; empty where none has."""
        return next((word for text in (*known_as, *drug.product.names) if (word := self._name_in(text))), "")

    def in_name(self, text: str) -> tuple[object, ...]:
        """What is read of a drug's own name: the word that names it, and its strengths."""
        return self._name_in(text), self._in(text), self._ratios_in(text)

    def _name_in(self, text: str) -> str:
        return self._names.get(text[:_LONGEST], lambda: self._find_name(text[:_LONGEST]))

    def _find_name(self, text: str) -> str:
        words = (token.word for token in tokens(text))
        return next((w for w in words if len(w) >= _SHORTEST_NAME and w.isalpha() and w not in self._no_names), "")

    def steps(
        self, drug: RecordedDrug, made: Event, known_as: Iterable[str], days: Callable[[str], DaySpan | None]
    ) -> list[DoseStep]:
        """What is taken of a drug, one step a dosage where each has its own start, else one step."""
        doses, strengths = self._doses(drug, known_as)
        is_current = made.active is not False
        starts = [_own_start(dosage, days) for dosage in drug.dosages]
        if len(doses) > 1 and all(start is not None for start in starts):
            order = sorted(zip(doses, starts, strict=True), key=lambda one: -(one[1] or made.start).hi)
            begun = [(dose, start or made.start) for dose, start in order]
            ends = [*(start for _, start in begun[1:]), made.end]
            last = len(begun) - 1
            return [
                DoseStep(start, end, is_current and number == last, dose)
                for number, ((dose, start), end) in enumerate(zip(begun, ends, strict=True))
            ]
        if len(doses) > 1:
            return []  # which of them is taken when is not said
        return [DoseStep(made.start, made.end, is_current, doses[0] if doses else Dose(strengths=strengths))]

    def doses(self, drug: RecordedDrug, known_as: Iterable[str]) -> tuple[Dose, ...]:
        """How much is taken by each of its dosages; where it has none, the strength of the product alone."""
        doses, strengths = self._doses(drug, known_as)
        return tuple(doses) or (Dose(strengths=strengths),)

    def _doses(self, drug: RecordedDrug, known_as: Iterable[str]) -> tuple[list[Dose], _Amounts]:
        strengths = next((found for text in (*known_as, *drug.product.names) if (found := self._in(text))), frozenset())
        return [self._dose(dosage, strengths) for dosage in drug.dosages], strengths

    def _dose(self, dosage: Dosage, strengths: _Amounts) -> Dose:
        amounts: set[tuple[Fraction, str]] = set()
        for item in dosage.dose_and_rate:
            quantity = item.dose_quantity
            if quantity is not None and quantity.value is not None:
                unit, factor = self._unit(quantity.code, quantity.unit)
                amounts.add((Fraction(quantity.value) * factor, unit))
        said = self._in(dosage.text or "")
        # A text may say the strength and the number: "5 mg tablets, take 2 tablets".
        counts = frozenset(one for one in said if one[1] == _COUNT)
        if not amounts:
            amounts |= counts or said
        if counts and not strengths:
            strengths = said - counts
        return Dose(frozenset(amounts), self._times_a_day(dosage), strengths)

    def _times_a_day(self, dosage: Dosage) -> Fraction | None:
        repeat = None if dosage.timing is None else dosage.timing.repeat
        if repeat is not None and repeat.period is not None and repeat.period > 0 and repeat.period_unit in _DAYS:
            frequency = Fraction(1) if repeat.frequency is None else Fraction(repeat.frequency)
            return frequency / (Fraction(repeat.period) * _DAYS[repeat.period_unit])
        code = None if dosage.timing is None else dosage.timing.code
        texts = [dosage.text, None if code is None else code.text]
        texts += [] if code is None else [word for coding in code.coding for word in (coding.code, coding.display)]
        hits = [hit for text in texts if text for hit in self._ratios_in(text[:_LONGEST])]
        longest = max((length for length, _ in hits), default=0)
        found = {ratio for length, ratios in hits if length == longest for ratio in ratios}
        return Fraction(found.pop()) if len(found) == 1 else None

    def _ratios_in(self, text: str) -> tuple[tuple[int, frozenset[str]], ...]:
        """How often a day, and of how many words the phrase is that says so."""

        def find() -> tuple[tuple[int, frozenset[str]], ...]:
            return tuple((len(places), ratios) for places, ratios in self._times.find(tokens(text)))

        return self._ratios.get(text, find)

    def _in(self, text: str) -> _Amounts:
        return self._amounts.get(text[:_LONGEST], lambda: self._find_amounts(text[:_LONGEST]))

    def _find_amounts(self, text: str) -> _Amounts:
        if self._amount is None:
            return frozenset()
        found = set()
        for number, word in self._amount.findall(text.casefold()):
            unit, factor = self._units[word]
            # Nobody gives units to three decimals: 10,000 and 10.000 are ten thousand.
            thousands = unit.startswith("[iU]") and _THOUSANDS.fullmatch(number) is not None
            whole, _, below = (re.sub("[.,]", "", number) if thousands else number.replace(",", ".")).partition("/")
            if below and not int(below):
                continue
            found.add((Fraction(whole) * factor / (int(below) if below else 1), unit))
        return frozenset(found)

    def _unit(self, *words: str | None) -> tuple[str, Fraction]:
        for word in words:
            found = self._units.get((word or "").strip().casefold())
            if found is not None:
                return found
        return next((word for word in words if word), ""), Fraction(1)


def with_dose_changes(
    items: Sequence[Event], taken: Mapping[str, Sequence[DoseStep]], names: Sequence[str], gap: int
) -> list[Event]:
    """The events with the time since the dose last changed, of those that may be current: as long as the course, or a
    shorter time where the record shows a change.

    `taken`: the steps of each drug by its name; `names`: the drug of each event.
    """
    changes = {name: _last_change(steps, gap) for name, steps in taken.items()}
    found = []
    for item, name in zip(items, names, strict=True):
        change = changes.get(name, UNBOUNDED)
        is_changed = item.active is not False and change < item.course.lo
        found.append(replace(item, dose=DaySpan(change, UNBOUNDED)) if is_changed else item)
    return found


def _last_change(steps: Sequence[DoseStep], gap: int) -> int:
    """How many days ago the dose was changed, at least; `UNBOUNDED` where the record shows no change."""
    current = [step for step in steps if step.is_current]
    if not current:
        return UNBOUNDED
    changes = [UNBOUNDED]
    if len(steps) > MOST_STEPS:  # the newest; before them the dose may have been another
        steps = sorted(steps, key=_newest_first)[:MOST_STEPS]
        current = [step for step in steps if step.is_current] or current[:1]
        changes.append(steps[-1].start.lo)
    for step in steps:
        before = [
            other.dose for other in steps if other.start.hi > step.start.hi and other.end.lo <= step.start.hi + gap
        ]
        if before and all(step.dose.differs(dose) for dose in before):
            changes.append(step.start.lo)
        # Of one that ended at an unknown time the record doesn't show when the dose changed.
        is_dated = step.end.hi - step.end.lo <= gap
        if not step.is_current and is_dated and all(step.dose.differs(other.dose) for other in current):
            changes.append(step.end.lo)
    return min(changes)


def _newest_first(step: DoseStep) -> tuple[int, int, int, int]:
    return step.start.lo, step.start.hi, step.end.lo, step.end.hi


def _own_start(dosage: Dosage, days: Callable[[str], DaySpan | None]) -> DaySpan | None:
    repeat = None if dosage.timing is None else dosage.timing.repeat
    period = None if repeat is None else repeat.bounds_period
    return None if period is None or period.start is None else days(period.start)


def _differ(one: Fraction | None, other: Fraction | None) -> bool:
    return one is not None and other is not None and one != other
