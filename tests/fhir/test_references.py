"""What a reference points to, by its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir import ReferenceKind, Target, parse_reference, resolve

UUID = "0c9c0fa6-2a5b-4b4c-9b8e-0b1f3c1f2a11"


@pytest.mark.parametrize(
    ("text", "kind", "key", "why"),
    [
        ("Patient/1", ReferenceKind.RELATIVE, "Patient/1", "relative"),
        ("Patient/1/_history/3", ReferenceKind.RELATIVE, "Patient/1", "a version of it is still it"),
        ("https://ehr.example/fhir/R4/Patient/1", ReferenceKind.ABSOLUTE, "Patient/1", "absolute"),
        (
            "https://ehr.example/fhir/Patient/1/_history/3",
            ReferenceKind.ABSOLUTE,
            "Patient/1",
            "absolute, with version",
        ),
        ("http://h:8080/Patient/a.b-c", ReferenceKind.ABSOLUTE, "Patient/a.b-c", "port, and all that an id may hold"),
        ("Patient/under_score", ReferenceKind.RELATIVE, "Patient/under_score", "ids outside FHIR's alphabet exist"),
        (f"urn:uuid:{UUID}", ReferenceKind.URN, None, "only the Bundle knows what it is"),
        ("urn:oid:1.2.3", ReferenceKind.URN, None, "likewise"),
        ("#med", ReferenceKind.CONTAINED, None, "contained"),
        ("Patient?identifier=urn:mrn|1", ReferenceKind.CONDITIONAL, None, "to be searched for by a server"),
        ("https://ehr.example/fhir", ReferenceKind.OTHER, None, "no resource"),
        ("1", ReferenceKind.OTHER, None, "an id without type"),
        ("Patient/", ReferenceKind.OTHER, None, "a type without id"),
        ("Patient/1/extra", ReferenceKind.OTHER, None, "something else behind"),
        ("Patient/1#frag", ReferenceKind.OTHER, None, "a part of a resource is not the resource"),
        ("", ReferenceKind.OTHER, None, "nothing"),
    ],
)
def test_a_reference_is_taken_apart(text: str, kind: ReferenceKind, key: str | None, why: str) -> None:
    found = parse_reference(text)
    assert (found.kind, found.key) == (kind, key), why


def test_a_full_url_wins_over_what_the_text_says() -> None:
    entry = Target(ReferenceKind.RELATIVE, "Patient", "7")
    full_urls = {f"urn:uuid:{UUID}": entry, "http://a/Patient/1": entry}
    assert resolve(f"urn:uuid:{UUID}", full_urls) is entry
    assert resolve("http://a/Patient/1", full_urls) is entry
    assert resolve("http://b/Patient/1", full_urls).key == "Patient/1"


@given(st.text())
def test_no_text_raises(text: str) -> None:
    parse_reference(text)


@pytest.mark.parametrize(
    "text", ["http://" + "a/" * 500_000, "http://" + "/a" * 900, "A" * 5_000_000, "urn:" + ":" * 10**6]
)
def test_long_texts_take_no_time(text: str) -> None:
    assert parse_reference(text).key is None or len(text) < 2_000
