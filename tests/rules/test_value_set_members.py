"""Who is in the value sets (rules/valuesets): one look at the name of every member.

A set is read in one kind of resource, so a name of another kind (an organism, a scale, a surgeon), one that negates,
doubts or speaks of somebody else, is a wrong member. The names come from a reference table outside the repository;
where it isn't there, the tests that need names are skipped. What is allowed in spite of its name stands here with its
reason.
"""

import re
from functools import cache

import pytest

from cds_service.facts.catalogue import ICD10CM, SNOMED
from tests.rules.test_value_sets import RULES, read, table, with_table
from tests.rules.value_set_members import everywhere, members, printed, read_in, roles

LOINC = "http://loinc.org"


# --- negated

NEGATED = re.compile(
    r"\b(not?|never|absen(t|ce)|declined|refused|denie[sd]|ruled out|excluded|unlikely|cancell?ed|abandoned"
    r"|contraindicated|unaffected)\b",
    re.IGNORECASE,
)
NOT_THE_THING_ITSELF = {
    r"\bnot (yet )?delivered": "the pregnancy goes on",
    r"\bnot using cement": "how a prosthesis is fixed",
    r"\bno gastrectomy": "what is joined isn't removed",
    r"\bnot (otherwise |elsewhere )?(specified|classified)\b": "a residual class",
    r"\bnot applicable or unspecified": "number of the fetus",
    r"\bnot (intractable|refractory|responding to|having achieved remission)": "course of the disease",
    r"\bnot (resulting in|extending into|involving|due to|due to .*alcohol)": "a complication or cause is not there",
    r"\bnot (identified|confirmed)|\bexamination not done": "the disease is there, its agent not proved",
    r"\bnot from vaccine|\bnot of newborn|\bnot Brugada type": "which of two diseases",
    r"\bwith no device\b|\bother than\b": "how a bypass is made (ICD-10-PCS)",
    r"\bwith no fistula|\bno gangrene": "a complication is not there",
    r"\bnot adsorbed|\bno preservative": "how a vaccine is made",
    r"\babsence (status|epilep|seizure)|(myoclonic|atypical|convulsive) absence|^Absence status": "a kind of seizure",
    r"\bdue to absent": "the cause of the disease",
    r"\b(acquired|congenital) absence .*(uterus|ovar|genital)|\babsence of (uterus|both ovaries)": "the set means this",
    r"^No vaginal PAP smear required due to history of hysterectomy": "says that there was a hysterectomy",
    r"^Absence of lower limb due to diabetes": "what the diabetes did",
    r"\bcurrently presenting no symptoms": "an old infarction",
    r"\bwithout|\bno active": "what is absent is beside the disease",
}


@with_table
def test_no_name_negates_what_its_set_means() -> None:
    wrong = []
    for member in everywhere():
        left = member.name
        for phrase in NOT_THE_THING_ITSELF:
            left = re.sub(phrase, "", left, flags=re.IGNORECASE)
        if NEGATED.search(left):
            wrong.append(member)
    assert printed(wrong) == []


# --- of another kind

TAG = re.compile(r" \(([a-z/ ]+)\)$")
MEDICINE = frozenset({"substance", "product", "medicinal product", "medicinal product form", "clinical drug"})
TAGS_OF_A_KIND = {
    "Condition": frozenset({"disorder", "finding", "situation", "event"}),
    "Procedure": frozenset({"procedure", "regime/therapy"}),
    "Device": frozenset({"physical object"}),
    "Medication": MEDICINE,
    "Immunization": MEDICINE,
    "AllergyIntolerance": MEDICINE | {"disorder", "finding"},
}


@cache
def tags() -> frozenset[str]:
    """What SNOMED CT's names carry as a tag. The rare are parts of a name: "(s)", "(excluding hip)"."""
    counted: dict[str, int] = {}
    for name in table()["SNOMED"].values():
        if found := TAG.search(name):
            counted[found.group(1)] = counted.get(found.group(1), 0) + 1
    return frozenset(tag for tag, number in counted.items() if number >= 25 and len(tag) > 1) | {"morphology"}


