"""Requests of 211 kB over HTTP, one worker process: ours with its default settings beside a HealthChain service.

    python -m benchmarks --only http

Ours answers all criteria of the rules folder and remembers each decision; HealthChain's service answers three
hand-written criteria on the same request (`peers/healthchain/service.py`). It is measured as it is fastest, reading the
prefetch as plain JSON, and as its readers of FHIR resources take it. Beside them stand two servers that do nothing:
what they reach is the ceiling for any service in Python on this machine. The servers take turns, burst by burst.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from statistics import median
from typing import Any

from benchmarks import charts
from benchmarks.installing import NoPeerError
from benchmarks.load import put_load
from benchmarks.report import Outcome, Target, number, table
from benchmarks.servers import Server, bare_server, healthchain_service, our_service
from benchmarks.timing import percentile

SIZE = 211_000
CLIENTS = (1, 8)
PATIENTS = 16
TWO_CARDS, NO_CARD = "cds_service, two cards", "cds_service, no card"
PEER, PEER_FHIR = "HealthChain, plain JSON", "HealthChain, FHIR resources"
BARE = {"only_read": "a server that only reads the body", "parsed": "… and does json.loads"}
FASTER, TAIL = 4.0, 4.0


def measure(rounds: int, seconds: float, size: int = SIZE, *, as_of: date) -> Outcome:
    """Bursts of `seconds` for each server and number of clients, `rounds` times. `as_of` is the servers' today."""
    bodies = {
        story: [charts.sized(size, seed, story=story, as_of=as_of) for seed in range(PATIENTS)]
        for story in ("sle", "healthy")
    }
    missing: list[str] = []
    with ExitStack() as running:
        ours = running.enter_context(our_service())
        measured = {TWO_CARDS: (ours, bodies["sle"]), NO_CARD: (ours, bodies["healthy"])}
        for name, as_fhir in ((PEER, False), (PEER_FHIR, True)):
            try:
                theirs = running.enter_context(healthchain_service(as_fhir=as_fhir))
                measured[name] = (theirs, bodies["sle"])
            except NoPeerError as problem:
                missing.append(str(problem))
        for application, name in BARE.items():
            measured[name] = (running.enter_context(bare_server(application)), bodies["sle"])
        rows = _rows(measured, rounds, seconds)
    figures = {"bytes": len(bodies["sle"][0]), "rounds": rounds, "seconds": seconds, "rows": rows}
    return Outcome(figures, list(_lines(figures)), _targets(rows), list(dict.fromkeys(missing)))


def _rows(measured: dict[str, tuple[Server, list[bytes]]], rounds: int, seconds: float) -> list[dict[str, Any]]:
    rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    taken: dict[tuple[str, int], list[float]] = defaultdict(list)
    statuses: dict[str, Counter[int]] = defaultdict(Counter)
    sizes: dict[str, float] = {}
    for name, (server, bodies) in measured.items():  # warm
        load = put_load(server.port, server.path, bodies, clients=2, requests=2 * PATIENTS)
        sizes[name] = load.answered_bytes / len(load.seconds)
    for _ in range(rounds):
        for clients in CLIENTS:
            for name, (server, bodies) in measured.items():
                load = put_load(server.port, server.path, bodies, clients=clients, seconds=seconds)
                rates[name, clients].append(load.per_second)
                taken[name, clients] += load.seconds
                statuses[name] += load.statuses
    return [
        {
            "server": name,
            "clients": clients,
            "per_second": round(median(rates[name, clients]), 1),
            "p50_ms": round(percentile(taken[name, clients], 0.50) * 1e3, 2),
            "p99_ms": round(percentile(taken[name, clients], 0.99) * 1e3, 2),
            "requests": len(taken[name, clients]),
            "answer_bytes": round(sizes[name]),
            "statuses": {str(status): count for status, count in statuses[name].items()},
            "times": {
                peer: round(median(a / b for a, b in zip(rates[name, clients], rates[peer, clients], strict=True)), 3)
                for peer in (PEER, PEER_FHIR)
                if peer in measured and name != peer
            },
        }
        for name in measured
        for clients in CLIENTS
    ]


def _targets(rows: Sequence[dict[str, Any]]) -> list[Target]:
    found = []
    for row in rows:
        if row["server"] != TWO_CARDS:
            continue
        if PEER in row["times"]:
            figure = f"HTTP, 211 kB, one worker, {_clients(row)}: requests/s ÷ HealthChain on plain JSON"
            found.append(Target(figure, FASTER, row["times"][PEER], "×", least=True))
        if row["clients"] > 1:
            figure = f"p99 ÷ p50 at {row['clients']} concurrent clients"
            found.append(Target(figure, TAIL, round(row["p99_ms"] / row["p50_ms"], 2), "×"))
    return found


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    heads = ("Server", "Clients", "Requests/s", "p50", "p99", "p99 ÷ p50", "÷ plain JSON", "÷ FHIR resources")
    yield from table(
        heads,
        (
            (
                row["server"],
                str(row["clients"]),
                number(row["per_second"]),
                f"{number(row['p50_ms'])} ms",
                f"{number(row['p99_ms'])} ms",
                f"{row['p99_ms'] / row['p50_ms']:.1f}",
                *(f"{row['times'][peer]:.2f} ×" if peer in row["times"] else "" for peer in (PEER, PEER_FHIR)),
            )
            for row in figures["rows"]
        ),
    )
    bad = {row["server"]: row["statuses"] for row in figures["rows"] if set(row["statuses"]) != {"200"}}
    yield ""
    yield (
        f"{figures['rounds']} bursts of {figures['seconds']:g} s each, {PATIENTS} different charts of "
        f"{figures['bytes'] / 1000:,.0f} kB, " + (f"other answers than 200: {bad}." if bad else "every answer 200.")
    )


def _clients(row: dict[str, Any]) -> str:
    return "1 client" if row["clients"] == 1 else f"{row['clients']} clients"
