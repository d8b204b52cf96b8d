"""Requests that grow in one way: what twice as much costs, up to the largest body, and how long no clock is looked at.

    python -m benchmarks --only growth

Bodies are those of `grown_charts`: for each way one of half of `MOST` bytes and one of all of it. The second is
answered once more with a deadline that never comes, which notes how long it was not asked.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import grown_charts as charts
from benchmarks.decision import Decision
from benchmarks.report import Outcome, Target, number, table
from cds_service.cds_hooks import PrefetchedRecord, parse_request, service_for
from cds_service.deadline import Deadline
from cds_service.library import Library
from cds_service.server import compute
from cds_service.store import Suppressed

MOST = 20_000_000
"""Bytes: what a service takes unless it is told otherwise (`CDS_MAX_BODY_BYTES`)."""
TWICE, UNASKED = 2.3, 1.0
_SAMPLE = 400


class _Looks:
    """A deadline that never comes. `longest`: seconds of processor time from one time that it is asked to the next."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.process_time()

    def __call__(self) -> bool:
        now = time.process_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now
        return False


def measure(library: Library, rounds: int, most: int = MOST, *, everything: bool = True) -> Outcome:
    """The six axes, any two of them, and with `everything` the other ways too; the least of `rounds` for each size."""
    decision = Decision(library)
    decision.decide(charts.request((), 0))
    ways = [*((axis,) for axis in charts.AXES), *charts.pairs()]
    if everything:
        ways += [(way,) for way in charts.VARIANTS]
    gc.collect()
    gc.freeze()
    rows = [_row(decision, names, rounds, most) for names in ways]
    gc.unfreeze()
    return Outcome({"ways": rows}, list(_lines(rows)), _targets(rows, most))


def _row(decision: Decision, names: Sequence[str], rounds: int, most: int) -> dict[str, Any]:
    start, more = (len(charts.request(names, n)) for n in (0, _SAMPLE))
    n = min(int((most - start) * _SAMPLE / (more - start)) // 2, most)
    half, whole = (charts.request(names, count) for count in (n, 2 * n))
    seconds = [_seconds(decision, body, rounds) for body in (half, whole)]
    looks = _Looks()
    _answer(decision, whole, looks)
    looks()
    return {
        "way": " + ".join(names),
        "axes": all(name in charts.AXES for name in names),
        "entries": 2 * n,
        "bytes": len(whole),
        "seconds_half": round(seconds[0], 3),
        "seconds": round(seconds[1], 3),
        "ratio": round(seconds[1] / seconds[0], 2),
        "unasked": round(looks.longest, 3),
    }


def _seconds(decision: Decision, body: bytes, rounds: int) -> float:
    """Processor time of one answer, the least of some: what is more is what else the machine did."""
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        decision.decide(body)
        times.append(time.process_time() - begun)
    return min(times)


def _answer(decision: Decision, body: bytes, looks: _Looks) -> None:
    request = parse_request(body, service_for("patient-view"))
    record = PrefetchedRecord(request, {}, decision.observation_filter, Deadline(looks)).record()
    as_of, seed = decision.as_of, request.hook_instance
    compute(
        record,
        decision.library,
        as_of,
        options=decision.options,
        seed=seed,
        held_back=Suppressed,
        deadline=Deadline(looks),
        cards_deadline=Deadline(looks),
    )


def _targets(rows: Sequence[dict[str, Any]], most: int) -> list[Target]:
    axes = [row for row in rows if row["axes"]]
    worst, longest = max(axes, key=lambda row: row["ratio"]), max(rows, key=lambda row: row["unasked"])
    return [
        Target(
            f"{most / 1e6:,.0f} MB ÷ {most / 2e6:,.0f} MB, six axes and any two of them (worst: {worst['way']})",
            TWICE,
            worst["ratio"],
            "×",
        ),
        Target(
            f"Longest time without a look at the deadline (worst: {longest['way']})", UNASKED, longest["unasked"], "s"
        ),
    ]


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    heads = ("What there is much of", "Entries", "Body", "Half of it", "Answer", "÷ half", "Without a look")
    cells = (
        (
            row["way"],
            f"{row['entries']:,}",
            f"{row['bytes'] / 1e6:.1f} MB",
            f"{number(row['seconds_half'])} s",
            f"{number(row['seconds'])} s",
            f"{row['ratio']:.2f} ×",
            f"{number(row['unasked'])} s",
        )
        for row in rows
    )
    yield from table(heads, cells)
