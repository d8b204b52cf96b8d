"""What a file may hold that somebody uploads: which patients come of it, and what is said of what can't be read."""

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from cds_service.cds_hooks import PrefetchedRecord, parse_request, service_for
from cds_service.errors import RecordError
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.matching import match
from cds_service.workbench.desk import Uploads
from tests.workbench.serving import ROOT

SAMPLES = ROOT / "fhir_samples"
DAY = date(2026, 11, 24)
STORIES = sorted(path.stem for path in (SAMPLES / "patients").glob("*.json"))


def bundle(story: str) -> bytes:
    return (SAMPLES / "patients" / f"{story}.json").read_bytes()


def hook(story: str) -> bytes:
    return (SAMPLES / "requests" / f"patient-view-{story}.json").read_bytes()


def resources(*stories: str) -> list[Any]:
    return [entry["resource"] for story in stories for entry in json.loads(bundle(story))["entry"]]


def ndjson(*stories: str) -> bytes:
    return b"\n".join(json.dumps(resource).encode() for resource in resources(*stories))


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return made.getvalue()


def by_type(*stories: str) -> bytes:
    """An archive as a bulk export has it: a file for each type, the patients mixed, and the manifest."""
    files: dict[str, list[bytes]] = {}
    for resource in resources(*stories):
        files.setdefault(f"{resource['resourceType']}__ndjson", []).append(json.dumps(resource).encode())
    manifest = json.dumps({"transactionTime": "2026-11-24T00:00:00Z", "output": []}).encode()
    return zipped(manifest__json=manifest, **{name: b"\n".join(lines) for name, lines in files.items()})


def uploaded(data: bytes, file: str = "file", largest: int = 200_000_000) -> Any:
    return Uploads().add(data, file, largest)


def verdicts(record: Record, library: Library) -> dict[str, str]:
    return {trial.trial.id: trial.verdict for trial in match(record, library, DAY).trials}


def as_the_hook_reads(request: Mapping[str, Any]) -> Record:
    body = json.dumps({**request, "hookInstance": "3fbb3191-be89-5691-a4a9-4733a2d21f8a"}).encode()
    return PrefetchedRecord(parse_request(body, service_for("patient-view")), {}).record()


