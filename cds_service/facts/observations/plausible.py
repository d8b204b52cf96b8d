"""Whether a number may be that of a living person at all. Mostly one that may not is in another unit than it says."""

from decimal import Decimal

from cds_service.facts.catalogue import QuantityFact
from cds_service.facts.intervals import Interval, plain
from cds_service.facts.observations.answers import Unreadable

_HUNDRED = (Decimal(100), Decimal(100))
_HUNDREDTH = (Decimal("0.01"), Decimal("0.01"))
_ZERO = Decimal(0)

NOT_IN_PER_CENT = Unreadable("value_not_understood", "a fraction where per cent is meant, or the other way round")


class Plausible:
    """The range of one fact, in its unit. Only what lies wholly outside is not plausible."""

    def __init__(self, spec: QuantityFact) -> None:
        self._range = spec.plausible
        self._zero = spec.zero
        self._in_per_cent = spec.unit == "%"
        self._unit = "" if spec.unit == "1" else f" {spec.unit}"

    def judge(self, value: Interval) -> Interval | Unreadable:
        """The value, or why it is none."""
        if self._range is None or not value.lies_outside(*self._range):  # nearly always
            return value
        if not self._is_outside(value):
            return value
        # 0.55 % or 55 of a whole: as likely to be right but for the sign as to be wrong.
        if self._in_per_cent and not all(self._is_outside(value.scale(by)) for by in (_HUNDRED, _HUNDREDTH)):
            return NOT_IN_PER_CENT
        low, high = self._range
        return Unreadable("implausible", f"not between {plain(low)} and {plain(high)}{self._unit}")

    def _is_outside(self, value: Interval) -> bool:
        assert self._range is not None
        if not value.lies_outside(*self._range):
            return False
        return not (self._zero and not value.lies_outside(_ZERO, _ZERO))
