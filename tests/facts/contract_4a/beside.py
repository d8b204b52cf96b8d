"""READING.md, 5: what stands beside a value: oxygen beside a saturation, a differential beside a count of leukocytes."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import Json, concept, lab, observation, quantity
from tests.facts.small_rules import LOINC

SPO2 = "vital.oxygen_saturation"
MORNING, NOON = "2026-05-20T08:00:00Z", "2026-05-20T12:00:00Z"
ANC = "lab.neutrophils"
ALC = "lab.lymphocytes"


def part(code: str, value: float, unit: str | None) -> Json:
    return {"code": concept(code, LOINC), "valueQuantity": quantity(value, unit)}


def spo2(value: float, *components: Json, date: str | None = MORNING, **elements: Any) -> Json:
    return lab("59408-5", value, "%", date, component=list(components), **elements)


def flow(value: float | str, date: str = MORNING, unit: str = "L/min", **elements: Any) -> Json:
    if isinstance(value, str):
        return observation("3151-8", date, valueString=value, **elements)
    return lab("3151-8", value, unit, date, **elements)


def fio2(value: float | str, unit: str | None = "%", date: str = MORNING) -> Json:
    if isinstance(value, str):
        return observation("3150-0", date, valueString=value)
    return lab("3150-0", value, unit, date)


def wbc(value: float, date: str | None = MORNING, unit: str = "10*9/L", **elements: Any) -> Json:
    return lab("6690-2", value, unit, date, **elements)


def neutrophils(value: float, date: str | None = MORNING, unit: str = "%", **elements: Any) -> Json:
    return lab("770-8", value, unit, date, **elements)


def absolute(value: float, date: str | None = MORNING, unit: str = "10*9/L", **elements: Any) -> Json:
    return lab("751-8", value, unit, date, **elements)


def drawn(number: str) -> Json:
    return {"specimen": {"reference": f"Specimen/{number}"}}


ENOUGH = "NCT06676631/inc-07e"  # at least 92 %
LOWEST = "vital.lowest_oxygen_saturation"
ASLEEP = "NCT07617779/exc-02"  # below 96 %, awake or asleep
DAY, DAY_BEFORE = "2026-05-20", "2026-05-19"

TABLE: Table = {
    "the lowest of the newest day, where that is asked": [
        row("awake after asleep", ASLEEP, "fail", spo2(94, date=MORNING), spo2(98, date=NOON)),
        row("asleep after awake", ASLEEP, "fail", spo2(98, date=MORNING), spo2(94, date=NOON)),
        row("both enough", ASLEEP, "pass", spo2(96, date=MORNING), spo2(98, date=NOON)),
        row("elsewhere the newest", SPO2, "98", spo2(94, date=MORNING), spo2(98, date=NOON)),
        row("of the day", LOWEST, "94", spo2(94, date=MORNING), spo2(98, date=NOON)),
        row("three of a day", LOWEST, "93", spo2(97, date=MORNING), spo2(93, date="2026-05-20T03:00:00Z"), spo2(98, date=NOON)),
        row("the day before is over", LOWEST, "98", spo2(90, date="2026-05-19T23:59:00Z"), spo2(98, date=MORNING)),
        row("two of a day without a time", LOWEST, "94", spo2(94, date=DAY), spo2(98, date=DAY)),
        row("one of them issued later", LOWEST, "94", spo2(94, date=DAY, issued=MORNING), spo2(98, date=DAY, issued=NOON)),
        row("a time and its day", LOWEST, "94", spo2(94, date=DAY), spo2(98, date=NOON)),
        row("of that moment another was issued later", LOWEST, "98", spo2(94, issued="2026-05-20T09:00:00Z"), spo2(98, issued="2026-05-20T10:00:00Z")),
        row("that very moment was corrected", LOWEST, "98", spo2(94), spo2(98, status="corrected")),
        row("perhaps of that day", LOWEST, "94 to 98", spo2(94, date="2026-05"), spo2(98, date=NOON)),
        row("perhaps the newest day's only one", ASLEEP, "unknown", spo2(94, date="2026-05"), spo2(98, date=NOON)),
        row("below a number", LOWEST, "<94", spo2(94, comparator="<"), spo2(98, date=NOON)),
        row("one of them not understood", LOWEST, "unit_not_understood", lab("59408-5", 94, "kPa", MORNING), spo2(98, date=NOON)),
        row("with oxygen once: an upper bound", ASLEEP, "unknown", spo2(97, part("3151-8", 2, "L/min")), spo2(98, date=NOON)),
        row("too low in air beside it", ASLEEP, "fail", spo2(98, part("3151-8", 2, "L/min")), spo2(94, date=NOON)),
        row("many of that day, and many before", LOWEST, "91", *[spo2(90 + hour, date=f"2026-05-20T{hour:02}:00:00Z") for hour in range(1, 9)], *[spo2(85, date=f"2026-05-{day:02}T12:00:00Z") for day in range(10, 20)]),
        row("a planned one doesn't count", LOWEST, "98", spo2(98), spo2(94, date="2026-07-01")),
    ],
    "a saturation with oxygen is an upper bound": [
        row("in air, enough", ENOUGH, "pass", spo2(98)),
        row("in air, too low", ENOUGH, "fail", spo2(90)),
        row("with oxygen, enough: nobody knows", ENOUGH, "unknown", spo2(98, part("3151-8", 2, "L/min"))),
        row("with oxygen, too low: certainly", ENOUGH, "fail", spo2(90, part("3151-8", 2, "L/min"))),
        row("by the share of oxygen", ENOUGH, "unknown", spo2(98, part("3150-0", 40, "%"))),
        row("as a fraction", ENOUGH, "unknown", spo2(98, part("3150-0", 0.4, "1"))),
        row("as a fraction without unit", ENOUGH, "unknown", spo2(98, part("3150-0", 0.4, None))),
        row("air has 21 per cent", ENOUGH, "pass", spo2(98, part("3150-0", 21, "%"))),
        row("or 0.21", ENOUGH, "pass", spo2(98, part("3150-0", 0.21, None))),
        row("no flow", ENOUGH, "pass", spo2(98, part("3151-8", 0, "L/min"))),
        row("a flow in a unit that is not listed", ENOUGH, "unknown", spo2(98, part("3151-8", 2, "puffs"))),
        row("no flow in a unit that is not listed", ENOUGH, "pass", spo2(98, part("3151-8", 0, "puffs"))),
        row("a component without a value", ENOUGH, "pass", spo2(98, {"code": concept("3151-8", LOINC)})),
    ],
    "also by separate observations of the same moment": [
        row("a flow", ENOUGH, "unknown", spo2(98), flow(2)),
        row("a share", ENOUGH, "unknown", spo2(98), fio2(35)),
        row("of another moment", ENOUGH, "pass", spo2(98), flow(2, NOON)),
        row("of the day, which may be the moment", ENOUGH, "unknown", spo2(98), flow(2, "2026-05-20")),
        row("of another day", ENOUGH, "pass", spo2(98), flow(2, "2026-05-19")),
        row("a later flow does not hide that of the moment", ENOUGH, "unknown", spo2(98), flow(2), flow(0, "2026-05-25")),
        row("entered in error", ENOUGH, "pass", spo2(98), flow(2, status="entered-in-error")),
        row("in words", ENOUGH, "unknown", spo2(98), flow("2 L via nasal cannula")),
        row("room air in words", ENOUGH, "pass", spo2(98), fio2("Room air")),
        row("the value stands as a bound", SPO2, "<=98", spo2(98), flow(2)),
    ],
    "neutrophils from a differential": [
        row("60 % of 4", ANC, "2.4", wbc(4), neutrophils(60)),
        row("as a fraction", ANC, "2.4", wbc(4), neutrophils(0.6, unit="1")),
        row("in another unit", ANC, "2.4", wbc(4000, unit="/uL"), neutrophils(60)),
        row("lymphocytes likewise", ALC, "1.2", wbc(4), lab("736-9", 30, "%", MORNING)),
        row("no cells, no neutrophils", ANC, "0", wbc(0), neutrophils(0)),
        row("per cent alone is no count", ANC, "no_result", neutrophils(60)),
        row("of another moment", ANC, "no_result", wbc(4, NOON), neutrophils(60)),
        row("of another moment, in the same specimen", ANC, "2.4", wbc(4, NOON, **drawn("1")), neutrophils(60, **drawn("1"))),
        row("in another specimen at another moment", ANC, "no_result", wbc(4, NOON, **drawn("1")), neutrophils(60, **drawn("2"))),
        row("of the same day without times", ANC, "2.4", wbc(4, "2026-05-20"), neutrophils(60, "2026-05-20")),
        row("of the same month only", ANC, "no_result", wbc(4, "2026-05"), neutrophils(60, "2026-05")),
        row("an interval stays one", ANC, "<0.6", wbc(1, comparator="<"), neutrophils(60)),
        row("decides a trial", "NCT07083349/inc-04b", "pass", lab("718-7", 90, "g/L", "2026-05-28"), lab("777-3", 90, "10*9/L", "2026-05-28"), wbc(4, "2026-05-28"), neutrophils(60, "2026-05-28"), lab("736-9", 30, "%", "2026-05-28")),
        row("no multiple of a limit: the range is that of the share", f"{ANC}.x_uln", "no_reference_range", wbc(4), neutrophils(60, referenceRange=[{"high": quantity(75, "%")}])),
    ],
    "a reported count of the same moment or newer wins": [
        row("of the same moment", ANC, "2", absolute(2), wbc(4), neutrophils(60)),
        row("newer", ANC, "2", absolute(2, NOON), wbc(4), neutrophils(60)),
        row("older", ANC, "2.4", absolute(2, "2026-05-01"), wbc(4), neutrophils(60)),
        row("of the day, which may be later", ANC, "2", absolute(2, "2026-05-20"), wbc(4), neutrophils(60)),
        row("too old", ANC, "2.4", absolute(2, "2025-05-01"), wbc(4), neutrophils(60)),
        row("not understood, of the same moment", ANC, "unit_not_understood", absolute(2, unit="mg"), wbc(4), neutrophils(60)),
        row("without a value it is passed over", ANC, "2.4", observation("751-8", MORNING, dataAbsentReason=concept("unknown", "http://terminology.hl7.org/CodeSystem/data-absent-reason")), wbc(4), neutrophils(60)),
        row("a final one before a preliminary differential", ANC, "2", absolute(2, "2026-05-01"), wbc(4), neutrophils(60, status="preliminary")),
    ],
    "a part that is not understood makes it unknown": [
        row("leukocytes", ANC, "unit_not_understood", wbc(4, unit="mg"), neutrophils(60), absolute(2, "2026-05-01")),
        row("per cent", ANC, "unit_not_understood", wbc(4), neutrophils(60, unit="mg"), absolute(2, "2026-05-01")),
        row("leukocytes that nobody has", ANC, "implausible", wbc(4000), neutrophils(60)),
        row("more than all", ANC, "value_not_understood", wbc(4), neutrophils(140)),
        row("a fraction or less than one per cent?", ANC, "value_not_understood", wbc(4), neutrophils(0.6)),
    ],
}  # fmt: skip
