"""Amounts written in two units at once: `34 weeks 5 days`, `34w5d`, `5 ft 6 in`, and weeks of gestation as `34+5`."""

import re
from collections.abc import Callable
from decimal import Decimal

from cds_service.facts.intervals import Factor

ToFactor = Callable[[str], Factor | None]
"""From a unit as written to its factor into the canonical unit, `None` where it is not understood."""

_TWO_UNITS = re.compile(
    r"([0-9]{1,4})\s*([a-z_.\[\]]{1,20})[\s,]*(?:and\s+|und\s+)?([0-9]{1,4}(?:\.[0-9]{1,4})?)\s*([a-z_.\[\]]{1,20})",
    re.IGNORECASE,
)
# Completed weeks and days over: `34+5`, `34 5/7`.
_WEEKS = re.compile(r"([0-9]{1,2})\s*(?:\+\s*([0-6])|(?<=[0-9])\s([0-6])\s*/\s*7)\s*([a-z.]{0,20})", re.IGNORECASE)


def parse_compound(text: str, to_factor: ToFactor) -> Decimal | None:
    """The amount in the canonical unit; `None` where the text is not of this form or a unit is not understood.

    The second part must be less than one of the larger unit. `34+5` is read only for a fact in weeks and days.
    """
    found = _TWO_UNITS.fullmatch(text.strip())
    if found is not None:
        return _sum(Decimal(found[1]), to_factor(found[2]), Decimal(found[3]), to_factor(found[4]))
    found = _WEEKS.fullmatch(text.strip())
    if found is None:
        return None
    week, day = to_factor("wk"), to_factor("d")
    if found[4] and to_factor(found[4]) != week:
        return None
    return _sum(Decimal(found[1]), week, Decimal(found[2] or found[3]), day)


def _sum(large: Decimal, large_unit: Factor | None, small: Decimal, small_unit: Factor | None) -> Decimal | None:
    if large_unit is None or small_unit is None or large_unit[0] != large_unit[1] or small_unit[0] != small_unit[1]:
        return None
    rest = small * small_unit[0]
    return large * large_unit[0] + rest if rest < large_unit[0] else None
