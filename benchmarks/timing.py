"""Timing for a machine that others use too: what is compared takes turns, and ratios are taken turn by turn."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median, quantiles
from typing import Any

Pass = Callable[[], Any]
"""What is timed: one call of it."""
Times = Mapping[str, Sequence[float]]
"""Seconds of each pass in each round."""


def timed(passes: Mapping[str, Pass], rounds: int, *, least: float = 0.02) -> dict[str, list[float]]:
    """Seconds of processor time of each pass in each round, as means over some `least` seconds.

    Processor time, because other programs take turns on the same cores; the order of the passes turns, so that none
    always follows the same one; and the collector of garbage only looks at what the passes leave.
    """
    names = list(passes)
    repeats = {}
    for name in names:
        passes[name]()
        begun = time.process_time()
        passes[name]()
        repeats[name] = max(1, round(least / max(time.process_time() - begun, 1e-6)))
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            run, count = passes[name], repeats[name]
            begun = time.process_time()
            for _ in range(count):
                run()
            times[name].append((time.process_time() - begun) / count)
    gc.unfreeze()
    return times


def ratio(times: Times, above: str, below: str) -> float:
    """The median over the rounds of one pass's time over another's."""
    return round(median(a / b for a, b in zip(times[above], times[below], strict=True)), 3)


def milliseconds(values: Sequence[float]) -> float:
    """The median of seconds, in ms."""
    return round(median(values) * 1e3, 3)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def quartiles(values: Sequence[float]) -> dict[str, float]:
    """The median and the quartiles."""
    quarter, half, three = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return {"median": round(half, 3), "quarter": round(quarter, 3), "three_quarters": round(three, 3)}
