"""Diagnoses in ICD-9-CM, operations in ICD-9-CM volume 3 and ICD-10-PCS: code, fact, and what the entry is to it.

`main` counts, `hint` leaves it unknown, `else` is something else for certain, `unread` may be anything. Names in the
comments are those of CMS, version 32 (2014) and ICD-10-PCS 2024.
"""

import gzip
import json
from pathlib import Path

import pytest

from cds_service.facts import load_facts
from cds_service.facts.catalogue import ICD9CM, ICD9CM_OPERATIONS, ICD10PCS, EventResource, load_icd, stops
from cds_service.fhir import CodeableConcept, Coding
from cds_service.library import Library
from tests.site.folders import RULES

CHINA = "urn:oid:2.16.156.10011.2.3.3.12"
MIMIC, MIMIC_OPERATIONS = (
    f"http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-{kind}-icd9" for kind in ("diagnosis", "procedure")
)
OID_DIAGNOSES, OID_OPERATIONS = "urn:oid:2.16.840.1.113883.6.103", "urn:oid:2.16.840.1.113883.6.104"


def role(library: Library, fact: str, system: str, code: str, text: str | None = None) -> str:
    resource: EventResource = "Procedure" if fact.startswith("procedure.") else "Condition"
    concept = CodeableConcept(coding=(Coding(system=system, code=code),), text=text)
    return library.facts.events.codes[resource].read((concept,)).to(fact).role


# system, code, fact, what it is, why
DIAGNOSES = [
    (ICD9CM, "335.20", "condition.als", "main", "its equivalent has the same name"),
    (ICD9CM, "33520", "condition.als", "main", "without the point"),
    (MIMIC, "33520", "condition.als", "main", "as MIMIC has it"),
    (OID_DIAGNOSES, "335.20", "condition.als", "main", "by OID"),
    ("I9C", "335.20", "condition.als", "main", "as HL7 v2 has it"),
    (ICD9CM, "335.21", "condition.als", "hint", "progressive muscular atrophy: G12.21 then, G12.25 since 2017"),
    (ICD9CM, "33521", "condition.als", "hint", "without the point"),
    (ICD9CM, "335.24", "condition.als", "hint", "primary lateral sclerosis: G12.29 then, G12.23 since"),
    (ICD9CM, "335.2", "condition.als", "hint", "a code without its last digit"),
    (ICD9CM, "335", "condition.als", "hint", "a category"),
    (ICD9CM, "335.0", "condition.als", "else", "Werdnig-Hoffmann disease"),
    (ICD9CM, "335.0", "condition.sma", "main", "Werdnig-Hoffmann disease"),
    (ICD9CM, "335.11", "condition.sma", "main", "Kugelberg-Welander disease"),
    (ICD9CM, "250.00", "condition.diabetes", "main", "diabetes"),
    (ICD9CM, "250", "condition.diabetes", "hint", "a category without its digits"),
    (ICD9CM, "648.00", "condition.diabetes", "main", "there before the pregnancy, as its only equivalent is"),
    (ICD9CM, "648.01", "condition.diabetes", "hint", "one of five is"),
    (ICD9CM, "401.9", "condition.diabetes", "else", "hypertension"),
    (ICD9CM, "042", "condition.hiv", "main", "a category that is a code"),
    (ICD9CM, "V08", "condition.hiv", "main", "a V code"),
    (ICD9CM, "v08", "condition.hiv", "main", "in small letters"),
    (ICD9CM, "795.71", "condition.hiv", "else", "inconclusive test of an infant: R75 is left out"),
    (ICD9CM, "205.00", "condition.aml", "main", "three equivalents, all in the set"),
    (ICD9CM, "205.00", "condition.acute_promyelocytic_leukemia", "hint", "one of three is"),
    (ICD9CM, "V10.3", "condition.malignancy", "history", "history of breast cancer"),
    (ICD9CM, "404.91", "condition.heart_failure", "main", "a combination of which one part is heart failure"),
    (ICD9CM, "365.70", "condition.hiv", "unread", "without a map"),
    (ICD9CM, "999.99", "condition.hiv", "unread", "no code of it"),
    (ICD9CM, "E812.0", "condition.hiv", "else", "an E code: driver hurt in a collision"),
    ("ICD-9", "335.2", "condition.als", "unread", "ICD-9 of WHO is another system"),
    ("urn:oid:2.16.840.1.113883.6.42", "042", "condition.hiv", "unread", "ICD-9 of WHO by OID"),
    (OID_OPERATIONS, "33520", "condition.als", "main", "five digits are no operation, whatever the feed says"),
    (OID_OPERATIONS, "3350", "condition.sma", "unread", "an operation's name, four digits: 33.50 or 335.0"),
    (OID_OPERATIONS, "335.0", "condition.sma", "main", "a point after three digits is a diagnosis"),
    (ICD9CM, "33.50", "condition.sma", "unread", "a point after two digits is an operation: lung transplantation"),
]

