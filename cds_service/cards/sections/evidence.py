"""The evidence for a trial's fit: the values behind the passes with their dates, and what is only presumed."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.cards.sections.sentences import capped, listed, sentence
from cds_service.cards.text import plain
from cds_service.cards.trial_views import TracedCriterion, TrialViews
from cds_service.cards.values import Names, is_multiple, multiple
from cds_service.durations import Duration
from cds_service.explanation import said
from cds_service.facts.catalogue import PRINTED_SYSTEMS
from cds_service.facts.fact import Age, Events
from cds_service.logic import FactRef
from cds_service.logic.words import age_words, day_words
from cds_service.logic.words import unit as printed_unit

Entry = dict[str, Any]
ROOM_FOR_ABSENT = 60
"""Code points: a line or two of a narrow panel. More are counted; `explain` lists all."""
MOST_WORDS = 3
"""Names under which a record has the same diagnosis."""
MOST_COUNTED = 6
"""Days of the events that a number counts; `explain` lists all."""
WORDS_LIMIT = 80
"""Code points of one of them: some name every qualifier that a code has."""
_SEMANTIC_TAG = re.compile(r" \((?:[a-z]+ ?){1,3}(?:/[a-z ]+)?\)$")
_UNSPECIFIED = re.compile(r",? unspecified$", re.IGNORECASE)
"""What ICD-10 and ICD-10-CM put behind a name that says no more than the name."""
_DATE = re.compile(r"\d{4}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ANSWERS = {"true": "yes", "yes": "yes", "false": "no", "no": "no"}


@dataclass(frozen=True, slots=True)
class _EvidencePiece:
    """The evidence of one fact, for any trial that rests on it; at most one of these is set.

    * `person`, `dated`: a word about the person, a date that is a value.
    * `absent`: the facts of which nothing is on record.
    * `records`: entries by what the record calls them.
    * `value`: the day, the value in words, and how many times a limit of normal it is (empty without one).
    """

    base: str
    person: str | None = None
    dated: str = ""
    absent: tuple[str, ...] = ()
    records: tuple[tuple[str, Entry], ...] = ()
    value: tuple[str, str, str] | None = None


class EvidenceLines:
    """Lists the evidence of passing criteria, each fact once. It serves one match, as its trials share facts."""

    def __init__(self, reader: TrialViews, names: Names) -> None:
        self.reader = reader
        self.names = names
        self.catalogue = reader.match.library.catalogue
        self._pieces: dict[tuple[str, Duration | None], _EvidencePiece] = {}

    def lines(self, criteria: Iterable[TracedCriterion], above: Collection[str] = ()) -> tuple[str, ...]:
        """Who it is, what is on record, the values by date with the newest first, and what is presumed; without the
        facts that stand `above`, with all that is said of them."""
        person: dict[str, str] = {}
        dates: dict[str, str] = {}
        records: dict[str, dict[str, dict[bytes, Entry]]] = {}
        values: dict[str, dict[str, list[str]]] = {}
        absent: dict[str, None] = {}
        for piece in self._of(criteria):
            if piece.base in above:
                continue
            if piece.absent:
                absent.update(dict.fromkeys(piece.absent))
            elif piece.value is not None:
                day, value, multiple = piece.value
                parts = values.setdefault(day, {}).setdefault(piece.base, [])
                if not parts:
                    parts.append(value)
                if multiple and len(parts) == 1:
                    parts.append(multiple)
            elif piece.records:
                for display, entry in self.reader.deadline.each(piece.records):
                    records.setdefault(piece.base, {}).setdefault(display, {}).setdefault(said(entry), entry)
            elif piece.dated:
                dates[piece.base] = piece.dated
            elif piece.person is not None:
                person.setdefault(piece.base, piece.person)
        found = [sentence(", ".join(person.values()))] if person else []
        lines = (line for name, shown in records.items() for line in self._record_lines(name, shown))
        found += dict.fromkeys(lines)  # a drug may be of several classes
        found += dates.values()
        for day in sorted(values, reverse=True):
            found.append(f"{day or 'Without date'}: {'; '.join(_grouped(list(_measured(values[day].values()))))}")
        missing = list(dict.fromkeys([self.names.of(name) for name in absent if name not in records]))
        if missing:
            # Which of them come first is by chance, so they are named together or not at all.
            named = ", ".join(missing)
            shown = named if len(named) <= ROOM_FOR_ABSENT else f"{len(missing)} facts"
            found.append(f"Presumed absent, not on record: {shown}")
        return tuple(found)

    def recorded(self, criteria: Iterable[TracedCriterion]) -> tuple[str, frozenset[str]]:
        """What is on record of the facts that these criteria rest on, since when; never the words of a criterion. And
        the facts of which it says all that is shown of them.

        Where the record has other words for it, these too:
        `breast cancer since 2024-03-01 on record (Malignant neoplasm of right female breast)`.
        """
        titles: dict[str, None] = {}
        words: dict[str, None] = {}
        absent: dict[str, None] = {}
        persons: dict[str, None] = {}
        whole: set[str] = set()
        for piece in self._of(criteria):
            title = self.names.of(piece.base)
            if piece.records:
                past = all(entry["value"] == "past" for _, entry in piece.records)
                when = _when([entry for _, entry in self.reader.deadline.each(piece.records)])
                titles[f"{title}{' (past)' if past else ''}{when}"] = None
                others = list(_other_words(piece.records, title))
                if len(others) == len(piece.records) and not any(title.casefold() in o.casefold() for o in others):
                    words.update(dict.fromkeys(others))
                    others = []
                if not others:
                    whole.add(piece.base)
            elif piece.absent:
                absent.update(dict.fromkeys(map(self.names.of, piece.absent)))
            elif piece.dated or piece.value is not None:
                titles[piece.dated if piece.value is None else piece.value[1]] = None
            elif piece.person:
                persons[piece.person] = None
        # Age and sex are worth a word only where there is nothing else.
        titles = titles or persons
        found = f"{listed(list(titles))} on record" if titles else ""
        if words:
            found += f" ({'; '.join(capped(list(words), MOST_WORDS))})"
        nothing = f"nothing on record of {listed(list(absent), 'or')}" if absent else ""
        return "; ".join(filter(None, [found, nothing])), frozenset(whole)

    def _of(self, criteria: Iterable[TracedCriterion]) -> Iterator[_EvidencePiece]:
        """The evidence of the passing criteria, in their order."""
        passing = [read for read in criteria if read.result.outcome == "pass"]
        refs = {(ref.name, ref.limit): ref for read in passing for ref in read.decisive_facts()}
        for key, ref in refs.items():
            piece = self._pieces.get(key)
            if piece is None:
                piece = self._pieces[key] = self._piece_of(ref)
            yield piece

    def _piece_of(self, ref: FactRef) -> _EvidencePiece:
        known = self.names.known(ref.name)
        base, kind = known.base, known.kind
        if base == "patient.age":
            return _EvidencePiece(base, person=self._age())
        if kind == "events" and self._is_bare(base):
            return _EvidencePiece(base, absent=(base,))
        every = self.reader.deadline.each(self.reader.evidence(ref))
        entries = [e for e in every if e["name"] == ref.name and e["value"] is not None]
        if base == "patient.sex":
            return _EvidencePiece(base, person=str(entries[0]["value"]) if entries else "")
        if kind == "events":
            found = [(_display(entry), entry) for entry in self.reader.deadline.each(entries) if entry["source"]]
            return _EvidencePiece(base, records=tuple(found)) if found else _EvidencePiece(base, absent=(base,))
        if not entries:
            return _EvidencePiece(base)
        if kind == "date":
            return _EvidencePiece(base, dated=self._dated(base, entries[0]))
        return self._valued(base, ref, entries)

    def _is_bare(self, base: str) -> bool:
        """Whether nothing is on record of an event, as with most of those that a trial excludes."""
        try:
            value = self.reader.match.sheet[base].value
        except KeyError:
            return False
        return isinstance(value, Events) and not value.items

    def _age(self) -> str | None:
        age = self.reader.match.sheet["patient.age"].value
        return f"age {age_words(age.years, age.months)}" if isinstance(age, Age) else None

    def _dated(self, base: str, entry: Entry) -> str:
        """A date that an observation gives as its value, or a condition as its onset."""
        written = str((entry.get("raw") or {}).get("value") or "")
        return f"{sentence(self.names.of(base))} {written if _DATE.match(written) else entry['date'] or ''}".strip()

    def _valued(self, base: str, ref: FactRef, entries: Sequence[Entry]) -> _EvidencePiece:
        entry = next((e for e in entries if e["date"]), entries[0])
        if self.catalogue.facts[base].counts_entries:
            return self._counted(base, ref, entry)
        if not entry["source"]:
            # Presumed by the catalogue, because something is not on record: no NYHA class without heart failure.
            return _EvidencePiece(base, absent=self.catalogue.facts[base].references() or (base,))
        times = is_multiple(ref.name)
        own = entry if times is None else next(iter(self.reader.described(base)), entry)
        said = f"({multiple(entry['value'], times[1])})" if times is not None else ""
        return _EvidencePiece(base, value=(day_words(entry["date"]), self._value(base, own), said))

    def _counted(self, base: str, ref: FactRef, entry: Entry) -> _EvidencePiece:
        """A number of entries, with the day of each: `Strokes in the last 2 years 2 (2026-03-01, 2025-06-01)`."""
        counted = [e for e in self.reader.deadline.each(self.reader.evidence(ref)) if e["name"] != ref.name]
        if not counted:
            return _EvidencePiece(base, absent=(base,))
        days = [f"{'perhaps ' if e['reason'] else ''}{day_words(e['date']) or 'undated'}" for e in counted]
        number = sentence(self._value(base, entry))
        return _EvidencePiece(base, dated=f"{number} ({', '.join(capped(days, MOST_COUNTED))})")

    def _value(self, base: str, entry: Entry) -> str:
        name, value, raw = self.names.of(base), entry["value"], entry.get("raw") or {}
        charted, unit = str(raw.get("value") or ""), raw.get("unit")
        if value in ("positive", "negative") or isinstance(value, bool) or value is None:
            said = _ANSWERS.get(charted.casefold())
            return f"{name} {value}" if said is None else f"{name}: {said}"
        # As it stands in the chart, so that it is found there; in our unit where that is the same number.
        if unit and _NUMBER.fullmatch(charted) and float(charted) != value:
            return f"{name} {charted} {printed_unit(unit)}"
        return f"{name} {self.names.number(base, value)}"

    def _record_lines(self, name: str, records: Mapping[str, Mapping[bytes, Entry]]) -> Iterable[str]:
        """One line for each drug or procedure, one for a condition however often it is on record."""
        title = self.names.of(name)
        shown = {display: list(entries.values()) for display, entries in records.items()}
        if name.startswith("condition."):
            entries = [entry for entries in shown.values() for entry in entries]
            words = capped(list(dict.fromkeys(_other_words([(_display(e), e) for e in entries], title))), MOST_WORDS)
            self.reader.deadline.spend(len(entries))
            yield sentence(title) + (f" ({'; '.join(words)})" if words else "") + _when(entries)
            return
        for display, entries in self.reader.deadline.each(shown.items()):
            self.reader.deadline.spend(len(entries))
            # A clinician knows what class a drug is of.
            needs_title = display.casefold() != title.casefold() and not (display and name.startswith("medication."))
            what = f"{display} ({title})" if display and needs_title else display or title
            yield f"{sentence(what)}{_when(entries)}"


def _display(entry: Entry) -> str:
    """What the record calls it, without the tag that SNOMED CT puts behind its names."""
    code = entry.get("code") or {}
    return _SEMANTIC_TAG.sub("", code.get("display") or "").strip()


def _other_words(records: Iterable[tuple[str, Entry]], title: str) -> Iterator[str]:
    """What the record calls it, where that differs from the fact's title: a name, or a code that stands without one,
    such as `ICD-10-CM C50.911`."""
    for display, entry in records:
        said = plain(display or _code(entry), WORDS_LIMIT)
        if said and _UNSPECIFIED.sub("", said).casefold() != title.casefold():
            yield said


def _code(entry: Entry) -> str:
    """The code with the name of its system."""
    code = entry.get("code") or {}
    system = code.get("system", "")
    return " ".join(filter(None, (PRINTED_SYSTEMS.get(system, system.rpartition("/")[2]), code.get("code", ""))))


def _measured(values: Iterable[Sequence[str]]) -> Iterator[str]:
    """Each value with its multiple of a limit of normal, if it has one; the limit is named where it is another than
    before: `ALT 33 U/L (0.94 × ULN), AST 29 U/L (0.83)`."""
    before = ""
    for value, *multiples in values:
        said = value
        for times in multiples:
            number, _, limit = times.strip("()").partition(" × ")
            said += f" ({number})" if limit == before else f" {times}"
            before = limit
        yield said


def _grouped(values: Sequence[str]) -> list[str]:
    """The values with what several have in common said once: `ALSFRS-R: speech 4, walking 3`, `negative: ANA, HIV`."""
    measured: list[str] = []
    groups: dict[str, list[str]] = {}
    for value in values:
        group, colon, rest = value.partition(": ")
        name, _, answer = value.rpartition(" ")
        if colon:
            groups.setdefault(group, []).append(rest)
        elif answer in ("positive", "negative"):
            groups.setdefault(answer, []).append(name)
        else:
            measured.append(value)
    found = [", ".join(measured)] if measured else []
    for group, members in groups.items():
        alone = group in ("positive", "negative") and len(members) == 1
        found.append(f"{members[0]} {group}" if alone else f"{group}: {', '.join(members)}")
    return found


def _when(entries: Sequence[Entry]) -> str:
    """Since when it lasts, or when it was."""
    dates = sorted(day_words(entry["date"]) for entry in entries if entry["date"])
    if not dates:
        return ""
    if any(entry["value"] == "current" for entry in entries):
        first = dates[0].removeprefix("since ").split(" to ")[0]
        return f" since {first}"
    return f", {dates[0]}" if len(dates) == 1 else f", {dates[0]} and {len(dates) - 1} more"
