"""A fresh process that loads one library and streams patients through it.

    python -m benchmarks.stream_worker FOLDER ROUNDS MB

Invented diagnoses come on standard input, as JSON, the one with the most trials first. What it found is the last line
that it prints.
"""

import gc
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks import charts
from benchmarks.decision import Decision
from benchmarks.invented_library import SEED, request_for
from benchmarks.servers import resident_mb
from cds_service.library import load_library

_AGAIN = 2
"""How often a patient who has just been answered is asked for again, and measured."""


def main() -> None:
    """Load, ask for each once, then measure both ways in turns."""
    folder, rounds, bound = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    popular, *others = [request_for(code) for code in json.load(sys.stdin)]
    random.Random(SEED).shuffle(others)
    library = load_library(folder, compiled_bytes=bound * 1_000_000)
    decision, kept = Decision(library), library.compiled.kept
    decision.decide(charts.request(20, story="healthy"))  # what is made once, whatever the diagnosis
    loaded, counted = _resident(), kept.bytes
    first = _seconds(decision.decide, popular)
    cold = [first, *(_seconds(decision.decide, body) for body in others)]
    bodies = [popular, *others]
    gc.collect()
    gc.freeze()
    streams, repeats = [], []
    for _ in range(rounds):
        # After another patient, and then again and again: side by side, since other programs take turns here.
        both = [(_seconds(decision.decide, body), _again(decision.decide, body)) for body in bodies]
        streams.append(mean(stream for stream, _ in both))
        repeats.append(mean(again for _, again in both))
    gc.unfreeze()
    resident = _resident()
    found = {
        "patients": len(bodies),
        "stream_ms": _ms(median(streams)),
        "repeated_ms": _ms(median(repeats)),
        "ratio": round(median(a / b for a, b in zip(streams, repeats, strict=True)), 3),
        "kept": len(kept),
        "kept_mb": round((kept.bytes - counted) / 1e6, 1),
        "grown_mb": round(resident - loaded, 1),
        "resident_mb": resident,
        "candidates": len(decision.answer(popular)[0].trials),
        "first_ms": _ms(first),
        "later_ms": _ms(_again(decision.decide, popular)),
        "cold_ms": _ms(mean(cold)),
    }
    print(json.dumps(found))  # noqa: T201


def _resident() -> float:
    gc.collect()
    return resident_mb()


def _again(run: Callable[[bytes], Any], body: bytes) -> float:
    """Seconds of processor time for a patient who was the last one, too."""
    return mean(_seconds(run, body) for _ in range(_AGAIN))


def _seconds(run: Callable[[bytes], Any], body: bytes) -> float:
    begun = time.process_time()
    run(body)
    return time.process_time() - begun


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 3)


if __name__ == "__main__":
    main()
