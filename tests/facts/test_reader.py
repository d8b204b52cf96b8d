"""What is shared, remembered and left out for speed changes nothing: the plain way gives the same."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.facts import FactReader, FactReaders, build_sheet, fact_document
from cds_service.facts.catalogue import EventsFact
from cds_service.facts.fact import DaySpan, Events, Fact
from cds_service.facts.intervals import point
from cds_service.facts.observations import NewestResults, Result, select, selection
from cds_service.fhir import Coding, Observation, Period, Quantity, Record
from tests.facts.conftest import AS_OF
from tests.facts.plain_facts import one_by_one
from tests.facts.records import Json, coded, concept, condition, lab, observation, patient, procedure, record, request
from tests.facts.small_rules import LOINC
from tests.facts.test_properties import numbered, records

TYPES = ("Observation", "Condition", "MedicationRequest", "MedicationStatement", "Procedure", "Immunization")
odd = st.sampled_from(
    [
        {"resourceType": "Observation", "id": "o", "status": "final", "valueQuantity": "high"},
        {**lab("1742-6", 30, "U/L"), "id": "m", "status": 5},
        {**condition(), "id": "c", "onsetDateTime": 7},
        {**condition("38341003"), "id": "d", "onsetDateTime": 7},
        {"resourceType": "Condition", "id": "u", "code": concept("x", "http://local")},
        {"resourceType": "Condition", "id": "t", "code": {"text": "motor neurone disease"}},
        {**condition("86044005"), "id": "h", "code": {"coding": [], "text": "ALS"}},
        {**procedure("1", category=concept("387713003")), "id": "p"},
        {"resourceType": "Immunization", "id": "i", "status": "completed", "vaccineCode": {"text": "something"}},
        {**request(), "id": "r", "medicationCodeableConcept": {"text": "riluzole"}},
        {**observation("65222-2", valueDateTime="2025-01"), "id": "s"},
        {**coded("63557-3", "10828004"), "id": "b"},
        {**condition("84114007"), "id": "f"},
    ]
)
everything = st.tuples(records, st.lists(odd, max_size=3)).map(lambda both: numbered([*both[0], *both[1]]))
gaps = st.dictionaries(st.sampled_from(TYPES), st.sampled_from(["not_supplied", "incomplete_record"]), max_size=3)
people = st.sampled_from([patient(), patient(gender="male", birthDate="2015"), patient(birthDate=None)])
stated_facts = st.dictionaries(
    st.sampled_from(["lab.creatinine", "condition.als", "vital.body_weight"]), st.just(None), max_size=2
).map(
    lambda names: {
        name: Fact(name, Events((), True)) if name.startswith("condition") else Fact(name, point(80)) for name in names
    }
)


def with_gaps(of: Record, missing: Mapping[str, Any]) -> Record:
    return replace(of, whole=of.whole - missing.keys(), gaps={**of.gaps, **missing})


@given(everything, gaps, people, stated_facts)
@settings(max_examples=300)
def test_facts_made_once_for_all_are_those_made_for_the_record(
    knowledge: FactReaders, resources: list[Json], missing: Json, about: Json, stated: Mapping[str, Fact]
) -> None:
    held = with_gaps(record(*resources, about=about), missing)
    expected = one_by_one(held, knowledge, AS_OF, stated)
    sheet = build_sheet(held, knowledge, AS_OF, None, stated)
    assert {name: sheet[name] for name in sheet} == expected
    assert list(sheet) == list(expected)
    assert sheet.document("closed") == fact_document(expected.values(), "closed")
    assert sheet.document("open") == fact_document(expected.values(), "open")


@given(everything, gaps, st.data())
@settings(max_examples=200)
def test_a_part_of_the_sheet_says_what_the_whole_says(
    knowledge: FactReaders, resources: list[Json], missing: Json, data: st.DataObject
) -> None:
    names = data.draw(st.sets(st.sampled_from(sorted(knowledge.catalogue.names())), max_size=8))
    held = with_gaps(record(*resources), missing)
    reader = FactReader(held, knowledge, AS_OF)
    part, whole = reader.sheet(names), reader.sheet()
    assert set(part) == knowledge.catalogue.closure(names)
    assert {name: part[name] for name in part} == {name: whole[name] for name in part}
    for world in ("closed", "open"):
        assert part.document(world) == fact_document((whole[name] for name in part), world)  # type: ignore[arg-type]


@given(everything, gaps)
@settings(max_examples=200)
def test_no_other_facts_have_events_than_those_on_record(
    knowledge: FactReaders, resources: list[Json], missing: Json
) -> None:
    held = with_gaps(record(*resources), missing)
    reader = FactReader(held, knowledge, AS_OF)
    sheet = reader.sheet()
    found = {
        name
        for name in sheet
        if isinstance(events := sheet[name].value, Events) and any(item.hint != "unread_entry" for item in events.items)
    }
    assert found <= reader.on_record()
    assert all(isinstance(knowledge.catalogue.facts[name], EventsFact) for name in reader.on_record())


ON_RECORD: list[tuple[str, list[Json], set[str]]] = [
    ("nothing", [], set()),
    ("a disease", [condition()], {"condition.sle"}),
    ("one that is refuted", [condition(verificationStatus=concept("refuted"))], set()),
    ("one to come", [condition(onsetDateTime="2026-07-01")], set()),
    ("what only may mean it", [condition("37340000")], {"condition.als"}),
    ("a text", [condition(None, code={"text": "lupus"})], set()),
    ("what it is not", [condition("22298006")], set()),
    ("a drug", [request("35623")], {"medication.riluzole"}),
    ("a drug never taken", [request("35623", "cancelled")], set()),
]


@pytest.mark.parametrize(("held", "expected"), [row[1:] for row in ON_RECORD], ids=[row[0] for row in ON_RECORD])
def test_on_record(held: list[Json], expected: set[str], knowledge: FactReaders) -> None:
    assert FactReader(record(*held), knowledge, AS_OF).on_record() == expected


def test_what_is_stated_is_on_record(knowledge: FactReaders) -> None:
    stated = {name: Fact(name, Events((), True)) for name in ("condition.als", "lab.alt")}
    assert FactReader(record(condition()), knowledge, AS_OF, stated).on_record() == {"condition.sle", "condition.als"}


def test_nobody_can_spoil_the_document_of_another(knowledge: FactReaders) -> None:
    sheet = build_sheet(record(lab("718-7", 90, "g/L")), knowledge, AS_OF)
    first, second = sheet.document("closed"), build_sheet(record(), knowledge, AS_OF).document("closed")
    expected = sheet.document("closed")
    for branch in (*first.values(), *second.values()):
        branch.clear()
    assert sheet.document("closed") == expected
    assert build_sheet(record(), knowledge, AS_OF).document("closed")["condition"]


def test_many_choices_of_names_are_not_all_remembered(knowledge: FactReaders) -> None:
    every = sorted(knowledge.catalogue.facts)
    reader = FactReader(record(condition()), knowledge, AS_OF)
    for count in range(len(every), 0, -1):
        assert set(reader.sheet(every[:count])) == knowledge.catalogue.closure(every[:count])


def test_many_kinds_of_record_are_not_all_remembered(knowledge: FactReaders) -> None:
    whole = record()
    for one in TYPES:
        for other in TYPES:
            held = with_gaps(whole, {one: "not_supplied", other: "incomplete_record"})
            sheet = build_sheet(held, knowledge, AS_OF)
            assert {name: sheet[name] for name in sheet} == one_by_one(held, knowledge, AS_OF)


DATES = st.one_of(
    st.integers(-3, 6).map(lambda back: (AS_OF - timedelta(days=back)).isoformat()),
    st.integers(0, 900).map(lambda back: (AS_OF - timedelta(days=back)).isoformat()),
    st.builds(
        lambda back, hour, rest: f"{(AS_OF - timedelta(days=back)).isoformat()}T{hour:02}:{rest}",
        st.integers(-1, 5),
        st.integers(0, 24),
        st.sampled_from(
            ["00:00Z", "30:00+14:00", "30:00-14:00", "15", "15:60Z", "59:59.999+00:00", "10:00-1400", "10:00+15:00"]
        ),
    ),
    st.sampled_from(
        [
            None,
            "",
            "2026",
            "2026-05",
            "2026-02-29",
            "2024-02-29",
            "2026-W22-1",
            "2026-05-31\n2026-05-30",
            " 2026-05-31",
            "20260531",
            "٢٠٢٦-05-31",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31",
            "2026-05-31T10:00:00." + "1" * 60 + "Z",
        ]
    ),
)
VALUES = st.sampled_from([None, None, Quantity()])


def _measurement(day: str | None, status: str | None, issued: str | None, value: Quantity | None) -> Result:
    period = Period(start="2026-05") if day == "" else None
    one = Observation(
        status=status, effective_date_time=day or None, effective_period=period, issued=issued, value_quantity=value
    )
    return Result(one, one, Coding())


measurements = st.lists(
    st.builds(
        _measurement,
        DATES,
        st.sampled_from(
            ["final", "final", "final", "final", "amended", "preliminary", "cancelled", " Final", "odd", None]
        ),
        st.one_of(st.none(), DATES),
        VALUES,
    ),
    max_size=25,
)


# The second is newer than the first by three and a half hours, and written two days earlier.
ACROSS_THE_DATE_LINE = [
    _measurement("2026-05-20T00:00:00+14:00", "final", None, None),
    _measurement("2026-05-18T23:30:00-14:00", "final", None, None),
]


@example(ACROSS_THE_DATE_LINE, AS_OF)
@given(measurements, st.sampled_from([AS_OF, AS_OF + timedelta(days=400), date(2024, 2, 29), date.max, date.min]))
@settings(max_examples=1_000)
def test_the_first_choice_among_many_leaves_out_none_that_decides(held: list[Result], as_of: date) -> None:
    assert _select(held, as_of, few=0) == _select(held, as_of, few=1_000)


def _select(held: Iterable[Result], as_of: date, few: int) -> NewestResults:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "_FEW", few)
        return select(list(held), (), lambda m: m.observation.value_quantity is None, as_of)


def test_days_are_counted_from_what_decides_among_many(knowledge: FactReaders) -> None:
    many = [lab("718-7", 90 + n, "g/L", (AS_OF - timedelta(days=n)).isoformat(), id=f"o{n}") for n in range(50)]
    fact = build_sheet(record(*many, condition("86044005", onsetDateTime="2026-01-01")), knowledge, AS_OF)
    assert (fact["lab.hemoglobin"].value, fact["lab.hemoglobin"].age) == (point(90), 0)
    assert fact["date.onset"].value == DaySpan(151, 151)
    assert LOINC in {item.system for item in fact["lab.hemoglobin"].evidence}
