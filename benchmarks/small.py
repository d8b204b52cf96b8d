"""A small patient: every criterion of every trial, from the record that has been read to the verdicts.

    python -m benchmarks --only small

What is timed is the fact sheet, its documents and the evaluation in both worlds, without cards; beside it the reading
that comes before. How cost grows with criteria is seen with the first one, two, … trials of the rules folder alone.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks import charts
from benchmarks.decision import CHARTS, Decision
from benchmarks.plots import Line, chart
from benchmarks.report import Outcome, Target, number, table
from benchmarks.timing import Pass, milliseconds, ratio, timed
from cds_service.cds_hooks import parse_request, service_for
from cds_service.library import Library, load_library
from cds_service.matching import match

PATIENT_VIEW = service_for("patient-view")

RESOURCES = 20
STORIES = ("sle", "lupus-nephritis", "aml-likely", "als-possibly", "healthy")
LIMIT_MS = 1.0
RULES = charts.ROOT / "rules"


def measure(library: Library, rounds: int) -> Outcome:
    """Patients of 20 resources, and the same patient with fewer trials."""
    rows = [_row(library, _charts(story), rounds) for story in STORIES]
    with tempfile.TemporaryDirectory(prefix="cds-bench-") as folder:
        grown = [_grown(load_library(some), rounds) for some in _with_fewer_trials(Path(folder))]
    figures = {"patients": rows, "criteria": grown}
    slowest = max(rows, key=lambda row: row["criteria_ms"])
    figure = f"Small patient ({RESOURCES} resources), five trials, all criteria (slowest of {len(rows)} patients)"
    targets = [Target(figure, LIMIT_MS, slowest["criteria_ms"], "ms")]
    return Outcome(figures, list(_lines(figures)), targets, plots=_plots(grown))


def _charts(story: str) -> list[bytes]:
    return [charts.request(RESOURCES, seed, story=story) for seed in range(CHARTS)]


def _row(library: Library, bodies: Sequence[bytes], rounds: int) -> dict[str, Any]:
    times = timed(_passes(library, bodies), rounds)
    return {
        "patient": json.loads(bodies[0])["context"]["patientId"],
        "criteria_ms": milliseconds(times["criteria"]),
        "reading_ms": milliseconds(times["reading"]),
        "answer_ms": milliseconds(times["answer"]),
        "json_loads_ms": milliseconds(times["json.loads"]),
        "ratio": ratio(times, "criteria", "json.loads"),
    }


def _passes(library: Library, bodies: Sequence[bytes]) -> dict[str, Pass]:
    decision = Decision(library)
    records = cycle([decision.record(parse_request(body, PATIENT_VIEW)) for body in bodies])
    read, answered, loaded = cycle(bodies), cycle(bodies), cycle(bodies)
    return {
        "criteria": lambda: match(next(records), library, decision.as_of),
        "reading": lambda: decision.record(parse_request(next(read), PATIENT_VIEW)),
        "answer": lambda: decision.decide(next(answered)),
        "json.loads": lambda: json.loads(next(loaded)),
    }


def _grown(library: Library, rounds: int) -> dict[str, Any]:
    times = timed(_passes(library, _charts(STORIES[0])), rounds)
    return {
        "trials": len(library.trials),
        "criteria": sum(len(trial.all_criteria()) for trial in library.trials),
        "criteria_ms": milliseconds(times["criteria"]),
    }


def _with_fewer_trials(folder: Path) -> Iterator[Path]:
    """Copies of the rules folder with its first trial, its first two, and so on."""
    trials = sorted(path.parent for path in (RULES / "trials").glob("*/trial.json"))
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("trials"), dirs_exist_ok=True)
    for trial in trials:
        (folder / "trials" / trial.name).mkdir(parents=True)
        shutil.copy(trial / "trial.json", folder / "trials" / trial.name)
        yield folder


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    heads = ("Patient", "All criteria", "÷ `json.loads`", "Reading", "Answer with its cards")
    yield from table(
        heads,
        (
            (
                row["patient"],
                f"{number(row['criteria_ms'])} ms",
                f"{number(row['ratio'])} ×",
                f"{number(row['reading_ms'])} ms",
                f"{number(row['answer_ms'])} ms",
            )
            for row in figures["patients"]
        ),
    )
    yield ""
    yield "The first patient, with fewer trials:"
    yield ""
    rows = ((str(r["trials"]), str(r["criteria"]), f"{number(r['criteria_ms'])} ms") for r in figures["criteria"])
    yield from table(("Trials", "Criteria", "All criteria"), rows)
    least, most = figures["criteria"][0], figures["criteria"][-1]
    further = (most["criteria_ms"] - least["criteria_ms"]) / (most["criteria"] - least["criteria"])
    yield ""
    yield f"A further criterion costs {number(further * 1000)} µs, with the facts that only it reads."


def _plots(grown: list[dict[str, Any]]) -> dict[str, str]:
    line = Line("facts and criteria", [(row["criteria"], row["criteria_ms"]) for row in grown])
    title = "All criteria of one to five trials, a patient of 20 resources"
    return {"criteria.svg": chart(title, [line], x="criteria", y="ms")}
