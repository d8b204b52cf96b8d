"""Drugs by the codes that countries give them: read where these are ATC or hold it, else by words, never absent."""

from typing import Any

import pytest

from cds_service.library import Library
from tests.site.folders import told

CHINA, PZN, DMD = "http://code.nhsa.gov.cn", "http://fhir.de/CodeSystem/ifa/pzn", "https://dmd.nhs.uk"
NDC, YJ, HOT = "http://hl7.org/fhir/sid/ndc", "urn:oid:1.2.392.100495.20.1.73", "urn:oid:1.2.392.200119.4.403.1"
UNII, CAS, HOSPITAL = "http://fdasis.nlm.nih.gov", "urn:oid:2.16.840.1.113883.6.61", "urn:oid:1.2.3.4.5"
FACTS = ("medication.immunosuppressant", "medication.antineoplastic", "medication.biologic", "medication.riluzole")

DRUGS = [
    # system, code, words | immunosuppressant, antineoplastic, biologic, riluzole: match +, hint or unread ?, absent -
    # ATC under each of its names
    ("urn:oid:2.16.840.1.113883.6.73", "L04AD02", "", "+---"),  # tacrolimus
    ("2.16.840.1.113883.6.73", "L04AD02", "", "+---"),
    ("http://fhir.de/CodeSystem/bfarm/atc", "L04AD02", "", "+---"),
    ("ATC", "l04ad02", "", "+---"),
    # China: X and the ATC group of level 4
    (CHINA, "XL04ADT002A001010102345", "", "+---"),  # calcineurin inhibitors
    (CHINA, "xl04adt002a001010102345", "", "+---"),
    (CHINA, "XL04AD", "", "+---"),  # cut short
    (CHINA, "XL04AXB209A0", "", "??--"),  # other immunosuppressants: any of them
    (CHINA, "XA02BCA215E001020301278", "", "----"),  # omeprazole
    (CHINA, "XL01XCT181B001010100001", "", "-+?-"),  # L01XC of before 2022: antibodies, now L01F
    (CHINA, "XN07XXL001A001010100001", "", "---?"),
    (CHINA, "XN06BXY001B001010100001", "", "---?"),  # China groups some of N07XX here
    (CHINA, "ZA09FAB0150", "", "????"),  # a Chinese patent medicine holds no ATC group
    (CHINA, "XQ99ZZT002A001010102345", "", "????"),  # no main group of ATC
    (HOSPITAL, "XL04ADT002A001010102345", "", "+---"),  # all 23 characters tell whose code it is
    (HOSPITAL, "XL04AD", "", "????"),
    (HOSPITAL, "XL04ADT002A00101010234", "", "????"),
    (HOSPITAL, "XL04ADT002A0010101023456", "", "????"),
    # no ATC inside, and no map
    (PZN, "00766365", "", "????"),
    (PZN, "00766365", "Tacrolimus", "?---"),
    (NDC, "0591-5442-01", "", "????"),
    (NDC, "0591-5442-01", "tacrolimus 1 mg oral capsule", "?---"),
    (NDC, "0591-5442-01", "ibuprofen 200 mg tablet", "----"),
    (DMD, "39113611000001102", "", "????"),
    ("http://snomed.info/sct", "39113611000001102", "", "????"),  # dm+d is of SNOMED CT's extension for the UK
    ("http://snomed.info/sct", "39113611000001102", "Tacrolimus 1mg capsules", "?---"),
    (YJ, "3999014M1022", "", "????"),
    (HOT, "113832301", "", "????"),
    (UNII, "WM0HAQ4WNM", "", "????"),
    (UNII, "WM0HAQ4WNM", "Tacrolimus", "?---"),
    (CAS, "104987-11-3", "Tacrolimus", "?---"),
]


@pytest.mark.parametrize(("system", "code", "words", "expected"), DRUGS)
def test_what_a_drug_code_is(library: Library, system: str, code: str, words: str, expected: str) -> None:
    drug = {"coding": [{"system": system, "code": code, **({"display": words} if words else {})}]}
    entry: dict[str, Any] = {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "status": "active",
        "medicationCodeableConcept": drug,
        "subject": {"reference": "Patient/p1"},
        "effectivePeriod": {"start": "2026-01-01"},
    }
    found = [told(library, fact, entry)[0] for fact in FACTS]
    assert "".join({"known": "+", "unknown": "?", "presumed": "-"}[one] for one in found) == expected
