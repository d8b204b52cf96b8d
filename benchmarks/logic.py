"""How long a criterion takes: our three-valued answer beside the plain answer of other JSONLogic engines for Python.

    python -m benchmarks.logic [--rounds 31] [--patients 12] [--json FILE]

Everything runs in one process, engine after engine in each round, and what counts is the ratio within a round: other
work on the machine slows all of them alike. A round answers every rule for every patient. Each engine is given its
best: rules read and, where it takes text, written beforehand; plain numbers; and for the engine that
parses its data at each call only the facts that the rule reads. Ours does more: intervals, the freshness of each value,
and both questions, "certainly true" and "certainly false". It stands there twice, with and without handing the facts
over to the engine: the peers written in Python read them where they are, and what it costs is the same for a thousand
rules as for one.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import datalogic_py

from benchmarks.installing import NoPeerError
from benchmarks.peer_engines import PEERS, Peer, peer
from benchmarks.report import Outcome
from benchmarks.timing import Pass, quartiles, timed
from benchmarks.workloads import AS_OF, Workload, criteria, invented, key, nested, outside_records
from cds_service.facts import build_sheet
from cds_service.fhir import read_bundle
from cds_service.library import Library, load_library
from cds_service.logic import Program, model

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261124
TARGET = 10.0
OURS = "cds_service: true, false or unknown"
HANDED_OVER = "  with the facts handed over before"
TWO_VALUED = "  its engine alone, on the plain rules"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both workloads and print what came out."""
    options = _options(arguments)
    found = measure_all(load_library(ROOT / "rules"), options.rounds, options.patients)
    for line in _lines(found):
        sys.stdout.write(line + "\n")
    text = json.dumps(found, indent=2, ensure_ascii=False)
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        sys.stdout.write(f"\n{text}\n")


def outcome(library: Library, rounds: int, patients: int) -> Outcome:
    """The same as a part of the whole benchmark."""
    found = measure_all(library, rounds, patients)
    return Outcome(found, ["```text", *_lines(found), "```"], missing=found["not_measured"])


def measure_all(library: Library, rounds: int, patients: int) -> dict[str, Any]:
    """Both workloads and the sample patients, beside all peers that can be had."""
    peers, missing = _peers()
    results = [
        measure(workload, peers, rounds)
        for workload in (
            criteria(library, SEED, patients),
            invented(library, SEED, 300, patients),
        )
    ]
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "engine": f"datalogic-py {datalogic_py.__version__}",
        "peers": {each.name: each.version for each in peers},
        "not_measured": missing,
        "rounds": rounds,
        "target": TARGET,
        "workloads": results,
        "samples": _samples(library, rounds),
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logic", description="Microseconds per criterion.")
    parser.add_argument("--rounds", type=int, default=31, help="How often everything is answered (default 31).")
    parser.add_argument("--patients", type=int, default=12, help="Invented patients (default 12).")
    parser.add_argument("--json", type=Path, metavar="FILE", help="Write the result there instead of printing it.")
    return parser.parse_args(arguments)


def _peers() -> tuple[list[Peer], list[str]]:
    found, missing = [], []
    for package in PEERS:
        try:
            found.append(peer(package))
        except NoPeerError as problem:
            missing.append(str(problem))
    return found, missing


def measure(workload: Workload, peers: Sequence[Peer], rounds: int) -> dict[str, Any]:
    """Microseconds per criterion of each engine, over the rules on which all of them agree with us."""
    kept, left_out = _agreed(workload, peers)
    workload = workload.only(kept)
    answers = len(workload.rules) * len(workload.patients)
    times = timed({**_ours(workload), **{each.name: _pass(workload, each) for each in peers}}, rounds)
    rows = {name: quartiles([seconds / answers * 1e6 for seconds in taken]) for name, taken in times.items()}
    result: dict[str, Any] = {
        "name": workload.name,
        "rules": len(workload.rules),
        "patients": len(workload.patients),
        "left_out": left_out,
        "microseconds_per_criterion": rows,
        "times_slower_than": {},
    }
    for ours in (OURS, HANDED_OVER):
        result["times_slower_than"][ours.strip()] = {
            each.name: quartiles([theirs / us for theirs, us in zip(times[each.name], times[ours], strict=True)])
            for each in peers
        }
    return result


def _ours(workload: Workload) -> dict[str, Pass]:
    program = Program(workload.rules)
    documents = [facts for facts, _ in workload.patients]
    handles = [program.document(facts, AS_OF) for facts in documents]
    engine = datalogic_py.Engine()
    plain = [engine.compile(twin) for twin in workload.twins]
    plain_handles = [datalogic_py.DataHandle(nested(data)) for _, data in workload.patients]

    def two_valued() -> None:
        with engine.session() as session:
            for handle in plain_handles:
                session.evaluate_many(plain, handle)

    return {
        OURS: lambda: [program.evaluate(facts, AS_OF) for facts in documents],
        HANDED_OVER: lambda: [program.answer(handle) for handle in handles],
        TWO_VALUED: two_valued,
    }


