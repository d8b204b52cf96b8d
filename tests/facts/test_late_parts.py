"""What is made only when somebody asks for it: multiples of normal, in the facts and in the document for rules."""

import gc
import weakref
from collections.abc import Callable

import pytest

from cds_service.facts import FactReader, FactReaders, FactSheet
from cds_service.facts.observations import NumberReader
from tests.facts.conftest import AS_OF
from tests.facts.records import Json, lab, quantity, record

ALT = lab("1742-6", 120, "U/L", referenceRange=[{"low": quantity(10, "U/L"), "high": quantity(40, "U/L")}])
SAME_DAY = [{**ALT, "id": "one"}, {**ALT, "id": "two", "valueQuantity": quantity(80, "U/L")}]


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A mark for each time that limits of normal are read."""
    marks: list[str] = []
    times = NumberReader.times_limits

    def counted(self: NumberReader, *args: object) -> object:
        marks.append("limits")
        return times(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(NumberReader, "times_limits", counted)
    return marks


def test_limits_of_normal_are_read_when_a_multiple_is_asked_for(
    sheet: Callable[..., FactSheet], looked_up: list[str]
) -> None:
    made = sheet(ALT)
    node = made.for_rules("closed")["lab"]["alt"]
    assert node.get("lo") == 120
    assert made["lab.alt"].value is not None
    assert not looked_up
    assert node.get("x_uln") == {"lo": 3.0, "hi": 3.0, "age": 12}
    assert len(looked_up) == 1
    assert made["lab.alt.x_lln"].value is not None
    assert len(looked_up) == 1, "once for both sides"


@pytest.mark.parametrize("held", [[], [ALT], SAME_DAY, [lab("1742-6", 120, "U/L")]])
def test_rules_get_the_document(sheet: Callable[..., FactSheet], held: list[Json]) -> None:
    made = sheet(*held)
    for world in ("closed", "open"):
        assert made.for_rules(world) == made.document(world)  # type: ignore[arg-type]


def test_nothing_of_a_record_stays(knowledge: FactReaders) -> None:
    # The collector of garbage does not look into facts: what makes their parts must not refer to what holds them.
    reader = FactReader(record(ALT), knowledge, AS_OF)
    made = reader.sheet()
    made.for_rules("closed")
    gone = [weakref.ref(reader._builder), weakref.ref(made)]
    del reader, made
    gc.collect()
    assert [one() for one in gone] == [None, None]
