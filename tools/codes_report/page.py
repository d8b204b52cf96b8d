"""The figures as Markdown, for the marked parts of docs/terminology.md."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.report import table
from cds_service.facts import FactReaders
from cds_service.terminology.seen import BECAME, Outcome
from tools.codes_report.cost import Cost
from tools.codes_report.coverage import Covered, all_codes, covered, printed, systems_of
from tools.codes_report.records import Collection

MOST_MB, MOST_MS = 25, 100
_EVENTS: Mapping[Outcome, str] = {
    "fact": "match",
    "hint": "hint",
    "else": "something else",
    "else_by_words": "… by its words",
    "unread": "unread",
}
_RESULTS: Mapping[Outcome, str] = {
    one: BECAME[one]
    for one in ("read", "unit_refused", "words_refused", "value_refused", "no_value", "no_fact", "unknown_code")
}


def systems_lines(knowledge: FactReaders) -> Iterator[str]:
    """The codes of all facts together."""
    found = all_codes(knowledge)
    order = systems_of([found])
    yield from table(("System", "Codes"), [(printed(system), f"{found[system]:,}") for system in order])


def facts_lines(knowledge: FactReaders) -> Iterator[str]:
    """Fact by fact: what is listed, and in brackets what is only a hint."""
    every = list(covered(knowledge))
    order = systems_of([one.sure + one.perhaps for one in every])
    yield from table(("Fact", *map(printed, order)), [(f"`{one.fact}`", *_cells(one, order)) for one in every])


def records_lines(collections: Sequence[Collection]) -> Iterator[str]:
    """Collection by collection: diagnoses, operations, drugs, vaccines; then results."""
    yield "Diagnoses, operations, drugs, vaccines and the like:"
    yield ""
    yield from table(
        ("Collection", "Files", "Entries", *_EVENTS.values()),
        [(one.title, f"{one.files:,}", *_shares(one, _EVENTS)) for one in collections],
    )
    yield ""
    yield "Results, a component each by itself:"
    yield ""
    yield from table(
        ("Collection", "Entries", *_RESULTS.values()),
        [(one.title, *_shares(one, _RESULTS)) for one in collections],
    )
    yield ""
    malformed = sum(one.tally.outcomes["malformed"] for one in collections)
    yield f"Malformed besides, a file or a line that can't be read among them: {malformed:,}."


def cost_lines(remembered: Cost, files: Cost) -> Iterator[str]:
    """What the tables cost, rounded so that another run on the same machine says the same."""
    yield from table(
        ("Tables of codes", "Memory", "Processor time", "Limits"),
        [
            ("at a start, as they were remembered", *_rounded(remembered), _verdict(remembered)),
            ("made out of the files, once after each change", *_rounded(files), ""),
        ],
    )


def _cells(one: Covered, order: Sequence[str]) -> Iterator[str]:
    for system in order:
        sure, perhaps = one.sure[system], one.perhaps[system]
        yield " ".join(filter(None, (f"{sure:,}" if sure else "", f"({perhaps:,})" if perhaps else "")))


def _shares(one: Collection, columns: Mapping[Outcome, str]) -> Iterator[str]:
    counts = one.tally.outcomes
    total = sum(counts[outcome] for outcome in columns)
    yield f"{total:,}"
    for outcome in columns:
        yield f"{100 * counts[outcome] / total:.1f} %" if total else ""


def _rounded(cost: Cost) -> tuple[str, str]:
    return f"{round(cost.megabytes)} MB", f"{_two_places(cost.milliseconds):,} ms"


def _two_places(value: float) -> int:
    """Rounded to two digits."""
    return int(float(f"{value:.2g}"))


def _verdict(cost: Cost) -> str:
    met = cost.megabytes <= MOST_MB and cost.milliseconds <= MOST_MS
    return f"{MOST_MB} MB, {MOST_MS} ms: {'met' if met else 'MISSED'}"