@with_table
@pytest.mark.parametrize("resource", sorted(TAGS_OF_A_KIND))
def test_a_tag_is_one_of_the_kind_that_the_set_is_read_in(resource: str) -> None:
    wrong = [
        member
        for member in read_in(resource)
        if member.system == SNOMED
        and (found := TAG.search(member.name))
        and found.group(1) in tags() - TAGS_OF_A_KIND[resource]
    ]
    assert printed(wrong) == []


def test_each_resource_that_a_set_is_read_in_has_its_kind() -> None:
    assert {resource for _, resource in roles()} == set(TAGS_OF_A_KIND)


@cache
def genera() -> frozenset[str]:
    """First words of the names that are tagged as an organism: Streptococcus, Plasmodium, …"""
    named = (name for name in table()["SNOMED"].values() if name.endswith(" (organism)"))
    return frozenset(word for name in named if len(word := name.split()[0]) > 4 and word.isalpha())


ILLNESS = re.compile(
    r"infect|disease|disorder|sepsis|itis\b|osis\b|iasis\b|meningo|pneumonia\b|fever|abscess|influenza|virus disease"
    r"|tetanus|syndrome|malaria|worm|mycoses|septic|carrier|exacerb|bronch|reaction|ulcer|eczema|gastroent"
    r"|oma\b|tumor|leuk|nephropathy",
    re.IGNORECASE,
)


@with_table
def test_an_organism_is_no_disease_and_no_operation() -> None:
    wrong = [
        member
        for member in read_in("Condition", "Procedure")
        if member.system == SNOMED
        and not TAG.search(member.name)
        and (member.name.split()[0] in genera() or re.search(r"\b(serogroup|serotype|resembling)\b", member.name))
        and not ILLNESS.search(member.name)
    ]
    assert printed(wrong) == []


NO_CONDITION = re.compile(
    r"\b(scale|schedule|questionnaire|inventory|grading system|assessment|specialty|surgeon|number of|time since"
    r"|total time|data$|perceived control|morphology)\b"
    r"|^(radical |partial |total |therapeutic )?(resection|excision|marsupialization|aspiration|removal|repair"
    r"|drainage|insertion|transplantation) of",
    re.IGNORECASE,
)
NO_PROCEDURE = re.compile(
    r"\b(surgeon|specialty|medicine|liveborn|late effect|opathy|prior to|status|syndrome|disorder|anesthesia for"
    r"|education|counsell?ing)\b|^surgery-|opathy$|replacement prosthesis$",
    re.IGNORECASE,
)


@with_table
@pytest.mark.parametrize(("resource", "words"), [("Condition", NO_CONDITION), ("Procedure", NO_PROCEDURE)])
def test_a_name_without_a_tag_is_of_its_kind(resource: str, words: re.Pattern[str]) -> None:
    wrong = [
        member
        for member in read_in(resource)
        if member.system == SNOMED and not TAG.search(member.name) and words.search(member.name)
    ]
    assert printed(wrong) == []


@with_table
def test_aids_are_a_disease_only_where_the_name_speaks_of_immunity() -> None:
    aids = re.compile(r"\baids?\b", re.IGNORECASE)
    wrong = [member for member in everywhere() if aids.search(member.name) and "immun" not in member.name.lower()]
    assert printed(wrong) == []


# --- doubted, feared, somebody else's, earlier

ONLY_ABOUT_IT = re.compile(
    r"\b(suspected|family history|FH|maternal history|no history|at risk|risk of|screening|vaccination against"
    r"|exposure to|contact with|fear of|education|counsell?ing|prophyla\w+|carrier)\b",
    re.IGNORECASE,
)
STILL_IT = {
    r"^(chronic )?(hepatitis [BC]|viral hepatitis|human immunodeficiency virus) carrier": "carries the virus",
    r"^carrier of viral hepatitis": "carries the virus, of a kind that isn't told: a hint",
    r"of hepatitis B carrier": "delta infection",
    r"^(prophylactic )?(vaccination against|administration of|prophylactic)|prophylactic .*vaccin": "a vaccination",
    r"^maternal care for|screening of mother|(of|in|during|complicating) pregnan": "the fetus is meant",
    r"^prophylactic .*(mastectomy|oophorectomy)": "an operation, whatever it is for",
    r"mastectomy .*and prophylactic mastectomy": "an operation, whatever it is for",
}


