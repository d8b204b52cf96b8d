"""The faults that are put into rules."""

import pytest

from cds_service.rule_tools.cases import mutants
from cds_service.trials import Criterion


def changes(library, logic, lookback=None):
    """Place to what was done there."""
    criterion = Criterion(id="inc-01", kind="inclusion", text="…", logic=logic, lookback=lookback)
    return {(m.pointer, m.mutation) for m in mutants(criterion, library.compiled.vocabulary, library.catalogue)}


def of(library, logic, mutation):
    """The rule with that fault."""
    criterion = Criterion(id="inc-01", kind="inclusion", text="…", logic=logic)
    [found] = [
        m.criterion.logic
        for m in mutants(criterion, library.compiled.vocabulary, library.catalogue)
        if m.mutation == mutation
    ]
    return found


def test_a_comparator_is_flipped_and_turned_round(library):
    found = changes(library, {">": [{"var": "score.sledai_2k"}, 8]})
    assert found == {
        ("/logic", "> → >="),
        ("/logic", "> → <"),
        ("/logic", "negated"),
        ("/logic/>/1", "8 → 7"),
        ("/logic/>/1", "8 → 9"),
    }


STEPS = [
    (8, ("7", "9")),
    (1.5, ("1.4", "1.6")),
    (0.05, ("0.04", "0.06")),
]


@pytest.mark.parametrize(("threshold", "others"), STEPS)
def test_a_threshold_moves_by_its_last_decimal(library, threshold, others):
    found = changes(library, {"<=": [{"var": "lab.inr"}, threshold]})
    assert {m for p, m in found if p == "/logic/<=/1"} == {f"{threshold} → {other}" for other in others}


def test_a_quantity_keeps_its_unit(library):
    rule = {"<": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}
    assert of(library, rule, "80 g/L → 79 g/L") == {"<": [{"var": "lab.hemoglobin"}, {"quantity": [79, "g/L"]}]}


def test_an_age_moves_by_its_unit_and_a_window_by_a_day(library):
    age = changes(library, {">=": [{"var": "patient.age"}, {"quantity": [18, "a"]}]})
    assert ("/logic/>=/1", "18 a → 17 a") in age
    weeks = {"within": [{"var": "condition.stroke"}, {"quantity": [4, "wk"]}]}
    assert of(library, weeks, "4 wk → 29 d") == {"within": [{"var": "condition.stroke"}, {"quantity": [29, "d"]}]}


def test_a_window_in_months_moves_by_a_day_too(library):
    rule = {"within": [{"var": "condition.stroke"}, {"quantity": [6, "mo"]}]}
    longer = {"+": [{"quantity": [6, "mo"]}, {"quantity": [1, "d"]}]}
    expected = {"some": [{"var": "condition.stroke"}, {"<=": [{"var": "days_since_end"}, longer]}]}
    assert of(library, rule, "6 mo → 6 mo + 1 d") == expected


def test_operands_are_dropped_and_the_junction_exchanged(library):
    rule = {"and": [{"var": "condition.sle"}, {"!": [{"var": "condition.stroke"}]}]}
    found = changes(library, rule)
    assert ("/logic", "and → or") in found
    assert ("/logic/and/0", "dropped") in found
    assert ("/logic/and/1", "without !") in found
    assert ("/logic/and/1/!/0", "negated") in found


def test_the_parts_of_a_fact_are_mixed_up(library):
    found = changes(library, {"var": "condition.stroke.history"})
    assert found == {("/logic", "negated"), ("/logic", "history → now"), ("/logic", "history → active")}


def test_parts_that_no_record_tells_apart_are_left_alone(library):
    assert ("/logic", "now → history") not in changes(library, {"var": "procedure.organ_transplant"})
    assert ("/logic", "now → active") not in changes(library, {"var": "allergy.glucocorticoid"})


def test_a_code_is_changed(library):
    assert ("/logic/==/1", "positive → negative") in changes(library, {"==": [{"var": "result.hbsag"}, "positive"]})


def test_a_listed_number_is_dropped_and_moved(library):
    found = {m for p, m in changes(library, {"in": [{"var": "genomics.smn2_copies"}, [2, 3]]}) if p == "/logic/in/1"}
    assert found == {"without 2", "without 3", "2 → 1", "2 → 3", "3 → 2", "3 → 4"}


def test_the_branches_of_an_if_are_dropped_and_its_null_settled(library):
    found = changes(library, {"if": [{"var": "condition.sle"}, True, None]})
    assert ("/logic", "branch 1 dropped") in found
    assert {m for p, m in found if p == "/logic/if/2"} == {"null → true", "null → false"}


def test_the_test_of_records_is_changed_inside(library):
    rule = {
        "some": [
            {"var": "medication.biologic"},
            {"and": [{"var": "active"}, {">=": [{"var": "days_since_start"}, {"quantity": [2, "mo"]}]}]},
        ]
    }
    found = changes(library, rule)
    assert ("/logic", "some → all") in found
    assert ("/logic/some/1/and/0", "dropped") in found
    assert ("/logic/some/1/and/1/>=/1", "2 mo → 2 mo + 1 d") in found


def test_the_lookback_moves_and_goes(library):
    found = changes(library, {"<": [{"var": "score.ecog"}, 2]}, lookback="P7D")
    assert {m for p, m in found if p == "/lookback"} == {"P7D → P6D", "P7D → P8D", "P7D → the catalogue's"}
