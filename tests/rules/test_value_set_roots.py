"""Members found wrong, and members found missing, when each list was held against the concept that it means.

A definition says "is-a this disease"; the names that stood in a list and could not lie below its root, and those that
plainly lie below it and stood in no list, are the rows here.
"""

from collections.abc import Callable

import pytest

from cds_service.facts.catalogue import SNOMED, load_codesystems, load_valuesets
from tests.rules.test_value_sets import RULES

Sets = Callable[[str, str], frozenset[str]]
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.fixture(scope="module")
def sets_of() -> Sets:
    """(system, code) -> the ids of the value sets that hold it."""
    systems, _ = load_codesystems(RULES)
    value_sets, _ = load_valuesets(RULES, systems)
    return lambda system, code: value_sets.members(systems.key(system, code))


OUT = [
    ("other-cardiac-intervention", "241008001", "ablation of the nail matrix"),
    ("other-cardiac-intervention", "252427007", "a picture of a bypass graft"),
    ("other-cardiac-intervention", "438530000", "a picture of a bypass graft"),
    ("mri-unsafe-implant-procedure", "609152003", "a coronary stent is no aneurysm clip"),
    ("metal-implant-procedure", "172392005", "prosthetic replacement of the conjunctiva"),
    ("metal-implant-procedure", "172150008", "prosthesis of the eyeball"),
    ("metal-implant-procedure", "62460005", "prosthesis of the testis"),
    ("pulmonary-infection", "129451001", "interstitial lung disease of smokers"),
    ("infection", "129451001", "interstitial lung disease of smokers"),
    ("pulmonary-infection", "233728004", "cholesterol pneumonia"),
    ("pulmonary-infection", "68409003", "organised pneumonia"),
    ("pulmonary-infection", "186435004", "infection by Klebsiella pneumoniae names no site"),
    ("severe-infection", "406595002", "infection by Mycoplasma pneumoniae names no site"),
    ("infection", "276206000", "superficial mycosis"),
    ("infection", "236627006", "chronic cystitis without a stated infection"),
    ("infection", "427898007", "infection of a tooth"),
    ("infection", "83412009", "periodontal abscess"),
    ("infection", "195811008", "chronic laryngitis"),
    ("upper-respiratory-infection", "195811008", "chronic laryngitis"),
    ("infection", "78868004", "chronic mucoid otitis media"),
    ("major-trauma", "416786002", "penetrating injury of the lens of the eye"),
    ("major-trauma", "281843000", "fracture of the tibial spine, which is no vertebra"),
    ("major-trauma", "208513000", "fractures of the forearm"),
    ("myeloid-neoplasm", "404123008", "skin infiltrated by T-cell prolymphocytic leukaemia"),
]


@pytest.mark.parametrize(("name", "code", "meaning"), OUT)
def test_what_cannot_lie_below_the_root_is_no_member(sets_of: Sets, name: str, code: str, meaning: str) -> None:
    assert name not in sets_of(SNOMED, code), meaning


IN = [
    ("hepatitis-b", SNOMED, "707341005", "hepatitis D, which needs B"),
    ("hepatitis-b", SNOMED, "235865005", "D upon a carrier of B"),
    ("copd", SNOMED, "45145000", "unilateral emphysema, J43.0"),
    ("immunodeficiency", SNOMED, "71904008", "severe combined immunodeficiency without HLA class II"),
    ("immunodeficiency", SNOMED, "16318001000119107", "hypogammaglobulinaemia by myeloma"),
    ("invasive-ventilation-procedure", SNOMED, "243150007", "assisted controlled mandatory ventilation"),
    ("lower-respiratory-infection-or-influenza", SNOMED, "195929004", "influenza of the gut"),
    ("other-autoimmune-disease", SNOMED, "239792003", "seronegative rheumatoid arthritis"),
    ("autoimmune-disease", SNOMED, "319051000119102", "the same of the left knee"),
    ("other-autoimmune-disease", SNOMED, "16891191000119108", "coronary disease due to type 1 diabetes"),
    ("diabetes", SNOMED, "164971000119101", "type 2 diabetes controlled by diet"),
    ("epilepsy", SNOMED, "192999003", "partial epilepsy with impaired consciousness"),
    ("epilepsy", SNOMED, "699688008", "genetic epilepsy with febrile seizures plus"),
    ("radiotherapy", SNOMED, "431534004", "ablation of the thyroid by iodine 131"),
    ("other-cardiac-intervention", SNOMED, "442456000", "septal occluder"),
    ("cns-disease", SNOMED, "398329009", "HIV encephalitis"),
    ("other-malignancy-than-aml", SNOMED, "404123008", "T-cell prolymphocytic leukaemia of the skin"),
    ("malignancy", SNOMED, "404123008", "the same"),
    ("stroke", SNOMED, "230693009", "infarction of the anterior cerebral circulation"),
    ("stroke", SNOMED, "195176009", "non-traumatic subdural haemorrhage, I62.0"),
    ("antineoplastic", RXNORM, "2360231", "sacituzumab"),
]


@pytest.mark.parametrize(("name", "system", "code", "meaning"), IN)
def test_what_plainly_lies_below_the_root_is_a_member(
    sets_of: Sets, name: str, system: str, code: str, meaning: str
) -> None:
    assert name in sets_of(system, code), meaning


def test_every_drug_of_an_ingredient_is_a_member_an_implant_too(sets_of: Sets) -> None:
    """Implants into a tumour are left out, which took goserelin's out too; it comes as an implant only."""
    assert "antineoplastic-hint" in sets_of(RXNORM, "310592"), "goserelin 3.6 MG Drug Implant"
