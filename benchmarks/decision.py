"""The decision without HTTP, from the bytes of a request to the bytes of its answer, beside `json.loads` of the same.

    python -m benchmarks --only decision

`json.loads` is the yardstick because it is what any service in Python would do first, and because it scales with the
machine. Request and yardstick take turns, so that both suffer from whatever else the machine does.
"""

import cProfile
import json
import pstats
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks import charts
from benchmarks.plots import Line, chart
from benchmarks.report import Outcome, Target, number, table
from benchmarks.timing import milliseconds, ratio, timed
from cds_service.cards import CardOptions
from cds_service.cds_hooks import HookRequest, PrefetchedRecord, parse_request, response_body, service_for
from cds_service.facts import observation_filter_of
from cds_service.fhir import Record
from cds_service.fhir.scan import ObservationFilter
from cds_service.library import Library
from cds_service.matching import Match, match
from cds_service.server import compute
from cds_service.store import Suppressed

PATIENT_VIEW = service_for("patient-view")

SIZES = (20, 300, 2000, 5000)
SHARES = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0)
STORIES = {"sle": "two cards", "healthy": "no card"}
TARGET_SIZE, LIMIT = 2000, 0.4
CHARTS = 4
"""Different charts of each kind take turns: what a service remembers of one must not answer for the next."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A library, ready to answer requests as the service does on the day `as_of`."""

    library: Library
    as_of: date = charts.TOLD_ON
    options: CardOptions = field(default_factory=CardOptions)
    observation_filter: ObservationFilter = field(init=False)

    def __post_init__(self) -> None:
        asked = observation_filter_of(self.library.facts, self.library.facts_read).on(lambda: self.as_of)
        object.__setattr__(self, "observation_filter", asked)

    def record(self, request: HookRequest) -> Record:
        """What the service reads of a request."""
        return PrefetchedRecord(request, {}, self.observation_filter).record()

    def answer(self, body: bytes, done: Callable[[str], None] = lambda _: None) -> tuple[Match, bytes]:
        """The match and the answer to a request; `done` is called with the name of each stage when it is over."""
        request = parse_request(body, PATIENT_VIEW)
        done("parsing")
        record = self.record(request)
        done("reading the record")

        def held_back() -> Suppressed:
            # Asked for between the match and the cards.
            done("facts and criteria")
            return Suppressed()

        result, cards, open_trials = compute(
            record,
            self.library,
            self.as_of,
            options=self.options,
            seed=request.hook_instance,
            held_back=held_back,
        )
        done("cards")
        answer = response_body([card.body for card in cards], open_trials)
        done("encoding")
        return result, answer

    def decide(self, body: bytes) -> bytes:
        """The answer to a request."""
        return self.answer(body)[1]

    def verdicts(self, body: bytes) -> Match:
        """Every criterion of every trial answered for the patient of a request, no trial left out, and no cards."""
        return match(self.record(parse_request(body, PATIENT_VIEW)), self.library, self.as_of)


def measure(library: Library, rounds: int, sizes: tuple[int, ...] = SIZES, target_size: int = TARGET_SIZE) -> Outcome:
    """Requests of each size for a patient with two cards and one without any, and charts that matter more or less."""
    decision, read = Decision(library), charts.codes_read(library)
    seeds = range(CHARTS)
    rows = [
        _row(decision, [charts.request(size, seed, story=story) for seed in seeds], rounds)
        for story in STORIES
        for size in sizes
    ]
    shares = [
        {
            "share_read": share,
            **_row(
                decision, [charts.request(target_size, seed, share_read=share, read=read) for seed in seeds], rounds
            ),
        }
        for share in SHARES
    ]
    profiles = {
        story: _profile(decision, [charts.request(target_size, seed, story=story) for seed in seeds], rounds)
        for story in STORIES
    }
    figures = {"sizes": rows, "shares": shares, "profiles": profiles}
    return Outcome(figures, list(_lines(figures, target_size)), _targets(rows, target_size), plots=_plots(figures))


def _row(decision: Decision, bodies: Sequence[bytes], rounds: int) -> dict[str, Any]:
    body = bodies[0]
    parsed = json.loads(body)
    answer = json.loads(decision.decide(body))
    ours, theirs = cycle(bodies), cycle(bodies)
    passes = {"decide": lambda: decision.decide(next(ours)), "json.loads": lambda: json.loads(next(theirs))}
    times = timed(passes, rounds)
    return {
        "patient": parsed["context"]["patientId"],
        "observations": len(parsed["prefetch"]["observations"]["entry"]),
        "bytes": len(body),
        "cards": len(answer["cards"]),
        "ms": milliseconds(times["decide"]),
        "json_loads_ms": milliseconds(times["json.loads"]),
        "ratio": ratio(times, "decide", "json.loads"),
    }


