"""The reading rules (docs/design.md, 4a) by sentences: record, fact or outcome, and why (tables in `contract_4a/`).

With the project's own rules and the full reading of FHIR. What is expected was written from the contract.
"""

from types import ModuleType

import pytest

from cds_service.library import Library
from tests.facts.contract_4a import (
    answers,
    beside,
    conditions,
    decided,
    doubts,
    drug_times,
    drugs,
    entries,
    exceptions,
    findings,
    freshness,
    observations,
    person,
    plausible,
    ranges,
    surgery,
    thresholds,
    thresholds_more,
    times,
    units,
)
from tests.facts.contract_4a.rows import Row, judge

TABLES: tuple[ModuleType, ...] = (
    entries,
    doubts,
    times,
    observations,
    plausible,
    ranges,
    beside,
    freshness,
    answers,
    conditions,
    drugs,
    drug_times,
    person,
    exceptions,
    findings,
    decided,
    units,
    surgery,
    thresholds,
    thresholds_more,
)
ROWS = [
    pytest.param(item, id=f"{table.__name__.rpartition('.')[2]}: {sentence}: {item.about}: {item.why}")
    for table in TABLES
    for sentence, items in table.TABLE.items()
    for item in items
]


@pytest.mark.parametrize("item", ROWS)
def test_what_the_record_says(item: Row, library: Library) -> None:
    assert judge(item, library) == item.expected
