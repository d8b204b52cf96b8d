"""The truth tables of the operators that join conditions, cell by cell (Kleene's strong logic)."""

from datetime import date
from itertools import product

import pytest

from cds_service.logic import Program, Truth3
from cds_service.logic.check import typed_rule
from tests.logic.small_world import VOCABULARY

AS_OF = date(2026, 11, 24)
TRUTHS: dict[str, Truth3] = {"T": True, "F": False, "U": None}
A, B, C = "sits", "condition.stroke.history", "condition.stroke"

# Rows: the first operand is T, F, U; columns: the second.
BINARY = {
    "and": ("TFU", "FFF", "UFU"),
    "or": ("TTT", "TFU", "TUU"),
    "==": ("TFU", "FTU", "UUU"),
    "===": ("TFU", "FTU", "UUU"),
    "!=": ("FTU", "TFU", "UUU"),
    "!==": ("FTU", "TFU", "UUU"),
}
UNARY = {"!": "FTU", "!!": "TFU", "and": "TFU", "or": "TFU"}
# Test, then, else.
CHOICES = {
    "TTT": "T", "TTF": "T", "TTU": "T", "TFT": "F", "TFF": "F", "TFU": "F", "TUT": "U", "TUF": "U", "TUU": "U",
    "FTT": "T", "FTF": "F", "FTU": "U", "FFT": "T", "FFF": "F", "FFU": "U", "FUT": "T", "FUF": "F", "FUU": "U",
    "UTT": "T", "UTF": "U", "UTU": "U", "UFT": "U", "UFF": "F", "UFU": "U", "UUT": "U", "UUF": "U", "UUU": "U",
}  # fmt: skip
BINARY_CELLS = [
    (operator, a, b, rows[i][j])
    for operator, rows in BINARY.items()
    for (i, a), (j, b) in product(enumerate("TFU"), repeat=2)
]
UNARY_CELLS = [(operator, a, row[i]) for operator, row in UNARY.items() for i, a in enumerate("TFU")]


def truth(operator: str, operands: str) -> Truth3:
    """The operator over facts with these truths."""
    rule = {operator: [{"var": name} for name, _ in zip((A, B, C), operands, strict=False)]}
    typed, _ = typed_rule(rule, VOCABULARY)
    assert typed is not None
    nodes = [{"is": TRUTHS[operand], "age": 0} if operand != "U" else {} for operand in operands.ljust(3, "U")]
    document = {"sits": nodes[0], "condition": {"stroke": {"history": nodes[1], "any": nodes[2]}}}
    return Program([typed]).evaluate(document, AS_OF).truths[0]


@pytest.mark.parametrize(("operator", "a", "b", "expected"), BINARY_CELLS)
def test_two_operands(operator: str, a: str, b: str, expected: str) -> None:
    assert truth(operator, a + b) is TRUTHS[expected]


@pytest.mark.parametrize(("operator", "a", "expected"), UNARY_CELLS)
def test_one_operand(operator: str, a: str, expected: str) -> None:
    assert truth(operator, a) is TRUTHS[expected]


@pytest.mark.parametrize(("operands", "expected"), CHOICES.items())
def test_if(operands: str, expected: str) -> None:
    assert truth("if", operands) is TRUTHS[expected]


@pytest.mark.parametrize("operator", ["and", "or"])
@pytest.mark.parametrize("operands", ["".join(cell) for cell in product("TFU", repeat=3)])
def test_three_operands_are_two_and_one(operator: str, operands: str) -> None:
    names = {True: "T", False: "F", None: "U"}
    first = names[truth(operator, operands[:2])]
    assert truth(operator, operands) is truth(operator, first + operands[2])


@pytest.mark.parametrize("value", [True, False, None])
def test_constants_stand_for_themselves(value: bool | None) -> None:
    typed, _ = typed_rule(value, VOCABULARY)
    assert typed is not None
    assert Program([typed]).evaluate({}, AS_OF).truths == (value,)
