"""What must hold for any record: order, repetition and foreign entries change nothing; vaguer says less."""

import random
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.facts import FactReaders, build_sheet
from tests.facts.conftest import AS_OF
from tests.facts.records import (
    Json,
    coded,
    concept,
    condition,
    lab,
    observation,
    patient,
    procedure,
    record,
    request,
    statement,
    verified,
)
from tests.facts.small_rules import LOINC, SNOMED

days = st.integers(0, 400).map(lambda back: (AS_OF - timedelta(days=back)).isoformat())
dates = st.one_of(days, days.map(lambda day: day[:7]), days.map(lambda day: day[:4]), st.just(None))
delays = st.one_of(st.none(), st.integers(0, 30))
statuses = st.sampled_from(["final", "final", "amended", "preliminary", "entered-in-error", None])
limits = st.sampled_from(
    [
        [],
        [{"high": {"value": 40, "unit": "U/L"}}],
        [{"text": "0-40"}],
        [{"high": {"value": 40}}, {"high": {"value": 50}}],
    ]
)


def issued(day: str | None, delay: int | None) -> str | None:
    """A time of issue some days after the date of the observation."""
    if delay is None:
        return None
    first = AS_OF if day is None else date.fromisoformat(f"{day}-12-31"[:10] if len(day) == 4 else f"{day}-28"[:10])
    return f"{first + timedelta(days=delay)}T12:00:00Z"


def numbered(resources: list[Json]) -> list[Json]:
    return [{**one, "id": f"r{place}"} for place, one in enumerate(resources)]


labs = st.builds(
    lambda code_unit, value, day, status, when, ranges: lab(
        code_unit[0], value, code_unit[1], day, status=status, issued=issued(day, when), referenceRange=ranges
    ),
    st.sampled_from(
        [
            ("1742-6", "U/L"),
            ("1742-6", "ukat/L"),
            ("718-7", "g/dL"),
            ("718-7", "g/L"),
            ("718-7", None),
            ("2160-0", "mg/dL"),
        ]
    ),
    st.integers(1, 200),
    dates,
    statuses,
    delays,
    limits,
)
answers = st.builds(
    lambda code, answer, day, status: coded(code, answer, day, status=status),
    st.sampled_from(["5196-1", "13955-0", "11259-9"]),
    st.sampled_from(["10828004", "260385009", "419984006", "17621005"]),
    dates,
    statuses,
)
conditions = st.builds(
    lambda code, clinical, verification, onset, end: condition(
        code,
        clinical=clinical,
        onsetDateTime=onset,
        abatementDateTime=end,
        **({} if verification is None else verified(verification)),
    ),
    st.sampled_from(["55464009", "161567008", "86044005", "38341003", "84114007"]),
    st.sampled_from(["active", "remission", "resolved", None]),
    st.sampled_from(["confirmed", "provisional", "refuted", None]),
    dates,
    st.sampled_from([None, AS_OF.isoformat()]),  # an end before the start makes both unknown
)
drugs = st.builds(
    lambda make, code, status, start: make(code, status, start),
    st.sampled_from(
        [
            request,
            lambda code, status, start: statement(code, status, effectivePeriod={"start": start} if start else None),
        ]
    ),
    st.sampled_from(["8640", "19831", "35623", "1191"]),
    st.sampled_from(["active", "completed", "stopped", "on-hold", "unknown"]),
    dates,
)
procedures = st.builds(
    lambda status, day: procedure(status=status, performedDateTime=day),
    st.sampled_from(["completed", "unknown"]),
    dates,
)
records = st.lists(st.one_of(labs, answers, conditions, drugs, procedures), max_size=7).map(numbered)


def documents(knowledge: FactReaders, resources: list[Json], about: Json | None = None) -> tuple[Any, Any]:
    sheet = build_sheet(record(*resources, about=about), knowledge, AS_OF)
    return sheet.document("closed"), sheet.document("open")


@given(records, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_the_order_of_the_record_does_not_matter(
    knowledge: FactReaders, resources: list[Json], chance: random.Random
) -> None:
    sheet = build_sheet(record(*resources), knowledge, AS_OF)
    shuffled = resources[:]
    chance.shuffle(shuffled)
    other = build_sheet(record(*shuffled), knowledge, AS_OF)
    assert other.document("closed") == sheet.document("closed")
    assert other.document("open") == sheet.document("open")
    assert other.as_json() == sheet.as_json()


@given(records, st.data())
@settings(max_examples=100)
def test_repetition_does_not_matter(knowledge: FactReaders, resources: list[Json], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(resources), max_size=3)) if resources else []
    repeated = [*resources, *({**one, "id": f"again{place}"} for place, one in enumerate(again))]
    assert documents(knowledge, repeated) == documents(knowledge, resources)


IMMATERIAL = [
    condition("38341003", id="i1"),
    observation("9999-9", id="i2", valueString="whatever"),
    lab("2345-7", 5, "mmol/L", id="i3"),
    request("1191", id="i4"),
    procedure("80146002", id="i5"),
    {"resourceType": "Encounter", "id": "i6"},
    condition("55464009", id="i7", **verified("refuted")),
    lab("718-7", 1, "g/L", "2027-01-01", id="i8"),
    lab("718-7", 1, "g/L", id="i9", status="cancelled"),
]


@given(records, st.lists(st.sampled_from(IMMATERIAL), unique_by=lambda one: one["id"]))
@settings(max_examples=100)
def test_what_does_not_concern_a_fact_does_not_matter(
    knowledge: FactReaders, resources: list[Json], others: list[Json]
) -> None:
    assert documents(knowledge, [*others, *resources]) == documents(knowledge, resources)


