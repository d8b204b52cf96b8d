"""What could not be read is never absent, and what was read is not unknown. A clinician can check the tables."""

import json
from datetime import date
from typing import Any

import pytest

from cds_service.explanation import by_words, unread_counts, unread_entries
from cds_service.facts import FactReader
from cds_service.facts.catalogue import EventsFact
from cds_service.facts.fact import Events
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match

AS_OF = date(2026, 11, 24)
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CPT = "http://www.ama-assn.org/go/cpt"
UNLISTED = "99999999"
"""No code of ours: what feeds send of extensions and of systems that nobody compiled."""

Json = dict[str, Any]


def bundle(*resources: Json) -> bytes:
    person = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1985-03-12"}
    about = {"subject": {"reference": "Patient/p1"}, "patient": {"reference": "Patient/p1"}}
    entries = [person, *({"id": f"e{number}", **about, **one} for number, one in enumerate(resources))]
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}
    ).encode()


def concept(text: str | None = None, *codings: tuple[str, str, str | None]) -> Json:
    found: Json = {} if text is None else {"text": text}
    listed = [{"system": s, "code": c} | ({} if d is None else {"display": d}) for s, c, d in codings]
    return found | ({"coding": listed} if listed else {})


def condition(text: str | None = None, *codings: tuple[str, str, str | None], **fields: Any) -> Json:
    return {"resourceType": "Condition", "code": concept(text, *codings), **fields}


def drug(text: str | None = None, *codings: tuple[str, str, str | None], **fields: Any) -> Json:
    found = {"status": "active", "intent": "order", "authoredOn": "2026-11-01", **fields}
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": concept(text, *codings), **found}


def operation(text: str | None = None, *codings: tuple[str, str, str | None], **fields: Any) -> Json:
    found = {"status": "completed", "performedDateTime": "2026-11-01", **fields}
    return {"resourceType": "Procedure", "code": concept(text, *codings), **found}


def shot(text: str | None = None, *codings: tuple[str, str, str | None]) -> Json:
    found = {"status": "completed", "occurrenceDateTime": "2026-11-01"}
    return {"resourceType": "Immunization", "vaccineCode": concept(text, *codings), **found}


def open_facts(library: Library, *resources: Json) -> set[str]:
    """The event facts of which these entries speak, or may."""
    sheet = FactReader(read_bundle(bundle(*resources)), library.facts, AS_OF).sheet()
    return {name for name in sheet if isinstance(value := sheet[name].value, Events) and value.items}


def said_of(library: Library, fact: str, *resources: Json) -> tuple[bool | None, str | None]:
    """Whether the fact is there, ever, and why that is not known."""
    value = FactReader(read_bundle(bundle(*resources)), library.facts, AS_OF).sheet([fact])[fact].value
    assert isinstance(value, Events)
    hints = [item.hint for item in value.items if not item.sure]
    return value.history("closed"), hints[0] if hints else None


