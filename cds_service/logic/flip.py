"""The distance of a number from the other side of the limit that it was compared with."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_service.durations import UNITS, in_words
from cds_service.logic import model
from cds_service.logic.check import SIGNIFICANT
from cds_service.logic.document import node_at
from cds_service.logic.program import Truth3
from cds_service.logic.words import comparison, limit_of_normal, number, quantity


@dataclass(frozen=True, slots=True)
class Flip:
    """The nearest value that would turn a comparison into its opposite.

    The fact lies in [`low`, `high`] and would have to stand in `relation` (`<`, `≤`, `>`, `≥`, `=` or `≠`) to `limit`;
    all three numbers are in `unit`. `written` is the limit as the rule has it, `said` the relation as it is printed.
    """

    fact: str
    low: float
    high: float
    relation: str
    limit: float
    unit: str
    written: str
    said: str

    def text(self) -> str:
        """Such as `78 g/L, needs ≥ 80 g/L (8 g/dL)`."""
        multiple = limit_of_normal(self.fact)
        if multiple is not None:
            return f"{_interval(self.low, self.high, '1')} × {multiple[1]}, needs {self.said} {self.written}"
        has, limit = _interval(self.low, self.high, self.unit), _said(self.limit, self.unit)
        if self.unit in UNITS or limit == self.written:
            return f"{has}, needs {self.said} {self.written}"
        return f"{has}, needs {self.said} {limit} ({self.written})"


def flip(
    rule: model.BoolExpr, value: Truth3, facts: Mapping[str, Any], as_of: date, titles: Mapping[str, str]
) -> Flip | None:
    """What would turn a comparison of one fact with one limit; None for any other rule, and for one that is unknown."""
    if value is None or not isinstance(rule, model.Compare):
        return None
    sides = (rule.left, rule.right)
    reading = next((side for side in sides if isinstance(side, model.NumericFact)), None)
    limit = next((side for side in sides if isinstance(side, model.Number | model.LengthOfTime)), None)
    if reading is None or limit is None:
        return None
    node = node_at(facts, reading.fact.path)
    needed = comparison(rule, titles, lambda _: "", negated=value)
    far = limit.value if isinstance(limit, model.Number) else float(limit.duration.span(as_of))
    name, unit = reading.fact.name, reading.unit
    return Flip(name, node["lo"], node["hi"], needed.relation, far, unit, needed.limit, needed.sign())


def _interval(low: float, high: float, unit: str) -> str:
    """A closed interval for print. An end that was moved to the next float inside was open."""
    if low == high:
        return _said(low, unit)
    (near, above), (far, below) = _end(low), _end(high)
    if high >= sys.float_info.max:
        return f"{'>' if above else '≥'} {_said(near, unit)}"
    if low <= -sys.float_info.max:
        return f"{'<' if below else '≤'} {_said(far, unit)}"
    return f"{'above' if above else 'from'} {number(near)} to {'below ' if below else ''}{_said(far, unit)}"


def _end(value: float) -> tuple[float, bool]:
    """The end as it was reported and whether it lies outside the interval."""
    reported = float(f"{value:.{SIGNIFICANT}g}")
    return reported, reported != value and value in (math.nextafter(reported, s) for s in (math.inf, -math.inf))


def _said(value: float, unit: str) -> str:
    return next((in_words(int(value), u) for u in UNITS if u == unit), None) or quantity(value, unit)