FORMS = {
    "a Bundle": bundle("sle"),
    "packed as gz": gzip.compress(bundle("sle")),
    "in a zip": zipped(sle__json=bundle("sle")),
    "packed in a zip": zipped(sle__json__gz=gzip.compress(bundle("sle"))),
    "NDJSON": ndjson("sle"),
    "NDJSON as gz": gzip.compress(ndjson("sle")),
    "a list": json.dumps(resources("sle")).encode(),
    "with a byte-order mark": b"\xef\xbb\xbf" + bundle("sle"),
    "in UTF-16": bundle("sle").decode().encode("utf-16"),
    "a file for each type": by_type("sle"),
    "a hook request": hook("sle"),
    "a hook request as gz": gzip.compress(hook("sle")),
    "a hook request of another hook": (SAMPLES / "requests" / "encounter-start-sle.json").read_bytes(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_record_is_the_same_in_every_form_and_so_is_what_an_ehr_would_send(form: str, library: Library) -> None:
    upload = uploaded(FORMS[form])
    [person] = upload.people.values()
    [plain] = uploaded(bundle("sle")).people.values()
    expected = verdicts(plain.record, library)
    assert upload.problems == ()
    assert verdicts(person.record, library) == expected
    assert verdicts(as_the_hook_reads(person.request("patient-view")), library) == expected


@pytest.mark.parametrize("story", STORIES)
def test_the_request_of_an_uploaded_record_means_what_the_record_means(story: str, library: Library) -> None:
    [person] = uploaded(bundle(story)).people.values()
    found = as_the_hook_reads(person.request("patient-view"))
    assert verdicts(found, library) == verdicts(person.record, library)


@pytest.mark.parametrize("make", [ndjson, by_type], ids=["one NDJSON", "a file for each type"])
def test_each_of_several_patients_has_what_is_hers_alone(make: Any, library: Library) -> None:
    stories = ("sle", "als-likely", "healthy")
    upload = uploaded(make(*stories))
    people = {person.title.split(",")[0].removeprefix("Patient "): person for person in upload.people.values()}
    assert set(people) == set(stories)
    for story, person in people.items():
        alone = uploaded(bundle(story)).people
        assert verdicts(person.record, library) == verdicts(next(iter(alone.values())).record, library)
        found = as_the_hook_reads(person.request("patient-view"))
        assert verdicts(found, library) == verdicts(person.record, library)
        assert [issue for issue in person.record.issues if issue.code == "other_patient"] == []


def test_several_patients_have_titles_and_names_of_their_own() -> None:
    upload = uploaded(zipped(a__json=bundle("sle"), b__json=hook("healthy")))
    titles = [person.title for person in upload.people.values()]
    assert titles == ["Hook request for Patient/healthy", "Patient sle, female, born 1985-09-30"]
    assert len(set(upload.people)) == 2


def test_what_a_search_counts_is_counted_again_without_the_others() -> None:
    entries = [{"resource": resource} for resource in resources("sle", "healthy")]
    search = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
    for person in uploaded(json.dumps(search).encode()).people.values():
        assert "incomplete_bundle" not in {issue.code for issue in person.record.issues}


def test_a_line_that_cannot_be_read_is_told_and_leaves_the_record_incomplete() -> None:
    upload = uploaded(ndjson("sle") + b'\n{"resourceType": "Condition", ', "export.ndjson")
    number = len(resources("sle")) + 1
    assert [(p.place, p.message) for p in upload.problems] == [(f"export.ndjson line {number}", "is not JSON")]
    [person] = upload.people.values()
    assert "Condition" not in person.record.whole
    assert "Condition" not in as_the_hook_reads(person.request("patient-view")).whole


def test_nothing_is_asked_of_the_server_that_a_hook_request_names() -> None:
    body = json.loads(hook("sle"))
    body["fhirServer"] = "https://asked.example/fhir"
    token = {"access_token": "secret", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read"}
    body["fhirAuthorization"] = {**token, "subject": "us"}
    [person] = uploaded(json.dumps(body).encode()).people.values()
    sent = json.dumps(person.request("patient-view"))
    assert "secret" not in sent
    assert "asked.example" not in sent


REFUSED = {
    "not JSON": (b'{"a": ', "f.json: the record is not JSON"),
    "no FHIR": (b'{"a": 1}', "f.json: the record is JSON but no FHIR resource"),
    "empty": (b"", "f.json: the record is not JSON"),
    "a list of nothing": (b"[1, 2]", "f.json: there is no Patient in the record"),
    "no Patient": (b'{"resourceType": "Bundle"}', "f.json: there is no Patient in the record"),
    "gz cut off": (gzip.compress(bundle("sle"))[:500], "f.json: is cut off"),
    "zip cut off": (zipped(a__json=bundle("sle"))[:500], "f.json: is damaged"),
    "zip of nothing": (zipped(readme__txt=b"hello"), "f.json: there is no record"),
    "one of a zip": (zipped(a__json=b'{"a": '), "f.json a.json: the record is not JSON"),
    "too large unpacked": (gzip.compress(b" " * 300_000), "f.json: the upload has more than 200,000 bytes"),
    "too large together": (
        zipped(a__json=b" " * 150_000, b__json=b" " * 150_000),
        "f.json b.json: the upload has more than 200,000 bytes",
    ),
    "another hook": (b'{"hook": "order-select"}', "f.json: a hook request for another hook than patient-view"),
    "half a hook request": (b'{"hook": "patient-view", "context": {}}', "f.json: the hook request can't be used"),
}


@pytest.mark.parametrize(("data", "told"), REFUSED.values(), ids=list(REFUSED))
def test_what_holds_no_record_is_refused_with_its_place(data: bytes, told: str) -> None:
    with pytest.raises(RecordError) as refused:
        uploaded(data, "f.json", 200_000)
    assert str(refused.value).startswith(told)


def test_uploads_are_few_unguessable_and_forgotten() -> None:
    uploads = Uploads()
    names = [next(iter(uploads.add(bundle("healthy")).people)) for _ in range(21)]
    assert len(set(names)) == 21
    assert all(len(name) > 20 for name in names)
    assert uploads.get(names[0]) is None, "the oldest went"
    kept = uploads.get(names[-1])
    assert kept is not None
    assert isinstance(kept.record, Record)
    uploads.drop(names[-1])
    assert uploads.get(names[-1]) is None