UNKNOWN = [
    # the entry, a fact that it may be about, and why that is unknown
    ("a disease by its name", condition("肺癌"), "condition.malignancy", "uncoded_mention"),
    ("an abbreviation", condition("HIV"), "condition.hiv", "uncoded_mention"),
    ("a word that tells of the disease", condition("lupus"), "condition.lupus_nephritis", "unread_entry"),
    ("a language without a lexicon", condition("Bluthochdruck"), "condition.hiv", "unread_entry"),
    ("a script without a lexicon", condition("гипертония"), "condition.hiv", "unread_entry"),
    ("one word of three not understood", condition("acute qwertitis today"), "condition.stroke", "unread_entry"),
    ("an abbreviation that nobody listed", condition("XQZ"), "condition.stroke", "unread_entry"),
    ("neither code nor words", condition(None), "condition.hiv", "unread_entry"),
    ("a site's code without words", condition(None, ("urn:site", "4711", None)), "condition.hiv", "unread_entry"),
    ("a code that no table has", condition(None, (SNOMED, UNLISTED, None)), "condition.hiv", "unread_entry"),
    (
        "its name beside a code that no table has",
        condition(None, (SNOMED, UNLISTED, "Malignant melanoma of skin of arm")),
        "condition.malignancy",
        "uncoded_mention",
    ),
    (
        "a text that names it beside the code of another disease",
        condition("HTN, SLE", (ICD10CM, "I10", "Essential (primary) hypertension")),
        "condition.sle",
        "uncoded_mention",
    ),
    (
        "a code that says nothing beside words",
        condition("Qwertitis", (ICD10CM, "R69", None)),
        "condition.hiv",
        "unread_entry",
    ),
    (
        "a code above its members",
        condition(None, (ICD10CM, "C92.0", None)),
        "condition.aml_relapsed_refractory",
        "unconfirmed",
    ),
    ("what is no category of ICD-10", condition(None, (ICD10CM, "U50.0", None)), "condition.hiv", "unread_entry"),
    (
        "an unlisted RxNorm code of the drug",
        drug(None, (RXNORM, "68442", "filgrastim")),
        "medication.hematopoietic_growth_factor",
        "uncoded_mention",
    ),
    ("a brand", drug("Neupogen"), "medication.hematopoietic_growth_factor", "uncoded_mention"),
    ("a drug nobody knows", drug("Qwertimab"), "medication.biologic", "unread_entry"),
    ("an operation by CPT", operation(None, (CPT, "38240", None)), "procedure.stem_cell_transplant", "unread_entry"),
    (
        "an operation by CPT with its words",
        operation(None, (CPT, "38240", "allogeneic hematopoietic stem cell transplantation")),
        "procedure.stem_cell_transplant",
        "uncoded_mention",
    ),
    ("an operation by its abbreviation", operation("BMT"), "procedure.stem_cell_transplant", "uncoded_mention"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "fact", "reason"), [row[1:] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_what_may_mean_a_fact_leaves_it_unknown(library: Library, entry: Json, fact: str, reason: str) -> None:
    assert said_of(library, fact, entry) == (None, reason)


SOMETHING_ELSE = [
    *map(
        condition,
        [
            *("low back pain", "GERD", "hypertension", "hyperlipidemia", "asthma", "anxiety", "migraine", "BPH"),
            *("osteoarthritis of knee", "kidney stones", "insomnia", "gout", "vitamin D deficiency", "sprained ankle"),
            *("No h/o cancer", "cough", "chest pain", "plantar fasciitis", "full-time employment", "smoker"),
            *("高血压病", "高脂血症", "慢性胃炎", "腰椎间盘突出", "白内障", "失眠"),
        ],
    ),
    *map(drug, ["amlodipine 5 mg", "omeprazole 20mg daily", "aspirin 81 mg", "氨氯地平", "tacrolimus ointment 0.1%"]),
    *map(operation, ["colonoscopy", "chest x-ray", "blood draw", "physical therapy", "胃镜检查"]),
    condition(None, (ICD10CM, "I10", None)),
    condition(None, (ICD10CM, "I10", "Bluthochdruck")),
    condition(None, (ICD10CM, "R69", None)),
    condition(None, (SNOMED, UNLISTED, "Essential hypertension (disorder)")),
    drug(None, (RXNORM, "197361", "amlodipine 5 MG Oral Tablet")),
]


@pytest.mark.parametrize(
    "entry", SOMETHING_ELSE, ids=[json.dumps(entry, ensure_ascii=False)[:90] for entry in SOMETHING_ELSE]
)
def test_other_entries_stay_something_else(library: Library, entry: Json) -> None:
    assert open_facts(library, entry) == set()


VACCINES = [
    ("whatever its code is", shot(None, ("urn:site", "V1", None)), True),
    ("whatever its words are", shot("Qwertivax"), True),
    ("an immunoglobulin", shot(None, ("http://hl7.org/fhir/sid/cvx", "86", None)), False),
    ("no vaccine administered", shot(None, ("http://hl7.org/fhir/sid/cvx", "998", None)), False),
    ("a skin test", shot(None, ("http://hl7.org/fhir/sid/cvx", "96", None)), False),
    ("words that name an immunoglobulin", shot("tetanus immune globulin"), None),
    ("words that say that it was declined", shot("influenza vaccine declined"), None),
]


@pytest.mark.parametrize(("entry", "expected"), [row[1:] for row in VACCINES], ids=[row[0] for row in VACCINES])
def test_whatever_was_given_is_a_vaccination(library: Library, entry: Json, expected: bool | None) -> None:
    assert said_of(library, "immunization.any", entry)[0] is expected


def test_what_is_unread_keeps_its_dates(library: Library) -> None:
    """Before the window of a criterion it changes nothing; within it the criterion is unknown."""
    patient = json.loads(bundle(condition("Acute myeloid leukemia", (ICD10CM, "C92.02", None))))
    outcomes = {}
    for day in ("2026-11-20", "2026-08-01"):
        held = {**patient, "entry": [*patient["entry"], {"resource": operation("Qwertectomy", performedDateTime=day)}]}
        held["entry"][-1]["resource"] |= {"id": "op", "subject": {"reference": "Patient/p1"}}
        result = match(read_bundle(json.dumps(held).encode()), library, AS_OF)
        [trial] = [one for one in result.trials if one.trial.id == "NCT06027853"]
        outcomes[day] = {one.criterion.id: one.outcome for one in trial.criteria}["exc-15"]
    assert outcomes == {"2026-11-20": "unknown", "2026-08-01": "pass"}


def test_what_is_unread_is_told_once_with_what_waits_for_it(library: Library) -> None:
    held = [
        condition(None, (ICD10CM, "M32.9", None)),
        condition("Qwertitis"),
        condition("low back pain"),
        drug("Qwertimab"),
    ]
    result = match(read_bundle(bundle(*held)), library, AS_OF)
    told = {one.source: (one.kind, one.words, len(one.facts) > 1) for one in unread_entries(result)}
    assert told == {
        "Condition/e1": ("Condition", "Qwertitis", True),
        "MedicationRequest/e3": ("Medication", "Qwertimab", True),
    }
    assert [one.words for one in by_words(result)] == ["low back pain"]
    assert unread_counts(result) == {("Condition", "none"): 1, ("Medication", "none"): 1}


def test_one_is_never_of_two_kinds(library: Library) -> None:
    """Each entry is exactly one thing to each fact."""
    codes = library.facts.events.codes["Condition"]
    entry = read_bundle(bundle(condition("lupus nephritis and Qwertitis"))).resources["Condition"][0]
    coded = codes.read((entry.code,))
    facts = [spec for spec in library.catalogue if isinstance(spec, EventsFact) and spec.resource == "Condition"]
    roles = {coded.to(spec.name).role for spec in facts}
    assert roles == {"text", "unread"}


def test_an_unread_entry_makes_no_trial_a_candidate(library: Library) -> None:
    reader = FactReader(read_bundle(bundle(condition("Qwertitis"), condition("lupus"))), library.facts, AS_OF)
    assert reader.on_record() == frozenset()