@with_table
def test_no_name_only_speaks_about_the_disease() -> None:
    allowed = [re.compile(phrase, re.IGNORECASE) for phrase in STILL_IT]
    wrong = [
        member
        for member in read_in("Condition", "Procedure", "Device")
        if ONLY_ABOUT_IT.search(member.name) and not any(phrase.search(member.name) for phrase in allowed)
    ]
    assert printed(wrong) == []


LATER = re.compile(r"\bsubsequent encounter\b")
SEQUELA = re.compile(r"\bsequelae?\b|\blate effects?\b", re.IGNORECASE)
STATES = {
    "metal-implant-condition": "a complication of an implant, seen again: it is in the body",
    "mri-unsafe-implant-condition": "the same",
    "csf-shunt-condition": "a complication of a shunt, seen again: it is in the body",
}
SEQUELA_OF_A_STATE = {
    "metal-implant-condition-hint": "there was an implant once",
    "csf-shunt-condition-hint": "there was a shunt once",
    "gene-modified-cell-therapy-condition-hint": "there was a therapy once",
    "nasal-disease-hint": "the nose was broken: straight or not",
    "cns-disease-hint": "what an injury of the brain left behind may be a disease of it",
}
SEQUELA_IS_THE_DISEASE = {"137991000119103": "epilepsy", "138371000119104": "paresis", "426033005": "dysphagia"}


@with_table
def test_a_later_visit_for_an_injury_or_a_complication_is_a_hint() -> None:
    certain = {value_set for (value_set, _), how in roles().items() if how & {"valueset", "history"}} - set(STATES)
    wrong = [m for m in read_in("Condition") if m.value_set in certain and LATER.search(m.name)]
    assert printed(wrong) == []


@with_table
def test_a_sequela_is_history_or_the_disease_itself() -> None:
    wrong = [
        member
        for member in read_in("Condition", "Procedure")
        if SEQUELA.search(member.name)
        and not member.value_set.endswith("-history")
        and member.value_set not in SEQUELA_OF_A_STATE
        and member.code not in SEQUELA_IS_THE_DISEASE
    ]
    assert printed(wrong) == []


@with_table
@pytest.mark.parametrize(
    "value_set", ["major-trauma", "infection", "severe-infection", "raised-intracranial-pressure", "nasal-disease"]
)
def test_no_later_visit_is_lost_between_a_set_and_its_hints(value_set: str) -> None:
    hints = {code for _, code, _ in members(f"{value_set}-hint")}
    first = {c for system, c, name in members(value_set) if system == ICD10CM and ", initial encounter" in name}
    stems = {code[:-1] for code in first}
    later = {code for code, name in table()["ICD10CM"].items() if code[:-1] in stems and LATER.search(name)}
    assert later
    assert later - hints == set()


@with_table
def test_after_delivery_she_is_not_pregnant() -> None:
    after = re.compile(r"puerper|postpartum|childbirth|postnatal|following delivery", re.IGNORECASE)
    during = re.compile(r"pregnan|gestat|antenatal|not (yet )?delivered", re.IGNORECASE)
    wrong = [m for m in read_in("Condition") if m.value_set == "pregnancy" and after.search(m.name)]
    assert printed([member for member in wrong if not during.search(member.name)]) == []


# --- codes of tests


@with_table
def test_each_loinc_code_of_a_fact_exists_under_its_name() -> None:
    """Where the table has the component only, the long name can't be checked."""
    wrong = [
        (fact["name"], code["code"], code["display"])
        for path in sorted((RULES / "facts").glob("*.json"))
        for fact in read(path).get("facts", ())
        for code in fact.get("codes", ())
        if code["system"] == LOINC
        and (name := table()["LOINC"].get(code["code"], "not in the table")) != code["display"]
        and not name.startswith("[component]")
    ]
    assert wrong == []