OPERATIONS = [
    (ICD9CM_OPERATIONS, "81.54", "procedure.pacemaker_or_metal_implant", "main", "total knee replacement"),
    (CHINA, "81.5400x001", "procedure.pacemaker_or_metal_implant", "main", "China's extension of it"),
    (CHINA, "81.5400", "procedure.major_surgery", "main", "China's code of six digits"),
    (ICD9CM, "8154", "procedure.major_surgery", "main", "dotless in a Procedure: 81.54, not 815.4"),
    (OID_DIAGNOSES, "8154", "procedure.major_surgery", "main", "whatever the feed calls it"),
    (ICD9CM, "815.4", "procedure.major_surgery", "unread", "a diagnosis in a Procedure is no operation"),
    (MIMIC_OPERATIONS, "4105", "procedure.allogeneic_stem_cell_transplant", "main", "41.05"),
    (ICD9CM_OPERATIONS, "41.05", "procedure.stem_cell_transplant", "main", "41.05"),
    (ICD9CM_OPERATIONS, "41.04", "procedure.allogeneic_stem_cell_transplant", "else", "autologous"),
    (ICD9CM_OPERATIONS, "41.00", "procedure.allogeneic_stem_cell_transplant", "hint", "from whom is not said"),
    (ICD9CM_OPERATIONS, "41.0", "procedure.allogeneic_stem_cell_transplant", "hint", "without its last digit"),
    (ICD9CM_OPERATIONS, "31.1", "procedure.tracheostomy", "main", "temporary tracheostomy"),
    (CHINA, "31.1x00", "procedure.tracheostomy", "main", "filled up as China does"),
    (ICD9CM_OPERATIONS, "31.74", "procedure.tracheostomy", "else", "revision of tracheostomy"),
    (ICD9CM_OPERATIONS, "45.23", "procedure.major_surgery", "else", "colonoscopy"),
    (ICD9CM_OPERATIONS, "39.1", "procedure.major_surgery", "hint", "intra-abdominal shunt: TIPS too"),
    (ICD9CM_OPERATIONS, "96.6", "procedure.nasogastric_tube", "hint", "enteral feeding by whichever tube"),
    (ICD9CM_OPERATIONS, "03.92", "procedure.intrathecal_treatment", "hint", "injection of another agent"),
    (ICD9CM_OPERATIONS, "99.41", "procedure.live_vaccination", "hint", "polio: oral or injected"),
    (ICD9CM_OPERATIONS, "99.48", "procedure.live_vaccination", "main", "measles, mumps, rubella"),
    (ICD9CM_OPERATIONS, "99.37", "procedure.live_vaccination", "else", "pertussis"),
    (ICD9CM_OPERATIONS, "99.37", "procedure.vaccination", "main", "pertussis"),
    (ICD9CM_OPERATIONS, "99.57", "procedure.vaccination", "else", "botulism antitoxin"),
    (ICD9CM_OPERATIONS, "89.9", "procedure.tracheostomy", "unread", "no code of it"),
    (ICD9CM_OPERATIONS, "815", "procedure.pacemaker_or_metal_implant", "hint", "81.5, all joints"),
    (ICD10PCS, "0SRC0J9", "procedure.pacemaker_or_metal_implant", "main", "replacement of right knee joint"),
    (ICD10PCS, "0SRC07Z", "procedure.pacemaker_or_metal_implant", "else", "with the patient's own tissue"),
    (ICD10PCS, "30233Y3", "procedure.allogeneic_stem_cell_transplant", "main", "unrelated donor"),
    (ICD10PCS, "30233Y0", "procedure.allogeneic_stem_cell_transplant", "else", "autologous"),
    (ICD10PCS, "30233Y0", "procedure.stem_cell_transplant", "main", "autologous"),
    (ICD10PCS, "30233Y1", "procedure.allogeneic_stem_cell_transplant", "unread", "not in the release of 2024"),
    (ICD10PCS, "30233y3", "procedure.allogeneic_stem_cell_transplant", "main", "in small letters"),
    (ICD10PCS, "0FY00Z0", "procedure.organ_transplant", "main", "liver"),
    (ICD10PCS, "0FY00Z0", "procedure.major_surgery", "main", "liver"),
    (ICD10PCS, "0DTN4ZZ", "procedure.major_surgery", "main", "resection of sigmoid colon, laparoscopic"),
    (ICD10PCS, "0DBN8ZX", "procedure.major_surgery", "else", "endoscopic biopsy of it"),
    (ICD10PCS, "0DJD8ZZ", "procedure.major_surgery", "else", "colonoscopy"),
    (ICD10PCS, "5A1955Z", "procedure.invasive_ventilation", "main", "over 96 hours"),
    (ICD10PCS, "5A09357", "procedure.niv", "main", "CPAP"),
    (ICD10PCS, "5A0935A", "procedure.niv", "else", "high nasal flow"),
    (ICD10PCS, "0B110F4", "procedure.tracheostomy", "main", "tracheostomy"),
    (ICD10PCS, "3E0234Z", "procedure.vaccination", "hint", "serum, toxoid and vaccine into muscle"),
    (ICD10PCS, "3E0234Z", "procedure.live_vaccination", "hint", "serum, toxoid and vaccine into muscle"),
    (ICD10PCS, "3E02340", "procedure.vaccination", "main", "influenza vaccine into muscle"),
    (ICD10PCS, "3E02340", "procedure.live_vaccination", "else", "which is not live"),
    (ICD10PCS, "6A551Z3", "procedure.plasmapheresis", "main", "pheresis of plasma"),
    (ICD10PCS, "6A551Z2", "procedure.plasmapheresis", "else", "of platelets"),
    (ICD10PCS, "30233R1", "procedure.platelet_transfusion", "main", "platelets"),
    (ICD10PCS, "30233N1", "procedure.red_cell_transfusion", "main", "red cells"),
    (ICD10PCS, "0270346", "procedure.coronary_intervention", "main", "drug-eluting stent"),
    (ICD10PCS, "XW033C7", "procedure.gene_modified_cell_therapy", "main", "CAR-T cells"),
    (ICD10PCS, "30233Q1", "procedure.donor_lymphocyte_infusion", "hint", "white cells of another person"),
    (ICD10PCS, "0B110F4", "procedure.sma_gene_therapy", "unread", "a set without a code of the system: words decide"),
    (ICD10PCS, "ZZZZZZZ", "procedure.tracheostomy", "unread", "no code of it"),
    ("http://snomed.info/sct", "33879002", "procedure.vaccination", "main", "a vaccine"),
    ("http://snomed.info/sct", "33879002", "procedure.live_vaccination", "hint", "which is not said"),
    ("http://snomed.info/sct", "86198006", "procedure.vaccination", "main", "influenza"),
    ("http://snomed.info/sct", "42284007", "procedure.live_vaccination", "main", "BCG"),
]


