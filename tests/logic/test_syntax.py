"""Rules to trees and back."""

from typing import Any

import pytest
from hypothesis import given, settings

from cds_service.logic import lower
from cds_service.logic.check import Call, Findings, Literal, Var, extent, parse, to_json, typed_rule
from tests.logic.small_world import VOCABULARY
from tests.logic.strategies import rules


@given(rules)
@settings(max_examples=200)
def test_a_tree_written_as_json_is_read_as_the_same_tree(rule: Any) -> None:
    findings = Findings()
    tree = parse(rule, findings)
    assert tree is not None
    written = to_json(tree)
    again = parse(written, findings)
    assert again is not None
    assert not list(findings)
    assert to_json(again) == written
    assert extent(again) == extent(tree)


@given(rules)
@settings(max_examples=100)
def test_the_written_form_means_the_same(rule: Any) -> None:
    tree = parse(rule, Findings())
    assert tree is not None
    one, _ = typed_rule(rule, VOCABULARY)
    two, _ = typed_rule(to_json(tree), VOCABULARY)
    assert one is not None
    assert two is not None
    assert lower(one) == lower(two)


@pytest.mark.parametrize(
    "rule",
    [
        True,
        None,
        {"var": "sits"},
        {"quantity": [80, "g/L"]},
        {"in": [{"var": "patient.sex"}, ["male", "female"]]},
        {"and": [{"!": [{"var": "sits"}]}, {"<": [1, {"var": "score.ecog"}, 2.5]}]},
    ],
)
def test_the_longest_form_comes_back_unchanged(rule: Any) -> None:
    tree = parse(rule, Findings())
    assert tree is not None
    assert to_json(tree) == rule


def test_every_node_knows_its_place() -> None:
    tree = parse({"and": [{"!": {"var": "sits"}}, {"or": [True]}]}, Findings(), "/criteria/0/logic")
    assert tree == Call(
        "and",
        (
            Call("!", (Var("sits", "/criteria/0/logic/and/0/!"),), "/criteria/0/logic/and/0"),
            Call("or", (Literal(True, "/criteria/0/logic/and/1/or/0"),), "/criteria/0/logic/and/1"),
        ),
        "/criteria/0/logic",
    )


def test_the_extent_of_a_tree() -> None:
    tree = parse({"and": [{"!": [{"var": "sits"}]}, True]}, Findings())
    assert tree is not None
    assert extent(tree) == (4, 3)
