"""A document given by what is different from another one: the rules read the same of it as of the whole."""

from typing import Any

import pytest

from cds_service.logic import Overlaid, SlotTable

AGE, DRUGS, SEX, WEEKS = "patient.age.a.lo", "drug.a.items", "patient.sex.is", "span.P14D"
BASE = {"patient": {"sex": {"is": "female"}, "age": {"a": {"lo": 1}}}, "drug": {"a": {"items": []}}}
SPANS = {"P14D": 14}
CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nothing", {}, BASE),
    (
        "another value",
        {"patient.age": {"a": {"lo": 7}}},
        BASE | {"patient": BASE["patient"] | {"age": {"a": {"lo": 7}}}},
    ),
    ("a value that is gone", {"patient.sex": {}}, BASE | {"patient": {"age": {"a": {"lo": 1}}}}),
    ("a step that is gone", {"patient.age": {"mo": {"lo": 90}}}, BASE | {"patient": {"sex": {"is": "female"}}}),
    ("a new fact that no rule reads", {"lab.x": {"lo": 1}}, BASE | {"lab": {"x": {"lo": 1}}}),
    ("a list", {"drug.a": {"items": [1]}}, BASE | {"drug": {"a": {"items": [1]}}}),
]


def layout(*paths: str) -> tuple[SlotTable, set[int]]:
    made, pages = SlotTable(), set[int]()
    for path in paths:
        made.placed({"var": path}, pages)
    return made, pages


@pytest.mark.parametrize(("what", "changed", "whole"), CHANGES, ids=[one[0] for one in CHANGES])
def test_what_rules_read(what: str, changed: dict[str, Any], whole: dict[str, Any]) -> None:
    made, pages = layout(AGE, DRUGS, SEX, WEEKS)
    for _ in range(2):  # the second time the base is remembered
        overlaid = Overlaid(BASE, lambda: BASE, changed)
        assert made.values(overlaid, SPANS, pages) == made.values(whole, SPANS, pages), what


def test_the_base_is_read_once_and_stays_as_it_is() -> None:
    made, pages = layout(AGE, SEX)
    read = []

    def base() -> dict[str, Any]:
        read.append("base")
        return BASE

    made.values(Overlaid(BASE, base, {"patient.sex": {"is": "male"}}), SPANS, pages)
    assert made.values(Overlaid(BASE, base, {}), SPANS, pages) == [[1, "female"]]
    assert len(read) == 1


def test_a_path_that_comes_later_on_a_page_is_read_of_the_base_too() -> None:
    made, pages = layout(AGE)
    made.values(Overlaid(BASE, lambda: BASE, {}), SPANS, pages)
    made.placed({"var": SEX}, pages)
    assert made.values(Overlaid(BASE, lambda: BASE, {}), SPANS, pages) == [[1, "female"]]


def test_pages_that_are_not_asked_for_stay_empty() -> None:
    made, pages = layout(*(f"lab.l{n}.lo" for n in range(40)))
    overlaid = Overlaid(BASE, lambda: BASE, {"lab.l39": {"lo": 1}, "lab.l0": {"lo": 2}})
    first, second = made.values(overlaid, SPANS, [0])
    assert first[0] == 2
    assert second is None
    assert pages == {0, 1}


def test_bases_are_forgotten_in_time() -> None:
    made, pages = layout(AGE)
    bases = [{"patient": {"age": {"a": {"lo": n}}}} for n in range(100)]
    for number, base in enumerate(bases * 2):
        found = made.values(Overlaid(base, lambda base=base: base, {}), SPANS, pages)  # type: ignore[misc]
        assert found == [[number % 100]]
    assert len(made._bases) <= 64
