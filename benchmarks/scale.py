"""Libraries of five to 20,000 trials: cold load, memory, reload of one trial, and what the same patient waits for.

    python -m benchmarks --only scale

Each library is loaded by a process of its own (`benchmarks.scale_worker`), which then takes turns between it and the
five trials of `rules/`, with the same patients. The invented trials are about invented diagnoses
(`benchmarks.invented_library`), so these patients are candidates of the same trials in every library; two further
patients have invented diagnoses with many and with a few trials.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import charts
from benchmarks.installing import NoPeerError
from benchmarks.invented_library import Written, write_library
from benchmarks.plots import Line, chart
from benchmarks.report import Outcome, Target, number, table
from benchmarks.servers import our_service

COUNTS = (0, 100, 1_000, 20_000)
"""Invented trials beside the five."""
FULL = 20_000
OTHERS = 300
"""Patients with different invented diagnoses that each library sees before its memory is looked at again."""
SLOWER, LOAD_S, RELOAD_MS, MB_PER_1000 = 1.5, 60.0, 200.0, 50.0
_SECONDS = 1800


def measure(rounds: int, counts: Sequence[int] = COUNTS) -> Outcome:
    """Load and ask each library. `counts` begins with 0, the rules folder as it is."""
    rows, missing = [], []
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="cds-bench-") as temporary:
            folder = Path(temporary) / "rules"
            written = write_library(folder, count)
            try:
                rows.append(_loaded(folder, written, rounds))
            except ScaleError as problem:
                missing.append(str(problem))
    for row in rows:
        more = row["trials"] - rows[0]["trials"]
        row["mb_per_1000"] = round((row["busy_mb"] - rows[0]["busy_mb"]) / more * 1000, 1) if more else None
    figures = {"libraries": rows}
    return Outcome(figures, list(_lines(rows)), _targets(rows), missing, plots=_plots(rows))


class ScaleError(Exception):
    """A library that could not be loaded here, with the reason."""


def _loaded(folder: Path, written: Written, rounds: int) -> dict[str, Any]:
    by_size = sorted(written.by_diagnosis, key=lambda code: -written.by_diagnosis[code])
    invented = {
        "timed": {name: by_size[place] for name, place in _places(len(by_size)).items()},
        "others": by_size[:: max(1, len(by_size) // OTHERS)][:OTHERS],
    }
    command = [sys.executable, "-m", "benchmarks.scale_worker", str(folder), str(rounds), json.dumps(invented)]
    began = time.perf_counter()
    try:
        done = subprocess.run(command, cwd=charts.ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise ScaleError(f"{written.trials:,} trials: not done after {late.timeout:.0f} s") from late
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ScaleError(f"{written.trials:,} trials: {last}")
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    # Counted in the files: a library may read a trial only when it is a candidate.
    trials = [json.loads(path.read_bytes()) for path in (folder / "trials").glob("*/trial.json")]
    criteria = sum(len(each["criteria"]) for trial in trials for each in (trial, *trial.get("cohorts", ())))
    whole_s = round(time.perf_counter() - began, 1)
    return {"trials": len(trials), "criteria": criteria, "whole_s": whole_s, **row, **_served(folder)}


def _served(folder: Path) -> dict[str, Any]:
    """How long the real service takes to be there with this library."""
    started = time.perf_counter()
    try:
        with our_service(CDS_RULES_DIR=str(folder)) as service:
            return {"service_up_s": round(time.perf_counter() - started, 1), "service_mb": service.resident_mb()}
    except NoPeerError as problem:
        return {"service_up_s": None, "service_mb": None, "service": str(problem)}


def _places(diagnoses: int) -> dict[str, int]:
    return {"invented, many trials": 0, "invented, median": diagnoses // 2} if diagnoses > 1 else {}


def _targets(rows: Sequence[dict[str, Any]]) -> list[Target]:
    if len(rows) < 2:
        return []
    largest = rows[-1]
    trials = largest["trials"]
    note = "" if trials >= FULL else f"{trials:,} trials only"
    slowest = max((p for p in largest["patients"] if p["ratio"] is not None), key=lambda p: p["ratio"])
    return [
        Target(
            f"20,000-trial library ÷ five-trial library, same patient (slowest: {slowest['patient']})",
            SLOWER,
            slowest["ratio"],
            "×",
            note=note,
        ),
        Target("20,000 trials: cold load in a fresh process", LOAD_S, largest["load_s"], "s", note=note),
        Target("20,000 trials: reload of one trial", RELOAD_MS, largest["reload_ms"], "ms", note=note),
        Target("Memory per 1,000 trials", MB_PER_1000, largest["mb_per_1000"], "MB", note=note),
    ]


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    heads = ("Trials", "Criteria", "Cold load", "… processor time", "Service up", "Reload of one")
    yield from table(
        heads,
        (
            (
                f"{row['trials']:,}",
                f"{row['criteria']:,}",
                f"{number(row['load_s'])} s",
                f"{number(row['load_cpu_s'])} s",
                "not up" if row["service_up_s"] is None else f"{number(row['service_up_s'])} s",
                f"{row['reload_ms']:,.0f} ms",
            )
            for row in rows
        ),
    )
    yield ""
    yield "Memory of the process after its first decisions, and when it has seen further patients:"
    yield ""
    heads = ("Trials", "Resident", "Peak while loading", "Further patients", "Resident then", "Per 1,000 trials")
    yield from table(
        heads,
        (
            (
                f"{row['trials']:,}",
                f"{row['resident_mb']:,.0f} MB",
                f"{row['peak_mb']:,.0f} MB",
                f"{row['others']:,}",
                f"{row['busy_mb']:,.0f} MB",
                "" if row["mb_per_1000"] is None else f"{row['mb_per_1000']:,.0f} MB",
            )
            for row in rows
        ),
    )
    yield ""
    yield "One decision, bytes to bytes:"
    yield ""
    heads = ("Trials", "Patient", "Evaluated", "Cards", "This library", "Five trials", "Ratio")
    yield from table(
        heads,
        (
            (
                f"{row['trials']:,}",
                patient["patient"],
                f"{patient['evaluated']:,}",
                str(patient["cards"]),
                f"{number(patient['ms'])} ms",
                "" if patient["five_ms"] is None else f"{number(patient['five_ms'])} ms",
                "" if patient["ratio"] is None else f"{patient['ratio']:.2f} ×",
            )
            for row in rows
            for patient in row["patients"]
        ),
    )


def _plots(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    names = list(dict.fromkeys(patient["patient"] for row in rows for patient in row["patients"]))
    lines = [
        Line(name, [(row["trials"], p["ms"]) for row in rows for p in row["patients"] if p["patient"] == name])
        for name in names
    ]
    title = "One decision by the number of trials in the library"
    return {"trials.svg": chart(title, lines, x="trials", y="ms", log_x=True, log_y=True)}
