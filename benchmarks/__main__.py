"""Measure everything: `make bench`, or `python -m benchmarks [--only PART,…] [--quick] [--json FILE] [--write]`.

Prints tables, writes them as JSON, and with `--write` puts them and the plots into docs/performance.md. A part that is
run alone replaces its own figures in the JSON file and leaves the others.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import cql, decision, growth, leak, logic, over_http, scale, seen, small, stream
from benchmarks.report import Outcome, Target, replace_blocks, target_lines
from cds_service.library import Library, load_library

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "plots"
RESULT = ROOT / "build" / "benchmark.json"


@cache
def _library() -> Library:
    return load_library(ROOT / "rules")


def _today() -> date:
    """The day that the servers, which are real ones, take for today."""
    return date.today()  # noqa: TID251, DTZ011


PARTS: Mapping[str, tuple[str, Callable[[bool], Outcome]]] = {
    "decision": (
        "The decision, bytes to bytes",
        lambda quick: decision.measure(_library(), 5 if quick else 31),
    ),
    "small": ("Small patients", lambda quick: small.measure(_library(), 5 if quick else 31)),
    "growth": (
        "Requests that grow",
        lambda quick: growth.measure(
            _library(), 1 if quick else 2, growth.MOST // 10 if quick else growth.MOST, everything=not quick
        ),
    ),
    "http": (
        "Over HTTP, beside HealthChain",
        lambda quick: over_http.measure(2 if quick else 7, 1.0 if quick else 3.0, as_of=_today()),
    ),
    "scale": (
        "Thousands of trials",
        lambda quick: scale.measure(5 if quick else 15, (0, 1_000) if quick else scale.COUNTS),
    ),
    "stream": (
        "Patients of different diagnoses",
        lambda quick: stream.measure(1, stream.QUICK) if quick else stream.measure(3),
    ),
    "seen": ("What a feed holds", lambda quick: seen.measure(seen.QUICK if quick else seen.SIZES)),
    "leak": (
        "Memory over many requests",
        lambda quick: leak.measure(1_000 if quick else leak.REQUESTS, as_of=_today()),
    ),
    "cql": ("The reference CQL engine", lambda quick: cql.measure(_library(), 15 if quick else 60)),
    "logic": (
        "The rule engine, beside other JSONLogic engines",
        lambda quick: logic.outcome(_library(), 5 if quick else 31, 4 if quick else 12),
    ),
}
"""Name -> title, and what measures it, shortly or in full."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts that are asked for."""
    options = _options(arguments)
    results = _kept(options.json) if options.only else {}
    for name in options.only or PARTS:
        title, run = PARTS[name]
        _say("", f"## {title}", "")
        began, load = time.perf_counter(), os.getloadavg()[0]
        outcome = run(options.quick)
        _say(*outcome.lines, *(f"\nNOT MEASURED: {reason}" for reason in outcome.missing))
        results[name] = {
            "quick": options.quick,
            "seconds": round(time.perf_counter() - began, 1),
            **_circumstances(load),
            **outcome.to_json(),
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if options.write:
            _write({name: _with_missing(outcome)}, outcome.plots)
    targets = target_lines(_targets(results))
    _say("", "## Targets", "", *targets, "", f"Figures: {options.json}")
    if options.write:
        _write({"targets": targets, "machine": _machine_lines(results)}, {})


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the service beside its peers.")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        metavar="PART,…",
        default=[],
        help=f"Only these of {', '.join(PARTS)}.",
    )
    parser.add_argument("--quick", action="store_true", help="Short runs, and 1,000 trials instead of 20,000.")
    parser.add_argument("--json", type=Path, default=RESULT, metavar="FILE", help="Where the result goes.")
    parser.add_argument("--write", action="store_true", help="Put tables and plots into docs/performance.md.")
    options = parser.parse_args(arguments)
    unknown = set(options.only) - PARTS.keys()
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    if options.write and options.quick:
        parser.error("docs/performance.md shows full runs: leave out --quick or --write")
    return options


def _kept(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_bytes()) if file.is_file() else {}
    return {name: found[name] for name in PARTS if name in found}


def _circumstances(load: float) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "date": _today().isoformat(),
        "commit": commit.stdout.strip() or None,
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": round(load, 1),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _targets(results: Mapping[str, Any]) -> list[Target]:
    return [
        Target(**{key: value for key, value in target.items() if key != "met"})
        for name in PARTS
        if name in results
        for target in results[name]["targets"]
    ]


def _machine_lines(results: Mapping[str, Any]) -> list[str]:
    """Where and when the figures come from, each different circumstance once."""
    by_circumstance: dict[str, list[str]] = {}
    for name, result in results.items():
        where = f"{result['processor']}, {result['cores']} cores, Python {result['python']}, {result['date']}"
        by_circumstance.setdefault(where, []).append(f"{name} (load {result['load_before']})")
    return [f"{where}; load average before each part: {', '.join(of)}." for where, of in by_circumstance.items()]


def _with_missing(outcome: Outcome) -> list[str]:
    return [*outcome.lines, *(f"\nNot measured: {reason}." for reason in outcome.missing)]


def _write(blocks: Mapping[str, Sequence[str]], plots: Mapping[str, str]) -> None:
    for absent in replace_blocks(PAGE, blocks):
        _say(f"{PAGE.name} has no place for {absent}")
    PLOTS.mkdir(parents=True, exist_ok=True)
    for name, svg in plots.items():
        (PLOTS / name).write_text(svg, encoding="utf-8")


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
