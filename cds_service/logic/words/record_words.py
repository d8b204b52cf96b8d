"""What is asked of one record of an event fact, in plain words."""

from cds_service.logic import model
from cds_service.logic.vocabulary import EVENT_FIELDS
from cds_service.logic.words.measure_words import ConditionWords, comparison

_EXTENT = {"≥": "at least ", ">": "more than ", "≤": "at most ", "<": "less than ", "=": "exactly "}
FIELD_TITLES = {name: kind.title for name, kind in EVENT_FIELDS.items()}


def truth_phrase(*, negated: bool, brief: bool) -> str:
    """The field `active`. `brief` phrases follow a comma, the others follow `that`."""
    return ("" if brief else "is ") + ("not current" if negated else "current")


def elapsed_phrase(rule: model.Compare, inner: ConditionWords, *, negated: bool, brief: bool) -> str:
    """A comparison of the days since a record's start or end.

    `within the last 6 months`, `started at least 2 months ago`, `for at least 2 months`, `dose unchanged for more than
    2 weeks`, `ended at most 3 half-lives ago`.
    """
    said = comparison(rule, FIELD_TITLES, inner, negated=negated)
    extent = _EXTENT.get(said.relation)
    field = next((name for name, title in FIELD_TITLES.items() if title == said.subject), None)
    limited = any(isinstance(side, model.Number | model.LengthOfTime) for side in (rule.left, rule.right))
    if extent is None or field is None or not limited:
        return said.text() if brief else f"has {said.text()}"
    if field == "days_since_end" and said.relation in "≤<":
        last = (
            f"within the last {said.limit.removeprefix('1 ')}"
            if said.relation == "≤"
            else f"less than {said.limit} ago"
        )
        return last if brief else f"was there {last}"
    if field == "days_since_course_start":
        return f"{'' if brief else 'has gone on '}for {extent}{said.limit}"
    if field == "days_since_dose_change":
        kept = said.relation in "≥>"
        words = f"dose unchanged for {extent}{said.limit}" if kept else f"dose changed {extent}{said.limit} ago"
        return words if brief else f"has had its {words}"
    if field == "half_lives_since_end":
        return f"ended {extent}{said.limit} half-lives ago"
    return f"{'started' if field == 'days_since_start' else 'ended'} {extent}{said.limit} ago"
