"""`match` and `explain`: what fits a patient, and why; of several patients a table."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.cli.as_of import AsOfOption, site_zone
from cds_service.cli.as_of import as_of as day_asked
from cds_service.cli.given import (
    BundleFiles,
    Files,
    Format,
    Given,
    OneTrial,
    PatientId,
    People,
    format_of,
    named,
    people_of,
)
from cds_service.cli.output import print_json, settings_or_stop, stop
from cds_service.cli.rules_loading import library_or_stop
from cds_service.errors import CdsError

if TYPE_CHECKING:
    from cds_service.as_of import AsOf
    from cds_service.cli.show_table import TableRow
    from cds_service.fhir import Record
    from cds_service.library import Library
    from cds_service.settings import Settings


@dataclass(frozen=True)
class _Question:
    """What is asked of whom, with everything that it takes to answer. `sources`: the files, as they were named."""

    people: People
    library: "Library"
    settings: "Settings"
    day: "AsOf"
    zone: str
    format: str | None
    trial: str | None
    sources: tuple[str, ...]

    def format_for_one(self, otherwise: str) -> str | None:
        """The format for one patient; None where a table is to be printed."""
        if len(self.people.given) > 1 or self.format in {"table", "csv"}:
            return None
        return self.format or otherwise

    def record(self, one: Given) -> "Record | None":
        """A patient's record; None where there is none, which is said."""
        try:
            return one.record(self.library)
        except CdsError as problem:
            self.people.problem(one.place or self.sources[0], str(problem))
            return None


def match(
    files: Files = None,
    bundle: BundleFiles = None,
    patient: PatientId = None,
    trial: OneTrial = None,
    as_of: AsOfOption = None,
    format: Format = None,
) -> None:
    """Print the CDS Hooks response that the service would send for a record (json, or text as a panel would show it).

    Of several patients: a table of who fits which trial, with the first thing that is missing; --patient chooses one.
    Exit code 2 where something could not be read; it is named, and the rest goes on.
    """
    asked = _question(files, bundle, patient, trial, as_of, format)
    form = asked.format_for_one("json")
    if form is None:
        _show_table(asked)
    else:
        record = asked.record(asked.people.given[0])
        if record is not None:
            _show_cards(asked, record, as_json=form == "json")
    asked.people.end()