CODINGS = [
    {"system": LOINC, "code": "718-7"},
    {"system": LOINC, "code": "1742-6"},
    {"system": "urn:site", "code": "HB", "display": "Haemoglobin"},
    {"system": SNOMED, "code": "55464009", "display": "SLE"},
    {"system": SNOMED, "code": "161567008"},
    {"system": SNOMED, "code": "38341003"},
]


@given(st.lists(st.sampled_from(CODINGS), min_size=1, unique_by=str), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_order_of_codings_does_not_matter(
    knowledge: FactReaders, codings: list[Json], chance: random.Random
) -> None:
    def held(order: list[Json]) -> list[Json]:
        measured = {**lab("718-7", 90, "g/L", id="o"), "code": {"coding": order}}
        return [measured, condition(None, id="c", code={"coding": order})]

    shuffled = codings[:]
    chance.shuffle(shuffled)
    first = build_sheet(record(*held(codings)), knowledge, AS_OF)
    second = build_sheet(record(*held(shuffled)), knowledge, AS_OF)
    assert second.document("closed") == first.document("closed")
    assert second.as_json() == first.as_json()


DATES = ("effectiveDateTime", "onsetDateTime", "authoredOn", "performedDateTime")


@st.composite
def vaguer(draw: st.DrawFn, resource: Json) -> Json:
    """The same entry, saying less in one respect, in a way that it can be seen to say less."""
    ways: list[Json] = []
    for element in DATES:
        if resource.get(element):
            ways += [{element: resource[element][:7]}, {element: resource[element][:4]}]
            if element in {"effectiveDateTime", "onsetDateTime", "performedDateTime"}:
                ways.append({element: None})
    if resource.get("issued"):
        ways.append({"issued": None})
    if resource["resourceType"] in {"Observation", "Procedure"}:
        ways.append({"status": None})
    if resource.get("valueQuantity"):
        ways.append({"valueQuantity": {**resource["valueQuantity"], "unit": None}})
    if resource.get("referenceRange"):
        ways.append({"referenceRange": []})
    if resource["resourceType"] == "Condition":
        ways += [{"code": None}, {"clinicalStatus": concept("garbled")}, {"verificationStatus": concept("garbled")}]
    if "medicationCodeableConcept" in resource:
        ways += [{"medicationCodeableConcept": None}, {"status": "unknown"}]
    return {**resource, **draw(st.sampled_from(ways))} if ways else resource


def says_no_more(after: Any, before: Any, path: str = "") -> None:
    """Whatever `after` claims, `before` claims as well: wider intervals, older evidence, fewer answers."""
    if not isinstance(after, dict):
        return
    for key, value in after.items():
        at = f"{path}.{key}"
        if key == "items":
            continue
        assert key in before, f"{at} has become known: {value}"
        old = before[key]
        if key == "lo":
            assert value <= old, at
        elif key == "hi" or (key == "age" and not isinstance(value, dict)):
            assert value >= old, at
        elif key == "is":
            assert value == old, at
        elif key == "whole":
            assert value is False or old is True, at
        else:
            says_no_more(value, old, at)


@given(records, st.data())
@settings(max_examples=400)
def test_saying_less_never_makes_a_fact_more_certain(
    knowledge: FactReaders, resources: list[Json], data: st.DataObject
) -> None:
    if not resources:
        return
    place = data.draw(st.integers(0, len(resources) - 1))
    changed = [*resources[:place], data.draw(vaguer(resources[place])), *resources[place + 1 :]]
    for after, before in zip(documents(knowledge, changed), documents(knowledge, resources), strict=True):
        says_no_more(after, before)


@given(days, st.sampled_from([7, 4, 0]), st.sampled_from(["gender", None]))
@settings(max_examples=60)
def test_a_vaguer_patient_never_makes_a_fact_more_certain(
    knowledge: FactReaders, day: str, precision: int, without: str | None
) -> None:
    held = [lab("2160-0", 1, "mg/dL"), lab("29463-7", 70, "kg")]
    birth = date.fromisoformat(day).replace(year=1980, day=1).isoformat()
    before = patient(birthDate=birth)
    after = {**before, "birthDate": birth[:precision] or None} | ({without: None} if without else {})
    for less, more in zip(documents(knowledge, held, after), documents(knowledge, held, before), strict=True):
        says_no_more(less, more)


texts = st.text(max_size=30) | st.sampled_from(
    ["NaN", "1e400", "-", "<", "1:80", "9999-99-99", "0000", "\x00", "٣", "１２"]
)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "unit", "code", "coding", "text", "system", "start", "low", "period"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
ODD_ELEMENTS = (
    *("valueQuantity", "valueString", "valueCodeableConcept", "valueRange", "valueRatio", "valueInteger"),
    *("valueDateTime", "effectiveDateTime", "effectivePeriod", "issued", "status", "interpretation", "referenceRange"),
    *("component", "dataAbsentReason", "onsetDateTime", "onsetAge", "onsetPeriod", "abatementDateTime", "abatementAge"),
    *("clinicalStatus", "verificationStatus", "recordedDate", "authoredOn", "intent", "dosageInstruction"),
    *("medicationReference", "performedPeriod", "performedAge", "occurrenceDateTime", "category"),
)
elements = st.dictionaries(
    st.sampled_from(ODD_ELEMENTS),
    odd,
    max_size=4,
)


@given(
    st.sampled_from([lab("718-7", 90, "g/L"), coded("5196-1", "10828004"), condition(), request(), procedure()]),
    elements,
)
@settings(max_examples=600)
def test_odd_input_never_raises(knowledge: FactReaders, resource: Json, odd_elements: Json) -> None:
    sheet = build_sheet(record({**resource, **odd_elements}), knowledge, AS_OF)
    sheet.document("closed")
    sheet.document("open")
    sheet.as_json()
