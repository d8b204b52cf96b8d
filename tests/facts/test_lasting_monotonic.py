"""A part of an entry that is taken away never makes surer whether the patient has a disease, when, or actively.

Two parts can't be only taken away. An onset dates the disease, and so does the day of record without one: they are of
one day here. No clinicalStatus means active, so that without "in remission" an entry says something else, not less.
"""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from cds_service.library import Library
from tests.facts.contract_4a.rows import AS_OF
from tests.facts.lasting import LISTED, VISIT, answers, encounter, entry, recorded
from tests.facts.records import Json

DISEASES = {
    "three months": ("233604007", "condition.pulmonary_infection"),
    "42 weeks": ("77386006", "condition.pregnancy"),
    "chronic": ("73211009", "condition.diabetes"),
    "an event": ("230690007", "condition.stroke"),
}
CATEGORIES: dict[str, Json] = {"visit": VISIT, "problem list": LISTED, "no category": {}}
DATES = ("onsetDateTime", "recordedDate", "encounter")
AGES = (0, 1, 28, 29, 91, 92, 93, 120, 121, 294, 295, 5_000)


@pytest.mark.parametrize("kind", DISEASES)
@pytest.mark.parametrize("category", CATEGORIES)
def test_taking_a_part_away_never_makes_surer(kind: str, category: str, library: Library) -> None:
    code, fact = DISEASES[kind]

    def known(says: Json, day: str) -> list[bool]:
        """Of each of the four answers, whether it is known."""
        own: dict[str, Any] = {key: says[key] for key in says}
        visit = encounter(period={"start": day, "end": day})
        return [one != "unknown" for one in answers(fact, recorded(entry(code, **own), visit), library, AS_OF)]

    for age, status, given in product(AGES, ("active", "remission", None), product((True, False), repeat=len(DATES))):
        day = (AS_OF - timedelta(age)).isoformat()
        dates = {"onsetDateTime": day, "recordedDate": day, "encounter": {"reference": "Encounter/e"}}
        said = {name: dates[name] for name, is_given in zip(DATES, given, strict=True) if is_given}
        whole: Json = {**CATEGORIES[category], **said, "clinicalStatus": status}
        before = known(whole, day)
        for part in (*said, "category", "clinicalStatus"):
            if part == "clinicalStatus":
                without = {**whole, part: None} if status == "active" else whole
            else:
                without = {key: value for key, value in whole.items() if key != part}
            after = known(without, day)
            assert all(was or not now for was, now in zip(before, after, strict=True)), (age, whole, part)
