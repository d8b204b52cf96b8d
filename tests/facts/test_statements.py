"""Several entries of one disease: the newest says whether it is active. And codes that say it themselves.

Each row: the entries, and whether the patient has the disease and has it actively, on 1 June 2026.
"""

import pytest

from cds_service.library import Library
from tests.facts.contract_4a.lasting_rows import ENTRIES, NO, OPEN, RELAPSES, YES, sle
from tests.facts.contract_4a.rows import AS_OF, outcome
from tests.facts.lasting import answers, entry, recorded
from tests.facts.small_rules import ICD10CM

SLE, AML = "condition.sle", "condition.aml"


@pytest.mark.parametrize("why", ENTRIES)
def test_the_newest_statement_decides(why: str, library: Library) -> None:
    entries, expected = ENTRIES[why]
    for order in (entries, entries[::-1]):
        named = [{**one, "id": f"c{number}"} for number, one in enumerate(order)]
        found = answers(SLE, recorded(*named), library, AS_OF)
        assert (found[:2], found[2]) == (expected, YES)


def test_among_many_that_are_over_the_newest_is_found(library: Library) -> None:
    old = [sle(f"19{year}-01-01", "remission", id=f"o{year}") for year in range(50, 99)]
    active, quiet = sle("2024-01-01", id="a"), sle("2025-01-01", "remission", id="q")
    assert answers(SLE, recorded(active, *old), library, AS_OF)[:2] == (YES, YES)
    assert answers(SLE, recorded(active, *old, quiet), library, AS_OF)[:2] == (YES, NO)


# code and clinicalStatus: has it, active
STATES: dict[str, tuple[str, str | None, tuple[str, str]]] = {
    "in remission by its code": ("C92.01", None, (YES, NO)),
    "in remission by both": ("C92.01", "remission", (YES, NO)),
    "in remission by its code, called active": ("C92.01", "active", (YES, OPEN)),
    "in remission by its code, called a relapse": ("C92.01", "relapse", (YES, OPEN)),
    "in remission by its code, resolved": ("C92.01", "resolved", (NO, NO)),
    "in relapse by its code": ("C92.02", None, (YES, YES)),
    "in relapse by both": ("C92.02", "relapse", (YES, YES)),
    "in relapse by its code, called remission": ("C92.02", "remission", (YES, OPEN)),
    "in relapse by its code, resolved": ("C92.02", "resolved", (NO, NO)),
    "no state by its code": ("C92.00", "remission", (YES, NO)),
}


@pytest.mark.parametrize("why", STATES)
def test_a_code_that_contradicts_the_status_leaves_it_open(why: str, library: Library) -> None:
    code, status, expected = STATES[why]
    found = answers(AML, recorded(entry(code, ICD10CM, clinicalStatus=status)), library, AS_OF)
    assert (found[:2], found[2]) == (expected, YES)


@pytest.mark.parametrize("why", RELAPSES)
def test_remission_is_neither_relapsed_nor_refractory(why: str, library: Library) -> None:
    entries, expected = RELAPSES[why]
    assert outcome("NCT06027853/inc-02b", recorded(*entries), library) == expected
