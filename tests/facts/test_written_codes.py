"""Codes as feeds write them: several in one `code`, a point in the wrong place, more than a code of the system has.

What the entry is to the fact (`test_icd_systems`): `main` counts, `hint` and `unread` leave it unknown, `else` is
something else for certain.
"""

import pytest

from cds_service.facts.catalogue import ATC, ICD9CM, ICD9CM_OPERATIONS, ICD10, ICD10CM, ICD10PCS, EventResource
from cds_service.fhir import CodeableConcept, Coding
from cds_service.library import Library

KINDS: dict[str, EventResource] = {"condition": "Condition", "procedure": "Procedure", "medication": "Medication"}
CHINA = "urn:oid:2.16.156.10011.2.3.3.11"
PNEUMONIA, DIABETES, SURGERY = "condition.pulmonary_infection", "condition.diabetes", "procedure.major_surgery"
STEROID, IMMUNOSUPPRESSANT = "medication.systemic_glucocorticoid", "medication.immunosuppressant"
PUNCTURE = "procedure.intrathecal_treatment"

# system, code, fact, what it is, why
SEVERAL = [
    (ICD10, "A02.2+J17.0*", PNEUMONIA, "main", "salmonella infection with pneumonia: dagger and star in one"),
    (ICD10, "A02.2† J17.0*", PNEUMONIA, "main", "with a blank"),
    (ICD10, "J17.0*A02.2†", PNEUMONIA, "main", "the star first"),
    (CHINA, "A02.200x002+J17.0*", PNEUMONIA, "main", "as China's clinical edition has it"),
    (ICD10, "A02.2+N16.0*", PNEUMONIA, "else", "with another disease of an organ"),
    (ICD10, "I10, E11.9", DIABETES, "main", "a list"),
    (ICD10CM, "I10;E119", DIABETES, "main", "without points"),
    (ICD10CM, "I10 E11.9", DIABETES, "main", "with a blank between"),
    (ICD10CM, "I10/E11.9", DIABETES, "main", "with a stroke between"),
    (ICD10CM, "E11.9, I10", DIABETES, "main", "the other first"),
    (ICD10CM, "I10, K21.9", DIABETES, "else", "two other diseases"),
    (ICD10CM, "I10, K21.9, Q99.X1, B29.1", DIABETES, "unread", "one of them is in no category that there is"),
    (ICD10, "E11 90", DIABETES, "main", "one code with a blank in it"),
    (ICD10, "I10-I15", DIABETES, "unread", "a range is no code"),
    (ICD9CM, "401.9, 250.00", DIABETES, "main", "a list of ICD-9-CM"),
    (ICD9CM, "4019 5309", DIABETES, "else", "without points, two other diseases"),
    (ICD9CM_OPERATIONS, "88.72+81.54", SURGERY, "main", "echocardiography, and a knee"),
    (ICD9CM_OPERATIONS, "8872 4523", SURGERY, "else", "echocardiography, and colonoscopy"),
    (ICD10PCS, "0DJD8ZZ/0DTN4ZZ", SURGERY, "main", "colonoscopy, and resection"),
    (ATC, "L04AD02/H02AB06", STEROID, "main", "two drugs"),
    (ATC, "L04AD02, A02BC01", STEROID, "else", "two others"),
    (ATC, "A02BC01 + L04AD02", IMMUNOSUPPRESSANT, "main", "the second one"),
]
MISPLACED = [
    (ICD9CM_OPERATIONS, "3.31", SURGERY, "unread", "spinal tap, 03.31, after a spreadsheet: no 33.1"),
    (ICD9CM_OPERATIONS, "3.31", PUNCTURE, "unread", "nor is it something else"),
    (ICD9CM_OPERATIONS, "8.154", SURGERY, "unread", "no 81.54"),
    (ICD9CM_OPERATIONS, "81.5.4", SURGERY, "unread", "two points"),
    (ICD9CM, "8.45", "condition.infection", "unread", "008.45 or 845"),
    (ICD9CM, "V4.20", "condition.organ_transplant_status", "unread", "no V42.0"),
    (ICD9CM, "E812.0", "condition.infection", "else", "an E code has it after four"),
    (ICD9CM, "E81.20", "condition.infection", "unread", "not after three"),
    (ICD10, "E1.19", DIABETES, "unread", "no E11.9"),
    (ICD10CM, "I1.0", DIABETES, "unread", "no I10"),
    (ICD10CM, "E11.9.1", DIABETES, "hint", "two points: begins like diabetes"),
    (ICD10CM, "E11.", DIABETES, "main", "a point at the end"),
]
TOO_LONG = [
    (ATC, "L04AD02X", IMMUNOSUPPRESSANT, "hint", "begins like tacrolimus, and is no code"),
    (ATC, "L04AD02X", STEROID, "unread", "and may be anything else"),
    (ICD10CM, "E11.9 (primary)", DIABETES, "hint", "begins like diabetes"),
    (ICD10CM, "E11.9 (primary)", PNEUMONIA, "unread", "what else is said is not read"),
    (ICD10, "M32.901ABC", "condition.sle", "hint", "eight places"),
    (CHINA, "I10.x00x002", DIABETES, "else", "hypertension in China's clinical edition: a whole code"),
    (CHINA, "Z98.8x001", DIABETES, "else", "with three digits after the x"),
    (CHINA, "E11.900x001", DIABETES, "main", "of the set"),
    (ICD9CM_OPERATIONS, "81.54001", SURGERY, "main", "China's older editions: three digits more"),
]


@pytest.mark.parametrize("row", [*SEVERAL, *MISPLACED, *TOO_LONG], ids=" ".join)
def test_what_a_code_is_to_a_fact(library: Library, row: tuple[str, str, str, str, str]) -> None:
    system, code, fact, expected, why = row
    concept = CodeableConcept(coding=(Coding(system=system, code=code),))
    assert library.facts.events.codes[KINDS[fact.partition(".")[0]]].read((concept,)).to(fact).role == expected, why
