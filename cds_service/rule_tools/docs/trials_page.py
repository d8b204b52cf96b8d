"""`docs/trials.md`: every trial with how much of it is computed, and its rules in plain words."""

from collections.abc import Iterable, Iterator

from cds_service.rule_tools.docs.reference import CriterionInWords, RulesReference
from cds_service.trials import CompiledTrial, coverage_of

_HEAD = """# Trials

Written by `cds-service rules docs --out docs/trials.md` from the rules themselves; a test keeps it current.

*Computed*: a rule decides from the record. *Confirmed*: a rule decides and a person confirms a pass. *Screened*: a
person decides, and a rule shows what is on record. *By a person*: no rule. Criteria that cohorts share count once.
With an exception, a fail that the source excepts is unknown, and a person judges it.
"""


def trials_page(reference: RulesReference) -> str:
    """The whole page."""
    trials = reference.library.trials
    parts = [_HEAD, "\n".join(_overview(trials))]
    parts += ["\n".join(_trial(trial, reference)) for trial in trials]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _overview(trials: Iterable[CompiledTrial]) -> Iterator[str]:
    yield "| trial | | criteria | computed | of these confirmed | screened | by a person |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for trial in trials:
        count = coverage_of(trial.trial)
        numbers = (count.criteria, count.computed, count.confirmed, count.screened, count.by_hand)
        cells = (f"[{trial.id}](#{trial.id.lower()})", trial.trial.short_title, *map(str, numbers))
        yield _row(*cells)


def _trial(trial: CompiledTrial, reference: RulesReference) -> Iterator[str]:
    data = trial.trial
    in_words = reference.trial(trial)
    yield f"## {trial.id}\n"
    yield f"{data.title}. [Registry record]({data.registry.url}), {data.status.replace('_', ' ')}"
    yield f"{_as_of(trial)}; rules {data.rules_version}, {data.state}.\n"
    if data.notes:
        yield f"{data.notes}\n"
    if data.source_gaps:
        yield "*Source gap*, so the trial fits no better than possibly:\n"
        yield "".join(f"* {gap}\n" for gap in data.gap_texts)
    yield from _table(in_words.criteria)
    for id, title, criteria in in_words.cohorts:
        yield f"\n### {trial.id}, cohort {id}\n"
        yield f"{title}.\n"
        if criteria:
            yield from _table(criteria)
        else:
            yield "No criteria beyond the trial's own."


def _as_of(trial: CompiledTrial) -> str:
    updated = trial.trial.registry.last_updated
    return "(the record gives no date)" if updated is None else f"as of {updated.isoformat()}"


def _table(criteria: Iterable[CriterionInWords]) -> Iterator[str]:
    yield "| id | criterion | rule in words | for a person |"
    yield "|---|---|---|---|"
    for item in criteria:
        kind = "must have: " if item.gate else ""
        rule = item.rule
        if item.decides == "screen":
            rule = f"*shown only:* {rule}"
        if item.lookback:
            rule += f" (evidence at most {item.lookback} old)"
        yield _row(item.id, f"{kind}{item.text}", rule, " · ".join(filter(None, (_exception(item), item.review))))


def _exception(item: CriterionInWords) -> str:
    return f"*where it fails:* {item.exception}" if item.exception else ""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
