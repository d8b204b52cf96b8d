"""The operators of the rule language: the single table that parser, checker, specification and tests read."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

MANY = 500


@dataclass(frozen=True, slots=True)
class Operator:
    """How many arguments an operator takes and what it means, in one line."""

    least: int
    most: int
    meaning: str

    def arity(self) -> str:
        """Such as `2 or 3 arguments`."""
        if self.least == self.most:
            return f"{self.least} argument{'s' if self.least != 1 else ''}"
        return f"at least {self.least}" if self.most == MANY else f"{self.least} to {self.most} arguments"


OPERATORS: Mapping[str, Operator] = {
    "var": Operator(1, 1, "the fact of that name"),
    "quantity": Operator(2, 2, "a number with a UCUM unit"),
    "and": Operator(1, MANY, "every part holds"),
    "or": Operator(1, MANY, "some part holds"),
    "!": Operator(1, 1, "the part does not hold"),
    "!!": Operator(1, 1, "the part holds"),
    "if": Operator(3, MANY, "condition, then, else; more condition and then pairs may come before the else"),
    "==": Operator(2, 2, "both are the same code, truth value or number"),
    "===": Operator(2, 2, "as =="),
    "!=": Operator(2, 2, "they differ"),
    "!==": Operator(2, 2, "as !="),
    "<": Operator(2, 3, "rising strictly"),
    "<=": Operator(2, 3, "rising or equal"),
    ">": Operator(2, 3, "falling strictly"),
    ">=": Operator(2, 3, "falling or equal"),
    "in": Operator(2, 2, "the first is one of the listed codes or numbers"),
    "+": Operator(1, MANY, "sum"),
    "-": Operator(1, 2, "difference, or the negative"),
    "*": Operator(1, MANY, "product"),
    "/": Operator(2, 2, "quotient"),
    "%": Operator(2, 2, "remainder"),
    "min": Operator(1, MANY, "the smallest"),
    "max": Operator(1, MANY, "the largest"),
    "some": Operator(2, 2, "some record of the event fact fulfils the condition"),
    "all": Operator(2, 2, "there are records and each fulfils the condition"),
    "none": Operator(2, 2, "no record fulfils the condition"),
    "within": Operator(2, 2, "some record overlaps the time that reaches this far back from as_of"),
    "active": Operator(1, 1, "some record is current at as_of"),
}

_ABSENCE = "a missing fact is unknown by itself; nothing needs to ask whether it is there"
_TEXT = "facts hold no free text"
_LISTS = "use some, all or none over an event fact"

REFUSED: Mapping[str, str] = {
    "missing": _ABSENCE,
    "missing_some": _ABSENCE,
    "exists": _ABSENCE,
    "??": _ABSENCE,
    "?:": "write 'if'",
    "cat": _TEXT,
    "substr": _TEXT,
    "map": _LISTS,
    "filter": _LISTS,
    "reduce": _LISTS,
    "merge": _LISTS,
    "log": "a rule has no side effects",
    "now": "as_of is the only clock; use 'within' or a days_since field",
    "val": "write 'var'",
}
"""Operators of JSONLogic or its engine that a rule may not use, each with what to do instead."""

_OTHERWISE: Mapping[str, str] = {
    "≥": ">=",
    "=>": ">=",
    "≤": "<=",
    "=<": "<=",
    "=": "==",
    "≠": "!=",
    "<>": "!=",
    "×": "*",
    "÷": "/",
    "−": "-",
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "not": "!",
    "any": "some",
}
"""How else people write an operator, in small letters."""
_BETWEEN = frozenset({"between", "range", "from"})


def operator_meant(name: str) -> str:
    """`did you mean ...?` about a name that no operator has: `≥`, `AND`, `between`. Empty where none is near."""
    said = name.casefold().strip()
    if said in _BETWEEN:
        return 'write {"<=": [the least, {"var": …}, the most]}'
    known = said if said in OPERATORS else _OTHERWISE.get(said)
    close = [known] if known else difflib.get_close_matches(said, list(OPERATORS), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
