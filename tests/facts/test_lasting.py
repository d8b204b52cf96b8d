"""How long a condition lasts when nobody enters an end (docs/facts.md, "How long a condition lasts").

Each row: what the entry says, and then, in a closed world, whether the patient has it, has it actively and ever had it,
and whether it was there within the last 4 weeks. `open` is not known. The day asked about is 1 June 2026.
"""

from datetime import date, timedelta
from typing import Any

import pytest

from cds_service.durations import Duration
from cds_service.library import Library
from tests.facts.contract_4a.lasting_rows import DIABETES, NO, OPEN, PNEUMONIA, ROWS, STROKE, VISITS, YES
from tests.facts.contract_4a.rows import AS_OF, outcome, said
from tests.facts.lasting import LISTED, VISIT, answers, encounter, entry, recorded
from tests.facts.records import Json

PREGNANCY, EFFUSION, LACTATION = "77386006", "60046008", "1260078007"

# the disease, the fact it is asked with, how long it lasts
LENGTHS = [
    (PNEUMONIA, "condition.pulmonary_infection", "P3M"),
    (PREGNANCY, "condition.pregnancy", "P42W"),
    (EFFUSION, "condition.pleural_effusion", "P6M"),
    (LACTATION, "condition.breastfeeding", "P1Y"),
]


@pytest.mark.parametrize("length", LENGTHS, ids=[one[2] for one in LENGTHS])
@pytest.mark.parametrize(
    ("category", "after"),
    [
        (VISIT, NO),
        (LISTED, OPEN),
        ({}, OPEN),
        ({"clinicalStatus": None}, OPEN),
        ({**VISIT, "clinicalStatus": None}, NO),
    ],
    ids=["visit", "problem list", "no category", "neither category nor status", "visit without status"],
)
def test_it_is_there_up_to_the_last_day_of_its_duration(
    length: tuple[str, str, str], category: Json, after: str, library: Library
) -> None:
    code, fact, lasts = length
    onset = date(2025, 1, 15)
    last = Duration.parse(lasts).after(onset)
    for day, expected in ((onset, YES), (last - timedelta(1), YES), (last, YES), (last + timedelta(1), after)):
        read = recorded(entry(code, onsetDateTime=onset.isoformat(), **category))
        assert answers(fact, read, library, day)[:3] == (expected, expected, YES), day


FACTS = {PNEUMONIA: "condition.pulmonary_infection", DIABETES: "condition.diabetes"}


@pytest.mark.parametrize("why", ROWS)
def test_how_long_it_counts(why: str, library: Library) -> None:
    code, says, expected = ROWS[why]
    found = answers(FACTS.get(code, "condition.stroke"), recorded(entry(code, **says)), library, AS_OF)
    assert found == expected


@pytest.mark.parametrize("why", VISITS)
def test_the_encounter_dates_a_diagnosis_without_a_date(why: str, library: Library) -> None:
    code, visit, expected = VISITS[why]
    made = entry(code, encounter={"reference": "Encounter/e"}, **VISIT)
    fact = FACTS.get(code, "condition.stroke")
    assert answers(fact, recorded(made, encounter(**visit)), library, AS_OF) == expected
    contained = {**made, "contained": [encounter(**visit)], "encounter": {"reference": "#e"}}
    assert answers(fact, recorded(contained), library, AS_OF) == expected


def test_the_onset_goes_before_the_encounter_and_that_before_the_day_of_record(library: Library) -> None:
    visit = encounter(period={"start": "2019-05-25", "end": "2019-05-25"})
    own: dict[str, Any] = {"encounter": {"reference": "Encounter/e"}, "recordedDate": "2026-05-30", **VISIT}
    late = recorded(entry(STROKE, **own), visit)
    assert answers("condition.stroke", late, library, AS_OF)[3] == NO
    dated = recorded(entry(STROKE, onsetDateTime="2026-05-25", **own), visit)
    assert answers("condition.stroke", dated, library, AS_OF)[3] == YES


# The code of a visit's diagnosis, what asks for it, and how long it may fail and may be unknown, in days.
AGED = [
    (PNEUMONIA, "NCT06027853/exc-11", 92, 9_999),  # it asks for the oxygen saturation too, which nobody measured
    (PNEUMONIA, "NCT07617779/exc-06a", 28, 120),
    (STROKE, "NCT07083349/exc-07c", 184, 184),
    ("22298006", "NCT06598202/exc-07", 184, 184),  # infarction
    (PREGNANCY, "NCT06598202/exc-14", 294, 294),
]


@pytest.mark.parametrize(("code", "place", "fails_for", "open_for"), AGED)
def test_a_visit_diagnosis_fails_while_it_is_recent_and_not_for_ever(
    code: str, place: str, fails_for: int, open_for: int, library: Library
) -> None:
    found = []
    for age in [*range(0, 400, 7), 27, 28, 29, 91, 92, 93, 120, 121, 183, 184, 185, 293, 294, 295, 2000, 8000]:
        day = (AS_OF - timedelta(age)).isoformat()
        found.append((age, outcome(place, recorded(entry(code, onsetDateTime=day, **VISIT)), library)))
    for age, what in found:
        if age < fails_for - 3:  # months differ by up to three days
            assert what == "fail", age
        elif age > open_for + 3:
            assert what == "pass", age
        elif age > fails_for:
            assert what in {"unknown", "pass"}, age


def test_a_stroke_on_the_problem_list_since_2010_does_not_fail_within_six_months(library: Library) -> None:
    old = recorded(entry(STROKE, onsetDateTime="2010-05-25", **LISTED))
    assert outcome("NCT07083349/exc-07c", old, library) == "pass"
    assert outcome("NCT06027853/exc-10b", old, library) == "pass"
    assert outcome("NCT06027853/exc-09", old, library) == "fail"  # a disease of the nervous system, ever


def test_the_earliest_onset_is_that_of_the_entries_that_state_one(library: Library) -> None:
    als = entry("86044005", onsetDateTime="2025-03-01", id="a", **LISTED)
    seen = entry("86044005", recordedDate="2025-02-01", id="b", **VISIT)
    again = entry("86044005", onsetDateTime="2025-04-01", id="c", **VISIT)
    fact = "date.als_symptom_onset"
    days = str((AS_OF - date(2025, 3, 1)).days)
    assert said(fact, recorded(als), library) == days
    assert said(fact, recorded(als, seen, again), library) == days
    assert said(fact, recorded(seen), library).startswith(">=")
