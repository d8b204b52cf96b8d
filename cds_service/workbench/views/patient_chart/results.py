"""Results as a laboratory sheet shows them: by panel and day, newest first, what has a newer result behind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_service.fhir import (
    CodeableConcept,
    Observation,
    ObservationComponent,
    Quantity,
    Record,
    Reference,
    ReferenceRange,
    codes_of,
    parse_reference,
    word_of,
)
from cds_service.workbench.views.patient_chart.wording import (
    amount,
    day_of,
    joined,
    names_of,
    number_of,
    period_words,
    printed_unit,
    result_name,
    value_of,
    when,
    words_of,
)

_SECTIONS: Mapping[str, str] = {
    "laboratory": "Laboratory",
    "vital-signs": "Vital signs",
    "survey": "Scores and questionnaires",
    "imaging": "Imaging",
    "procedure": "Procedures' results",
    "exam": "Examination",
    "social-history": "Social history",
    "activity": "Activity",
    "therapy": "Therapy",
}
"""https://hl7.org/fhir/R4/valueset-observation-category.html, in the order in which they are shown."""
_OTHER = "Other results"
_FLAGS: Mapping[str, str] = {
    "H": "high",
    "HH": "critically high",
    "HU": "very high",
    "L": "low",
    "LL": "critically low",
    "LU": "very low",
    "A": "abnormal",
    "AA": "critically abnormal",
}
"""https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html: those that a sheet marks. Others are words
of the value, or say that it is normal."""
_FINAL = frozenset({"final", "amended", "corrected", ""})
_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"
"""LOINC; together they are written as one, `128/76 mmHg`."""


@dataclass(frozen=True, slots=True)
class ChartResult:
    """A line of the sheet. `flag` is a word such as `high`; `normal` the limits of normal, with the unit where the
    value has none; `note` what else the chart says of it."""

    words: str
    value: str
    flag: str
    normal: str
    note: str
    day: str


@dataclass(frozen=True, slots=True)
class Panel:
    """The results of one panel on one day."""

    title: str
    day: str
    results: tuple[ChartResult, ...]


