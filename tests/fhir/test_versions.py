"""The same resource more than once."""

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.fhir import Record, read_bundle

Json = dict[str, Any]
A = "https://a.example/fhir/Observation/o"
B = "https://b.example/fhir/Observation/o"


def copy(value: int, full_url: str | None = None, **meta: str) -> Json:
    resource = {"resourceType": "Observation", "id": "o", "valueInteger": value} | ({"meta": meta} if meta else {})
    return {"resource": resource} | ({} if full_url is None else {"fullUrl": full_url})


EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T01:30:00+01:00"


@pytest.mark.parametrize(
    ("copies", "values", "issue", "why"),
    [
        ([copy(1), copy(1)], [1], None, "the same content counts once"),
        ([copy(1, lastUpdated=EARLY), copy(1, lastUpdated=LATE)], [1], None, "whatever its metadata say"),
        ([copy(1, A), copy(1, B)], [1], None, "wherever it comes from"),
        ([copy(1, lastUpdated=EARLY), copy(2, lastUpdated=LATE)], [2], "older_version", "the last updated counts"),
        ([copy(2, lastUpdated=LATE), copy(1, lastUpdated=EARLY)], [2], "older_version", "in whatever order they come"),
        ([copy(1, versionId="9"), copy(2, versionId="10")], [2], "older_version", "versions are numbers"),
        (
            [copy(1, versionId="1", lastUpdated=EARLY), copy(2, versionId="2", lastUpdated=EARLY)],
            [2],
            "older_version",
            "updated at once: the version tells",
        ),
        (
            [copy(1, versionId="1"), copy(2, versionId="2"), copy(1, versionId="3")],
            [1],
            "older_version",
            "changed and changed back",
        ),
        (
            [copy(1, lastUpdated=EARLY), copy(2, lastUpdated=LATE), copy(3, lastUpdated=LATE)],
            [2, 3],
            "conflicting_versions",
            "two newest ones: the older is left out, these count",
        ),
        ([copy(1), copy(2)], [1, 2], "conflicting_versions", "nothing tells which is newer: both count"),
        ([copy(1, lastUpdated=EARLY), copy(2)], [1, 2], "conflicting_versions", "one without metadata may be either"),
        ([copy(1, lastUpdated="soon"), copy(2, lastUpdated=LATE)], [1, 2], "conflicting_versions", "unreadable date"),
        ([copy(1, versionId="x"), copy(2, versionId="y")], [1, 2], "conflicting_versions", "versions without order"),
        ([copy(1, A), copy(2, B)], [1, 2], None, "on different servers they are different resources"),
        (
            [copy(1, A, versionId="1"), copy(2, A, versionId="2"), copy(3, B)],
            [2, 3],
            "older_version",
            "server by server",
        ),
        ([copy(1, A), copy(2)], [1, 2], "conflicting_versions", "one server and none named are one server"),
    ],
)
def test_a_resource_counts_once_and_in_its_newest_version(
    bundle_of: Callable[..., bytes], copies: list[Json], values: list[int], issue: str | None, why: str
) -> None:
    record = read_bundle(bundle_of({"resourceType": "Patient", "id": "p"}, *copies))
    assert [o.value_integer for o in record.resources["Observation"]] == values, why
    assert [i.code for i in record.issues] == ([issue] if issue else []), why


def test_resources_without_id_are_never_taken_for_the_same(read: Callable[..., Record]) -> None:
    record = read(*[{"resourceType": "Observation", "valueInteger": 1}] * 2)
    assert len(record.resources["Observation"]) == 2


def test_the_same_id_of_another_type_is_another_resource(read: Callable[..., Record]) -> None:
    record = read({"resourceType": "Observation", "id": "1"}, {"resourceType": "Condition", "id": "1"})
    assert set(record.resources) == {"Observation", "Condition"}


@pytest.mark.parametrize(
    ("first", "second", "expected", "why"),
    [
        ({"gender": "male"}, {"birthDate": "1980"}, ("male", "1980", None), "what only one says is known"),
        ({"gender": "male"}, {"gender": "female"}, (None, None, None), "what they contradict each other in is not"),
        ({"deceasedBoolean": False}, {"deceasedBoolean": True}, (None, None, True), "but a death is believed"),
        (
            {"gender": "male", "meta": {"versionId": "1"}},
            {"gender": "female", "meta": {"versionId": "2"}},
            ("female", None, None),
            "the newer version counts",
        ),
    ],
)
def test_versions_of_the_patient_must_agree(
    bundle_of: Callable[..., bytes], first: Json, second: Json, expected: tuple[Any, ...], why: str
) -> None:
    document = bundle_of(*({"resourceType": "Patient", "id": "p"} | elements for elements in (first, second)))
    patient = read_bundle(document).patient
    assert patient is not None
    assert (patient.gender, patient.birth_date, patient.deceased_boolean) == expected, why
