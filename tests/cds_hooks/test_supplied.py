"""Which resource types count as supplied whole, by the keys that came back. The rest is in test_hook, over HTTP."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from cds_service.cds_hooks.request import HookRequest
from cds_service.cds_hooks.supplied import read_record
from cds_service.fhir import Record

KEYS = ("patient", "conditions", "observations", "observations2")


@pytest.fixture
def read(made: SimpleNamespace) -> Any:
    def reading(**prefetch: Any) -> Record:
        values = {"patient": made.patient(), "conditions": made.bundle(), **prefetch}
        raw = {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in values.items()}
        return read_record(HookRequest("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "1288992", None, raw), KEYS)

    return reading


def test_a_list_split_over_two_keys_is_whole_when_both_came(read: Any, made: SimpleNamespace) -> None:
    assert "Observation" in read(observations=made.bundle(), observations2=made.bundle()).whole


@pytest.mark.parametrize("key", ["observations", "observations2"])
def test_half_of_a_split_list_is_incomplete(read: Any, made: SimpleNamespace, key: str) -> None:
    record = read(**{key: made.bundle()})
    assert "Observation" not in record.whole
    assert record.gaps["Observation"] == "incomplete_record"


def test_neither_half_is_not_supplied(read: Any) -> None:
    assert read().gaps["Observation"] == "not_supplied"


def test_the_whole_list_under_the_name_of_its_type_is_whole(read: Any, made: SimpleNamespace) -> None:
    assert "Observation" in read(Observation=made.bundle()).whole


def test_what_was_not_asked_for_is_counted_by_its_type(read: Any, made: SimpleNamespace) -> None:
    record = read(anything=made.bundle(made.lupus(id="another")))
    assert [condition.id for condition in record.resources["Condition"]] == ["another"]
