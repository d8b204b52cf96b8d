"""What is asked for: the smallest and cheapest data that would settle a trial."""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cards import Searcher, TrialViews
from cds_service.cards.needs import DataNeed, Missing, MissingData, Purpose, all_together, cheapest, cost, together
from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.logic import FactRef, Program, model
from cds_service.matching import Match, match
from tests.cards.small_library import AS_OF, bundle, condition, criterion, lab, matched, rituximab, trial

Small = Callable[..., Library]
HBV = {
    "and": [
        {"==": [{"var": "result.hbsag"}, "positive"]},
        {">=": [{"var": "lab.hbv_dna"}, {"quantity": [1000, "[IU]/mL"]}]},
    ]
}
KIDNEY = {
    "or": [
        {"<=": [{"var": "lab.creatinine.x_uln"}, 1.5]},
        {">=": [{"var": "kidney.clearance"}, {"quantity": [60, "mL/min"]}]},
    ]
}
HB = {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}
PLATELETS = {">=": [{"var": "lab.platelets"}, {"quantity": [50, "10*9/L"]}]}
ECOG = {"<=": [{"var": "score.ecog"}, 2]}
LOW, HIGH = {"quantity": [80, "g/L"]}, {"quantity": [100, "g/L"]}
STROKE = {"within": [{"var": "condition.stroke"}, {"quantity": [6, "mo"]}]}
SURGERY = {"within": [{"var": "procedure.surgery"}, {"quantity": [4, "wk"]}]}
ANSWERS = [
    {"is": "negative", "age": 0},
    {"is": "positive", "age": 0},
    *({"lo": value, "hi": value, "age": 0} for value in (0, 1, 90, 2000)),
]
NO_RANGE = lab("2160-0", 60, "umol/L")


def opened(found: Match) -> list[MissingData]:
    """What is missing for each trial of a match."""
    reader = TrialViews(found)
    searcher = Searcher(reader)
    return searcher.settle([searcher.wanted(reader.read(result).criteria) for result in found.trials])


def asked(found: Match) -> list[list[tuple[str, str]]]:
    return [[(item.kind, item.fact) for item in one.missing] for one in opened(found)]


@pytest.mark.parametrize(
    ("case", "rule", "on_record", "expected"),
    [
        ("a negative HBsAg settles it without the DNA", ("exc-01", HBV), [], [("order", "result.hbsag")]),
        (
            "a positive HBsAg leaves the DNA to ask for",
            ("exc-01", HBV),
            [lab("5196-1", "Positive")],
            [("order", "lab.hbv_dna")],
        ),
        (
            "a creatinine serves both ways of asking for the kidney",
            ("inc-02", KIDNEY),
            [],
            [("order", "lab.creatinine")],
        ),
        (
            "a creatinine without a range lacks a weight, which is cheaper than the test that nobody advises",
            ("inc-02", {">=": [{"var": "kidney.clearance"}, {"quantity": [60, "mL/min"]}]}),
            [NO_RANGE],
            [("record", "vital.body_weight")],
        ),
        (
            "of two alternatives the one that can be ordered",
            ("inc-02", {"or": [ECOG, HB]}),
            [],
            [("order", "lab.hemoglobin")],
        ),
        (
            "both parts of a conjunction, the order before the score",
            ("inc-02", {"and": [ECOG, HB]}),
            [],
            [("order", "lab.hemoglobin"), ("record", "score.ecog")],
        ),
        (
            "what passes already is not asked",
            ("inc-02", {"and": [HB, ECOG]}),
            [lab("718-7", 112, "g/L")],
            [("record", "score.ecog")],
        ),
        (
            "a stale value is ordered again",
            ("inc-02", HB),
            [lab("718-7", 112, "g/L", "2026-01-02")],
            [("order", "lab.hemoglobin")],
        ),
        (
            "a unit that is not understood is clarified",
            ("inc-02", HB),
            [lab("718-7", 112, "mg")],
            [("clarify", "lab.hemoglobin")],
        ),
        (
            "a value on either side of the limit is clarified",
            ("inc-02", PLATELETS),
            [{**lab("777-3", 90, "10*9/L"), "valueQuantity": {"value": 90, "comparator": "<", "unit": "10*9/L"}}],
            [("clarify", "lab.platelets")],
        ),
        (
            "a mention without a code is clarified",
            ("exc-01", STROKE),
            [{"resourceType": "Condition", "code": {"text": "stroke"}}],
            [("clarify", "condition.stroke")],
        ),
        (
            "`if` asks for the branch that would be taken",
            ("inc-02", {"if": [{"var": "condition.stroke"}, ECOG, HB]}),
            [],
            [("order", "lab.hemoglobin")],
        ),
        (
            "two conditions that have to agree are both asked for",
            ("inc-02", {"==": [HB, ECOG]}),
            [],
            [("order", "lab.hemoglobin"), ("record", "score.ecog")],
        ),
        (
            "a limit that depends on a condition is one question",
            ("inc-02", {">=": [{"var": "lab.hemoglobin"}, {"if": [STROKE, HIGH, LOW]}]}),
            [],
            [("order", "lab.hemoglobin")],
        ),
        ("a double negation asks for the same", ("inc-02", {"!": [{"!": [HB]}]}), [], [("order", "lab.hemoglobin")]),
    ],
)
def test_what_is_asked_for(
    small: Small, case: str, rule: tuple[str, Any], on_record: list[Any], expected: list[tuple[str, str]]
) -> None:
    found = matched(small(trial("NCT00000001", criterion(*rule))), *on_record)
    assert asked(found) == [expected], case


