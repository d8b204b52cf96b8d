"""What became of an entry, and how it is counted."""

import pytest

from cds_service.library import Library
from cds_service.terminology.seen import Sighting
from tests.codes.feeds import (
    ICD10,
    LOCAL,
    LOINC,
    RXNORM,
    SNOMED,
    Entry,
    concept,
    condition,
    counted,
    entry,
    observation,
    table,
)

HB = concept((LOINC, "718-7", "Hemoglobin [Mass/volume] in Blood"))
HBSAG = concept((LOINC, "5195-3", "Hepatitis B virus surface Ag [Presence] in Serum"))
QUANTITY = {"value": 120, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}

OUTCOMES: list[tuple[str, Entry, str, str]] = [
    ("a code of a fact", condition(concept((SNOMED, "55464009"))), "fact", "condition.sle"),
    ("a code and a doubt", condition(concept((SNOMED, "55464009"), text="V. a. SLE")), "hint", "condition.sle"),
    ("words that name it", condition(concept(text="肺癌")), "hint", "condition.malignancy"),
    ("another ICD-10 code", condition(concept((ICD10, "H52.1", "Myopia"))), "else", ""),
    ("other words", condition(concept(text="Low back pain")), "else_by_words", ""),
    ("words that nobody knows", condition(concept(text="Zwirbelknorz")), "unread", ""),
    ("neither code nor words", condition({}), "unread", ""),
    ("a local code alone", condition(concept((LOCAL, "D17"))), "unread", ""),
    ("a drug", entry("MedicationRequest", medicationCodeableConcept=concept((RXNORM, "121191", "rituximab"))), "fact",
     "medication.biologic"),
    ("a vaccine that nobody knows", entry("Immunization", vaccineCode=concept(text="Zwirbelknorz")), "unread", ""),
    ("a value and its unit", observation(HB, valueQuantity=QUANTITY), "read", "lab.hemoglobin"),
    ("a number in words", observation(HB, valueString="12.1 g/dL"), "read", "lab.hemoglobin"),
    ("another unit", observation(HB, valueQuantity={"value": 1, "unit": "furlong"}), "unit_refused", "lab.hemoglobin"),
    ("other words for a number", observation(HB, valueString="see comment"), "words_refused", "lab.hemoglobin"),
    ("no value", observation(HB), "no_value", "lab.hemoglobin"),
    ("an answer", observation(HBSAG, valueString="Non-reactive"), "read", "result.hbsag"),
    ("an answer that nobody knows", observation(HBSAG, valueString="weird"), "words_refused", "result.hbsag"),
    ("an open answer", observation(HBSAG, valueString="indeterminate"), "read", "result.hbsag"),
    ("a LOINC code that no fact has", observation(concept((LOINC, "2345-7")), valueInteger=5), "no_fact", ""),
    ("a local laboratory code", observation(concept((LOCAL, "HB")), valueQuantity=QUANTITY), "unknown_code", ""),
    ("a laboratory's words", observation(concept(text="Hb"), valueQuantity=QUANTITY), "unknown_code", ""),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outcome", "fact"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
def test_what_became_of_an_entry(given: Entry, outcome: str, fact: str, library: Library) -> None:
    ((sighting, count),) = counted(library.facts, [given]).items()
    assert (sighting.outcome, count.times) == (outcome, 1)
    assert fact in sighting.facts or (not fact and not sighting.facts)


def test_components_count_by_themselves_and_so_do_results_within_a_report(library: Library) -> None:
    parts = [{"code": HB, "valueQuantity": QUANTITY}, {"code": concept(text="Hb"), "valueString": "x"}]
    panel = observation(concept((LOINC, "58410-2")), component=parts)
    report = entry("DiagnosticReport", status="final", code=HB, contained=[observation(HB, valueQuantity=QUANTITY)])
    assert counted(library.facts, [panel]).outcomes == {"read": 1, "unknown_code": 1}
    assert counted(library.facts, [report]).outcomes == {"read": 1}


def test_a_drug_counts_where_it_is_used_whichever_file_says_what_it_is(library: Library) -> None:
    drug = {"resourceType": "Medication", "id": "m1", "code": concept((RXNORM, "121191", "rituximab"))}
    never = {"resourceType": "Medication", "id": "m2", "code": concept(text="Zwirbelknorz")}
    uses = [
        entry("MedicationRequest", patient, medicationReference={"reference": "Medication/m1"})
        for patient in ("p1", "p2", "p3")
    ]
    elsewhere = entry(
        "MedicationStatement", medicationReference={"reference": "Medication/none", "display": "Zwirbelknorz"}
    )
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (*uses, drug)]}
    expected = {("MedicationRequest", "fact", "121191"): 3}
    others = {("Medication", "unread", ""): 1, ("MedicationStatement", "unread", ""): 1}

    def told(entries: list[Entry]) -> dict[tuple[str, str, str], int]:
        tally = counted(library.facts, entries)
        return {(one.kind, one.outcome, one.code): count.times for one, count in tally.items()}

    assert told([bundle]) == expected
    for order in ([drug, never, *uses, elsewhere], [*uses, elsewhere, never, drug]):
        assert told(order) == expected | others