@pytest.mark.parametrize("row", [*DIAGNOSES, *OPERATIONS], ids=" ".join)
def test_what_a_code_is_to_a_fact(library: Library, row: tuple[str, str, str, str, str]) -> None:
    system, code, fact, expected, why = row
    assert role(library, fact, system, code) == expected, why


@pytest.mark.parametrize(
    "row",
    [
        (ICD9CM, "335.20", "rule out ALS", "condition.als", "hint"),
        (ICD9CM, "335.20", "history of ALS", "condition.als", "history"),
        (ICD9CM, "365.70", "Essential hypertension", "condition.hiv", "by_words"),
        (ICD9CM, "365.70", "HIV infection", "condition.hiv", "text"),
        (ICD9CM, "799.9", "HIV infection", "condition.hiv", "text"),
        (ICD9CM, "799.9", "Qwertitis", "condition.hiv", "unread"),
        (ICD9CM, "401.9", "Qwertitis", "condition.hiv", "else"),
        (ICD9CM, "401.9", "Qwertitis", "condition.niv", "unread"),
        (ICD10PCS, "0DJD8ZZ", "Colonoscopy", "procedure.sma_gene_therapy", "else"),
        ("urn:site", "1", "flu shot given", "procedure.vaccination", "text"),
        ("urn:site", "1", "flu shot given", "procedure.live_vaccination", "text"),
        ("urn:site", "1", "pneumococcal vaccine given", "procedure.vaccination", "text"),
        ("urn:site", "1", "接种流感疫苗", "procedure.vaccination", "text"),
        ("urn:site", "1", "Grippeimpfung", "procedure.vaccination", "text"),
    ],
    ids=" ".join,
)
def test_what_words_beside_a_code_do(library: Library, row: tuple[str, str, str, str, str]) -> None:
    system, code, text, fact, expected = row
    assert role(library, fact, system, code, text) == expected


