"""A record read with an interest gives the very facts, gaps and refusals that it gives when it is read whole."""

import json
import random
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.as_of import AsOf
from cds_service.cds_hooks import LABELS, HookError, PrefetchedRecord, parse_request, resource_type, service_for
from cds_service.facts import build_sheet, observation_filter_of
from cds_service.fhir import ObservationFilter
from cds_service.library import Library

PATIENT_VIEW = service_for("patient-view")

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT.parent / "shared" / "data" / "fhir-records.zip"
AS_OF = date(2026, 6, 1)
LOINC = "http://loinc.org"
BESIDE = ("59408-5", "3151-8", "3150-0", "6690-2", "770-8", "751-8")
"""Saturation and oxygen, leukocytes and neutrophils: what is looked at together."""
Json = dict[str, Any]


@pytest.fixture(scope="module")
def interest(library: Library) -> ObservationFilter:
    return observation_filter_of(library.facts, library.facts_read)


def request(patient_id: str, prefetch: Json) -> bytes:
    context = {"patientId": patient_id, "userId": "Practitioner/1"}
    body = {"hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context}
    return json.dumps({**body, "prefetch": prefetch}).encode()


def bundle(entries: list[Json], **elements: Any) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **elements}


def told(body: bytes, library: Library, interest: ObservationFilter | None, as_of: date) -> Any:
    """All that can be told from a request but issues: the refusal, or gaps and facts."""
    supplied = PrefetchedRecord(parse_request(body, service_for(json.loads(body)["hook"])), {}, interest)
    states = {key: (report.state, report.next_url) for key, report in supplied._builder.keys.items()}
    try:
        record = supplied.record()
    except HookError as error:
        return states, error.status, error.problems
    sheet = build_sheet(record, library.facts, as_of, library.facts_read)
    facts = {name: sheet[name] for name in sheet}
    return states, record.patient, record.whole, dict(record.gaps), sheet.deceased, sheet.issues, facts


def same(
    body: bytes, library: Library, interest: ObservationFilter, day: date = AS_OF, days: tuple[int, ...] = (0, 40)
) -> None:
    for later in days:
        as_of = day + timedelta(days=later)
        plain = told(body, library, None, as_of)
        assert told(body, library, interest.on(lambda: day), as_of) == plain
        assert told(body, library, interest, as_of) == plain


