"""What doctor says, for people in a terminal."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from cds_service.doctor import CODES_SECTION, SECTIONS, TITLES

if TYPE_CHECKING:
    from cds_service.doctor import Duty, RequestReport, TrialReport, UnreadArrival

_COLOURS = {"green": "green", "red": "red", "not seen": "yellow"}
_MOST_PLACES = 5
_MOST_CRITERIA = 12


def show_duties(duties: Sequence["Duty"]) -> None:
    """A line for each duty, and below what is red the page that helps."""
    for duty in duties:
        state = typer.style(f"{duty.state:8}", fg=_COLOURS[duty.state])
        typer.echo(f"  {TITLES[duty.name]:12}  {state}  {duty.says}")
        if duty.state == "red":
            typer.echo(f"  {'':12}  {'':8}  see {SECTIONS[duty.name].link}")


def show_report(report: "RequestReport", duties: Sequence["Duty"]) -> None:
    """The duties, then what did not arrive, what could not be read, and what waits for it."""
    show_duties(duties)
    said = f"{report.cards} card(s)" if report.status == 200 else "no cards but an error"
    typer.echo(f"\nThe service answers {report.status}, {said}, where it asks no FHIR server.")
    for fault in report.faults:
        if fault.kind == "forgiven":  # what is refused stands with the duty
            typer.echo(f"  forgiven: {fault.place}: {fault.says}")
    _not_arrived(report)
    _unread(report.unread)
    _trials(report)


def _not_arrived(report: "RequestReport") -> None:
    if report.not_arrived:
        typer.echo("\nWhat did not arrive")
        for one in report.not_arrived:
            typer.echo(f"  prefetch.{one.key}  {one.says}")
        typer.echo("\nTo paste into the client's registration: key, query")
        for key, query in {one.key: one.query for one in report.not_arrived}.items():
            typer.echo(f"{key}  {query}")
        typer.echo(f"\nScopes for these: {' '.join(dict.fromkeys(one.scope for one in report.not_arrived))}")
    for name, key in report.aliases:
        typer.echo(
            f'\nprefetch.{name} is no key of the service. It holds what {key} is for: "prefetch_aliases": ', nl=False
        )
        typer.echo(f'{{"{name}": "{key}"}} in the clients file makes it one.')
    if report.scopes.missing:
        typer.echo(f"\nScopes that the token lacks: {' '.join(report.scopes.missing)}")


def _unread(found: Iterable["UnreadArrival"]) -> None:
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for one in found:
        kinds[_what(one)].append(one.place)
    if not kinds:
        return
    typer.echo("\nWhat arrived and could not be read")
    for what, places in kinds.items():
        more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
        typer.echo(f"  {', '.join(places[:_MOST_PLACES])}{more}")
        typer.echo(f"    {what}")
    typer.echo(f"  see {CODES_SECTION.link}")


def _what(one: "UnreadArrival") -> str:
    code = " ".join(part for part in (one.system, one.code, one.display) if part)
    named = [("code", code), ("unit", one.unit), ("status", one.status)]
    shown = "; ".join(f"{name} {value}" for name, value in named if value)
    return f"{one.type or 'record'}: {one.says}{f' ({shown})' if shown else ''}"


def _trials(report: "RequestReport") -> None:
    if not report.trials and not report.ruled_out:
        return
    typer.echo("\nTrials")
    for trial in report.trials:
        _trial(trial)
    if report.ruled_out:
        typer.echo(f"  {report.ruled_out} more: ruled out by what arrived, so they wait for nothing")


def _trial(trial: "TrialReport") -> None:
    typer.echo(f"  {trial.id}  {trial.title}  ({trial.verdict.replace('_', ' ')})")
    if not trial.waiting:
        typer.echo("    waits for nothing of the request")
    for one in trial.waiting:
        criteria = list(one.criteria)
        more = f" and {len(criteria) - _MOST_CRITERIA} more" if len(criteria) > _MOST_CRITERIA else ""
        typer.echo(f"    {one.place}: {one.says}")
        wait = "1 criterion waits" if len(criteria) == 1 else f"{len(criteria)} criteria wait"
        typer.echo(f"      {wait}: {', '.join(criteria[:_MOST_CRITERIA])}{more}")
