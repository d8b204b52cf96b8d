"""Facts in a rule author's words and the fact document that they make."""

import sys
from datetime import date

import pytest

from cds_service.rule_tools.cases import StatementError, documents

AS_OF = date(2026, 11, 24)
MAX = sys.float_info.max


def node(library, name, statement, world="closed"):
    """What the document says of a fact."""
    made = documents({name: statement}, library.catalogue, AS_OF)
    found = made.closed if world == "closed" else made.opened
    for step in name.split("."):
        found = found.get(step, {})
    return found


NUMBERS = [
    ("lab.hemoglobin", {"quantity": [82, "g/L"], "days_ago": 3}, {"lo": 82.0, "hi": 82.0, "age": 3}),
    ("lab.hemoglobin", {"quantity": [8.0, "g/dL"]}, {"lo": 80.0, "hi": 80.0, "age": 0}),
    ("lab.hemoglobin", {"quantity": [82, "g/L"], "on": "2026-11"}, {"lo": 82.0, "hi": 82.0, "age": 23}),
    ("lab.platelets", {"quantity": [[40, 60], "10*9/L"]}, {"lo": 40.0, "hi": 60.0, "age": 0}),
    ("lab.platelets", {"quantity": [">=50", "10*3/uL"]}, {"lo": 50.0, "hi": MAX, "age": 0}),
    ("lab.alt.x_uln", 2.9, {"lo": 2.9, "hi": 2.9, "age": 0}),
    ("lab.alt.x_uln", {"value": 2.9, "days_ago": 91}, {"lo": 2.9, "hi": 2.9, "age": 91}),
    ("lab.ana_titer", "1:80", {"lo": 80.0, "hi": 80.0, "age": 0}),
    ("lab.ana_titer", ">=1:80", {"lo": 80.0, "hi": MAX, "age": 0}),
    ("lab.hbv_dna_iu", {"quantity": [170, "[IU]/mL"]}, {"lo": 170.0, "hi": 170.0, "age": 0}),
    ("lab.hbv_dna", {"quantity": [170, "[IU]/mL"]}, {"lo": 850.0, "hi": 1020.0, "age": 0}),
    ("score.sledai_2k", [8, 10], {"lo": 8.0, "hi": 10.0, "age": 0}),
    ("kidney.creatinine_clearance", {"quantity": [1, "mL/s"]}, {"lo": 60.0, "hi": 60.0, "age": 0}),
    ("result.hbsag", "negative", {"is": "negative", "age": 0}),
    ("result.hbsag", {"is": "positive", "days_ago": 8}, {"is": "positive", "age": 8}),
    ("patient.sex", "female", {"is": "female"}),
]


@pytest.mark.parametrize(("name", "statement", "expected"), NUMBERS, ids=[f"{n} {s}" for n, s, _ in NUMBERS])
def test_a_statement_makes_a_node(library, name, statement, expected):
    assert node(library, name, statement) == expected


@pytest.mark.parametrize("name", ["lab.hemoglobin", "result.hbsag", "patient.age", "patient.sex", "score.ecog"])
def test_null_is_unknown(library, name):
    assert node(library, name, None) == {}


def test_an_indeterminate_result_is_unknown(library):
    assert node(library, "result.hbsag", "indeterminate") == {}


def test_an_open_bound_is_not_a_possible_value(library):
    assert 4.9 < node(library, "score.ecog", "<5")["hi"] < 5


AGES = [
    ({"birth_date": "2008-11-24"}, (18, 18), (216, 216)),
    ({"birth_date": "2008-11-25"}, (17, 17), (215, 215)),
    ({"birth_date": "1955"}, (70, 71), (850, 862)),
    ({"a": 34}, (34, 34), (408, 419)),
    ({"a": [17, 18]}, (17, 18), (204, 227)),
    ({"mo": 60}, (5, 5), (60, 60)),
    ({"d": 3}, (0, 0), (0, 0)),
]


