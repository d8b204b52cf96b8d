"""What a card offers to do: valid drafts about this patient, one action each."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import ValidationError

from cds_service.cards import (
    CARD_NAMESPACE,
    PROFILES,
    REFERRAL,
    CardOptions,
    ClientProfile,
    Suggester,
    cards_for,
    draft_json,
    is_condition_reference,
    stable_uuid,
)
from cds_service.facts.catalogue import Code
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from cds_service.trials import Trial
from tests.cards.small_library import AS_OF, LOINC, bundle, criterion, lab, matched, trial
from tests.cards.stories import SAMPLES, Story

Small = Callable[..., Library]
HB = criterion("inc-02", {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]})
HIV = criterion("inc-04", {"==": [{"var": "result.hiv"}, "negative"]})
ECOG = criterion("inc-03", {"<=": [{"var": "score.ecog"}, 2]})


def suggestions(library: Library, *resources: Any, options: CardOptions | None = None, **patient: Any) -> list[Any]:
    [card] = cards_for(matched(library, *resources, **patient), options or CardOptions(), "seed")
    found: list[Any] = card.get("suggestions", [])
    return found


@pytest.mark.parametrize("story", sorted(path.stem for path in SAMPLES.glob("*.json")))
def test_every_resource_of_the_samples_is_valid_fhir(library: Library, story: str) -> None:
    found = Story(story).matched(library)
    for card in cards_for(found, CardOptions(near_miss=True), "seed"):
        for suggestion in card.get("suggestions", ()):
            [action] = suggestion["actions"]
            request = ServiceRequest.model_validate(action["resource"])
            assert (request.status, request.intent) == ("draft", "proposal")
            assert request.subject.reference == f"Patient/{found.patient_id}"
            conditions = {r["id"] for r in Story(story).resources() if r["resourceType"] == "Condition"}
            assert {r.reference.removeprefix("Condition/") for r in request.reasonReference} <= conditions


def test_a_referral_and_an_order_for_what_can_be_ordered(small: Small) -> None:
    order, refer = suggestions(small(trial("NCT00000001", HB, ECOG)))
    assert [order["label"], refer["label"]] == ["Order: Haemoglobin", "Refer to study team: Short NCT00000001"]
    assert order["actions"][0]["resource"] == {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": {
            "coding": [{"system": LOINC, "code": "718-7", "display": "Haemoglobin [test]"}],
            "text": "Haemoglobin",
        },
        "subject": {"reference": "Patient/pat-1"},
        "reasonReference": [{"reference": "Condition/sle-1"}],
    }
    assert refer["actions"][0]["resource"]["supportingInfo"] == [
        {"type": "ResearchStudy", "identifier": {"system": "https://clinicaltrials.gov", "value": "NCT00000001"}}
    ]


@pytest.mark.parametrize(
    ("criteria", "fields", "labels"),
    [
        # Nothing is missing: the referral is what there is to do.
        ([], {}, ["Refer"]),
        ([HB], {}, ["Order: Haemoglobin", "Refer"]),
        ([HB, HIV], {}, ["Order: Haemoglobin", "Order: HIV antibody", "Refer"]),
        # What nobody can order is missing all the same.
        ([ECOG], {}, ["Refer"]),
        ([HB], {"source_gaps": ["No exclusion criteria"]}, ["Order: Haemoglobin", "Refer"]),
        ([HB], {"status": "active_not_recruiting"}, []),
    ],
)
def test_one_suggestion_for_each_order_and_the_referral_last_while_something_is_missing(
    small: Small, criteria: list[Any], fields: dict[str, Any], labels: list[str]
) -> None:
    found = suggestions(small(trial("NCT00000001", *criteria, **fields)))
    assert [one["label"].replace("Refer to study team: Short NCT00000001", "Refer") for one in found] == labels
    assert [len(one["actions"]) for one in found] == [1] * len(labels)


def test_what_the_ehr_did_not_send_is_not_ordered_again(small: Small) -> None:
    unclear = lab("718-7", 112, "furlong")
    assert [s["label"] for s in suggestions(small(trial("NCT00000001", HB)), unclear)] == [
        "Refer to study team: Short NCT00000001"
    ]


@pytest.mark.parametrize(
    ("source", "literal"),
    [
        ("Condition/sle-1", True),
        ("Condition/3f0c.9", True),
        ("Condition", False),
        ("Condition (entry 3)", False),
        ("urn:uuid:0b0f7a6e-0000-4000-8000-000000000000", False),
        ("Condition/urn:uuid:1", False),
        ("Condition/a/b", False),
        ("Observation/1", False),
        (f"Condition/{'x' * 65}", False),
    ],
)
def test_only_a_literal_reference_is_a_reason(source: str, literal: bool) -> None:
    assert is_condition_reference(source) is literal


def test_a_diagnosis_without_an_id_gives_no_reason(small: Small) -> None:
    content = bundle()
    for entry in content["entry"]:
        if entry["resource"]["resourceType"] == "Condition":
            del entry["resource"]["id"]
    found = match(read_bundle(json.dumps(content)), small(trial("NCT00000001", HB)), AS_OF)
    [card] = cards_for(found, CardOptions(), "seed")
    assert all("reasonReference" not in s["actions"][0]["resource"] for s in card["suggestions"])


def test_nothing_is_suggested_for_a_patient_who_cannot_be_named(small: Small) -> None:
    content = bundle()
    del content["entry"][0]["resource"]["id"]
    for entry in content["entry"][1:]:
        del entry["resource"]["subject"]
    found = match(read_bundle(json.dumps(content)), small(trial("NCT00000001", HB)), AS_OF)
    assert found.patient_id == ""
    assert ["suggestions" in card for card in cards_for(found, CardOptions(), "seed")] == [False]


def test_a_site_orders_by_its_own_codes(small: Small) -> None:
    own = ClientProfile(order_codes={f"{LOINC}|718-7": Code(system="urn:site", code="HB", display="Hb")})
    order = suggestions(small(trial("NCT00000001", HB)), options=CardOptions(profile=own))[0]
    codings = order["actions"][0]["resource"]["code"]["coding"]
    assert [(c["system"], c["code"]) for c in codings] == [("urn:site", "HB"), (LOINC, "718-7")]


def test_a_client_that_takes_only_its_own_codes_is_suggested_nothing_else(small: Small) -> None:
    library = small(trial("NCT00000001", HB))
    assert suggestions(library, options=CardOptions(profile=PROFILES["epic"])) == []
    mapped = PROFILES["epic"].model_copy(
        update={"order_codes": {f"{REFERRAL.system}|{REFERRAL.code}": Code(system="urn:site", code="REF")}}
    )
    assert [s["label"] for s in suggestions(library, options=CardOptions(profile=mapped))] == [
        "Refer to study team: Short NCT00000001"
    ]


@given(st.lists(st.text()))
def test_an_id_is_a_uuid_of_version_5(parts: list[str]) -> None:
    parts = [part.encode(errors="ignore").decode() for part in parts]
    assert stable_uuid(*parts) == str(uuid.uuid5(CARD_NAMESPACE, "\x1f".join(parts)))


codes = st.builds(
    Code,
    system=st.sampled_from([LOINC, "urn:site", "http://snomed.info/sct"]),
    code=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,12}", fullmatch=True),
    display=st.sampled_from(["", "Haemoglobin", "10*9/L [x] é"]),
)


@given(
    st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True),
    st.lists(st.from_regex(r"Condition/[A-Za-z0-9\-.]{1,64}", fullmatch=True), max_size=3),
    codes,
    st.one_of(st.none(), codes),
)
@settings(max_examples=60)
def test_what_is_filled_into_a_draft_is_as_if_it_had_been_built_so(
    patient: str, reasons: list[str], test: Code, own: Code | None
) -> None:
    profile = ClientProfile(order_codes={} if own is None else {f"{test.system}|{test.code}": own})
    suggester = Suggester(Trial.model_validate(trial("NCT00000001")), patient, tuple(reasons), profile, "seed")
    found = [*suggester.referral(), *suggester.order(test, "A test"), *suggester.order(test, "A test", again=True)]
    assert len(found) == 3
    for suggestion in found:
        resource = suggestion["actions"][0]["resource"]
        built = ServiceRequest.model_validate(resource).model_dump(mode="json")
        assert json.dumps(resource) == json.dumps(built)
        assert resource["subject"] == {"reference": f"Patient/{patient}"}
        assert [r["reference"] for r in resource.get("reasonReference", [])] == reasons


texts = st.one_of(
    st.sampled_from(["718-7", "a", "a b", "Hämoglobin [x]"]),
    st.text(max_size=6),
    st.sampled_from(["", " ", " a", "a ", "a  b", "a\tb", "a\n", "\n", "\u00a0", "a\x00"]),
)


@given(st.lists(st.tuples(texts, texts, texts), max_size=2), texts, texts, texts, st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_is_taken_for_a_draft_is_valid_fhir(  # noqa: PLR0917 (what hypothesis draws)
    codings: list[tuple[str, str, str]], text: str, subject: str, value: str, about: bool, reasons: bool
) -> None:
    request: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [dict(zip(("system", "code", "display"), c, strict=True)) for c in codings], "text": text},
        "subject": {"reference": f"Patient/{subject}"},
    }
    if about:
        identifier = {"system": "https://clinicaltrials.gov", "value": value}
        request["supportingInfo"] = [{"type": "ResearchStudy", "identifier": identifier}]
    if reasons:
        request["reasonReference"] = [{"reference": f"Condition/{subject}"}]
    try:
        draft = json.loads(draft_json(request))
    except ValidationError:
        return
    assert json.dumps(ServiceRequest.model_validate(draft).model_dump(mode="json")) == json.dumps(draft)


DRAFT: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "status": "draft",
    "intent": "proposal",
    "code": {"coding": [{"system": LOINC, "code": "718-7"}], "text": "Haemoglobin"},
    "subject": {"reference": "Patient/p"},
}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": "active"}, "$.status"),
        ({"intent": "order"}, "$.intent"),
        ({"resourceType": "MedicationRequest"}, "$.resourceType"),
        ({"priority": "stat"}, "priority"),
        ({"subject": {"reference": "Patient/a b"}}, "$.subject.reference"),
        ({"subject": {"reference": "urn:uuid:1"}}, "$.subject.reference"),
        ({"subject": {"display": "Jane Roe"}}, "$.subject"),
        ({"code": {"text": "Haemoglobin", "coding": []}}, "$.code.coding"),
        ({"code": {"text": "x", "coding": [{"system": LOINC, "code": " 718-7"}]}}, "$.code.coding[0].code"),
        ({"code": {"text": "x", "coding": [{"system": "a b", "code": "718-7"}]}}, "$.code.coding[0].system"),
        ({"code": {"text": " ", "coding": [{"system": LOINC, "code": "718-7"}]}}, "$.code.text"),
        ({"reasonReference": []}, "$.reasonReference"),
    ],
)
def test_what_is_no_draft_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    assert json.loads(draft_json(DRAFT)) == DRAFT
    with pytest.raises(ValidationError) as problem:
        draft_json(DRAFT | change)
    assert place in str(problem.value)


def test_the_next_answer_does_not_have_what_somebody_wrote_into_this_one(small: Small) -> None:
    library = small(trial("NCT00000001", HB))
    expected = json.dumps(suggestions(library))
    for suggestion in suggestions(library):
        spoil(suggestion)
    assert json.dumps(suggestions(library)) == expected


def spoil(value: Any) -> None:
    """Write into every list and object."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        spoil(inner)
    if isinstance(value, dict):
        value["spoilt"] = True
    elif isinstance(value, list):
        value.append("spoilt")


def test_the_same_answer_has_the_same_ids_and_another_answer_others(small: Small) -> None:
    found = matched(small(trial("NCT00000001", HB)))
    once, again, other = (cards_for(found, CardOptions(), seed) for seed in ("a", "a", "b"))
    assert once == again
    assert once[0]["uuid"] != other[0]["uuid"]
    assert stable_uuid("a", "bc") != stable_uuid("ab", "c")
