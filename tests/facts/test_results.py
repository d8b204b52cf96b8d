"""Qualitative results, from codes, flags and words; never from a guess."""

from collections.abc import Callable

import pytest

from cds_service.facts.fact import Fact
from tests.facts.records import INTERPRETATION, Json, coded, concept, flag, lab, observation, quantity
from tests.facts.small_rules import LOINC

# what the observation of HBsAg holds, the result or the reason, why
RESULTS: list[tuple[Json, str, str]] = [
    ({"valueCodeableConcept": concept("10828004")}, "positive", "Positive"),
    ({"valueCodeableConcept": concept("260373001")}, "positive", "Detected"),
    ({"valueCodeableConcept": concept("11214006")}, "positive", "Reactive"),
    ({"valueCodeableConcept": concept("260385009")}, "negative", "Negative"),
    ({"valueCodeableConcept": concept("260415000")}, "negative", "Not detected"),
    ({"valueCodeableConcept": concept("131194007")}, "negative", "Non-reactive"),
    ({"valueCodeableConcept": concept("LA6576-8", LOINC)}, "positive", "Positive, LOINC answer"),
    ({"valueCodeableConcept": concept("LA6577-6", LOINC)}, "negative", "Negative, LOINC answer"),
    ({"valueCodeableConcept": concept("419984006")}, "indeterminate", "Inconclusive"),
    ({"valueCodeableConcept": concept("260408008")}, "indeterminate", "Weakly positive"),
    ({"valueCodeableConcept": concept("260385009", text="Negative")}, "negative", "code and text agree"),
    ({"valueCodeableConcept": concept("260385009", text="Positive")}, "value_not_understood", "they do not"),
    ({"valueCodeableConcept": concept("17621005")}, "value_not_understood", "Normal is no answer"),
    (
        {"valueCodeableConcept": concept("N1", "urn:site", display="Negative")},
        "negative",
        "a site's code, said in words",
    ),
    ({"valueString": "Non-reactive"}, "negative", "text"),
    ({"valueString": "NEG"}, "negative", "text"),
    ({"valueString": "neg."}, "negative", "text"),
    ({"valueString": "Detected"}, "positive", "text"),
    ({"valueString": "not  detected"}, "negative", "text"),
    ({"valueString": "positiv"}, "positive", "German"),
    ({"valueString": "阴性"}, "negative", "Chinese"),
    ({"valueString": "Equivocal"}, "indeterminate", "text"),
    ({"valueString": "negative for now, repeat"}, "value_not_understood", "more than a plain answer"),
    ({"valueString": "-"}, "negative", "a sign"),
    ({"valueString": "—"}, "value_not_understood", "a long dash is a blank"),
    ({"valueString": ""}, "no_result", "nothing"),
    ({"valueBoolean": True}, "positive", "yes"),
    ({"valueBoolean": False}, "negative", "no"),
    ({"interpretation": flag("POS")}, "positive", "a flag without value"),
    ({"interpretation": flag("NEG")}, "negative", "a flag without value"),
    ({"interpretation": flag("IND")}, "indeterminate", "a flag without value"),
    ({"interpretation": flag("A")}, "value_not_understood", "abnormal is not positive"),
    ({"interpretation": flag("N")}, "value_not_understood", "normal is not negative"),
    ({"valueQuantity": quantity(0.2, "{index}"), "interpretation": flag("NEG")}, "negative", "the flag of a number"),
    (
        {"valueQuantity": quantity(0.2, "{index}"), "interpretation": flag("H")},
        "value_not_understood",
        "high is no answer",
    ),
    ({"valueCodeableConcept": concept("10828004"), "interpretation": flag("H")}, "positive", "high does not matter"),
    (
        {"valueCodeableConcept": concept("10828004"), "interpretation": flag("NEG")},
        "value_not_understood",
        "contradiction",
    ),
    ({"valueQuantity": quantity(5, "mIU/mL")}, "value_not_understood", "a number alone"),
    (
        {"valueQuantity": quantity(5, "U"), "referenceRange": [{"high": quantity(1, "U")}]},
        "positive",
        "above its own limit",
    ),
    ({"valueQuantity": quantity(1, "U"), "referenceRange": [{"high": quantity(1)}]}, "negative", "up to its own limit"),
    (
        {"valueQuantity": quantity(5, "U"), "referenceRange": [{"high": quantity(1, "X")}]},
        "value_not_understood",
        "foreign unit",
    ),
    (
        {"valueQuantity": quantity(5, "U", "<"), "referenceRange": [{"high": quantity(1, "U")}]},
        "value_not_understood",
        "below 5 may be above 1",
    ),
    (
        {
            "valueQuantity": quantity(5, "U"),
            "referenceRange": [{"high": quantity(1, "U")}],
            "interpretation": flag("NEG"),
        },
        "negative",
        "a flag always wins",
    ),
]