@pytest.mark.parametrize(("statement", "years", "months"), AGES, ids=[str(s) for s, _, _ in AGES])
def test_an_age_in_completed_years_and_months(library, statement, years, months):
    found = node(library, "patient.age", statement)
    assert ((found["a"]["lo"], found["a"]["hi"]), (found["mo"]["lo"], found["mo"]["hi"])) == (years, months)


def test_a_date_counts_back_from_as_of(library):
    found = node(library, "date.als_symptom_onset", "2026-10")
    assert found["days_since"] == {"lo": 24, "hi": 54}
    assert node(library, "date.als_symptom_onset", {"days_ago": 200})["days_since"] == {"lo": 200, "hi": 200}


def answers(found):
    """Whether it is there now, active, ever."""
    return tuple(found.get(part, {}).get("is") for part in ("any", "active", "history"))


LISTS = [
    ("condition.malignancy", True, (True, True, True)),
    ("condition.malignancy", False, (False, False, False)),
    ("condition.malignancy", None, (None, None, None)),
    ("condition.malignancy", "inactive", (True, False, True)),
    ("condition.malignancy", "over", (False, False, True)),
    ("condition.malignancy", "history", (False, False, True)),
    ("condition.malignancy", "suspected", (None, None, None)),
    ("condition.malignancy", {"end": "2026-05-24"}, (False, False, True)),
    ("condition.malignancy", {"records": [], "whole": False}, (None, None, None)),
    ("condition.infection", {"start_days_ago": 90, "lasts": "P3M"}, (True, True, True)),
    ("condition.infection", {"start_days_ago": 200, "lasts": "P3M"}, (None, None, True)),
    ("condition.infection", {"start_days_ago": 200, "lasts": "P3M", "at_visit": True}, (False, False, True)),
    ("condition.infection", {"lasts": "P3M"}, (None, None, True)),
    ("condition.infection", {"state": "inactive", "start_days_ago": 9, "lasts": "P3M"}, (True, False, True)),
    ("condition.infection", {"end_days_ago": 9, "lasts": "P3M"}, (False, False, True)),
    ("condition.stroke", {"start_days_ago": 9, "lasts": "event"}, (True, False, True)),
    ("condition.stroke", {"start_days_ago": 200, "lasts": "event"}, (None, False, True)),
    ("condition.stroke", {"lasts": "event"}, (None, None, True)),
    ("condition.stroke", {"state": "history", "lasts": "event"}, (False, False, True)),
    ("procedure.organ_transplant", True, (True, False, True)),
    ("procedure.organ_transplant", "active", (True, True, True)),
    ("medication.biologic", [{"start": "2026-01-05", "end": "2026-11-23"}], (True, False, True)),
    ("allergy.glucocorticoid", "over", (False, False, True)),
]


@pytest.mark.parametrize(("name", "statement", "expected"), LISTS, ids=[f"{n} {s}" for n, s, _ in LISTS])
def test_what_a_list_of_records_answers(library, name, statement, expected):
    assert answers(node(library, name, statement)) == expected


def test_absence_is_presumed_in_the_closed_world_only(library):
    assert answers(node(library, "condition.malignancy", False, "open")) == (None, None, None)


def test_a_renewed_prescription_is_one_course(library):
    statement = [{"start": "2026-11-01"}, {"start": "2026-08-01", "end": "2026-10-20"}]
    [current] = [i for i in node(library, "medication.biologic", statement)["items"] if i["active"]["is"]]
    assert current["days_since_start"]["lo"] == 23
    assert current["days_since_course_start"] == {"lo": 115, "hi": 115}


def test_a_dose_is_as_old_as_the_course_unless_a_change_is_stated(library):
    for more, since in (({}, {"lo": 115, "hi": 115}), ({"dose_changed_days_ago": 14}, {"lo": 14, "hi": MAX})):
        [item] = node(library, "medication.immunosuppressant", [{"start": "2026-08-01", **more}])["items"]
        assert item["days_since_dose_change"] == since


