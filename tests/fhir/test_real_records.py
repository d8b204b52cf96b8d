"""Records that others made: none raises anything but a plain refusal, and nothing is lost without a word.

They lie outside the repository and are not part of it; without them the tests are skipped.
"""

import contextlib
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import RecordError
from cds_service.fhir import ISSUE_CODES, RESOURCE_TYPES, KeyState, MixedPatients, RecordBuilder, read_bundle

DATA = Path(__file__).parents[2].parent / "shared" / "data"
RECORDS = DATA / "fhir-records.zip"
REQUESTS = DATA / "cds-hooks-requests.zip"

needs_records = pytest.mark.skipif(not RECORDS.exists(), reason=f"{RECORDS.name} is not beside the repository")
needs_requests = pytest.mark.skipif(not REQUESTS.exists(), reason=f"{REQUESTS.name} is not beside the repository")

REFUSALS = ("there is no Patient", "say which one is meant", "no FHIR resource")


def documents(archive: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if name.endswith(".json"):
                yield name, files.read(name)


def resources_in(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict) and document.get("resourceType") == "Bundle":
        for entry in document.get("entry", ()):
            yield from resources_in(entry.get("resource"))
    elif isinstance(document, dict):
        yield document


@pytest.mark.slow
@needs_records
def test_every_record_is_read_and_accounted_for() -> None:
    read, refused = 0, Counter[str]()
    for name, data in documents(RECORDS):
        document = json.loads(data)
        try:
            record = read_bundle(data)
        except RecordError as error:
            refused[next((refusal for refusal in REFUSALS if refusal in str(error)), f"{name}: {error}")] += 1
            continue
        read += 1
        sent = Counter(r["resourceType"] for r in resources_in(document) if r.get("resourceType") in RESOURCE_TYPES)
        counted = Counter({type: len(views) for type, views in record.resources.items()})
        lost = sum((sent - counted).values()) - sent["Patient"]
        assert lost <= len(record.issues), f"{name}: {lost} resources lost without an issue"
        assert {issue.code for issue in record.issues} <= ISSUE_CODES.keys()
        assert record.whole.isdisjoint(record.gaps)
    assert set(refused) == set(REFUSALS)
    assert read > 150


@needs_records
def test_bundles_of_one_patient_hold_nothing_odd() -> None:
    for name, data in documents(RECORDS):
        if "synthea" in name or "clinosim" in name or "tietai" in name:
            record = read_bundle(data)
            assert record.issues == (), f"{name}: {record.issues[0]}"
            assert record.whole == RESOURCE_TYPES.keys()


@pytest.mark.slow
@needs_records
def test_loose_resources_are_read_as_prefetch_values() -> None:
    for name, data in documents(RECORDS):
        document = json.loads(data)
        if isinstance(document, dict) and document.get("resourceType") in RESOURCE_TYPES.keys() - {"Patient"}:
            subject = next((document[e] for e in ("subject", "patient", "individual") if e in document), {})
            patient_id = str(subject.get("reference", "")).rpartition("/")[2]
            builder = RecordBuilder(patient_id)
            report = builder.add("key", frozenset({document["resourceType"]}), data)
            assert report.state is KeyState.SUPPLIED, f"{name}: {report}"
            record = builder.build()
            assert document["resourceType"] in record.resources or record.malformed or record.issues, name


@needs_requests
def test_prefetch_values_of_other_peoples_requests_are_read() -> None:
    states: Counter[KeyState] = Counter()
    for _, data in documents(REQUESTS):
        request = json.loads(data)
        builder = RecordBuilder(str(request.get("context", {}).get("patientId")))
        for key, value in (request.get("prefetch") or {}).items():
            states[builder.add(key, None, json.dumps(value)).state] += 1
        # Some of them are about several people, and are rightly refused.
        with contextlib.suppress(MixedPatients):
            builder.build()
    assert states[KeyState.SUPPLIED] > 30
    assert not states[KeyState.ERROR]
