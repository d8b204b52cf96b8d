"""Where numbers and days lie in a chart, and which of them its axes name."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS = 4
_FAR = 2
"""A threshold further from all results than so many times what they span is only told: it would flatten them."""
_LONG = 90
"""Days from which a tick stands at the first of a month."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` at the bottom to `high` at the top, by the logarithm where `logarithmic`."""

    low: float
    high: float
    logarithmic: bool
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """How far up a value lies: 0 at the bottom, 1 at the top, never beyond."""
        low, high, value = (self._of(number) for number in (self.low, self.high, max(value, self.low)))
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def holds(self, value: float) -> bool:
        """Whether the value is on the scale."""
        return self.low <= value <= self.high

    def _of(self, number: float) -> float:
        return math.log10(number) if self.logarithmic else number


def scale_of(
    needed: Iterable[float], wished: Iterable[float], *, logarithmic: bool = False, doubling: bool = False
) -> Scale:
    """A scale that holds all of `needed`, and what of `wished` is near enough. `needed` holds one number at least.
    `doubling`: a logarithmic one is named at 10, 20, 40, 80 …, the steps of dilution."""
    numbers, wishes = list(needed), list(wished)
    if logarithmic and any(n > 0 for n in numbers):
        return _logarithmic([n for n in numbers if n > 0], [n for n in wishes if n > 0], doubling=doubling)
    low, high = min(numbers), max(numbers)
    reach = _FAR * ((high - low) or abs(low) or 1)
    shown = [*numbers, *(n for n in wishes if low - reach <= n <= high + reach)]
    low, high = min(shown), max(shown)
    margin = ((high - low) or abs(low) or 1) * 0.12
    bottom, top = low - margin, high + margin
    if low >= 0 and (bottom < 0 or low < high / 2):
        bottom = 0.0  # a scale that shows how far from nothing a value is
    step = _step((top - bottom) / _TICKS)
    first = math.ceil(bottom / step - 1e-9)
    ticks = [n * step for n in range(first, math.floor(top / step + 1e-9) + 1)]
    return Scale(bottom, top, False, tuple(float(f"{tick:.6g}") for tick in ticks))


def _step(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * step for step in _STEPS if power * step >= rough * 0.999)


def _logarithmic(numbers: list[float], wishes: list[float], *, doubling: bool) -> Scale:
    reach = 10.0**_FAR
    shown = [*numbers, *(n for n in wishes if min(numbers) / reach <= n <= max(numbers) * reach)]
    low, high = min(shown) / 1.5, max(shown) * 1.5
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if doubling:
        named = [10.0 * 2.0**n for n in range(4 * first, 4 * last)]
    else:
        named = [10.0**n for n in range(first, last + 1)]
        if sum(low <= n <= high for n in named) < 2:
            named = [m * 10.0**n for n in range(first, last + 1) for m in (1, 2, 5)]
    ticks = [n for n in named if low <= n <= high]
    every = math.ceil(len(ticks) / (_TICKS + 1)) or 1
    return Scale(low, high, True, tuple(float(f"{tick:.6g}") for tick in ticks[::every]))


@dataclass(frozen=True, slots=True)
class DayScale:
    """From the first day of a chart to the last, in per cent of its width, with room for a sign at either end."""

    first: date
    last: date

    def at(self, day: date) -> float:
        """Where a day lies."""
        span = (self.last - self.first).days
        return 4.0 + 92.0 * ((day - self.first).days / span if span else 1.0)

    @property
    def middle(self) -> date | None:
        """A day between the two to name, the first of a month where they are months apart; None where there is none."""
        span = (self.last - self.first).days
        if span < _TICKS:
            return None
        middle = self.first + timedelta(days=span // 2)
        return middle.replace(day=1) if span >= _LONG else middle
