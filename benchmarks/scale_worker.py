"""A fresh process that loads one library and says what it took: `python -m benchmarks.scale_worker FOLDER ROUNDS JSON`.

The JSON has invented diagnoses: `timed` by name, and `others` to ask about once each. What it found is the last line
that it prints.
"""

import time

_BEGAN = time.perf_counter()

import json  # noqa: E402 - the time to import counts as well
import logging  # noqa: E402
import sys  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import structlog  # noqa: E402

from benchmarks import charts  # noqa: E402
from benchmarks.decision import Decision  # noqa: E402
from benchmarks.invented_library import request_for  # noqa: E402
from benchmarks.servers import peak_mb, resident_mb  # noqa: E402
from benchmarks.timing import milliseconds, ratio, timed  # noqa: E402
from cds_service.library import Library, load_library  # noqa: E402
from cds_service.server import LiveRules  # noqa: E402

RESOURCES = (20, 300)
STORIES = ("sle", "healthy")
_RELOADS = 5
_TOO_LONG = 5.0
"""Seconds after which one reload tells enough."""


def main() -> None:
    """Load, look, ask, reload."""
    folder, rounds, invented = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    library = load_library(folder)
    load_s, load_cpu_s = time.perf_counter() - _BEGAN, time.process_time()
    patients = {
        f"{story}, {resources} resources": charts.request(resources, story=story)
        for story in STORIES
        for resources in RESOURCES
    }
    for body in patients.values():
        Decision(library).decide(body)
    found: dict[str, Any] = {
        "load_s": round(load_s, 2),
        "load_cpu_s": round(load_cpu_s, 2),
        "resident_mb": resident_mb(),
        "peak_mb": peak_mb(),
    }
    five = Decision(load_library(charts.ROOT / "rules"))
    found["patients"] = [_asked(name, body, Decision(library), five, rounds) for name, body in patients.items()]
    found["patients"] += [
        _asked(name, request_for(code), Decision(library), None, rounds) for name, code in invented["timed"].items()
    ]
    # What is made ready only when a trial is first a candidate stays in memory as well.
    for code in invented["others"]:
        Decision(library).decide(request_for(code))
    found["others"] = len(invented["others"])
    found["busy_mb"] = resident_mb()
    found["reload_ms"] = _reload(library, folder)
    print(json.dumps(found))  # noqa: T201


def _asked(name: str, body: bytes, large: Decision, five: Decision | None, rounds: int) -> dict[str, Any]:
    passes = {"large": lambda: large.decide(body)}
    if five is not None:
        passes["five"] = lambda: five.decide(body)
    times = timed(passes, rounds)
    result, answer = large.answer(body)
    return {
        "patient": name,
        "evaluated": len(result.trials),
        "cards": len(json.loads(answer)["cards"]),
        "ms": milliseconds(times["large"]),
        "five_ms": None if five is None else milliseconds(times["five"]),
        "ratio": None if five is None else ratio(times, "large", "five"),
    }


def _reload(library: Library, folder: Path) -> float:
    """Milliseconds from the look that sees one changed trial settled to the new version in place, the median of a few.

    The rules are used as the service does, but for what the service prepares of them.
    """
    quiet = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr), wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
    )
    live = LiveRules(folder, lambda _: None, lambda: datetime.now(UTC), quiet, library)  # noqa: TID251
    file = sorted((folder / "trials").glob("*/trial.json"))[-1]
    taken = []
    for turn in range(_RELOADS):
        trial = json.loads(file.read_bytes())
        trial["title"] = f"{trial['title']} ({turn})"
        file.write_text(json.dumps(trial), encoding="utf-8")
        live.look()
        began = time.perf_counter()
        changed = live.look()
        taken.append(time.perf_counter() - began)
        if not changed:
            raise SystemExit(f"the changed trial was not taken: {live.rejected}")
        if taken[0] > _TOO_LONG:
            break
    return milliseconds(taken)


if __name__ == "__main__":
    main()