@dataclass(frozen=True, slots=True)
class ResultSection:
    """The results of a kind: panels with what is newest of each test, and the `older` results, newest first."""

    title: str
    panels: tuple[Panel, ...]
    older: tuple[ChartResult, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    key: frozenset[str]
    section: str
    panel: str
    date: str
    code: CodeableConcept | None
    result: ChartResult


def result_sections(record: Record) -> tuple[ResultSection, ...]:
    """All results of the record, by kind."""
    panels = _panels(record)
    lines = [
        line
        for entry in record.resources.get("Observation", ())
        if word_of(entry.status) != "entered-in-error"
        for line in _lines(entry, panels.get(f"Observation/{entry.id}", ""))
    ]
    lines = _told_apart(lines)
    lines.sort(key=lambda line: when(line.date), reverse=True)
    order = [*_SECTIONS.values(), *dict.fromkeys(line.section for line in lines)]
    sections = (_section(name, [line for line in lines if line.section == name]) for name in dict.fromkeys(order))
    return tuple(section for section in sections if section.panels)


def _section(name: str, lines: Iterable[_Line]) -> ResultSection:
    seen: set[str] = set()
    newest: dict[tuple[str, str], list[ChartResult]] = {}
    older = []
    for line in lines:
        # Two results of one day are both shown: neither is the older one.
        days = {f"{key}@{line.result.day}" for key in line.key}
        if seen & line.key and not seen & days:
            older.append(line.result)
            continue
        seen |= line.key | days
        together = newest.setdefault((line.panel, line.result.day), [])
        if line.result not in together:
            together.append(line.result)
    panels = (Panel(panel, day, tuple(results)) for (panel, day), results in newest.items())
    return ResultSection(name, tuple(panels), tuple(dict.fromkeys(older)))


def _panels(record: Record) -> Mapping[str, str]:
    """The panel of each observation that a report or another observation holds."""
    found: dict[str, str] = {}
    for report in record.resources.get("DiagnosticReport", ()):
        found |= dict.fromkeys(_keys(report.result), words_of(report.code))
    for entry in record.resources.get("Observation", ()):
        found |= dict.fromkeys(_keys(entry.has_member), result_name(entry.code))
    return found


def _keys(references: Iterable[Reference]) -> list[str]:
    return [key for reference in references if (key := parse_reference(reference.reference or "").key)]


def _date(entry: Observation) -> str:
    event = entry.effective_timing.event[0] if entry.effective_timing and entry.effective_timing.event else None
    period = entry.effective_period
    own = entry.effective_date_time or entry.effective_instant or event
    return own or (period and (period.end or period.start)) or entry.issued or ""


def _section_of(entry: Observation) -> str:
    codes = {code for category in entry.category for code in codes_of(category)}
    named = next((title for code, title in _SECTIONS.items() if code in codes), "")
    return named or next(filter(None, map(words_of, entry.category)), _OTHER)


def _lines(entry: Observation, panel: str) -> list[_Line]:
    """The lines of an observation: its own, and one for each part; none of its own where it only holds a panel."""
    day, date = _day(entry), _date(entry)
    section, name = _section_of(entry), result_name(entry.code) or "Result without a name"
    parts = list(entry.component)
    found: list[tuple[CodeableConcept | None, ChartResult]] = []
    pressure = _pressure(parts)
    if pressure:
        found.append((entry.code, ChartResult(name, pressure, _flag(entry), "", _note(entry), day)))
        parts = [part for part in parts if not codes_of(part.code) & {_SYSTOLIC.casefold(), _DIASTOLIC.casefold()}]
    elif value_of(entry) or entry.data_absent_reason or not (parts or entry.has_member):
        found.append((entry.code, _result(entry, name, _note(entry), day)))
    elif parts:
        panel = panel or name
    found += [(part.code, _result(part, result_name(part.code) or name, "", day)) for part in parts]
    return [_Line(names_of(code) or frozenset({str(id(r))}), section, panel, date, code, r) for code, r in found]


def _day(entry: Observation) -> str:
    if entry.effective_period is not None and not entry.effective_date_time:
        first, last = period_words(entry.effective_period)
        return joined(first, last if last != first else "", by=" to ")
    return day_of(_date(entry))


def _result(entry: Observation | ObservationComponent, name: str, note: str, day: str) -> ChartResult:
    absent = words_of(entry.data_absent_reason)
    value = value_of(entry) or (f"none: {absent}" if absent else "no value")
    return ChartResult(name, value, _flag(entry), _normal(entry), note, day)


def _note(entry: Observation) -> str:
    status = word_of(entry.status)
    return joined("" if status in _FINAL else status.replace("-", " "), words_of(entry.body_site))


def _pressure(parts: Iterable[ObservationComponent]) -> str:
    both = {
        code: part.value_quantity
        for part in parts
        for code in codes_of(part.code) & {_SYSTOLIC, _DIASTOLIC}
        if part.value_quantity is not None
    }
    if set(both) != {_SYSTOLIC, _DIASTOLIC}:
        return ""
    high, low = both[_SYSTOLIC], both[_DIASTOLIC]
    if high.value is None or low.value is None or high.comparator or low.comparator or high.unit != low.unit:
        return ""
    return joined(f"{number_of(high.value)}/{number_of(low.value)}", printed_unit(high.unit or high.code), by=" ")


def _flag(entry: Observation | ObservationComponent) -> str:
    """What the laboratory marks; where it says nothing, what follows from the only limits that it gives."""
    said = [c.code.strip().upper() for concept in entry.interpretation for c in concept.coding if c.code]
    marked = next((_FLAGS[code] for code in said if code in _FLAGS), "")
    if marked or entry.interpretation:
        return marked
    value, limits = entry.value_quantity, entry.reference_range
    if value is None or value.value is None or value.comparator or len(limits) != 1 or _is_particular(limits[0]):
        return ""
    low, high = limits[0].low, limits[0].high
    if low is not None and low.value is not None and _alike(low, value) and value.value < low.value:
        return "low"
    over = high is not None and high.value is not None and _alike(high, value) and value.value > high.value
    return "high" if over else ""


def _alike(limit: Quantity, value: Quantity) -> bool:
    return (limit.unit, limit.code) == (value.unit, value.code)


def _is_particular(limits: ReferenceRange) -> bool:
    """Whether it is for some people only, or not of what is normal."""
    return bool(limits.applies_to or limits.age or (limits.type and "normal" not in codes_of(limits.type)))


def _normal(entry: Observation | ObservationComponent) -> str:
    unit = printed_unit(entry.value_quantity.unit or entry.value_quantity.code) if entry.value_quantity else ""
    return joined(*(_limits(one, unit) for one in entry.reference_range), by="; ")


def _limits(limits: ReferenceRange, unit: str) -> str:
    """Such as `2.0–7.5`, `≤ 35`; the unit only where it is not that of the value."""
    low, high = amount(limits.low), amount(limits.high)
    if unit:
        low, high = low.removesuffix(f" {unit}"), high.removesuffix(f" {unit}")
    whose = joined(*map(words_of, limits.applies_to), words_of(limits.type))
    between = f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}" if high else limits.text or ""
    return joined(between, f"({whose})" if whose and _is_particular(limits) else "", by=" ")


def _told_apart(lines: list[_Line]) -> list[_Line]:
    """The lines, where two tests would be called the same by their full names."""
    full: dict[str, set[str]] = {}
    for line in lines:
        full.setdefault(line.result.words, set()).add(result_name(line.code, short=False))
    return [
        _Line(line.key, line.section, line.panel, line.date, line.code, _renamed(line))
        if _is_shared(line, full)
        else line
        for line in lines
    ]


def _is_shared(line: _Line, full: Mapping[str, set[str]]) -> bool:
    return len(full[line.result.words]) > 1


def _renamed(line: _Line) -> ChartResult:
    old, words = line.result, result_name(line.code, short=False)
    return ChartResult(words or old.words, old.value, old.flag, old.normal, old.note, old.day)
