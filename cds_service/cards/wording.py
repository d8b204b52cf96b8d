"""The words of a card: a summary line, and a detail that reads well as plain text in a narrow panel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.cards.selection import computed, counted, out_of_date, referrable
from cds_service.cards.text import SUMMARY_LIMIT, cut, escaped
from cds_service.explanation import evidence_of
from cds_service.matching import Match
from cds_service.trials.model import Trial
from cds_service.trials.verdicts import CriterionResult, TrialResult

STATUS = {
    "recruiting": "recruiting",
    "enrolling_by_invitation": "enrolling by invitation",
    "not_yet_recruiting": "not yet recruiting",
    "active_not_recruiting": "active, no longer recruiting",
    "unknown": "recruiting status not known",
}
REASONS = {
    "not_supplied": "not sent by the EHR",
    "no_result": "not on record",
    "too_old": "the last result is too old",
    "unit_not_understood": "the unit of the last result is not understood",
    "no_reference_range": "the last result has no reference range",
    "value_not_understood": "the last result is not understood",
    "incomplete_record": "the record was sent incomplete",
    "uncoded_mention": "mentioned without a code",
    "unconfirmed": "entered but not confirmed",
    "undated": "the result has no date",
    "indeterminate": "the last result is indeterminate",
    "conflicting_results": "results of the same time contradict each other",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """One fact that would help to decide: its title, why it is unknown, and which criteria wait for it."""

    name: str
    title: str
    reason: str
    date: str | None
    criteria: tuple[str, ...]


def missing_facts(match: Match, results: Iterable[CriterionResult]) -> tuple[Missing, ...]:
    """The unknown facts that the undecided criteria read, in the order of the criteria."""
    found: dict[str, Missing] = {}
    for result in results:
        if result.outcome != "unknown":
            continue
        for entry in evidence_of(match, result):
            reason, name = entry.get("reason"), entry["name"]
            if not reason:
                continue
            known = found.get(name)
            criteria = (*(known.criteria if known else ()), result.criterion.id)
            title = match.library.catalogue.title_of(name)
            found[name] = Missing(name, title, reason, entry.get("date"), tuple(dict.fromkeys(criteria)))
    return tuple(found.values())


def summary(match: Match, result: TrialResult, missing: Sequence[Missing]) -> str:
    """One line of at most 139 code points."""
    trial = result.trial
    undecided = sum(c.outcome == "unknown" for c in computed(result))
    fit = "fits" if not undecided else f"may fit, {undecided} {'criterion' if undecided == 1 else 'criteria'} open"
    note = "" if referrable(trial, match.as_of) else ", for information"
    return cut(f"Trial {trial.id} {fit}{note}: {trial.short_title}", SUMMARY_LIMIT)


def detail(match: Match, result: TrialResult, missing: Sequence[Missing], left_out: Sequence[TrialResult]) -> str:
    """GitHub-flavoured Markdown without tables or HTML; every text that is not ours is escaped."""
    trial = result.trial
    parts = [
        f"**{escaped(trial.short_title)}** ({trial.id})\n\n{_standing(match, result)}",
        _section("Still missing", [_missing_line(item) for item in missing]),
        _section("A person must confirm", _to_confirm(result)),
        _section("What it rests on", _evidence(match, result)),
        _section("Cohorts that fit", _cohorts(result)),
        _section("About the trial", _about(trial, match)),
    ]
    if match.issues:
        count = len(match.issues)
        parts.append(
            f"{count} {'entry' if count == 1 else 'entries'} of the record could not be read and did not count."
        )
    if left_out:
        ids = ", ".join(r.trial.id for r in left_out)
        parts.append(f"Not shown here, but they fit as well: {ids}.")
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: Sequence[str]) -> str:
    return f"**{title}**\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def _standing(match: Match, result: TrialResult) -> str:
    criteria = computed(result)
    passed = [c for c in criteria if c.outcome == "pass"]
    presumed = sum(c.basis == "presumed" for c in passed)
    text = f"{len(passed)} of {len(criteria)} computed criteria pass, none fails"
    if len(passed) < len(criteria):
        text += f", {len(criteria) - len(passed)} can't be decided yet"
    text += "."
    if presumed:
        text += f" {presumed} of the passes rest on nothing of the kind being on record."
    by_hand = sum(c.outcome == "review" for c in counted(result))
    if by_hand:
        text += f" {by_hand} more are for a person to judge."
    return text


def _missing_line(item: Missing) -> str:
    when = f" ({item.date})" if item.date else ""
    return f"{escaped(item.title)}: {REASONS.get(item.reason, item.reason.replace('_', ' '))}{when}"


def _to_confirm(result: TrialResult) -> list[str]:
    return [escaped(c.criterion.review) for c in counted(result) if c.criterion.review is not None]


def _evidence(match: Match, result: TrialResult) -> list[str]:
    """The known values behind the passes, each fact once, what is on record before what is not."""
    lines: dict[str, None] = {}
    for criterion in computed(result):
        if criterion.outcome != "pass":
            continue
        for entry in evidence_of(match, criterion):
            if entry.get("reason") is None and entry.get("source"):
                lines[_evidence_line(match, entry)] = None
    return list(lines)


def _evidence_line(match: Match, entry: dict[str, Any]) -> str:
    title = escaped(match.library.catalogue.title_of(entry["name"]))
    value, unit = entry.get("value"), entry.get("unit")
    text = title
    if value is not None and not isinstance(value, bool):
        text += f": {escaped(f'{value}')}" + (f" {escaped(unit)}" if unit and unit != "1" else "")
    return text + (f" ({entry['date']})" if entry.get("date") else "")


def _cohorts(result: TrialResult) -> list[str]:
    return [
        escaped(f"{c.cohort.id}: {c.cohort.title}")
        for c in result.cohorts
        if c.verdict in ("likely_eligible", "possibly_eligible")
    ]


def _about(trial: Trial, match: Match) -> list[str]:
    status = STATUS.get(trial.status, trial.status.replace("_", " "))
    verified = f" as of {trial.registry.last_updated}" if trial.registry.last_updated else ""
    lines = [f"Status: {status}{verified}"]
    if out_of_date(trial, match.as_of):
        lines.append(
            f"The record is out of date: completion was planned for {trial.dates.completion}. No referral is suggested."
        )
    elif trial.status == "not_yet_recruiting" and trial.dates.start is not None:
        passed = trial.dates.start < match.as_of
        lines.append(f"Planned start {trial.dates.start}" + (", now past: ask whether it has opened" if passed else ""))
    elif not referrable(trial, match.as_of):
        lines.append("Shown for information; no referral is suggested.")
    if trial.phase:
        lines.append(f"Phase: {escaped(trial.phase)}")
    if trial.enrollment is not None:
        lines.append(f"Planned participants: {trial.enrollment}")
    places = [", ".join(filter(None, (s.name, s.city, s.country))) for s in trial.sites] or list(trial.countries)
    lines += [f"Place: {escaped(place)}" for place in places]
    lines += [_contact(c.name, c.role, c.phone, c.email) for s in trial.sites for c in s.contacts]
    return lines


def _contact(name: str, role: str | None, phone: str | None, email: str | None) -> str:
    return "Contact: " + escaped(", ".join(filter(None, (name, role, phone, email))))
