"""Whether a worker's memory grows: many requests to a real service, its resident memory looked at in between.

    python -m benchmarks --only leak

The sample patients take turns, and every twentieth request is a chart of 211 kB. The first fifth is warm-up: caches
fill, and the allocator finds its size.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from statistics import median
from typing import Any

from benchmarks import charts
from benchmarks.load import put_load
from benchmarks.plots import Line, chart
from benchmarks.report import Outcome, Target, table
from benchmarks.servers import our_service

REQUESTS = 20_000
LOOKS = 40
CLIENTS = 4
WARM_UP = 0.2
LIMIT = 5.0


def measure(requests: int = REQUESTS, *, as_of: date) -> Outcome:
    """Send `requests` in `LOOKS` portions. `as_of` is the service's today."""
    bodies, portion = _bodies(as_of), max(1, requests // LOOKS)
    looks: list[tuple[int, float]] = []
    statuses: dict[str, int] = {}
    with our_service() as service:
        for sent in range(portion, requests + 1, portion):
            load = put_load(service.port, service.path, bodies, clients=CLIENTS, requests=portion)
            bodies = bodies[portion % len(bodies) :] + bodies[: portion % len(bodies)]
            looks.append((sent, service.resident_mb()))
            for status, count in load.statuses.items():
                statuses[str(status)] = statuses.get(str(status), 0) + count
    after = [mb for sent, mb in looks if sent > WARM_UP * requests]
    figures = {
        "requests": requests,
        "resident_mb": looks,
        "statuses": statuses,
        "spread_percent": round((max(after) / min(after) - 1) * 100, 2),
        "growth_percent": round(_growth(after) * 100, 2),
    }
    figure = f"Leak over {requests:,} requests: spread of the resident memory after warm-up"
    note = "" if requests >= REQUESTS else f"{requests:,} requests only"
    target = Target(figure, LIMIT, figures["spread_percent"], "%", note=note)
    line = Line("resident memory", [(float(sent), mb) for sent, mb in looks])
    plot = chart("Memory of one worker", [line], x="requests", y="MB")
    return Outcome(figures, list(_lines(figures)), [target], plots={"memory.svg": plot})


def _bodies(as_of: date) -> list[bytes]:
    stories = sorted(path.stem.removeprefix("patient-view-") for path in charts.STORIES.glob("patient-view-*.json"))
    small = [charts.request(0, seed, story=story, as_of=as_of) for seed in range(10) for story in stories]
    large = [charts.sized(211_000, seed, as_of=as_of) for seed in range(len(small) // 19)]
    for place, body in enumerate(large):
        small.insert(place * 20, body)
    return small


def _growth(after: Sequence[float]) -> float:
    """The last quarter's median over the first quarter's, less 1."""
    quarter = max(1, len(after) // 4)
    return median(after[-quarter:]) / median(after[:quarter]) - 1


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    looks = figures["resident_mb"]
    shown = looks[:: max(1, len(looks) // 8)]
    if shown[-1] != looks[-1]:
        shown.append(looks[-1])
    yield from table(("Requests", "Resident memory"), ((f"{sent:,}", f"{mb:.1f} MB") for sent, mb in shown))
    yield ""
    yield (
        f"After the warm-up (the first {WARM_UP:.0%}): largest over smallest {figures['spread_percent']:+.1f} %, "
        f"last quarter over first quarter {figures['growth_percent']:+.1f} %. Answers: "
        + ", ".join(f"{count:,} × {status}" for status, count in sorted(figures["statuses"].items()))
        + "."
    )
