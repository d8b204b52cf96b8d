"""What the keys of a fact's definition hold: names, decimals, factors, durations and closed lists of words."""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from cds_service.durations import PATTERN, Duration
from cds_service.facts.intervals import Factor, is_sane

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def _fact_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError("a fact's name is lower-case words joined by dots, such as lab.hemoglobin")
    return name


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a number, or a decimal as text")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError("a number, or a decimal as text") from error
    if not is_sane(number):
        raise ValueError("a number of a possible magnitude")
    return number


def _factor(value: Any) -> Factor:
    pair = value if isinstance(value, list | tuple) else (value, value)
    if len(pair) != 2:
        raise ValueError("a factor, or a pair [least, greatest]")
    low, high = _decimal(pair[0]), _decimal(pair[1])
    if not 0 < low <= high:
        raise ValueError("a factor is above 0, and the least comes first")
    return low, high


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError("a duration such as P90D")
    return Duration.parse(value)


def _bounds(value: Any) -> tuple[Decimal, Decimal]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("a pair [least, greatest]")
    low, high = _decimal(value[0]), _decimal(value[1])
    if low > high:
        raise ValueError("the least comes first")
    return low, high


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_NAMES = {"type": "string", "pattern": f"^{_NAME.pattern}$"}
FactName = Annotated[str, AfterValidator(_fact_name), WithJsonSchema(_NAMES)]
FactNames = Annotated[
    tuple[FactName, ...],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [_NAMES, {"type": "array", "items": _NAMES}]}),
]
_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"}]}
Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema(_NUMBER)]
UnitFactor = Annotated[
    Factor,
    BeforeValidator(_factor),
    WithJsonSchema({"anyOf": [*_NUMBER["anyOf"], {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}]}),
]
Bounds = Annotated[
    tuple[Decimal, Decimal],
    BeforeValidator(_bounds),
    WithJsonSchema({"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}),
]
Period = Annotated[
    Duration,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": PATTERN}),
]
Result = Literal["positive", "negative", "indeterminate"]
Absence = Literal["unknown", "presumed_absent"]
EventResource = Literal[
    "Condition",
    "Medication",
    "Procedure",
    "Immunization",
    "AllergyIntolerance",
    "Device",
    "ResearchSubject",
]

Bound = Number | Literal["upper_limit", "lower_limit"]
Operator = Literal["<", "<=", ">=", ">"]