def _pass(workload: Workload, engine: Peer) -> Pass:
    # Patient by patient, as we do and as a service would.
    calls = [call for patient in zip(*_calls(workload, engine), strict=True) for call in patient]

    def run() -> None:
        for call in calls:
            call()

    return run


def _calls(workload: Workload, engine: Peer) -> Iterator[list[Callable[[], Any]]]:
    """For each rule one call per patient, with the data that the rule reads."""
    for rule, twin in zip(workload.rules, workload.twins, strict=True):
        read = set()
        for node in outside_records(rule):
            match node:
                case model.BoolFact(fact=fact) | model.OneOf(fact=fact) | model.NumericFact(fact=fact):
                    read.add(key(fact.path))
                case model.Quantified(fact=fact):
                    read.add(f"{key(fact.path)}_records")
        yield [engine.prepare(twin, nested({name: data[name] for name in read})) for _, data in workload.patients]


def _agreed(workload: Workload, peers: Sequence[Peer]) -> tuple[list[int], dict[str, int]]:
    """The rules on which every engine gives our answer for every patient, and how many each one loses."""
    program = Program(workload.rules)
    columns = [program.evaluate(facts, AS_OF).truths for facts, _ in workload.patients]
    ours = list(zip(*columns, strict=True))
    lost: dict[str, set[int]] = {"ours is unknown": {i for i, row in enumerate(ours) if None in row}}
    for each in peers:
        wrong = lost.setdefault(each.name, set())
        for i, calls in enumerate(_calls(workload, each)):
            try:
                agrees = all(bool(call()) is truth for call, truth in zip(calls, ours[i], strict=True))
            except Exception:
                agrees = False
            if not agrees and None not in ours[i]:
                wrong.add(i)
    gone = set().union(*lost.values())
    return [i for i in range(len(ours)) if i not in gone], {name: len(found) for name, found in lost.items() if found}


def _samples(library: Library, rounds: int) -> dict[str, Any]:
    """The sample patients with all their gaps: every trial's criteria, once and in both worlds."""
    program = Program([c.rule for trial in library.trials for c in trial.all_criteria() if c.rule is not None])
    worlds = []
    for path in sorted((ROOT / "fhir_samples" / "patients").glob("*.json")):
        sheet = build_sheet(read_bundle(path.read_bytes()), library.facts, AS_OF, library.facts_read)
        worlds.append((sheet.document("closed"), sheet.document("open")))
    unknown = [truth is None for closed, _ in worlds for truth in program.evaluate(closed, AS_OF).truths]
    passes: dict[str, Pass] = {
        "one world": lambda: [program.evaluate(closed, AS_OF) for closed, _ in worlds],
        "both worlds": lambda: [program.evaluate(world, AS_OF) for pair in worlds for world in pair],
    }
    answers = len(program) * len(worlds)
    return {
        "patients": len(worlds),
        "rules": len(program),
        "unknown": round(sum(unknown) / len(unknown), 3),
        "microseconds_per_criterion": {
            name: round(median(taken) / answers * 1e6, 3) for name, taken in timed(passes, rounds).items()
        },
    }


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield f"Python {report['python']}, {report['machine']}, {report['engine']}, {report['rounds']} rounds"
    yield from (f"NOT MEASURED: {reason}" for reason in report["not_measured"])
    for result in report["workloads"]:
        yield ""
        yield f"{result['name']}: {result['rules']} rules, {result['patients']} patients of whom everything is known"
        yield from (
            f"  left out: {count} rules on which {name if name in PEERS else 'the answer'} "
            f"{'fails or differs' if name in PEERS else 'is unknown'}"
            for name, count in result["left_out"].items()
        )
        whole, handed_over = (result["times_slower_than"][name.strip()] for name in (OURS, HANDED_OVER))
        yield f"  {'':40} {'median µs':>9} {'quartiles':>13} {'ours faster by':>15} {'facts handed over':>18}"
        for name, row in result["microseconds_per_criterion"].items():
            spread = f"{row['quarter']:.2f} - {row['three_quarters']:.2f}"
            factors = [f"{ratios[name]['median']:.1f} ×" if name in ratios else "" for ratios in (whole, handed_over)]
            yield f"  {name:40} {row['median']:>9.2f} {spread:>13} {factors[0]:>15} {factors[1]:>18}"
        for ratios, what in ((whole, "everything counted"), (handed_over, "facts handed over before")):
            if ratios:
                fastest = min(ratios, key=lambda name: ratios[name]["median"])
                least = ratios[fastest]["median"]
                verdict = "met" if least >= TARGET else "MISSED"
                yield f"  target, {TARGET:g} × as fast as the fastest ({fastest}): {verdict}, {least:.1f} ×, {what}"
    samples = report["samples"]
    each = samples["microseconds_per_criterion"]
    yield ""
    yield (
        f"{samples['patients']} sample patients with their gaps ({samples['unknown']:.0%} of the answers unknown), "
        f"{samples['rules']} criteria: {each['one world']:.2f} µs a criterion, "
        f"{each['both worlds']:.2f} µs with outcome and basis (two worlds)"
    )


if __name__ == "__main__":
    main()
