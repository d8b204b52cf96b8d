"""Codes that must be in a value set, and codes that must not: each was wrong once, or is the sibling of one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.facts.catalogue import ICD10, ICD10CM, SNOMED, load_codesystems, load_valuesets

RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="module")
def sets_of() -> Callable[[str, str], frozenset[str]]:
    """(system, code) -> the ids of the value sets that hold it."""
    systems, _ = load_codesystems(RULES)
    value_sets, _ = load_valuesets(RULES, systems)
    return lambda system, code: value_sets.members(systems.key(system, code))


IN = [
    ("hiv", ICD10CM, "B97.35", "HIV 2 as the cause of a disease classified elsewhere"),
    ("immunodeficiency", ICD10CM, "B97.35", "the same"),
    ("hiv", ICD10, "F02.4", "dementia in HIV disease"),
    ("hiv", SNOMED, "699433000", "human immunodeficiency virus carrier"),
    ("diabetes", ICD10CM, "O24.811", "other pre-existing diabetes in pregnancy"),
    ("diabetes", ICD10, "O24.82", "other pre-existing diabetes in childbirth"),
    ("diabetes", ICD10, "H36.0", "diabetic retinopathy"),
    ("diabetes-hint", ICD10CM, "O24.913", "unspecified diabetes in pregnancy"),
    ("hysterectomy-or-sterilisation-procedure", SNOMED, "8550006", "partial salpingectomy for sterilisation"),
    ("hysterectomy-or-sterilisation-procedure", SNOMED, "85855000", "the same by endoscopy"),
    ("hysterectomy-or-sterilisation-procedure", SNOMED, "17358000", "tubal excision and ligation by endoscopy"),
    ("major-surgery", SNOMED, "52734007", "total replacement of hip"),
    ("major-surgery", SNOMED, "443435007", "total replacement of right hip"),
    ("major-surgery", SNOMED, "443681002", "total replacement of left knee"),
    ("major-surgery", SNOMED, "444463001", "replacement of both knees"),
    ("major-surgery", SNOMED, "31884000", "prosthesis of the shoulder"),
    ("major-surgery", SNOMED, "2875008", "prosthesis of the elbow"),
    ("major-surgery", SNOMED, "179971003", "ankle replacement without cement"),
    ("major-surgery", SNOMED, "768847008", "revision of a part of a hip replacement"),
    ("major-surgery", SNOMED, "450838009", "primary cemented total replacement of a joint"),
    ("major-surgery", SNOMED, "180030006", "amputation of the foot"),
    ("major-surgery", SNOMED, "112828007", "femoral-popliteal bypass"),
    ("major-surgery", SNOMED, "20630000", "laparoscopic cholecystectomy with cholangiography"),
    ("major-surgery", SNOMED, "708926000", "fracture of femur, open reduction, locking nail"),
    ("metal-implant-procedure", SNOMED, "52734007", "total replacement of hip"),
    ("major-trauma", ICD10CM, "S72.001A", "fracture of neck of femur, initial encounter"),
    ("major-trauma", ICD10CM, "S72.001C", "the same, open"),
    ("major-trauma", ICD10CM, "S06.5X0A", "traumatic subdural haemorrhage, initial encounter"),
    ("major-trauma-hint", ICD10CM, "S72.001D", "the same, subsequent encounter"),
    ("major-trauma-hint", ICD10CM, "S72.001R", "the same, malunion"),
    ("infection-hint", ICD10CM, "T84.51XD", "infected hip prosthesis, subsequent encounter"),
    ("severe-infection-hint", ICD10CM, "T81.44XD", "sepsis after a procedure, subsequent encounter"),
    ("metal-implant-condition", ICD10CM, "T84.010D", "broken hip prosthesis, subsequent encounter"),
    ("metal-implant-condition-hint", ICD10CM, "T84.010S", "broken hip prosthesis, sequela"),
    ("heart-failure", ICD10, "I09.81", "rheumatic heart failure"),
    ("stroke", ICD10CM, "G43.609", "migraine aura with cerebral infarction"),
    ("stroke-history", SNOMED, "724787004", "epilepsy due to stroke"),
    ("organ-transplant-status", ICD10CM, "I25.811", "coronary disease of a transplanted heart"),
    ("organ-transplant-status-history", ICD10CM, "Z48.298", "aftercare of an organ transplant"),
    ("other-malignancy-than-aml", SNOMED, "420524008", "Kaposi sarcoma in AIDS"),
    ("other-malignancy-than-aml", ICD10, "B21.1", "Burkitt lymphoma in HIV disease"),
    ("malignancy", ICD10CM, "O9A.113", "malignant neoplasm complicating pregnancy"),
    ("cns-disease-history", ICD10CM, "G09", "sequelae of an inflammation"),
    ("claustrophobia", ICD10, "F40.240", "claustrophobia"),
    ("claustrophobia-hint", ICD10, "F40.2", "specific phobia"),
    ("metal-implant-device", SNOMED, "304120007", "a hip prosthesis"),
    ("substance-abuse-history", SNOMED, "44870007", "misused drugs in the past"),
]


@pytest.mark.parametrize(("name", "system", "code", "meaning"), IN, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_who_belongs_to_a_set_is_in_it(
    sets_of: Callable[[str, str], frozenset[str]], name: str, system: str, code: str, meaning: str
) -> None:
    assert name in sets_of(system, code), meaning


OUT = [
    (("hiv", "immunodeficiency", "infection"), SNOMED, "183366004", "use of bathroom aids"),
    (("hiv", "immunodeficiency", "infection"), SNOMED, "183365000", "use of kitchen aids"),
    (("hiv", "immunodeficiency", "infection"), SNOMED, "183368003", "use of indoor mobility aids"),
    (("hiv", "immunodeficiency", "infection"), SNOMED, "229026006", "sharing of sex aids"),
    (("infection", "severe-infection", "pulmonary-infection"), SNOMED, "415621005", "a serogroup of pneumococci"),
    (("infection", "severe-infection"), SNOMED, "113861009", "Mycobacterium tuberculosis"),
    (("infection",), SNOMED, "38186005", "resistance to infection"),
    (("infection",), SNOMED, "246209001", "number of abscesses"),
    (("pulmonary-infection",), SNOMED, "448421008", "sepsis by pneumococci"),
    (("infection", "infection-hint", "severe-infection"), ICD10CM, "T81.44XS", "sepsis after a procedure, sequela"),
    (("infection",), ICD10CM, "T81.44XD", "sepsis after a procedure, subsequent encounter"),
    (("major-surgery",), SNOMED, "713207007", "neck dissection not done"),
    (("major-surgery",), SNOMED, "396781004", "no chemotherapy before lymphadenectomy"),
    (("major-surgery",), SNOMED, "309385005", "transplant surgeon"),
    (("major-surgery",), SNOMED, "194009", "a fish, Notropis whipplei"),
    (("major-surgery",), SNOMED, "3640000", "late effect of an amputation"),
    (("major-surgery",), SNOMED, "304120007", "a prosthesis"),
    (("major-surgery",), SNOMED, "281451005", "loosening of a knee replacement"),
    (("major-trauma", "major-trauma-hint"), ICD10CM, "S72.001S", "fracture of neck of femur, sequela"),
    (("major-trauma",), ICD10CM, "S72.001D", "fracture of neck of femur, subsequent encounter"),
    (("major-trauma",), SNOMED, "273460004", "a grading system"),
    (("pregnancy",), ICD10, "O99.03", "anaemia complicating the puerperium"),
    (("cns-disease",), ICD10CM, "G09", "sequelae of an inflammation"),
    (("claustrophobia-hint",), ICD10, "F40.220", "fear of thunderstorms"),
    (("diabetes",), SNOMED, "304752002", "perceived control"),
    (("diabetes", "diabetes-hint"), ICD10CM, "O24.414", "gestational diabetes on insulin"),
    (("substance-abuse",), SNOMED, "413096007", "never injecting drug user"),
    (("substance-abuse",), SNOMED, "84584008", "steroid withdrawal"),
    (("hysterectomy-or-sterilisation",), SNOMED, "248911005", "absence of the cervix alone"),
    (("metal-implant-condition",), ICD10CM, "T84.010S", "broken hip prosthesis, sequela"),
    (("metal-implant-procedure",), SNOMED, "7989006", "removal of a hip prosthesis"),
]


@pytest.mark.parametrize(("names", "system", "code", "meaning"), OUT, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_who_does_not_belong_to_a_set_is_not_in_it(
    sets_of: Callable[[str, str], frozenset[str]], names: tuple[str, ...], system: str, code: str, meaning: str
) -> None:
    assert sets_of(system, code) & set(names) == set(), meaning