@pytest.mark.parametrize("rule", [HBV, {"and": [ECOG, HB]}, {"or": [ECOG, STROKE]}, {"!": [{"or": [HB, ECOG]}]}])
@pytest.mark.parametrize("id", ["inc-02", "exc-01"])
def test_what_is_asked_for_settles_the_criterion(small: Small, id: str, rule: Any) -> None:
    """With some answers to what is asked for, and nothing else, the criterion passes; without any one of them it does
    not, whatever the others are."""
    library = small(trial("NCT00000001", criterion(id, rule)))
    found = matched(library)
    [one] = opened(found)
    compiled = library.trials[0].criteria[1].rule
    assert compiled is not None
    program, wanted = Program([compiled]), id.startswith("inc")

    def passes(items: Sequence[Missing]) -> bool:
        places = sorted({purpose.fact.path for item in items for purpose in item.purposes})
        for answers in product(ANSWERS, repeat=len(places)):
            facts = copy.deepcopy(found.sheet.document("closed"))
            for path, answer in zip(places, answers, strict=True):
                put_at(facts, path.split("."), answer)
            if program.evaluate(facts, AS_OF).truths[0] is wanted:
                return True
        return False

    assert passes(one.missing)
    for item in one.missing:
        assert not passes([other for other in one.missing if other is not item])


def put_at(document: dict[str, Any], path: list[str], node: Any) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
    document[path[-1]] = {**document.get(path[-1], {}), **node}


def test_a_fact_that_serves_two_criteria_is_asked_for_once(small: Small) -> None:
    [one] = opened(
        matched(small(trial("NCT00000001", criterion("inc-02", HB), criterion("inc-03", {"and": [HB, ECOG]}))))
    )
    assert [(item.fact, item.criteria) for item in one.missing] == [
        ("lab.hemoglobin", ("inc-02", "inc-03")),
        ("score.ecog", ("inc-03",)),
    ]


def test_one_test_that_settles_two_trials_is_preferred_to_two_that_settle_one_each(small: Small) -> None:
    titre = criterion("inc-02", {">=": [{"var": "lab.ana_titer"}, 80]})
    positive = criterion("inc-02", {"==": [{"var": "result.ana"}, "positive"]})
    alone = opened(matched(small(trial("NCT00000002", positive))))
    assert [item.order.code for item in alone[0].missing if item.order] == ["8061-4"]
    both = opened(matched(small(trial("NCT00000001", titre), trial("NCT00000002", positive))))
    assert [[item.order.code for item in one.missing if item.order] for one in both] == [["5048-4"], ["5048-4"]]


def test_what_no_data_can_settle_is_left_to_a_person(small: Small) -> None:
    ambiguous = criterion("inc-02", {"or": [{"var": "condition.stroke"}, None]})
    [one] = opened(matched(small(trial("NCT00000001", ambiguous, criterion("inc-03", HB)))))
    assert [c.criterion.id for c in one.undecidable] == ["inc-02"]
    assert [item.fact for item in one.missing] == ["lab.hemoglobin"]


@pytest.mark.parametrize("gap", ["not_supplied", "incomplete_record"])
def test_what_the_ehr_did_not_send_is_looked_up_and_not_ordered(small: Small, gap: str) -> None:
    library = small(trial("NCT00000001", criterion("inc-02", HB), criterion("exc-01", SURGERY)))
    record = read_bundle(json.dumps(bundle()))
    missing = {"Observation": gap, "Procedure": gap}
    record = replace(record, whole=record.whole - missing.keys(), gaps=missing)  # type: ignore[arg-type]
    [one] = opened(match(record, library, AS_OF))
    assert [(item.kind, item.fact, item.order) for item in one.missing] == [
        ("look_up", "lab.hemoglobin", None),
        ("look_up", "procedure.surgery", None),
    ]


def test_a_criterion_that_wants_fresher_evidence_says_how_fresh(small: Small) -> None:
    week = criterion("inc-02", HB, lookback="P7D")
    [one] = opened(matched(small(trial("NCT00000001", week)), lab("718-7", 112, "g/L", "2026-11-10")))
    [item] = one.missing
    assert (item.reason, item.date, item.limit and item.limit.words()) == ("too_old", "2026-11-10", "7 days")


def test_an_event_with_unclear_dates_is_clarified(small: Small) -> None:
    recent = criterion("exc-01", {"within": [{"var": "medication.biologic"}, {"quantity": [4, "wk"]}]})
    drug = rituximab("2026", "2026")
    assert asked(matched(small(trial("NCT00000001", recent)), drug)) == [[("clarify", "medication.biologic")]]


def test_the_same_facts_are_asked_for_however_often(small: Small) -> None:
    library = small(
        trial("NCT00000001", criterion("inc-02", KIDNEY), criterion("exc-01", HBV), criterion("inc-03", HB))
    )
    found = matched(library, condition("230690007", "2026-10-01"))
    assert opened(found) == opened(found)


REFS = [FactRef(name, name) for name in "abcde"]
singles = st.builds(
    lambda ref, kind, extra: DataNeed(ref.name, kind, "no_result", None, None, Purpose(RULE, True, ref), ref, extra),
    st.sampled_from(REFS),
    st.sampled_from(["order", "record", "clarify"]),
    st.sampled_from([0, 0, 3.0]),
)
RULE = model.Constant(None, "")
ways = st.lists(st.frozensets(singles, max_size=3), min_size=1, max_size=4)


@given(st.lists(ways, max_size=7))
@settings(max_examples=300)
def test_the_ways_for_all_criteria_are_those_that_one_finds_without_short_cuts(
    each: list[list[frozenset[DataNeed]]],
) -> None:
    sorted_ways = [cheapest(found, cost) for found in each]
    assert all_together(sorted_ways) == together(sorted_ways, cost)