def codes() -> Iterator[Json]:
    """Codes that are read, some of which several facts have, and codes that are not."""
    for number in ("718-7", "777-3", "2160-0", "5048-4", "11277-1", "8302-2", "29463-7", "2889-4", "89247-1", *BESIDE):
        yield {"coding": [{"system": LOINC, "code": number}]}
    yield {"coding": [{"system": LOINC, "code": "718-7", "display": "Hb"}], "text": "Haemoglobin"}
    yield {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.1", "code": "718-7"}, {"system": "local", "code": "HB"}]}
    for number in ("0000-1", "9279-1", "85354-9", "69548-6", "82155-3"):
        yield {"coding": [{"system": LOINC, "code": number}]}
    yield {"text": "Something"}


def part(number: str | None, text: str = "", **value: Any) -> Json:
    coding = [] if number is None else [{"system": LOINC, "code": number}]
    return {"code": {"coding": coding, "text": text or None}, **value}


SMN2 = part("48018-6", valueCodeableConcept={"coding": [{"system": "http://www.genenames.org", "code": "HGNC:11118"}]})
PANELS = {
    "blood pressure": [part("8480-6", valueInteger=120), part("8462-4", valueInteger=80)],
    "a result among others": [
        part("8480-6", valueInteger=120),
        part("718-7", valueQuantity={"value": 8, "unit": "g/dL"}),
    ],
    "copies of a gene": [SMN2, part("82155-3", valueInteger=2)],
    "copies in words": [SMN2, part(None, "copies", valueInteger=2)],
    "a variant": [part("48018-6", valueString="SMN1"), part("53034-5", valueCodeableConcept={"text": "Homozygous"})],
    "without a code": [{"valueInteger": 3}],
    "a local code": [{"code": {"coding": [{"system": "urn:site", "code": "1"}]}, "valueInteger": 3}],
}
"""What components may say."""


IDS = st.one_of(st.none(), st.sampled_from(["a", "b", "r#1"]), st.integers(0, 10_000).map("o{}".format))
DATES = st.one_of(
    st.integers(-60, 900).map(lambda back: (AS_OF - timedelta(days=back)).isoformat()),
    st.integers(-40, 200).map(lambda back: (AS_OF - timedelta(days=back)).isoformat() + "T23:30:00-11:00"),
    st.integers(-40, 200).map(lambda back: (AS_OF - timedelta(days=back)).isoformat() + "T00:10:00.250+13:45"),
    st.integers(0, 40).map(lambda back: (AS_OF - timedelta(days=back)).isoformat() + "T08:00:00Z"),
    st.sampled_from(
        ["2026", "2026-05", "2025", "2024-02-29", "2026-02-30", "2026-05-20T24:00:00Z", "2026-05-20 10:00"]
    ),
    st.sampled_from(["2026-05-20T10:00:00+15:00", "2026-05-20T10:00", "", "yesterday", " 2026-05-20", None, 20260520]),
)
VALUES: st.SearchStrategy[Json] = st.one_of(
    st.integers(1, 400).map(lambda n: {"valueQuantity": {"value": n, "unit": "g/dL"}}),
    st.integers(1, 400).map(lambda n: {"valueQuantity": {"value": n, "unit": "mg/dL"}}),
    st.sampled_from(
        [
            {},
            {},
            {"valueQuantity": {}},
            {"valueQuantity": None},
            {"valueQuantity": "12"},
            {"valueQuantity": {"value": "12.5", "unit": "g/dL", "code": None}},
            {"valueQuantity": {"value": 12, "unit": "furlong"}},
            {"valueString": "1:160"},
            {"valueString": " "},
            {"valueString": "positive"},
            {"valueBoolean": True},
            {"valueBoolean": "null"},
            {"valueInteger": 3},
            {"valueCodeableConcept": {"text": "negative"}},
            {"valueCodeableConcept": {}},
            {"valueDateTime": "2026-01-01"},
            {"valueQuantity": {"value": 9, "unit": "g/dL"}, "valueString": "9"},
            {"dataAbsentReason": {"text": "error"}},
            {"valueQuantity": {"value": 9, "unit": "g/dL"}, "dataAbsentReason": {"text": "error"}},
            {"interpretation": [{"text": "POS"}]},
            {"component": [{"code": {"coding": [{"system": LOINC, "code": "718-7"}]}, "valueQuantity": {"value": 8}}]},
            {"component": []},
            *({"component": parts} for parts in PANELS.values()),
        ]
    ),
)
ODD: st.SearchStrategy[Json] = st.sampled_from(
    [
        {"category": 5},
        {"category": [None]},
        {"bodySite": "arm"},
        {"referenceRange": [{"high": {"value": "x"}}]},
        {"focus": [{"reference": "Patient/q"}]},
        {"focus": [{"reference": "urn:uuid:1"}]},
        {"modifierExtension": [{"url": "x"}]},
        {"implicitRules": "x"},
        {"component": [{**PANELS["a result among others"][1], "modifierExtension": [{"url": "x"}]}]},
        {"component": PANELS["a result among others"][1]},
        {"referenceRange": [{"high": {"value": 9}, "modifierExtension": [{"url": "x"}]}]},
        {"referenceRange": {"high": {"value": 9}}},
        {"contained": [{"resourceType": "Observation", "id": "1", "status": "final", "valueInteger": 7}]},
        {"meta": {"lastUpdated": "2026-05-01T00:00:00Z"}},
        {"meta": {"versionId": "2"}},
        {"medicationReference": {"reference": "Medication/1"}},
        {"resourceType": "observation"},
        {"resourceType": None},
        {"id": 5},
        {"subject": {"reference": "Patient/p", "display": "P"}},
        {"subject": {"reference": "urn:uuid:p"}},
        {"subject": {"reference": "urn:uuid:1"}},
        {"subject": {"reference": "Device/1"}},
        {"subject": {"display": "P"}},
        {"subject": None},
        {"subject": 5},
        {"code": None},
        {"code": {}},
        {"code": "718-7"},
        {"code": {"coding": [None]}},
        {"effectivePeriod": {"start": "2026-01-01"}, "effectiveDateTime": None},
        {"effectiveInstant": "2026-05-30T10:00:00Z", "effectiveDateTime": None},
    ]
)
STRANGERS: st.SearchStrategy[Json] = st.sampled_from(
    [{"subject": {"reference": "Patient/q"}}, {"subject": {"reference": "http://other/Patient/q"}}]
)
STATUSES = st.sampled_from(["final", "final", "final", "amended", "preliminary", "entered-in-error", "Final", None])
URLS = st.one_of(st.none(), st.sampled_from(["urn:uuid:1", "urn:uuid:2", "urn:uuid:pp", "http://ehr/Observation/a"]))


def entry(*, code: Json, id: str | None, day: Any, status: str | None, value: Json, odd: Json, url: str | None) -> Json:
    resource = {
        "resourceType": "Observation",
        "id": id,
        "status": status,
        "code": code,
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": day,
        "issued": None if status is None else "2026-05-31T10:00:00Z",
        **value,
        **odd,
    }
    found = {"resource": {name: part for name, part in resource.items() if part is not None or name in odd}}
    return found if url is None else {**found, "fullUrl": url}


def entries(odd: st.SearchStrategy[Json]) -> st.SearchStrategy[list[Json]]:
    """Series of results of one code each, among which some are odd."""
    code = st.sampled_from(list(codes()))
    forms = {"id": IDS, "day": DATES, "status": STATUSES, "value": VALUES, "url": URLS}
    some = st.one_of(st.just({}), st.just({}), st.just({}), odd)
    series = code.flatmap(lambda of: st.lists(st.builds(entry, **forms, code=st.just(of), odd=some), max_size=8))
    return st.lists(series, max_size=4).map(lambda lists: [one for items in lists for one in items])


SEARCHES = {
    "sound": entries(st.just({})),
    "odd": entries(ODD),
    "of others too": entries(st.one_of(ODD, STRANGERS)),
}
"""Made once: a strategy that is made anew for every example is, now and then, not the same one to Hypothesis."""


PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-06-15"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}


@pytest.mark.slow
@settings(max_examples=400)
@given(data=st.data())
def test_any_search_tells_the_same(library: Library, interest: ObservationFilter, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["sound"] * 5 + ["odd"] * 4 + ["of others too"]))
    found = data.draw(SEARCHES[kind])
    elements = data.draw(
        st.sampled_from([{}, {}, {"total": 99}, {"type": "history"}, {"link": [{"relation": "next"}]}])
    )
    wrapped = bundle(found, **elements)
    prefetch: Json = {"patient": PATIENT, "conditions": bundle([]), "observations": wrapped}
    match data.draw(st.integers(0, 9)):
        case 0:  # the same again under another name
            prefetch["Observation"] = bundle(data.draw(SEARCHES[kind]))
        case 1:  # a whole chart under a key that is not ours
            prefetch = {"chart": bundle([{"resource": PATIENT, "fullUrl": "urn:uuid:pp"}, *found])}
        case 2:
            wrapped["entry"].append({"resource": OUTCOME, "search": {"mode": "outcome"}})
        case 3:
            report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final"}
            inner = [{"resourceType": "Observation", "id": "1", "code": next(codes()), "valueInteger": 12}]
            prefetch["reports"] = bundle([{"resource": {**report, "contained": inner}}])
        case 4:
            prefetch["patient"] = bundle([{"resource": PATIENT, "fullUrl": "urn:uuid:1"}])
        case 5 if found:
            found[0]["search"] = {"mode": "include"}
        case 6 if found:
            found[0]["fullUrl"] = 5
        case 7 if found:
            found[-1]["search"] = 5
    same(request("p", prefetch), library, interest)


