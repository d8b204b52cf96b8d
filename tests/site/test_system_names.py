"""Every name under which feeds send a code system, and names that are near and are others.

Sources: HL7 v2 table 0396; THO NamingSystems icd10, icd10CM, icd10-CA; JP Core naming systems (MHLW ICD-10 2013);
ANS (France) terminologie-cim-10; China's health data element OIDs (WS 363, WS 364), as CDA documents there use them.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from cds_service.explanation import fact_sheet
from cds_service.facts.catalogue import (
    ICD9CM,
    ICD9CM_OPERATIONS,
    ICD10,
    ICD10CM,
    ICD10PCS,
    SNOMED,
    CodeSystems,
    load_codesystems,
)
from cds_service.fhir import read_bundle
from cds_service.library import Library
from tests.site.folders import LOINC, RULES, condition, haemoglobin, told

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"

NAMES = [
    ("LN", LOINC),
    ("LOINC", LOINC),
    ("urn:oid:2.16.840.1.113883.6.1", LOINC),
    ("2.16.840.1.113883.6.1", LOINC),
    ("https://loinc.org/", LOINC),
    ("SCT", SNOMED),
    ("SCT2", SNOMED),
    ("SNM", SNOMED),
    ("SNOMED CT", SNOMED),
    ("SNOMED-CT", SNOMED),
    ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
    ("2.16.840.1.113883.6.96", SNOMED),
    ("http://snomed.info/sct/45991000052106", SNOMED),
    # ICD-10 of WHO, and under its names in other countries
    ("I10", ICD10),
    ("i10", ICD10),
    ("ICD10", ICD10),
    ("ICD-10", ICD10),
    ("urn:oid:2.16.840.1.113883.6.3", ICD10),
    ("http://terminology.hl7.org/CodeSystem/icd10", ICD10),
    ("urn:oid:2.16.156.10011.2.3.3.11", ICD10),  # China
    ("2.16.156.10011.2.3.3.11", ICD10),
    ("urn:oid:2.16.156.10011.2.3.3.11.3", ICD10),
    ("2.16.156.10011.2.3.3.11.3", ICD10),
    ("http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full", ICD10),  # Japan
    ("http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-3digits", ICD10),
    ("http://hl7.org/fhir/sid/icd-10-am", ICD10),  # Australia
    ("urn:oid:2.16.840.1.113883.6.135", ICD10),
    ("ICD-10-AM", ICD10),
    ("http://hl7.org/fhir/sid/icd-10-ca", ICD10),  # Canada
    ("http://hl7.org/fhir/sid/icd-10-CA", ICD10),
    ("urn:oid:2.16.840.1.113883.6.94", ICD10),
    ("ICD10CA", ICD10),
    ("https://smt.esante.gouv.fr/terminologie-cim-10", ICD10),  # France
    ("https://smt.esante.gouv.fr/terminologie-cim-10/", ICD10),
    ("CIM-10", ICD10),
    ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", ICD10),  # Germany
    ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", ICD10),
    ("http://fhir.de/CodeSystem/bfarm/icd-10-gm|2026", ICD10),
    ("http://terminology.hl7.org/CodeSystem/dmdICD10", ICD10),
    ("urn:oid:1.2.276.0.76.5.409", ICD10),
    ("ICD10GM2009", ICD10),
    ("ICD-10-GM", ICD10),
    ("I10C", ICD10CM),
    ("ICD10CM", ICD10CM),
    ("ICD-10-CM", ICD10CM),
    ("urn:oid:2.16.840.1.113883.6.90", ICD10CM),
    ("http://terminology.hl7.org/CodeSystem/icd10CM", ICD10CM),
    ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10", ICD10CM),
    # ICD-9-CM, of which FHIR has one name for diagnoses and operations
    ("http://hl7.org/fhir/sid/icd-9-cm", ICD9CM),
    ("urn:oid:2.16.840.1.113883.6.103", ICD9CM),
    ("2.16.840.1.113883.6.2", ICD9CM),
    ("http://terminology.hl7.org/CodeSystem/icd9cm", ICD9CM),
    ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9", ICD9CM),
    ("ICD-9-CM", ICD9CM),
    ("I9", ICD9CM),  # HL7 v2 table 0396, where US feeds mean the clinical modification
    ("I9C", ICD9CM),
    ("I9CDX", ICD9CM),
    ("I9CP", ICD9CM_OPERATIONS),
    ("urn:oid:2.16.840.1.113883.6.104", ICD9CM_OPERATIONS),
    ("urn:oid:2.16.156.10011.2.3.3.12", ICD9CM_OPERATIONS),  # China
    ("2.16.156.10011.2.3.3.12", ICD9CM_OPERATIONS),
    ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-procedure-icd9", ICD9CM_OPERATIONS),
    ("http://www.cms.gov/Medicare/Coding/ICD10", ICD10PCS),
    ("http://hl7.org/fhir/sid/icd-10-pcs", ICD10PCS),
    ("urn:oid:2.16.840.1.113883.6.4", ICD10PCS),
    ("http://terminology.hl7.org/CodeSystem/icd10PCS", ICD10PCS),
    ("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-procedure-icd10", ICD10PCS),
    ("ICD-10-PCS", ICD10PCS),
    ("I10P", ICD10PCS),
    ("RXNORM", RXNORM),
    ("urn:oid:2.16.840.1.113883.6.88", RXNORM),
    ("ATC", ATC),
    ("http://fhir.de/CodeSystem/bfarm/atc", ATC),
    ("http://fhir.de/CodeSystem/dimdi/atc", ATC),
    ("urn:oid:2.16.840.1.113883.6.73", ATC),
    ("CVX", CVX),
    ("urn:oid:2.16.840.1.113883.12.292", CVX),
    ("UCUM", UCUM),
    ("urn:oid:2.16.840.1.113883.6.8", UCUM),
]

OTHERS = [
    "ICD-9",  # of WHO
    "urn:oid:2.16.840.1.113883.6.42",
    "http://terminology.hl7.org/CodeSystem/icd9",
    "I10P0",  # ICD-10's place of occurrence
    "http://hl7.org/fhir/sid/icd-9",
    "http://hl7.org/fhir/sid/icd-11-mms",
    "https://smt.esante.gouv.fr/terminologie-cim11-mms",
    "urn:oid:2.16.156.10011.2.3.3.11.2",  # China's causes of death: morphology codes too
    "urn:oid:1.2.392.200119.4.101.6",  # MEDIS disease names, no ICD-10
    "http://terminology.hl7.org/CodeSystem/icd-o-3",
    "http://hl7.org/fhir/sid/icpc-2",
    "http://fhir.de/CodeSystem/bfarm/ops",
    "C4",
]


@pytest.fixture(scope="module")
def systems() -> CodeSystems:
    found, findings = load_codesystems(RULES)
    assert findings == ()
    return found


@pytest.mark.parametrize(("name", "canonical"), NAMES, ids=str)
def test_a_system_is_known_under_its_other_names(systems: CodeSystems, name: str, canonical: str) -> None:
    assert systems.canonical(name) == canonical


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_that_is_near_is_another_system(systems: CodeSystems, name: str) -> None:
    assert systems.canonical(name) == name
    assert not systems.is_known(systems.key(name, "M32.9"))


@pytest.mark.parametrize("name", [name for name, canonical in NAMES if canonical in (ICD10, ICD10CM)])
def test_lupus_is_lupus_under_every_name_of_icd_10(library: Library, name: str) -> None:
    assert told(library, "condition.sle", condition(system=name, code="M32.9")) == ("known", True)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("urn:oid:2.16.156.10011.2.3.3.11.3", "M32.900"),
        ("urn:oid:2.16.156.10011.2.3.3.11.3", "M32.900x001"),  # China's clinical edition
        ("http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full", "M329"),
    ],
)
def test_national_codes_of_icd_10_are_read_by_their_first_places(
    library: Library, systems: CodeSystems, system: str, code: str
) -> None:
    assert systems.is_known(systems.key(system, code))
    assert told(library, "condition.sle", condition(system=system, code=code)) == ("known", True)


def test_a_result_under_the_name_of_hl7_v2_is_read(library: Library) -> None:
    assert told(library, "lab.hemoglobin", haemoglobin("LN", "718-7")) == ("known", 112)


CASES = Path("/work/shared/cases/reading")


@pytest.mark.parametrize("name", ["system-LN", "cond-cn-icd10-oid"])
def test_the_cases_of_the_contract_hold(library: Library, name: str) -> None:
    path = CASES / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    case = json.loads(path.read_text(encoding="utf-8"))
    record = read_bundle(json.dumps(case["bundle"]).encode())
    sheet = fact_sheet(record, library, date.fromisoformat(case["as_of"]), [case["expect"]["fact"]])
    [found] = sheet["facts"]
    assert ("unknown" if found["status"] == "unknown" else found["value"]) in case["expect"]["value"]
