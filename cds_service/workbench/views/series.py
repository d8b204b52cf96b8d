"""The results of one laboratory or vital sign over time, in the fact's canonical unit, with their limits of normal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from cds_service.as_of import AsOf
from cds_service.cards import rounded
from cds_service.facts import age_at, sex_of
from cds_service.facts.catalogue import Numeric
from cds_service.facts.intervals import Interval
from cds_service.facts.observations import (
    NumberReader,
    RangePerson,
    Result,
    Side,
    Unreadable,
    effective,
    is_void,
    shown,
)
from cds_service.fhir import Record, word_of
from cds_service.library import Library
from cds_service.logic.words import unit as printed_unit
from cds_service.matching import Match
from cds_service.workbench.views.thresholds import Threshold, thresholds

SIDES: tuple[Side, Side] = ("low", "high")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Point:
    """One result. Its date lies from `first` to `last`. `value` is None where it could not be read, for the reason
    `unread`; `told` and `raw` are the value in words, converted and as recorded. `low` and `high` are its own limits of
    normal."""

    first: date
    last: date
    value: Interval | None
    told: str
    raw: str
    unread: str
    low: float | None
    high: float | None
    preliminary: bool = False

    @property
    def day(self) -> str:
        """Such as `2026-11-20`, `2026-11` for a month, or `2026-11-20 to 2026-11-24`."""
        if self.first == self.last:
            return f"{self.first}"
        after = self.last + timedelta(days=1)
        if self.first.day == after.day == 1:
            if (after.year, after.month) == (self.first.year + 1, 1) and self.first.month == 1:
                return f"{self.first:%Y}"
            if after - self.first <= timedelta(days=31):
                return f"{self.first:%Y-%m}"
        return f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class ThresholdLine:
    """A threshold, and where it lies in the fact's unit; None where there is no limit of normal to multiply."""

    threshold: Threshold
    at: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Series:
    """All results of a fact up to a day, oldest first, and where the thresholds lie of the trials that concern the
    patient. `logarithmic`: titres, and what is counted in powers of ten. `undated`: results without a date."""

    fact: str
    title: str
    unit: str
    as_of: date
    points: tuple[Point, ...]
    lines: tuple[ThresholdLine, ...]
    logarithmic: bool = False
    titre: bool = False
    undated: int = 0

    @property
    def drawn(self) -> tuple[Point, ...]:
        """Those that have a place on the scale."""
        return tuple(p for p in self.points if p.value is not None)

    @property
    def is_course(self) -> bool:
        """Whether there is more than one point to draw; the same result twice is one."""
        return len({(p.first, p.last, p.told) for p in self.drawn}) > 1

    @property
    def normal(self) -> tuple[float | None, float | None]:
        """The limits of normal of the newest result that has any."""
        return next(
            ((p.low, p.high) for p in reversed(self.points) if p.low is not None or p.high is not None), (None, None)
        )


def all_series(record: Record, result: Match) -> tuple[Series, ...]:
    """A series for every numeric fact that some rule reads and the record has several results of, by title."""
    library = result.library
    catalogue = library.catalogue
    names = frozenset(n for n in catalogue.closure(library.facts_read) if isinstance(catalogue.facts[n], Numeric))
    measured = library.facts.observations.sort(record, names)
    made = (_series(name, measurements, record, result) for name, measurements in measured.items())
    return tuple(sorted((s for s in made if s.is_course), key=lambda s: s.title.casefold()))


def _series(name: str, measurements: Sequence[Result], record: Record, result: Match) -> Series:
    library, as_of = result.library, result.as_of
    entry = library.catalogue.lookup(name)
    assert entry is not None
    titre = entry.kind == "titer"
    told = _Told(entry.unit or "", entry.display_unit, titre)
    points, undated = [], 0
    for measurement in measurements:
        if is_void(measurement.observation):
            continue
        span, _ = effective(measurement.observation)
        if span is None:
            undated += 1
        elif not span.begins_after(as_of):
            first, last = span.days(AsOf.of(as_of).zone)
            points.append(_point(measurement, (first, min(last, as_of)), record, library.facts.numbers[name], told))
    points.sort(key=lambda p: (p.last, p.first))
    logarithmic = titre or bool(getattr(entry.spec, "logarithmic", False))
    drawn = Series(
        name, entry.title, entry.display_unit, as_of, tuple(points), (), logarithmic, titre=titre, undated=undated
    )
    return _with_lines(drawn, library, result, told)


def _with_lines(series: Series, library: Library, result: Match, told: "_Told") -> Series:
    if not series.is_course:
        return series
    lines = []
    for threshold in thresholds(library, series.fact, result):
        at = threshold.at(*series.normal)
        lines.append(ThresholdLine(threshold, at, "" if at is None else told.number(at)))
    return replace(series, lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class _Told:
    """Numbers of a fact as people write them. `ucum` is its unit in the catalogue, `printed` the same for people."""

    ucum: str
    printed: str
    titre: bool

    def number(self, value: float | str) -> str:
        """Such as `2.4 ×10⁹/L`, `< 5 U/L`, `1:80`."""
        text = rounded(value)
        if self.titre:
            text = _NUMBER.sub(lambda m: f"1:{m[0]}", text)
        return f"{text} {self.printed}".rstrip()

    def reason(self, unread: Unreadable) -> str:
        """Such as `implausible (not between 20 and 300 g/L)`."""
        note = unread.note
        if self.ucum and note.endswith(f" {self.ucum}"):
            note = note.removesuffix(self.ucum) + self.printed
        why = unread.reason.replace("_", " ")
        return f"{why} ({note})" if note else why


def _point(measurement: Result, days: tuple[date, date], record: Record, reader: NumberReader, told: _Told) -> Point:
    saying, coding = measurement.saying, measurement.coding
    value = Unreadable("uncoded_mention") if measurement.how == "mention" else reader.read(saying, coding)
    born = None if record.patient is None else record.patient.birth_date
    person = RangePerson(sex_of(record.patient), age_at(born, days[1]))
    low, high = (_float(reader.limit(saying, side, person, coding)) for side in SIDES)
    number, unit = shown(saying)
    raw = f"{number} {printed_unit(unit) if unit else ''}".rstrip()
    early = word_of(measurement.observation.status) in {"preliminary", "registered"}
    if isinstance(value, Unreadable):
        return Point(*days, None, "", raw, told.reason(value), low, high, early)
    if value.lo is None and value.hi is None:
        return Point(*days, None, "", raw, "value not understood", low, high, early)
    return Point(*days, value, told.number(value.text()), raw, "", low, high, early)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


_FEW = 6
"""Results that are still told one by one."""


def describe(series: Series) -> str:
    """The chart in words, for those who do not see it; every result stands in the table beside it."""
    drawn = series.drawn
    if len(drawn) <= _FEW:
        told = [f"{series.title}: " + ", ".join(f"{p.told} on {p.day}" for p in drawn)]
    else:
        first, last = drawn[0], drawn[-1]
        told = [f"{series.title}: {len(drawn)} results, from {first.told} on {first.day} to {last.told} on {last.day}"]
    low, high = series.normal
    if low is not None or high is not None:
        limits = ("" if low is None else f"from {rounded(low)} ") + ("" if high is None else f"to {rounded(high)}")
        told.append(f"normal {limits}".strip())
    unread = len(series.points) - len(drawn)
    if unread:
        told.append(f"{unread} that could not be read")
    told += [f"{line.threshold.trial} {line.threshold.criterion}: {line.threshold.text}" for line in series.lines]
    told.append(f"as of {series.as_of}")
    return "; ".join(told) + "."