@settings(max_examples=100)
@given(found=st.tuples(SEARCHES["odd"], SEARCHES["odd"], SEARCHES["odd"]))
def test_pages_that_were_fetched_tell_the_same(
    library: Library, interest: ObservationFilter, found: tuple[list[Json], ...]
) -> None:
    pages = [json.dumps(bundle(page)).encode() for page in found]
    body = request("p", {"patient": PATIENT, "conditions": bundle([])})

    def facts(wanted: ObservationFilter | None) -> Any:
        supplied = PrefetchedRecord(parse_request(body, PATIENT_VIEW), {}, wanted)
        supplied.take("observations", "observations", tuple(pages), None, whole=True)
        sheet = build_sheet(supplied.record(), library.facts, AS_OF, library.facts_read)
        return {name: sheet[name] for name in sheet}

    assert facts(interest.on(lambda: AS_OF)) == facts(None)


ZONES = ("UTC", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Honolulu", "Pacific/Kiritimati")


@pytest.mark.parametrize("zone", ZONES)
def test_the_newest_is_the_same_in_every_zone_and_at_every_hour(
    library: Library, interest: ObservationFilter, zone: str
) -> None:
    """Results of the days around the moment that is asked about, each laboratory writing in a zone of its own."""
    drawn = random.Random(zone)
    for hour in range(24):
        now = datetime(2026, 6, 1, hour, 30, tzinfo=UTC)
        found = []
        for number in range(30):
            at = now + timedelta(minutes=drawn.randint(-4 * 1440, 2 * 1440))
            text = at.astimezone(ZoneInfo(drawn.choice(ZONES))).isoformat()
            text = drawn.choice((text, text, text[:19], text[:10]))
            found.append(result("718-7", f"h{number}", text, valueQuantity={"value": 50 + number, "unit": "g/L"}))
        body = request("p", {"patient": PATIENT, "conditions": bundle([]), "observations": bundle(found)})
        as_of = AsOf.at(now, ZoneInfo(zone))
        plain = told(body, library, None, as_of)
        assert told(body, library, interest.on(lambda now=now: AsOf.at(now)), as_of) == plain
        assert told(body, library, interest.on(lambda as_of=as_of: as_of), as_of) == plain
        newest = plain[-1]["lab.hemoglobin"]
        assert newest.value is not None
        assert newest.least_age <= 1, "there is one of the last days"


def result(loinc: str, id: str, day: str, **elements: Any) -> Json:
    code = {"coding": [{"system": LOINC, "code": loinc}]}
    value = {"valueQuantity": {"value": 12, "unit": "g/dL"}}
    return entry(code=code, id=id, day=day, status="final", value=value, odd=elements, url=None)


@pytest.mark.parametrize(
    ("found", "ids"),
    [
        pytest.param(
            [result("0000-1", "x", "2026-05-01"), result("0000-1", "y", "2026-05-02")], ["x"], id="of one subject"
        ),
        pytest.param(
            [result("0000-1", name, "2026-05-01") for name in ("x", "y", "y", "z")], ["x", "y"], id="what came twice"
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-05-{n}") for n in range(10, 20)],
            ["h10", "h17", "h18", "h19"],
            id="the newest",
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-05-{n}", status="preliminary") for n in range(10, 20)],
            [f"h{n}" for n in range(10, 20)],
            id="no final one",
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-05-{n}T10:00:00+15:00") for n in range(10, 20)],
            [f"h{n}" for n in range(10, 20)],
            id="dates that are none",
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-07-{n}") for n in range(10, 20)],
            [f"h{n}" for n in range(10, 20)],
            id="all after today",
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-05-{n}", valueQuantity=None) for n in range(10, 20)],
            [f"h{n}" for n in range(10, 20)],
            id="no value",
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-05-{n}") for n in range(10, 18)]
            + [result("718-7", "fetus", "2026-05-20", focus=[{"reference": "RelatedPerson/1"}])],
            ["h10", "h15", "h16", "h17"],
            id="the newest is about somebody else",
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-05-{n}", component=[]) for n in range(10, 20)],
            [f"h{n}" for n in range(10, 20)],
            id="with components",
        ),
        pytest.param(
            [result("718-7", f"h{n}", f"2026-05-{n}", medicationReference={}) for n in range(10, 20)],
            [f"h{n}" for n in range(10, 20)],
            id="elements of something else",
        ),
        pytest.param(
            [result("0000-1", f"h{n}", "2026-05-20", code={"coding": []}) for n in range(10, 20)],
            [f"h{n}" for n in range(10, 20)],
            id="no code at all",
        ),
    ],
)
def test_what_is_read(interest: ObservationFilter, found: list[Json], ids: list[str]) -> None:
    prefetch = {"patient": PATIENT, "conditions": bundle([]), "observations": bundle(found)}
    record = PrefetchedRecord(
        parse_request(request("p", prefetch), PATIENT_VIEW), {}, interest.on(lambda: AS_OF)
    ).record()
    assert sorted({view.id for view in record.resources["Observation"]}) == ids


def test_where_none_of_those_read_counts_the_others_are_read(library: Library, interest: ObservationFilter) -> None:
    found = [result("0000-1", "x", "2026-05-01", category=5), result("0000-1", "y", "2026-05-02")]
    prefetch = {"patient": PATIENT, "conditions": bundle([]), "chart": bundle(found)}
    record = PrefetchedRecord(
        parse_request(request("p", prefetch), PATIENT_VIEW), {}, interest.on(lambda: AS_OF)
    ).record()
    assert [view.id for view in record.resources["Observation"]] == ["y"]


def test_another_patients_result_is_refused_though_nothing_is_asked_of_it(interest: ObservationFilter) -> None:
    found = [result("0000-1", f"x{n}", "2026-05-01") for n in range(5)]
    found[3]["resource"]["subject"] = {"reference": "Patient/q"}
    prefetch = {"patient": PATIENT, "conditions": bundle([]), "observations": bundle(found)}
    with pytest.raises(HookError) as refused:
        PrefetchedRecord(parse_request(request("p", prefetch), PATIENT_VIEW), {}, interest.on(lambda: AS_OF)).record()
    assert [problem.place for problem in refused.value.problems] == ["prefetch.observations"]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "fhir_samples" / "requests").glob("*.json")), ids=lambda path: path.stem
)
def test_the_samples(library: Library, interest: ObservationFilter, path: Path) -> None:
    same(path.read_bytes(), library, interest, date(2026, 11, 24), (0,))