def test_the_share_is_of_what_a_rule_could_read(library: Library) -> None:
    read, unit = observation(HB, valueQuantity=QUANTITY), observation(HB, valueQuantity={"value": 1, "unit": "furlong"})
    glucose, unread = observation(concept((LOINC, "2345-7"))), condition(concept(text="Zwirbelknorz"))
    found = table(library.facts, [read, read, unit, glucose, glucose, unread])
    assert (found.entries, found.judged, found.understood, found.share) == (6, 4, 2, 50.0)
    assert table(library.facts, [glucose]).share is None


def test_the_most_frequent_comes_first_and_patients_are_counted(library: Library) -> None:
    rare, often = condition(concept((LOCAL, "A"))), [condition(concept((LOCAL, "B")), f"p{n % 2}") for n in range(5)]
    found = table(library.facts, [rare, *often])
    assert [(line.sighting.code, line.times) for line in found.lines] == [("B", 5), ("A", 1)]
    assert found.patients == 2


def test_what_can_not_be_told_apart_any_more_is_counted_together(library: Library) -> None:
    entries = [condition(concept((LOCAL, f"D{number}"))) for number in range(10)]
    tally = counted(library.facts, entries, most_keys=3)
    assert (tally.is_full, sum(count.times for _, count in tally.items())) == (True, 10)
    assert dict(tally.items())[Sighting("Condition", "unread", words="(more than can be told apart)")].times == 7


NEAREST = [
    ("a local name in LOINC's way", "HB", "Hemoglobin [Mass/volume] in Venous blood", "g/dL", "lab.hemoglobin"),
    ("a name in words", "K", "Creatinine serum", "mg/dL", "lab.creatinine"),
    ("a misspelt name", "P", "Plateletts", "10*3/uL", "lab.platelets"),
]


@pytest.mark.parametrize(
    ("code", "words", "unit", "fact"), [row[1:] for row in NEAREST], ids=[row[0] for row in NEAREST]
)
def test_the_nearest_fact_of_a_result(code: str, words: str, unit: str, fact: str, library: Library) -> None:
    given = observation(concept((LOCAL, code, words)), valueQuantity={"value": 1, "unit": unit})
    (line,) = table(library.facts, [given]).lines
    assert (line.nearest[0].fact, line.nearest[0].how) == (fact, "axes")


def test_a_unit_alone_makes_no_fact_near(library: Library) -> None:
    given = observation(concept((LOCAL, "AP", "Zwirbelknorz")), valueQuantity={"value": 1, "unit": "U/L"})
    (line,) = table(library.facts, [given]).lines
    assert line.nearest == ()


def test_the_nearest_fact_of_words(library: Library) -> None:
    (line,) = table(library.facts, [condition(concept(text="lupuss nefritis, Zwirbelknorz"))]).lines
    assert line.sighting.outcome == "unread"
    assert "lupus-nephritis" in [near.target for near in line.nearest]
