"""Whether a drug is taken without a break, and for how long at least, as far as its dosage and its kind say."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from cds_service.durations import Duration
from cds_service.facts.catalogue import Catalogue, CodeSystems, EventsFact, keys_of
from cds_service.facts.events.dosage_table import DosageTable, every
from cds_service.facts.events.drug_times import limited
from cds_service.facts.events.drugs import RecordedDrug
from cds_service.facts.events.entries import is_ongoing
from cds_service.facts.events.lengths import least_in_words
from cds_service.facts.fact import DaySpan, Event
from cds_service.facts.words import FoldedWord, PhraseIndex, tokens
from cds_service.fhir import CodeableConcept, Dosage

_AS_NEEDED, _BEFORE, _AFTER = "as needed", "before a length", "after a length"
_MOST_REMEMBERED = 5_000
_BETWEEN = re.compile(r"(?<=[0-9])(?=[^\W\d_])|(?<=[^\W\d_])(?=[0-9])")
"""Where a number and a word are written as one: `x5d`."""


class _Said(Struct, frozen=True, gc=False):
    """What a text says: which phrases it has, and the lengths of time that it states, all together."""

    names: frozenset[str] = frozenset()
    length: Duration | None = None


_NOTHING = _Said()


class Dosing:
    """Reads dosages by `rules/facts/dosage.json` and the words of the facts' courses."""

    def __init__(self, table: DosageTable, systems: CodeSystems, catalogue: Catalogue) -> None:
        self._systems = systems
        self._codes = frozenset(keys_of(table.as_needed.codes, systems))
        phrases: dict[str, set[str]] = {}
        listed = [(_AS_NEEDED, table.as_needed.words), (_BEFORE, table.lasts.before), (_AFTER, table.lasts.after)]
        listed += [(spec.name, spec.course.words) for spec in catalogue if isinstance(spec, EventsFact) and spec.course]
        for name, words in listed:
            for phrase in every(words):
                phrases.setdefault(phrase, set()).add(name)
        self._phrases = PhraseIndex(phrases)
        self._remembered: dict[str, _Said] = {}

    def timed(
        self, made: Event, drug: RecordedDrug, known_as: Iterable[str], spec: EventsFact, *, is_open: bool, as_of: date
    ) -> Event:
        """A use of a drug as its dosage and the fact's `course` leave it; `known_as` are the names of its code;
        `is_open`: nothing says until when it is taken.

        What is for a short time is not known to be taken after it. What is taken as needed may be taken now or not.
        """
        if made.active is False:
            return replace(made, continuous=False) if self.is_as_needed(drug) else made
        if made.active and is_open:
            for length in (self.length_in_words(drug), self._course(drug, known_as, spec)):
                if length is not None:
                    end, active = limited(made.start, (length,), as_of)
                    if not active and (made.active or end.hi > made.end.hi):
                        made = replace(made, end=end, active=None)
        if self.is_as_needed(drug):
            end = DaySpan(0, made.start.hi) if is_ongoing(made.end) else made.end
            made = replace(made, end=end, active=None, continuous=False)
        return made

    def is_as_needed(self, drug: RecordedDrug) -> bool:
        """Whether it is taken as needed only: one dosage that is taken regularly makes it regular."""
        return drug.as_needed(self._find_as_needed)

    def _find_as_needed(self, drug: RecordedDrug) -> bool:
        if drug.dosages:
            return all(self._is_as_needed(dosage) for dosage in drug.dosages)
        return any(_AS_NEEDED in self._read(text).names for text in drug.product.names)

    def length_in_words(self, drug: RecordedDrug) -> Duration | None:
        """How long it is to be taken by the words of its dosages: `40 mg daily for 5 days`. `None` where one of them
        says nothing of it."""
        lengths = [self._read(dosage.text).length for dosage in drug.dosages if dosage.text]
        known = [length for length in lengths if length is not None]
        if not known or len(known) < len(drug.dosages):
            return None
        return Duration(sum(one.months for one in known), sum(one.days for one in known))

    def _course(self, drug: RecordedDrug, known_as: Iterable[str], spec: EventsFact) -> Duration | None:
        course = spec.course
        if course is None:
            return None
        if course.words:
            texts = (*known_as, *drug.product.names, *(text for dosage in drug.dosages for text in _texts(dosage)))
            if not any(spec.name in self._read(text).names for text in texts):
                return None
        return course.lasts

    def _is_as_needed(self, dosage: Dosage) -> bool:
        if dosage.as_needed_boolean or dosage.as_needed:
            return True
        if dosage.as_needed_codeable_concept is not None or dosage.as_needed_for:
            return True
        instructions = [coding for concept in _instructions(dosage) for coding in concept.coding]
        if any(key in self._codes for key in self._systems.keys(instructions)):
            return True
        return any(_AS_NEEDED in self._read(text).names for text in _texts(dosage))

    def _read(self, text: str | None) -> _Said:
        if not text:
            return _NOTHING
        said = self._remembered.get(text)
        if said is None:
            said = self._said(text)
            if len(self._remembered) < _MOST_REMEMBERED and len(text) <= 200:
                self._remembered[text] = said
        return said

    def _said(self, text: str) -> _Said:
        row = tokens(_BETWEEN.sub(" ", text.replace("×", " x ")))
        hits = self._phrases.find(row)
        # "for 5 days" and "5 day course" are one length each, and the same one in "for a 5 day course".
        found = {
            start: length
            for places, names in hits
            for start in _starts(row, places, names)
            if (length := _length_at(row, start)) is not None
        }
        total = Duration(sum(one.months for one in found.values()), sum(one.days for one in found.values()))
        return _Said(frozenset().union(*(names for _, names in hits)), total if found else None)


def _starts(row: tuple[FoldedWord, ...], places: range, names: frozenset[str]) -> Iterator[int]:
    """Where a length may begin beside a phrase."""
    if _BEFORE in names:
        yield places.stop
    if _AFTER in names:
        yield from (start for start in (places.start - 2, places.start - 3) if start >= 0)


def _length_at(row: tuple[FoldedWord, ...], start: int) -> Duration | None:
    return least_in_words([token.word for token in row[start : start + 3]])


def _instructions(dosage: Dosage) -> Iterator[CodeableConcept]:
    yield from dosage.additional_instruction
    if dosage.timing is not None and dosage.timing.code is not None:
        yield dosage.timing.code


def _texts(dosage: Dosage) -> Iterator[str]:
    """All words of a dosage."""
    for text in (dosage.text, dosage.patient_instruction):
        if text:
            yield text
    for concept in _instructions(dosage):
        yield from (text for text in (concept.text, *(coding.display for coding in concept.coding)) if text)