def requests_of(document: Any) -> Iterator[tuple[str, dict[str, list[Json]]]]:
    """A Bundle as a patient's entries by prefetch key."""
    found = [
        one for one in document.get("entry", ()) if isinstance(one, dict) and isinstance(one.get("resource"), dict)
    ]
    keys = {resource_type(label): label for label in reversed(LABELS)}
    patients = [one["resource"].get("id") for one in found if one["resource"].get("resourceType") == "Patient"]
    by_key: defaultdict[str, list[Json]] = defaultdict(list)
    for one in found:
        kept = {name: one[name] for name in ("fullUrl", "resource", "search") if name in one}
        by_key[keys.get(one["resource"].get("resourceType"), "others")].append(kept)
    if patients and isinstance(patients[0], str):
        yield patients[0], by_key


def shuffled(found: dict[str, list[Json]]) -> dict[str, list[Json]]:
    return {key: random.Random(1).sample(items, len(items)) for key, items in found.items()}


def repeated(found: dict[str, list[Json]]) -> dict[str, list[Json]]:
    return {**found, "observations": [*found.get("observations", ()), *found.get("observations", ())[::2]]}


def without_ids(found: dict[str, list[Json]]) -> dict[str, list[Json]]:
    def bare(one: Json) -> Json:
        return {**one, "resource": {name: part for name, part in one["resource"].items() if name != "id"}}

    return {key: items if key == "patient" else [bare(one) for one in items] for key, items in found.items()}


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.exists(), reason="the third-party records are not beside the repository")
@pytest.mark.parametrize("changed", [dict, shuffled, repeated, without_ids])
def test_records_of_others(
    library: Library, interest: ObservationFilter, changed: Callable[[dict[str, list[Json]]], dict[str, list[Json]]]
) -> None:
    read = 0
    with zipfile.ZipFile(ARCHIVE) as archive:
        for name in sorted(archive.namelist()):
            document = json.loads(archive.read(name)) if name.endswith(".json") else None
            if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
                continue
            for patient_id, by_key in requests_of(document):
                prefetch = {key: bundle(items) for key, items in changed(by_key).items()}
                if "observations" in prefetch and len(patient_id) < 65 and "/" not in patient_id:
                    same(request(patient_id, prefetch), library, interest, AS_OF, (0,))
                    read += 1
    assert read > 50