def test_a_disease_lasts_as_its_equivalents_do(library: Library) -> None:
    lasts = library.facts.valuesets.lasts
    assert str(lasts(("hepatitis-b",), (ICD9CM, "07032"))) == "chronic"
    assert str(lasts(("stroke",), (ICD9CM, "431"))) == "event"


def test_a_set_written_by_hand_with_icd_10_alone_is_read_in_icd_9_too(tmp_path: Path) -> None:
    for folder in ("facts", "valuesets", "codesystems"):
        (tmp_path / folder).mkdir()
    (tmp_path / "codesystems" / "icd.json.gz").write_bytes((RULES / "codesystems" / "icd.json.gz").read_bytes())
    fact = {"name": "condition.gout", "kind": "events", "resource": "Condition", "title": "Gout", "valueset": "gout"}
    (tmp_path / "facts" / "facts.json").write_text(json.dumps({"facts": [{**fact, "absence": "presumed_absent"}]}))
    gout = {"property": "concept", "op": "is-a", "value": "M10"}
    include = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "filter": [gout], "lasts": "chronic", "lasts_reason": "-"}
    (tmp_path / "valuesets" / "gout.json").write_text(
        json.dumps({"resourceType": "ValueSet", "id": "gout", "compose": {"include": [include]}})
    )
    facts, findings = load_facts(tmp_path)
    assert [finding for finding in findings if finding.severity == "error"] == []
    key = facts.systems.key(ICD9CM, "274.9")
    assert facts.valuesets.members(key) == {"gout"}


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{"), gzip.compress(b"[]"), gzip.compress(b"{}")[:-4]]
)
def test_a_table_that_cannot_be_read_is_a_finding_and_its_codes_are_unread(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "codesystems").mkdir()
    (tmp_path / "codesystems" / "icd.json.gz").write_bytes(content)
    icd, findings = load_icd(tmp_path)
    assert [(finding.code, finding.file) for finding in findings] == [("icd-unreadable", "codesystems/icd.json.gz")]
    assert not any(map(stops, findings)), "as with a lost expansion the service starts, and says it"
    assert not icd.exists((ICD9CM, "33520"))
    later, _ = load_icd(tmp_path, check=False)
    assert not later.exists((ICD10PCS, "0FY00Z0"))


def test_without_the_table_no_code_is_known_to_exist(tmp_path: Path) -> None:
    icd, findings = load_icd(tmp_path)
    assert findings == ()
    assert not icd.exists((ICD9CM_OPERATIONS, "8154"))