def test_half_lives_are_those_stated_or_those_of_a_drug_that_is_not_listed(library):
    for more, passed in (({}, {"lo": 0.4, "hi": MAX}), ({"half_life_days": [20, 40]}, {"lo": 1, "hi": 2})):
        [item] = node(library, "medication.biologic", [{"end_days_ago": 40, **more}])["items"]
        assert item["half_lives_since_end"] == passed


def test_a_procedure_ends_when_it_starts(library):
    [item] = node(library, "procedure.organ_transplant", [{"start": "2026-11-10"}])["items"]
    assert item["days_since_end"] == {"lo": 14, "hi": 14}


REFUSED = [
    ("procedure.organ_transplant", [{"half_life_days": [1, 2]}], "bad-statement", ""),
    ("condition.stroke", [{"dose_changed_days_ago": 3}], "bad-statement", ""),
    ("medication.riluzole", [{"half_life_days": [1, 2]}], "bad-statement", ""),
    ("lab.hemoglobine", 80, "unknown-fact", "lab.hemoglobin"),
    ("lab.hemoglobin", 80, "bad-statement", "quantity"),
    ("lab.hemoglobin", {"quantity": [80, "g"]}, "bad-statement", "g/L"),
    ("lab.hemoglobin", {"quantity": [80, "g/L"], "days_agoo": 3}, "unknown-key", "days_ago"),
    ("lab.hemoglobin", {"quantity": [80, "g/L"], "days_ago": 1, "on": "2026-11-23"}, "bad-statement", ""),
    ("lab.hemoglobin", {"quantity": [80, "g/L"], "on": "2027-01-01"}, "bad-statement", ""),
    ("score.ecog", True, "bad-statement", ""),
    ("score.ecog", [2, 1], "bad-statement", ""),
    ("score.ecog", "about 2", "bad-statement", ""),
    ("result.hbsag", "pos", "bad-statement", ""),
    ("patient.sex", "f", "bad-statement", "null"),
    ("patient.age", {"a": 34, "mo": 3}, "bad-statement", ""),
    ("patient.age", {"birth_date": "1980-13-01"}, "bad-statement", ""),
    ("condition.sle.active", True, "fact-part", "condition.sle"),
    ("date.als_symptom_onset.days_since", 3, "fact-part", "date.als_symptom_onset"),
    ("derived.childbearing_potential", True, "fact-defined", "patient.sex"),
    ("condition.sle", "gone", "bad-statement", ""),
    ("condition.sle", "history", "bad-statement", ""),
    ("condition.sle", {"state": "active", "end": "2026-01-01"}, "bad-statement", ""),
    ("condition.sle", {"start": "2026-01-02", "end": "2026-01-01"}, "bad-statement", ""),
    ("condition.sle", {"start": "2026-01-02", "start_days_ago": 3}, "bad-statement", ""),
    ("condition.sle", {"start": "2027-01-02"}, "bad-statement", ""),
    ("condition.sle", {"start": "2026-01-02", "lasts": "3 months"}, "bad-statement", ""),
    ("condition.sle", {"start": "2026-01-02", "at_visit": True}, "bad-statement", ""),
    ("medication.biologic", {"start": "2026-01-02", "lasts": "P3M"}, "bad-statement", ""),
    ("medication.biologic", "inactive", "bad-statement", ""),
    ("immunization.any", "active", "bad-statement", ""),
]


@pytest.mark.parametrize(("name", "statement", "code", "hint"), REFUSED, ids=[f"{r[0]} {r[1]}" for r in REFUSED])
def test_what_cannot_be_meant_is_refused_with_a_hint(library, name, statement, code, hint):
    with pytest.raises(StatementError) as caught:
        documents({name: statement}, library.catalogue, AS_OF)
    assert caught.value.code == code
    assert hint in caught.value.hint


def test_the_place_of_a_fault_is_named(library):
    with pytest.raises(StatementError) as caught:
        documents({"condition.sle": [{"end": "2026-01-01"}, {"start": 5}]}, library.catalogue, AS_OF)
    assert caught.value.steps == (1, "start")