def _profile(decision: Decision, bodies: Sequence[bytes], rounds: int) -> dict[str, Any]:
    """Milliseconds of each stage, and the shares of the folders of code in the whole (by cProfile)."""
    stages: dict[str, list[float]] = defaultdict(list)
    turns = cycle(bodies)
    for _ in range(max(3, rounds)):
        times = [time.process_time()]

        def done(stage: str, times: list[float] = times) -> None:
            times.append(time.process_time())
            stages[stage].append(times[-1] - times[-2])

        decision.answer(next(turns), done)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(max(3, rounds // 2)):
        decision.decide(next(turns))
    profile.disable()
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_place(file, name)] += own
    whole = sum(spent.values())
    return {
        "stages_ms": {name: milliseconds(taken) for name, taken in stages.items()},
        "places": {place: round(own / whole, 3) for place, own in spent.most_common(8)},
    }


def _place(file: str, function: str) -> str:
    """`cds_service/fhir/read.py` of a file of ours, else the library or the built-in function."""
    if file == "~":
        return function.strip("<>")
    parts = Path(file).parts
    for top in ("cds_service", "site-packages"):
        if top in parts:
            return "/".join(parts[parts.index(top) + (top == "site-packages") :])
    return f"Python's {parts[-1]}"


def _targets(rows: list[dict[str, Any]], size: int) -> list[Target]:
    # The stories have a few Observations of their own, so a chart of 2,000 resources has a little fewer.
    found = [row for row in rows if abs(row["observations"] - size) <= 20]
    return [
        Target(
            f"In-process decision, {row['observations']:,} Observations ({row['bytes'] / 1e6:.1f} MB), "
            f"{row['cards'] or 'no'} card{'' if row['cards'] == 1 else 's'} ÷ `json.loads`",
            LIMIT,
            row["ratio"],
            "×",
        )
        for row in found
    ]


def _lines(figures: dict[str, Any], target_size: int) -> Iterator[str]:
    heads = ("Patient", "Observations", "Body", "Cards", "Decision", "`json.loads`", "Ratio")
    yield from table(heads, ((row["patient"], *_cells(row)) for row in figures["sizes"]))
    yield ""
    yield from (_growth(cards, [r for r in figures["sizes"] if r["patient"] == s]) for s, cards in STORIES.items())
    yield ""
    yield f"The same patient with {target_size:,} resources, more or fewer of which the rules read:"
    yield ""
    rows = ((f"{row['share_read']:.0%}", *_cells(row)) for row in figures["shares"])
    yield from table(("Results that the rules read", *heads[1:]), rows)
    yield ""
    yield f"Stage by stage, {target_size:,} resources:"
    yield ""
    profiles = figures["profiles"]
    names = list(next(iter(profiles.values()))["stages_ms"])
    rows_ms = ((name, *(f"{profiles[s]['stages_ms'][name]:.2f} ms" for s in STORIES)) for name in names)
    yield from table(("Stage", *STORIES.values()), rows_ms)
    for story, cards in STORIES.items():
        yield ""
        yield f"Own time by file, {cards} (cProfile, which makes Python code look slower than native code):"
        yield ""
        places = profiles[story]["places"].items()
        yield from table(("File or function", "Share"), ((f"`{place}`", f"{share:.0%}") for place, share in places))


def _growth(cards: str, rows: list[dict[str, Any]]) -> str:
    least, most = rows[0], rows[-1]
    further = (most["observations"] - least["observations"]) / 1000 or 1
    ours, loads = ((most[key] - least[key]) / further for key in ("ms", "json_loads_ms"))
    return (
        f"With {cards}: {number(least['ms'])} ms for {least['observations']} Observations, and {number(ours)} ms for "
        f"every further 1,000 (`json.loads`: {number(loads)} ms)."
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['observations']:,}",
        f"{row['bytes'] / 1000:,.0f} kB",
        str(row["cards"]),
        f"{number(row['ms'])} ms",
        f"{number(row['json_loads_ms'])} ms",
        f"{row['ratio']:.2f} ×",
    )


def _plots(figures: dict[str, Any]) -> dict[str, str]:
    by_size = [
        Line(f"decision, {cards}", [(r["observations"], r["ms"]) for r in figures["sizes"] if r["patient"] == story])
        for story, cards in STORIES.items()
    ]
    loads = [(r["observations"], r["json_loads_ms"]) for r in figures["sizes"] if r["patient"] == next(iter(STORIES))]
    return {
        "resources.svg": chart(
            "One decision by length of the chart",
            [*by_size, Line("json.loads of the body", loads, dashed=True)],
            x="Observations",
            y="ms",
        ),
        "share.svg": chart(
            "One decision by the share of results that the rules read",
            [
                Line("decision, two cards", [(100 * r["share_read"], r["ms"]) for r in figures["shares"]]),
                Line(
                    "json.loads of the body",
                    [(100 * r["share_read"], r["json_loads_ms"]) for r in figures["shares"]],
                    dashed=True,
                ),
            ],
            x="% of the results that the rules read",
            y="ms",
        ),
    }
