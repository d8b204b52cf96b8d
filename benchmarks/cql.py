"""The reference CQL engine (cql-execution with cql-exec-fhir, Node.js) on a chart of 300 Observations, beside ours.

    python -m benchmarks --only cql

It answers a library of three criteria, ours all criteria of five trials. Both begin with the text of the record and
end with the answers, in one process that is warm; neither makes cards. Ours is timed by processor time, theirs by the
clock or processor time, whichever is less.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import charts
from benchmarks.decision import Decision
from benchmarks.installing import PEERS, NoPeerError, node_folder
from benchmarks.report import Outcome, number, table
from benchmarks.timing import milliseconds, timed
from cds_service.cds_hooks import parse_request, service_for
from cds_service.library import Library
from cds_service.matching import match

OBSERVATIONS = 300
MORE = 9
"""Further criteria like the third, to see what one costs."""
_SECONDS = 300


def measure(library: Library, rounds: int, observations: int = OBSERVATIONS) -> Outcome:
    """Milliseconds per patient of both; what could not be measured where Node.js or the packages are missing."""
    body = charts.request(observations)
    figures: dict[str, Any] = {"observations": observations, "ours": _ours(Decision(library), body, rounds)}
    missing = []
    try:
        figures["theirs"] = _theirs(body, rounds, 0)
        figures["theirs_more"] = _theirs(body, max(1, rounds // 3), MORE)
    except NoPeerError as problem:
        missing.append(str(problem))
    return Outcome(figures, list(_lines(figures)), missing=missing)


def _ours(decision: Decision, body: bytes, rounds: int) -> dict[str, Any]:
    record = decision.record(parse_request(body, service_for("patient-view")))
    times = timed(
        {
            "whole": lambda: decision.verdicts(body),
            "evaluation": lambda: match(record, decision.library, decision.as_of),
        },
        rounds,
    )
    return {
        "criteria": sum(len(trial.all_criteria()) for trial in decision.library.trials),
        "whole_ms": milliseconds(times["whole"]),
        "evaluation_ms": milliseconds(times["evaluation"]),
    }


def _theirs(body: bytes, rounds: int, more: int) -> dict[str, Any]:
    folder, script = node_folder("cql"), PEERS / "cql" / "evaluate.js"
    with tempfile.TemporaryDirectory(prefix="cql-bench-") as temporary:
        bundle = Path(temporary) / "bundle.json"
        bundle.write_text(json.dumps(as_bundle(body)), encoding="utf-8")
        done = subprocess.run(
            ["node", str(script), str(bundle), charts.TOLD_ON.isoformat(), str(rounds), str(more)],
            env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode:
        raise NoPeerError(f"cql-execution failed: {(done.stderr.strip().splitlines() or ['no reason given'])[0]}")
    result = json.loads(done.stdout)
    whole = [read + evaluate for read, evaluate in zip(result["read"], result["evaluate"], strict=True)]
    return {
        "criteria": len(result["criteria"]),
        "answers": result["answers"],
        "whole_ms": round(median(whole), 3),
        "evaluation_ms": round(median(result["evaluate"]), 3),
    }


def as_bundle(body: bytes) -> dict[str, Any]:
    """A hook request's resources as one Bundle."""
    resources = []
    for value in json.loads(body)["prefetch"].values():
        if value["resourceType"] == "Bundle":
            resources += [entry["resource"] for entry in value.get("entry", ())]
        else:
            resources.append(value)
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    heads = ("Engine", "Criteria", "From the text", "Per criterion", "From the parsed record")
    names = {"ours": "cds_service", "theirs": "cql-execution", "theirs_more": "cql-execution"}
    yield from table(
        heads,
        (
            (
                name,
                str(row["criteria"]),
                f"{number(row['whole_ms'])} ms",
                f"{number(row['whole_ms'] / row['criteria'])} ms",
                f"{number(row['evaluation_ms'])} ms",
            )
            for key, name in names.items()
            if (row := figures.get(key))
        ),
    )