@pytest.mark.parametrize(
    ("number", "parts", "asked"),
    [
        pytest.param("85354-9", "blood pressure", False, id="a panel of which no rule asks anything"),
        pytest.param("718-7", "blood pressure", True, id="a code that is read itself"),
        pytest.param("85354-9", "a result among others", True, id="a component that is read"),
        pytest.param("85354-9", "copies of a gene", True, id="a component that counts beside another"),
        pytest.param("85354-9", "copies in words", True, id="a component without a code"),
        pytest.param("69548-6", "blood pressure", True, id="a code that is read with its components"),
        pytest.param("85354-9", "without a code", True, id="a component of which nothing is known"),
        pytest.param("85354-9", "a local code", True, id="a component with a code that is not known"),
    ],
)
def test_of_panels_those_are_read_that_may_say_something(
    number: str, parts: str, asked: bool, interest: ObservationFilter
) -> None:
    found = [result("0000-1", "first", "2026-05-01"), result(number, "panel", "2026-05-01", component=PANELS[parts])]
    prefetch = {"patient": PATIENT, "conditions": bundle([]), "observations": bundle(found)}
    record = PrefetchedRecord(parse_request(request("p", prefetch), PATIENT_VIEW), {}, interest).record()
    assert [view.id for view in record.resources["Observation"]] == (["first", "panel"] if asked else ["first"])
