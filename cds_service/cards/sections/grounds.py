"""What a trial's fit rests on: the values behind the passes with their dates, and what is only presumed."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from cds_service.cards.reading import Read, Reader
from cds_service.cards.sections.sentences import sentence, within
from cds_service.cards.values import Names, age_words, day_words, is_multiple, multiple
from cds_service.facts.fact import Age, Events
from cds_service.logic.model import FactRef
from cds_service.logic.numerals import unit as printed_unit

Entry = dict[str, Any]
ROOM_FOR_ABSENT = 320
"""Code points: some eight lines of a narrow panel. `explain` lists all."""
_SEMANTIC_TAG = re.compile(r" \((?:[a-z]+ ?){1,3}(?:/[a-z ]+)?\)$")
_DATE = re.compile(r"\d{4}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ANSWERS = {"true": "yes", "yes": "yes", "false": "no", "no": "no"}


class Grounds:
    """Collects the evidence of the criteria that pass, each fact once."""

    def __init__(self, reader: Reader, names: Names, criteria: Iterable[Read]) -> None:
        self.reader = reader
        self.names = names
        self.catalogue = reader.match.library.catalogue
        self._person: dict[str, str] = {}
        self._dates: dict[str, str] = {}
        self._records: dict[str, dict[str, list[Entry]]] = {}
        self._values: dict[str, dict[str, list[str]]] = {}
        self._absent: dict[str, None] = {}
        passing = [read for read in criteria if read.outcome == "pass"]
        refs = {(ref.name, ref.limit): ref for read in passing for ref in read.decisive_facts()}
        for ref in refs.values():
            self._add(ref)

    def lines(self) -> tuple[str, ...]:
        """Who it is, what is on record, the values by date with the newest first, and what is presumed."""
        found = []
        if self._person:
            found.append(sentence(", ".join(self._person.values())))
        found += [line for name, shown in self._records.items() for line in self._record_lines(name, shown)]
        found += self._dates.values()
        for date in sorted(self._values, reverse=True):
            values = [" ".join(parts) for parts in self._values[date].values()]
            found.append(f"{date or 'Without date'}: {'; '.join(_grouped(values))}")
        absent = list(dict.fromkeys(self.names.of(name) for name in self._absent if name not in self._records))
        if absent:
            named = ", ".join(within(absent, ROOM_FOR_ABSENT))
            found.append(f"Presumed absent, as nothing is on record ({len(absent)}): {named}")
        return tuple(found)

    def _add(self, ref: FactRef) -> None:
        known = self.names.known(ref.name)
        base, kind = known.base, known.kind
        if base == "patient.age":
            self._add_age()
        elif kind == "events" and self._is_bare(base):
            self._absent.setdefault(base, None)
        else:
            entries = [e for e in self.reader.evidence(ref) if e["name"] == ref.name and e["reason"] is None]
            if base == "patient.sex":
                self._person.setdefault(base, str(entries[0]["value"]) if entries else "")
            elif kind == "events":
                self._add_records(base, entries)
            elif kind == "date" and entries:
                self._add_date(base, entries[0])
            elif entries:
                self._add_value(base, ref, entries)

    def _is_bare(self, base: str) -> bool:
        """Whether nothing is on record of an event, as with most of those that a trial excludes."""
        try:
            value = self.reader.match.sheet[base].value
        except KeyError:
            return False
        return isinstance(value, Events) and not value.items

    def _add_age(self) -> None:
        age = self.reader.match.sheet["patient.age"].value
        if isinstance(age, Age):
            self._person["patient.age"] = f"age {age_words(age.years, age.months)}"

    def _add_date(self, base: str, entry: Entry) -> None:
        """A date that an observation gives as its value, or a condition as its onset."""
        told = str((entry.get("raw") or {}).get("value") or "")
        self._dates[base] = (
            f"{sentence(self.names.of(base))} {told if _DATE.match(told) else entry['date'] or ''}".strip()
        )

    def _add_records(self, base: str, entries: Sequence[Entry]) -> None:
        found = [entry for entry in entries if entry["source"]]
        if not found:
            self._absent.setdefault(base, None)
        for entry in found:
            shown = self._records.setdefault(base, {}).setdefault(_display(entry), [])
            if entry not in shown:
                shown.append(entry)

    def _add_value(self, base: str, ref: FactRef, entries: Sequence[Entry]) -> None:
        entry = next((e for e in entries if e["date"]), entries[0])
        if not entry["source"]:
            # Presumed by the catalogue, because something is not on record: no NYHA class without heart failure.
            for name in self.catalogue.facts[base].references() or (base,):
                self._absent.setdefault(name, None)
            return
        parts = self._values.setdefault(day_words(entry["date"]), {}).setdefault(base, [])
        times = is_multiple(ref.name)
        if not parts:
            own = entry if times is None else next(iter(self.reader.described(base)), entry)
            parts.append(self._value(base, own))
        if times is not None and len(parts) == 1:
            parts.append(f"({multiple(entry['value'], times[1])})")

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

    def _record_lines(self, name: str, shown: dict[str, list[Entry]]) -> Iterable[str]:
        """One line for each drug or procedure, one for a condition however often it is on record."""
        title = self.names.of(name)
        if name.startswith("condition."):
            shown = {"": [entry for entries in shown.values() for entry in entries]}
        for display, entries in shown.items():
            what = f"{display} ({title})" if display and display.casefold() != title.casefold() else title
            yield f"{sentence(what)}{_when(entries)}"


def _display(entry: Entry) -> str:
    """What the record calls it, without the tag that SNOMED CT puts behind its names."""
    code = entry.get("code") or {}
    return _SEMANTIC_TAG.sub("", code.get("display") or "").strip()


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
