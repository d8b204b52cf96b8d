"""Hook requests like those of an EHR with long charts: a sample story and years of routine results before it.

A story of `fhir_samples/requests` is the patient; what is added are the vital signs and laboratory panels that every
chart is full of, visit by visit, the newest a month old, each value within its reference range. So the story's own
results stay the latest ones and its cards stay what they are; only the chart grows. One in twenty results is a blood
pressure with its two components, and an Observation has some 600 bytes, written compactly: 2,000 of them make 1.2 MB.

The five trials' rules read many of the routine tests. `share_read` says how many of the results are of such a test,
for charts that matter more or less to the rules; without it they come as the visits bring them.
"""

import json
import random
import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cds_service.facts.catalogue import ObservedFact
from cds_service.library import Library

ROOT = Path(__file__).resolve().parents[1]
STORIES = ROOT / "fhir_samples" / "requests"
TOLD_ON = date(2026, 11, 24)
"""The day on which the stories are told (fhir_samples/samples.json)."""
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
_DAY = re.compile(rb"\b(?:19|20)\d\d-[01]\d-[0-3]\d")


class Routine(NamedTuple):
    """A test of daily practice: LOINC code and display, UCUM unit, reference range."""

    code: str
    display: str
    unit: str
    low: float
    high: float


VITALS = (
    Routine("8867-4", "Heart rate", "/min", 60, 95),
    Routine("9279-1", "Respiratory rate", "/min", 12, 18),
    Routine("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "%", 95, 100),
    Routine("8310-5", "Body temperature", "Cel", 36.2, 37.4),
    Routine("85354-9", "Blood pressure panel with all children optional", "mm[Hg]", 70, 125),
    Routine("29463-7", "Body weight", "kg", 66, 70),
)
BLOOD_COUNT = (
    Routine("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 12.5, 15.5),
    Routine("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "%", 37, 46),
    Routine("789-8", "Erythrocytes [#/volume] in Blood by Automated count", "10*6/uL", 4.1, 5.2),
    Routine("787-2", "MCV [Entitic mean volume] in Red Blood Cells by Automated count", "fL", 81, 98),
    Routine("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 4.2, 9.8),
    Routine("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 160, 380),
    Routine("751-8", "Neutrophils [#/volume] in Blood by Automated count", "10*3/uL", 2.2, 6.9),
    Routine("731-0", "Lymphocytes [#/volume] in Blood by Automated count", "10*3/uL", 1.1, 3.4),
)
CHEMISTRY = (
    Routine("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 136, 144),
    Routine("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.6, 4.9),
    Routine("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "mmol/L", 98, 106),
    Routine("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 8.6, 10.2),
    Routine("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", "mg/dL", 8, 19),
    Routine("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.6, 1.0),
    Routine("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 72, 99),
    Routine("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 10, 33),
    Routine("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 11, 32),
    Routine("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 44, 110),
    Routine("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", "mg/dL", 0.3, 1.0),
    Routine("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", 3.7, 4.8),
)
NOW_AND_THEN = (
    Routine("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 4.6, 5.5),
    Routine("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "m[IU]/L", 0.6, 3.8),
    Routine("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L", 0.5, 4.5),
    Routine("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", 130, 190),
    Routine("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL", 60, 140),
    Routine("2276-4", "Ferritin [Mass/volume] in Serum or Plasma", "ng/mL", 20, 140),
)
PANELS = ((VITALS, 1.0), (BLOOD_COUNT, 0.6), (CHEMISTRY, 0.6), (NOW_AND_THEN, 0.2))
"""Panels, and at how many of the visits each is done."""
ROUTINE = tuple(test for panel, _ in PANELS for test in panel)


def request(
    resources: int,
    seed: int = 0,
    *,
    story: str = "sle",
    as_of: date = TOLD_ON,
    share_read: float | None = None,
    read: frozenset[str] = frozenset(),
) -> bytes:
    """The body of a `patient-view` hook request with `resources` resources (or as many as the story has, if more).

    `as_of`: the day on which the story is told. `share_read`: the share, 0 to 1, of the added results whose code is
    among `read`. The same arguments give the same bytes.
    """
    body = json.loads(_told(story, as_of))
    results = body["prefetch"]["observations"]
    entries = results.setdefault("entry", [])
    rng = random.Random(seed)
    body["hookInstance"] = str(_uuid(rng))
    patient = body["context"]["patientId"]
    visits = _visits(rng, as_of)
    chosen = visits if share_read is None else _mixed(visits, share_read, read)
    for number in range(max(0, resources - _count(body))):
        test, taken = next(chosen)
        entries.append(_entry(rng, number, test, taken, patient))
    results["total"] = len(entries)
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def sized(size: int, seed: int = 0, *, story: str = "sle", as_of: date = TOLD_ON) -> bytes:
    """The request of that kind whose body comes nearest to `size` bytes (within one Observation)."""
    few, many = (request(count, seed, story=story, as_of=as_of) for count in (100, 200))
    each = (len(many) - len(few)) / 100
    count = round(100 + (size - len(few)) / each)
    return request(count, seed, story=story, as_of=as_of)


def codes_read(library: Library) -> frozenset[str]:
    """The LOINC codes of results that some rule of the library reads."""
    specs = (spec for spec in library.catalogue if isinstance(spec, ObservedFact) and spec.name in library.facts_read)
    return frozenset(code.code for spec in specs for code in spec.codes if code.system == LOINC)


def share_read_in(body: bytes, read: frozenset[str]) -> float:
    """The share of a request's Observations whose code is among `read`."""
    entries = json.loads(body)["prefetch"]["observations"]["entry"]
    codes = [{coding["code"] for coding in entry["resource"]["code"].get("coding", ())} for entry in entries]
    return sum(not read.isdisjoint(each) for each in codes) / len(codes)


@cache
def _told(story: str, as_of: date) -> bytes:
    shift = as_of - TOLD_ON

    def moved(found: re.Match[bytes]) -> bytes:
        return (date.fromisoformat(found[0].decode()) + shift).isoformat().encode()

    return _DAY.sub(moved, (STORIES / f"patient-view-{story}.json").read_bytes())


def _count(body: dict[str, Any]) -> int:
    bundles = [value for value in body["prefetch"].values() if value and value["resourceType"] == "Bundle"]
    return 1 + sum(len(bundle.get("entry", ())) for bundle in bundles)


def _visits(rng: random.Random, as_of: date) -> Iterator[tuple[Routine, datetime]]:
    """Tests and when each was taken, the newest first: a visit every few weeks, some with days on a ward."""
    at = datetime(as_of.year, as_of.month, as_of.day, 8, tzinfo=UTC) - timedelta(days=30)
    while True:
        for _ in range(rng.choice((1, 1, 1, 4))):
            for panel, share in PANELS:
                if rng.random() < share:
                    yield from ((test, at) for test in panel)
            at -= timedelta(hours=24, minutes=rng.randrange(60))
        at -= timedelta(days=rng.randrange(5, 40))


def _mixed(
    visits: Iterator[tuple[Routine, datetime]], share: float, read: frozenset[str]
) -> Iterator[tuple[Routine, datetime]]:
    kinds = {test.code in read for test in ROUTINE}
    wanted = {True} if share >= 1 else {False} if share <= 0 else {True, False}
    if not wanted <= kinds:
        raise ValueError("the routine tests are all read, or none is")
    waiting: dict[bool, deque[tuple[Routine, datetime]]] = {True: deque(), False: deque()}
    owed = 0.0
    while True:
        owed += share
        wants_read = owed >= 1
        owed -= wants_read
        while not waiting[wants_read]:
            test, at = next(visits)
            waiting[test.code in read].append((test, at))
        yield waiting[wants_read].popleft()


def _entry(rng: random.Random, number: int, test: Routine, taken: datetime, patient: str) -> dict[str, Any]:
    vital = test in VITALS
    identity = f"{patient}-r{number}"
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORIES, "code": "vital-signs" if vital else "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": test.code, "display": test.display}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": taken.isoformat(),
    }
    if test.code == "85354-9":
        resource["component"] = [
            {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": _quantity(value, test.unit)}
            for code, value in (("8480-6", rng.randint(105, 125)), ("8462-4", rng.randint(65, 80)))
        ]
    else:
        resource["valueQuantity"] = _quantity(_value(rng, test), test.unit)
        if not vital:
            resource["referenceRange"] = [{"low": {"value": test.low}, "high": {"value": test.high}}]
    return {"fullUrl": f"https://ehr.example.org/fhir/Observation/{identity}", "resource": resource}


def _value(rng: random.Random, test: Routine) -> float:
    return round(rng.uniform(test.low, test.high), 1 if test.high < 100 else 0)


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "8" + digits[17:20], digits[20:]))
