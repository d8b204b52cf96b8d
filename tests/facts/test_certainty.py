"""The letter of sureness beside a German diagnosis: what counts then, and how."""

from datetime import date
from typing import Any

import pytest

from cds_service.facts import build_sheet
from cds_service.facts.fact import Events
from cds_service.library import Library
from tests.facts.records import Json, concept, record
from tests.facts.small_rules import ICD10CM, SNOMED

AS_OF = date(2026, 11, 24)
GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
URL = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
KBV = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"
OLD = "http://fhir.de/CodeSystem/kbv/s_icd_diagnosesicherheit"
SIDE = {"url": "http://fhir.de/StructureDefinition/seitenlokalisation", "valueCoding": {"system": "x", "code": "B"}}
SLE = {"system": SNOMED, "code": "55464009"}


def letter(code: str | None, system: str = KBV, url: str = URL) -> Json:
    return {"url": url} | ({} if code is None else {"valueCoding": {"system": system, "code": code}})


def coding(*extensions: Json, code: str = "M32.9", system: str = GM) -> Json:
    return {"system": system, "code": code} | ({"extension": list(extensions)} if extensions else {})


# (has it, ever had it)
HAS, ONCE, NEVER, OPEN = (True, True), (False, True), (False, False), (None, None)

# what the codings say: what is true then
TABLE: dict[str, tuple[list[Json], tuple[bool | None, bool | None]]] = {
    "no letter": ([coding()], HAS),
    "G, gesichert": ([coding(letter("G"))], HAS),
    "V, Verdacht auf": ([coding(letter("V"))], OPEN),
    "A, ausgeschlossen": ([coding(letter("A"))], NEVER),
    "Z, Zustand nach": ([coding(letter("Z"))], ONCE),
    "by the older code system": ([coding(letter("V", OLD))], OPEN),
    "in lower case": ([coding(letter("a"))], NEVER),
    "a letter that there is not": ([coding(letter("X"))], OPEN),
    "the extension without a value": ([coding(letter(None))], OPEN),
    "two letters": ([coding(letter("G"), letter("V"))], OPEN),
    "another extension": ([coding(SIDE)], HAS),
    "another extension beside it": ([coding(SIDE, letter("A"))], NEVER),
    "under ICD-10 of WHO": ([coding(letter("V"), system="http://hl7.org/fhir/sid/icd-10")], OPEN),
    "V beside a SNOMED CT code": ([coding(letter("V")), SLE], OPEN),
    "A beside a SNOMED CT code": ([SLE, coding(letter("A"))], OPEN),
    "Z beside a SNOMED CT code": ([coding(letter("Z")), SLE], ONCE),
    "G beside a SNOMED CT code": ([coding(letter("G")), SLE], HAS),
    "the letter within the code": ([coding(code="M32.9 V")], OPEN),
    "ruled out within the code": ([coding(code="M32.9A")], OPEN),
    "sure within the code": ([coding(code="M32.9G")], HAS),
    "with a side": ([coding(code="M32.9VR")], OPEN),
    "a code of ICD-10-CM that ends in a letter": ([coding(code="M32.9A", system=ICD10CM)], HAS),
}


@pytest.mark.parametrize("why", TABLE)
def test_a_letter_says_how_sure_a_diagnosis_is(library: Library, why: str) -> None:
    codings, expected = TABLE[why]
    entry: dict[str, Any] = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}}
    sheet = build_sheet(record(entry | {"code": {"coding": codings}}), library.facts, AS_OF)
    events = sheet["condition.sle"].value
    assert isinstance(events, Events)
    assert (events.exists("closed"), events.history("closed")) == expected


def test_what_is_not_understood_in_an_extension_is_a_hint(library: Library) -> None:
    entry = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}}
    broken = concept("M32.9", GM) | {"coding": [coding({"url": URL, "valueCoding": "V"})]}
    events = build_sheet(record(entry | {"code": broken}), library.facts, AS_OF)["condition.sle"].value
    assert isinstance(events, Events)
    assert events.exists("closed") is None