def explain(
    files: Files = None,
    bundle: BundleFiles = None,
    patient: PatientId = None,
    trial: OneTrial = None,
    as_of: AsOfOption = None,
    format: Format = None,
    short: Annotated[bool, typer.Option("--short", help="Only the verdicts, and what is open.")] = False,
    criterion: Annotated[
        str | None,
        typer.Option("--criterion", metavar="ID", help="One criterion whole, with rule and evidence."),
    ] = None,
    facts: Annotated[bool, typer.Option("--facts", help="Print every fact of the catalogue instead.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="With --facts: also what is presumed absent.")] = False,
) -> None:
    """Explain every criterion of every trial for a record: the verdicts, best first, then why.

    With --facts: the whole fact sheet (with --trial or --criterion the facts that these read), with evidence and
    reasons. Of several patients: the table that `match` prints; --patient chooses one. Exit code 2 as for `match`.
    """
    asked = _question(files, bundle, patient, trial, as_of, format)
    form = asked.format_for_one("text")
    if form is None:
        if facts or short or criterion:
            stop(f"there are {len(asked.people.given)} Patients; --patient says whose facts or criteria to show")
        _show_table(asked)
        asked.people.end()
        return
    read = _read_by(asked, criterion) if facts else None
    record = asked.record(asked.people.given[0])
    if record is not None and facts:
        _show_facts(asked, record, read, as_json=form == "json", everything=everything)
    elif record is not None:
        _show_explanation(asked, record, as_json=form == "json", short=short, criterion=criterion)
    asked.people.end()


def _question(
    files: Sequence[str] | None,
    bundle: Sequence[str] | None,
    patient: str | None,
    trial: str | None,
    as_of: date | None,
    format: str | None,
) -> _Question:
    """Everything that is wrong with the arguments is said before anything that takes long."""
    form, sources, settings = format_of(format), named(files, bundle), settings_or_stop()
    people = people_of(sources, patient)
    library = library_or_stop(settings)
    if trial is not None and library.trial(trial) is None:
        stop(f"There is no trial {trial!r}. Known: {', '.join(t.id for t in library.stored)}.")
    own_zone = library.site.settings.time_zone
    day, zone = day_asked(as_of, settings, own_zone), str(site_zone(settings, own_zone))
    return _Question(people, library, settings, day, zone, form, trial, tuple(sources))


def _show_cards(asked: _Question, record: "Record", *, as_json: bool) -> None:
    from cds_service.cards import MATCH_CLIENT, answer_seed, cards_for
    from cds_service.explanation import none_readable, response, undetermined, unreadable_conditions
    from cds_service.matching import match as match_record
    from cds_service.matching import undecided
    from cds_service.settings import card_options

    library = asked.library
    options = card_options(asked.settings).at_site(library.site)
    result = match_record(record, library, asked.day, candidates_only=True, near=options.near_miss)
    cards = cards_for(result, options, seed=answer_seed(str(result.as_of), MATCH_CLIENT, result.patient_id))
    sent = 0 if cards or result.deceased else unreadable_conditions(record)
    if sent:
        stop(none_readable(sent))
    if asked.people.given[0].by_hook and not cards and "Condition" in record.gaps and undecided(result):
        stop("prefetch.conditions: the answer depends on conditions that were not supplied: this list is incomplete")
    open_trials = undetermined(result, {card["source"]["topic"]["code"] for card in cards})
    if asked.trial is not None:
        cards = [card for card in cards if card["source"]["topic"]["code"] == asked.trial]
    answer = response(cards, open_trials)
    if as_json:
        print_json(answer)
        return
    from cds_service.cli.show_results import show_cards

    show_cards(answer, markdown=asked.settings.client_profile.detail == "markdown")
    if not cards:
        _show_why(asked, record)


def _show_why(asked: _Question, record: "Record") -> None:
    from cds_service.cli.layout import show, wrapped
    from cds_service.explanation import why_no_cards
    from cds_service.matching import match as match_record

    def more(trial: str) -> str:
        return shlex.join(["cds-service", "explain", *asked.sources, *(["--trial", trial] if trial else [])])

    for line in why_no_cards(match_record(record, asked.library, asked.day), more, asked.trial):
        show(wrapped(line, 2, ""))


def _show_explanation(asked: _Question, record: "Record", *, as_json: bool, short: bool, criterion: str | None) -> None:
    from cds_service.explanation import explain as explanation
    from cds_service.matching import match as match_record

    result = match_record(record, asked.library, asked.day)
    document = explanation(result, asked.trial) | {"time_zone": asked.zone}
    if as_json:
        print_json(document)
        return
    from cds_service.cli.show_explanation import PrintedExplanation

    shown = PrintedExplanation(document, result, asked.trial)
    if criterion is not None:
        shown.criterion(criterion)
    elif short:
        shown.short()
    else:
        shown.all()


def _read_by(asked: _Question, criterion: str | None) -> list[str] | None:
    """The facts that are read by the trial and the criterion that were asked for; None where all were. Ends the command
    where no such trial has such a criterion."""
    if asked.trial is None and criterion is None:
        return None
    ids = [trial.id for trial in asked.library.stored if asked.trial in {None, trial.id}]
    trials = [trial for id in ids if (trial := asked.library.trial(id)) is not None]
    every = [one for trial in trials for one in trial.all_criteria()]
    chosen = [one for one in every if criterion in {None, one.criterion.id}]
    if not chosen:
        known = ", ".join(dict.fromkeys(one.criterion.id for one in every))
        stop(f"there is no criterion {criterion!r}; known: {known}")
    return [ref.name for one in chosen for ref in one.facts]


def _show_facts(
    asked: _Question, record: "Record", names: list[str] | None, *, as_json: bool, everything: bool
) -> None:
    from cds_service.explanation import fact_sheet

    sheet: dict[str, Any] = fact_sheet(record, asked.library, asked.day, names) | {"time_zone": asked.zone}
    if as_json:
        print_json(sheet)
    else:
        from cds_service.cli.show_facts import show_fact_sheet

        show_fact_sheet(sheet, everything=everything)


def _show_table(asked: _Question) -> None:
    from cds_service.cli.show_table import as_csv, best_first, show_table

    rows = best_first(row for one in asked.people.given for row in _rows(asked, one))
    problems = asked.people.problems
    match asked.format:
        case "json":
            head = {"as_of": asked.day.isoformat(), "as_of_instant": asked.day.shown_end, "time_zone": asked.zone}
            counts = {"patients": len(asked.people.given), "not_read": problems}
            print_json({**head, **counts, "rows": [row.as_json() for row in rows]})
        case "csv":
            typer.echo(as_csv(rows), nl=False)
        case _:
            show_table(rows, len(asked.people.given), problems)


def _rows(asked: _Question, one: Given) -> "list[TableRow]":
    from cds_service.cli.show_table import rows_of
    from cds_service.matching import match as match_record

    record = asked.record(one)
    if record is None:
        return []
    return rows_of(match_record(record, asked.library, asked.day), one.id, one.place, asked.trial)
