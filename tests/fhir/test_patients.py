"""Records of several patients, put together from several documents: nobody gets what is another one's."""

import json
from pathlib import Path

import pytest

from cds_service.errors import RecordError
from cds_service.fhir import Patients, Record, read_bundle, read_document

SAMPLES = sorted((Path(__file__).parents[2] / "fhir_samples" / "patients").glob("*.json"))


def patient(id: str, **more: object) -> dict[str, object]:
    return {"resourceType": "Patient", "id": id, **more}


def condition(id: str, **subject: object) -> dict[str, object]:
    named = {"subject": subject} if subject else {}
    return {"resourceType": "Condition", "id": id, "code": {"text": id}, **named}


def bundle(*resources: dict[str, object], **more: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources], **more}


def together(*documents: dict[str, object], lost: str = "") -> Patients:
    found = Patients()
    for number, document in enumerate(documents, 1):
        found.add(read_document(json.dumps(document).encode(), f"{number}.json"))
    if lost:
        found.lose(lost, "is damaged")
    return found


def held(record: Record) -> list[str]:
    return sorted(one.id for one in record.resources.get("Condition", ()))


P, Q = patient("p"), patient("q", identifier=[{"system": "urn:mrn", "value": "7"}])
OF_P, OF_Q = {"reference": "Patient/p"}, {"reference": "Patient/q"}

TABLE = {
    "each to whom it names": ([P, Q, condition("a", **OF_P), condition("b", **OF_Q)], ["a"], ["b"]),
    "in Bundles": ([bundle(P, condition("a", **OF_P)), bundle(Q, condition("b", **OF_Q))], ["a"], ["b"]),
    "new results beside the charts": ([bundle(P), bundle(Q), bundle(condition("b", **OF_Q))], [], ["b"]),
    "an absolute reference": ([P, Q, condition("a", reference="https://ehr.example/fhir/Patient/p")], ["a"], []),
    "by identifier": ([P, Q, condition("b", identifier={"system": "urn:mrn", "value": "7"})], [], ["b"]),
    "naming nobody, beside its only Patient": ([bundle(P, condition("a")), bundle(Q)], ["a"], []),
    "naming nobody at all": ([P, Q, condition("x")], [], []),
    "of somebody who is not there": ([P, Q, condition("x", reference="Patient/z")], [], []),
    "by name alone": ([P, Q, condition("x", display="Q")], [], []),
}


@pytest.mark.parametrize(("documents", "of_p", "of_q"), TABLE.values(), ids=TABLE)
def test_who_gets_what(documents: list[dict[str, object]], of_p: list[str], of_q: list[str]) -> None:
    found = together(*documents)
    assert [held(found.record(id)) for id in ("p", "q")] == [of_p, of_q]


@pytest.mark.parametrize("nobodys", [condition("x"), condition("x", display="Q")], ids=["no subject", "a name"])
def test_what_may_be_anybodys_is_absent_for_nobody(nobodys: dict[str, object]) -> None:
    found = together(P, Q, nobodys)
    for id in ("p", "q"):
        assert [malformed.type for malformed in found.record(id).malformed] == ["Condition"]


def test_who_is_not_there_is_counted() -> None:
    assert together(P, Q, condition("x", reference="Patient/z")).strays == 1


WHOLE = [
    ("one patient", [bundle(P)], "incomplete"),
    ("a bulk export", [P, Q, condition("a", **OF_P)], "incomplete"),
    ("a chart each, and one more document", [bundle(P), bundle(Q), condition("a", **OF_P)], "incomplete"),
    ("a chart for each patient", [bundle(P), bundle(Q)], "whole"),
]


@pytest.mark.parametrize(("documents", "expected"), [row[1:] for row in WHOLE], ids=[row[0] for row in WHOLE])
def test_what_could_not_be_read_may_be_about_a_patient(documents: list[dict[str, object]], expected: str) -> None:
    record = together(*documents, lost="lost.json").record("p")
    assert ("whole" if "Condition" in record.whole else "incomplete") == expected
    assert any(issue.resource == "lost.json" for issue in record.issues) == (expected == "incomplete")


def test_a_chart_that_is_cut_off_is_incomplete_for_its_own_patient_only() -> None:
    found = together(bundle(P, type="searchset", total=9), bundle(Q))
    assert ["Condition" in found.record(id).whole for id in ("p", "q")] == [False, True]


def test_two_people_with_one_id_are_not_mixed() -> None:
    found = together(bundle(patient("p", birthDate="1950-01-01")), bundle(patient("p", birthDate="2001-01-01")))
    with pytest.raises(RecordError, match=r"two people have the id p \(1\.json, 2\.json\)"):
        found.record("p")


def test_one_chart_is_what_it_was_by_itself() -> None:
    for path in SAMPLES:
        alone = Patients()
        alone.add(read_document(path.read_bytes()))
        assert alone.record(alone.ids[0]) == read_bundle(path.read_bytes())


def test_all_samples_at_once_are_the_samples_one_by_one() -> None:
    found = Patients()
    for path in SAMPLES:
        found.add(read_document(path.read_bytes(), path.name))
    assert len(found.ids) == len(SAMPLES)
    for path in SAMPLES:
        assert found.record(path.stem).resources == read_bundle(path.read_bytes()).resources
