"""Patients of different diagnoses, one after another, beside the same patient again and again.

    python -m benchmarks --only stream

What a service keeps of trials must be enough for all the diagnoses that a hospital sees, or each request compiles its
candidates anew. Each library is loaded by a process of its own (`benchmarks.stream_worker`), which asks for a patient
of every invented diagnosis (`benchmarks.invented_library`): once before anything is measured, then one after another,
each three times. The first of the three follows a patient of another diagnosis, the other two the same one. They are
the same request, so the ratio is what remembering is short of.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import charts
from benchmarks.invented_library import write_library
from benchmarks.report import Outcome, Target, number, table
from cds_service.trials import DEFAULT_BYTES

DEFAULT, RAISED = DEFAULT_BYTES // 1_000_000, 4_000
"""MB of memory for compiled trials: what a service has unless told otherwise, and enough for 20,000 of these trials."""
LIBRARIES = ((400, DEFAULT), (5_000, DEFAULT), (20_000, DEFAULT), (20_000, RAISED))
"""Trials, and the memory that they may take."""
QUICK = ((400, DEFAULT),)
SLOWER = 1.1
JUDGED = frozenset({(400, DEFAULT), (5_000, DEFAULT), (20_000, RAISED)})
_SECONDS = 3_600


def measure(rounds: int, libraries: Sequence[tuple[int, int]] = LIBRARIES) -> Outcome:
    """Each library with its bound. Those of the same size have the same trials and patients."""
    rows, missing = [], []
    for trials in dict.fromkeys(trials for trials, _ in libraries):
        with tempfile.TemporaryDirectory(prefix="cds-bench-") as folder:
            about = write_library(Path(folder), trials).by_diagnosis
            codes = sorted(filter(about.__getitem__, about), key=lambda code: -about[code])
            for bound in [bound for size, bound in libraries if size == trials]:
                done = _streamed(Path(folder), rounds, bound, codes)
                if isinstance(done, str):
                    missing.append(f"{trials:,} trials, {bound:,} MB: {done}")
                else:
                    rows.append({"trials": trials, "bound_mb": bound, **done})
    return Outcome({"libraries": rows}, list(_lines(rows)), _targets(rows), missing)


def _streamed(folder: Path, rounds: int, bound: int, codes: Sequence[str]) -> dict[str, Any] | str:
    """What the process of a library has found, or why it found nothing."""
    command = [sys.executable, "-m", "benchmarks.stream_worker", str(folder), str(rounds), str(bound)]
    try:
        done = subprocess.run(
            command,
            cwd=charts.ROOT,
            input=json.dumps(codes),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        return f"not done after {late.timeout:.0f} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _targets(rows: Sequence[dict[str, Any]]) -> list[Target]:
    return [
        Target(
            f"{row['trials']:,} trials, {row['bound_mb']:,} MB for compiled ones: different diagnoses ÷ same patient",
            SLOWER,
            row["ratio"],
            "×",
        )
        for row in rows
        if (row["trials"], row["bound_mb"]) in JUDGED
    ]


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    heads = ("Invented trials", "May take", "Patients", "Different diagnoses", "Same patient", "Ratio")
    yield from table(
        heads,
        (
            (
                f"{row['trials']:,}",
                f"{row['bound_mb']:,} MB",
                f"{row['patients']:,}",
                f"{number(row['stream_ms'])} ms",
                f"{number(row['repeated_ms'])} ms",
                f"{row['ratio']:.2f} ×",
            )
            for row in rows
        ),
    )
    yield ""
    yield "What is kept then, what it is counted as and what the process has grown by since it was loaded; and what the"
    yield "first request of all costs, for the diagnosis with the most trials and for all patients on average:"
    yield ""
    heads = (
        "Invented trials",
        "May take",
        "Compiled",
        "Counted as",
        "Grown by",
        "Resident",
        "Most candidates",
        "… at first",
        "… later",
        "Average at first",
    )
    yield from table(
        heads,
        (
            (
                f"{row['trials']:,}",
                f"{row['bound_mb']:,} MB",
                f"{row['kept']:,}",
                f"{row['kept_mb']:,.0f} MB",
                f"{row['grown_mb']:,.0f} MB",
                f"{row['resident_mb']:,.0f} MB",
                f"{row['candidates']:,}",
                f"{row['first_ms']:,.0f} ms",
                f"{number(row['later_ms'])} ms",
                f"{number(row['cold_ms'])} ms",
            )
            for row in rows
        ),
    )
