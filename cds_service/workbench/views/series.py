"""The results of one laboratory or vital sign over time, in the fact's canonical unit, with their limits of normal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cds_service.as_of import AsOf
from cds_service.facts import age_at, sex_of
from cds_service.facts.catalogue import Numeric
from cds_service.facts.observations import Person, Side, Unreadable, effective, shown
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.workbench.views.thresholds import Threshold, thresholds

_MARGIN = timedelta(days=10)
SIDES: tuple[Side, Side] = ("low", "high")


@dataclass(frozen=True, slots=True)
class Point:
    """One result. `day` is its last possible day; `low` and `high` are the observation's own limits of normal."""

    day: date
    value: float
    raw: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """All results of a fact up to a day, oldest first, and where the trials' thresholds lie."""

    fact: str
    title: str
    unit: str
    points: tuple[Point, ...]
    lines: tuple[tuple[Threshold, float], ...]

    @property
    def normal(self) -> tuple[float | None, float | None]:
        """The limits of normal of the newest result that has any."""
        return next(
            ((p.low, p.high) for p in reversed(self.points) if p.low is not None or p.high is not None), (None, None)
        )


def all_series(record: Record, library: Library, as_of: date) -> tuple[Series, ...]:
    """A series for every numeric fact that some rule reads and the record has results of, by title."""
    catalogue = library.catalogue
    names = frozenset(n for n in catalogue.closure(library.facts_read) if isinstance(catalogue.facts[n], Numeric))
    measured = library.facts.observations.sort(record, names)
    made = (_series(name, measurements, record, library, as_of) for name, measurements in measured.items())
    return tuple(sorted((s for s in made if s.points), key=lambda s: s.title.casefold()))


def _series(name: str, measurements: Sequence[Any], record: Record, library: Library, as_of: date) -> Series:
    reader = library.facts.numbers[name]
    points = []
    for measurement in measurements:
        span, _ = effective(measurement.observation)
        status = (measurement.observation.status or "").casefold()
        if span is None or span.begins_after(as_of) or status in {"entered-in-error", "cancelled"}:
            continue
        _, last = span.days(AsOf.of(as_of).zone)
        value = reader.read(measurement.saying, measurement.coding)
        if isinstance(value, Unreadable):
            continue
        middle = value.lo if value.lo is not None else value.hi
        if middle is None:
            continue
        born = None if record.patient is None else record.patient.birth_date
        person = Person(sex_of(record.patient), age_at(born, last))
        low, high = (reader.limit(measurement.saying, side, person, measurement.coding) for side in SIDES)
        text = " ".join(filter(None, shown(measurement.saying)))
        points.append(Point(min(last, as_of), float(middle), text, _float(low), _float(high)))
    points.sort(key=lambda p: p.day)
    entry = library.catalogue.lookup(name)
    assert entry is not None
    drawn = Series(name, entry.title, entry.display_unit, tuple(points), ())
    lines = [(t, at) for t in thresholds(library, name) if (at := t.at(*drawn.normal)) is not None]
    return replace(drawn, lines=tuple(lines))


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def chart(series: Series) -> Mapping[str, Any]:
    """The series as options of Apache ECharts: a line, the band of normal, and a labelled line for each threshold."""
    low, high = series.normal
    grouped: dict[float, list[Threshold]] = {}
    for threshold, at in series.lines:
        grouped.setdefault(at, []).append(threshold)
    values = [p.value for p in series.points] + [*grouped] + [v for v in (low, high) if v is not None]
    span = (max(values) - min(values)) or abs(values[0]) or 1
    bottom, top = min(values) - span * 0.1, max(values) + span * 0.1
    if min(values) >= 0 and min(values) < max(values) / 2:
        bottom = 0  # a scale that shows how far from nothing a value is
    band = (
        []
        if low is None and high is None
        else [[{"yAxis": bottom if low is None else low}, {"yAxis": top if high is None else high}]]
    )
    return {
        "animation": False,
        "aria": {"enabled": True, "description": describe(series)},
        "grid": {"left": 64, "right": 190, "top": 16, "bottom": 40},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "time",
            "min": (series.points[0].day - _MARGIN).isoformat(),
            "max": (series.points[-1].day + _MARGIN).isoformat(),
            "splitNumber": 4,
            "axisLabel": {"hideOverlap": True, "formatter": "{yyyy}-{MM}-{dd}"},
        },
        "yAxis": {
            "type": "value",
            "min": _rounded(bottom),
            "max": _rounded(top),
            "axisLabel": {"hideOverlap": True, "showMaxLabel": False},
        },
        "series": [
            {
                "name": series.title,
                "type": "line",
                "symbolSize": 9,
                "itemStyle": {"color": "#1d4e89"},
                "lineStyle": {"color": "#1d4e89"},
                "data": [[p.day.isoformat(), p.value] for p in series.points],
                "markArea": {"silent": True, "itemStyle": {"color": "rgba(46, 125, 50, 0.12)"}, "data": band},
                "markLine": {
                    "silent": True,
                    "symbol": "none",
                    "lineStyle": {"color": "#a3321f", "type": "dashed"},
                    "label": {"position": "end", "color": "#7a2416", "fontSize": 11},
                    "data": [
                        {"yAxis": at, "label": {"formatter": _label(at, found)}}
                        for at, found in sorted(grouped.items())
                    ],
                },
            }
        ],
    }


def describe(series: Series) -> str:
    """The chart in words, for those who do not see it."""
    unit = f" {series.unit}" if series.unit else ""
    told = [f"{series.title}: " + ", ".join(f"{p.value:g}{unit} on {p.day}" for p in series.points)]
    low, high = series.normal
    if low is not None or high is not None:
        told.append(f"normal {'' if low is None else f'from {low:g} '}{'' if high is None else f'to {high:g}'}".strip())
    told += [f"{t.trial} {t.criterion}: {t.text}" for t, _ in series.lines]
    return "; ".join(told) + "."


def _label(at: float, found: Sequence[Threshold]) -> str:
    first = found[0]
    more = f" +{len(found) - 1}" if len(found) > 1 else ""
    return f"{at:.4g}  {first.trial} {first.criterion}{more}"


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
