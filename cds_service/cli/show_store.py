"""How reports on the past look in a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service.server import Replay
from cds_service.store import FeedbackReport, LoggedDecision, TrialFeedback

_NUMBERS = ("served", "accepted", "overridden", "unanswered")


def show_feedback(report: FeedbackReport, console: Console | None = None) -> None:
    """One row per trial, then what clinicians wrote."""
    console = console or Console()
    if not report.trials and not (report.unknown.accepted or report.unknown.overridden):
        console.print("No card has been served and no feedback received.")
        return
    table = Table("Trial", *(name.capitalize() for name in _NUMBERS), "Why overridden")
    for trial, found in report.trials.items():
        table.add_row(trial, *_numbers(found), _reasons(found))
    if report.unknown.accepted or report.unknown.overridden:
        table.add_row("unknown cards", "", *_numbers(report.unknown)[1:3], "", _reasons(report.unknown))
    console.print(table)
    for trial, found in (*report.trials.items(), ("unknown cards", report.unknown)):
        for comment in found.comments:
            # What somebody typed is text, whatever brackets it holds.
            console.print(Text(f"{trial}: {comment}"))


def show_replay(logged: LoggedDecision, result: Replay, console: Console | None = None) -> None:
    """Whether the answer is the same, and if not, what has changed since."""
    console = console or Console()
    decision = logged.decision
    up_to = f" up to {decision.options['instant']}" if "instant" in decision.options else ""
    console.print(
        Text(f"Decision {decision.id} of {decision.answered_at:%Y-%m-%d %H:%M:%S} UTC, as of {decision.as_of}{up_to}")
    )
    if result.identical:
        console.print(Text("The same answer, byte for byte.", style="green"))
    else:
        console.print(Text("Another answer.", style="red"))
    if result.fetched:
        keys = ", ".join(result.fetched)
        console.print(Text(f"Asked of the FHIR server then, and to be put under `prefetch` for a replay: {keys}."))
    elif not result.same_input:
        console.print(Text("This is not the request that was answered."))
    if result.skipped:
        number = "1 trial" if len(result.skipped) == 1 else f"{len(result.skipped)} trials"
        console.print(Text(f"It was cut short: there was no time for {number}, and this leaves them out too."))
    if result.reading is not None:
        then_version, now_version = result.reading
        text = f"The record was read by version {then_version} of the reading contract then, by {now_version} now."
        console.print(Text(text))
    if result.site is not None:
        site_then, site_now = (digest[:12] or "none" for digest in result.site)
        console.print(Text(f"site folder: {site_then} then, {site_now} now"))
    for name, (then, now) in result.versions.items():
        console.print(Text(f"{name}: {then} then, {now} now"))
    for file, change in result.rules.items():
        console.print(Text(f"rules {file}: {change}"))
    for trial, (then, now) in result.verdicts.items():
        console.print(Text(f"{trial}: {then} then, {now} now"))


def _numbers(found: TrialFeedback) -> list[str]:
    return [str(getattr(found, name)) for name in _NUMBERS]


def _reasons(found: TrialFeedback) -> Text:
    return Text(", ".join(f"{code} {number}" for code, number in found.reasons.most_common()))