@pytest.mark.parametrize(("holds", "expected", "why"), RESULTS)
def test_results(holds: Json, expected: str, why: str, fact: Callable[..., Fact]) -> None:
    assert said(fact("result.hbsag", observation("5196-1", **holds))) == expected, why


def said(fact: Fact) -> object:
    return fact.reason if fact.value is None else fact.value


@pytest.mark.parametrize(
    ("name", "code", "holds", "expected"),
    [
        ("result.hcv_rna", "11259-9", {"valueQuantity": quantity(12000, "[IU]/mL")}, "positive"),
        ("result.hcv_rna", "11259-9", {"valueQuantity": quantity(0, "[IU]/mL")}, "negative"),
        ("result.hcv_rna", "11259-9", {"valueQuantity": quantity(15, "[IU]/mL", "<")}, "value_not_understood"),
        ("result.hcv_antibody", "13955-0", {"valueQuantity": quantity(12, "{index}")}, "value_not_understood"),
        ("result.ana", "8061-4", {"valueString": "1:160"}, "positive"),
        ("result.ana", "8061-4", {"valueString": "<1:40"}, "negative"),
        ("result.ana", "8061-4", {"valueString": "1:40"}, "value_not_understood"),
        ("result.ana", "8061-4", {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 80}}}, "positive"),
    ],
)
def test_numbers_are_read_as_the_fact_says(
    name: str, code: str, holds: Json, expected: str, fact: Callable[..., Fact]
) -> None:
    assert said(fact(name, observation(code, **holds))) == expected


def test_a_facts_own_answers_come_first(fact: Callable[..., Fact]) -> None:
    sits = {**coded("x", "225602000"), "code": concept("sits", "urn:cds-service:facts")}
    assert said(fact("result.sits", sits)) == "negative"
    assert said(fact("result.sits", {**sits, "valueCodeableConcept": concept("373066001")})) == "positive"


def test_opposite_results_of_the_same_time_are_in_conflict(fact: Callable[..., Fact]) -> None:
    both = [coded("5196-1", "10828004"), coded("5196-1", "260385009")]
    assert said(fact("result.hbsag", *both)) == "conflicting_results"
    assert said(fact("result.hbsag", *both[::-1])) == "conflicting_results"


def test_an_index_beside_the_result_does_not_spoil_it(fact: Callable[..., Fact]) -> None:
    found = fact("result.hbsag", coded("5196-1", "260385009"), lab("63557-3", 0.2, "{index}"))
    assert said(found) == "negative"
    assert len(found.evidence) == 1


def test_the_order_of_codings_does_not_matter(fact: Callable[..., Fact]) -> None:
    codings = [{"system": "http://snomed.info/sct", "code": "10828004"}, {"system": LOINC, "code": "LA6577-6"}]
    for order in (codings, codings[::-1]):
        found = fact("result.hbsag", observation("5196-1", valueCodeableConcept={"coding": order}))
        assert said(found) == "value_not_understood"


GENE = {"code": concept("48018-6", LOINC), "valueCodeableConcept": concept("HGNC:11117", "http://www.genenames.org")}
HOMOZYGOUS = {"code": concept("53034-5", LOINC), "valueCodeableConcept": concept("LA6705-3", LOINC)}
HETEROZYGOUS = {"code": concept("53034-5", LOINC), "valueCodeableConcept": concept("LA6706-1", LOINC)}


@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        ({"component": [GENE, HOMOZYGOUS]}, "positive"),
        ({"component": [GENE, HOMOZYGOUS], "valueCodeableConcept": concept("LA9633-4", LOINC)}, "positive"),
        ({"component": [GENE, HOMOZYGOUS], "valueCodeableConcept": concept("LA9634-2", LOINC)}, "no_result"),
        ({"component": [GENE, HOMOZYGOUS], "valueCodeableConcept": concept("LA18198-4", LOINC)}, "no_result"),
        ({"component": [GENE, HETEROZYGOUS]}, "no_result"),
        ({"component": [GENE]}, "no_result"),
        ({"component": [GENE, HOMOZYGOUS], "status": "entered-in-error"}, "no_result"),
    ],
)
def test_a_variant_is_a_positive_finding_by_its_components(
    holds: Json, expected: str, fact: Callable[..., Fact]
) -> None:
    assert said(fact("result.smn1_loss", observation("69548-6", **holds))) == expected


def test_interpretation_codes_of_version_2_are_the_same(fact: Callable[..., Fact]) -> None:
    for system in (INTERPRETATION, "http://terminology.hl7.org/CodeSystem/v2-0078"):
        held = observation("5196-1", interpretation=[concept("POS", system)])
        assert said(fact("result.hbsag", held)) == "positive"
