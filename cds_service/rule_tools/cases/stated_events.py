"""Lists of records as a test case states them: conditions, drugs, procedures, vaccinations, allergies, devices.

They follow what the reader of records makes of the same entries (`docs/facts.md`), so that a case means what a chart
that says so would mean.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, StrictBool

from cds_service.durations import Duration
from cds_service.facts.catalogue import EventsFact, Period
from cds_service.facts.events import unlisted, with_courses
from cds_service.facts.fact import UNBOUNDED, DaySpan, Event, Events, Evidence
from cds_service.rule_files import WholeNumber
from cds_service.rule_tools.cases.stated_lasting import StatedCourse, happened, limited
from cds_service.rule_tools.cases.stated_times import DaysAgo, PartialDate, days_of, days_since

State = Literal["active", "inactive", "over", "history"]
WORDS: tuple[str, ...] = ("active", "inactive", "over", "history", "suspected")
"""A whole list in one word: one record without dates."""

_ONGOING = DaySpan(0, 0)
_ANY_TIME = DaySpan(0, UNBOUNDED)
_DONE_AT_ONCE = frozenset({"Procedure", "Immunization"})
_GONE_WHEN_OVER = frozenset({"Condition", "AllergyIntolerance"})


class StatedRecord(BaseModel):
    """One record of an event fact.

    * `state`: `active`; `inactive` (a condition in remission: still there, not active); `over`; `history` (only a
      "history of" code is on record). Without it: over where an end is given and for what is done at once, else active.
    * `sure`: false for what may not be it (provisional, differential, a text without a code).
    * Of drugs: `dose_changed_days_ago`, where the record shows another dose before; `half_life_days`, least and
      greatest, where a rule asks for half-lives (without it, that of a drug that is not listed).
    * `lasts`: how long such a disease lasts when nobody enters its end: `event`, a duration such as `P3M`. Without it
      the record says itself whether it is there. `at_visit`: it is the diagnosis of a visit, which is over by then.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    state: State | None = None
    sure: StrictBool = True
    start: PartialDate | None = None
    start_days_ago: DaysAgo | None = None
    end: PartialDate | None = None
    end_days_ago: DaysAgo | None = None
    dose_changed_days_ago: WholeNumber | None = Field(default=None, ge=0)
    half_life_days: tuple[PositiveFloat, PositiveFloat] | None = None
    lasts: Period | Literal["event"] | None = None
    at_visit: StrictBool = False


class StatedRecords(BaseModel):
    """A list of records; `whole` is false where there may be more."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    records: tuple[StatedRecord, ...] = Field(max_length=50)
    whole: StrictBool = True


def one_word(word: str) -> StatedRecord:
    """The record that a single word stands for. Raises ValueError."""
    match word:
        case "suspected":
            return StatedRecord(sure=False)
        case "active" | "inactive" | "over" | "history":
            return StatedRecord(state=word)
    raise ValueError(f"{word!r} is none of {', '.join(WORDS)}")


def events_of(stated: StatedRecords, spec: EventsFact, as_of: date) -> Events:
    """The list as a fact. Raises ValueError for a record that can't be."""
    items = [_event(record, spec, as_of) for record in stated.records]
    if spec.resource == "Medication":
        items = with_courses(items, spec.gap.days)
        items = [_as_a_drug(item, record, spec) for item, record in zip(items, stated.records, strict=True)]
    complete = stated.whole and spec.absence == "presumed_absent"
    return Events(tuple(items), complete, None if complete else "incomplete_record")


def _as_a_drug(item: Event, record: StatedRecord, spec: EventsFact) -> Event:
    """With what only drugs have: the change of dose and the half-life."""
    changed = record.dose_changed_days_ago
    dose = item.dose if changed is None or item.active is False else DaySpan(changed, UNBOUNDED)
    half_life = None if spec.half_lives is None else record.half_life_days or unlisted(spec.half_lives)
    return replace(item, dose=dose, half_life=half_life)


def unknown_events() -> Events:
    """Nothing is known: there may be records and there may be none."""
    return Events((), complete=False, gap="not_supplied")


def _event(record: StatedRecord, spec: EventsFact, as_of: date) -> Event:
    start = _moment("start", record.start, record.start_days_ago, as_of)
    end = _moment("end", record.end, record.end_days_ago, as_of)
    state: State = record.state or ("over" if end is not None or spec.resource in _DONE_AT_ONCE else "active")
    _refuse(record, state, end, spec)
    begun = start or _ANY_TIME
    active: bool | None
    present: bool | None
    match state:
        case "active":
            ended, active, present = _ONGOING, True, True
        case "inactive":
            ended, active, present = end or DaySpan(0, begun.hi), False, True
        case "over":
            at_once = begun if spec.resource in _DONE_AT_ONCE else DaySpan(0, begun.hi)
            ended, active, present = end or at_once, False, spec.resource not in _GONE_WHEN_OVER
        case "history":
            begun = DaySpan(begun.lo, UNBOUNDED)
            ended, active, present = _ANY_TIME, False, False
    if record.lasts is not None:
        begun, ended, active, present = _lasting(
            record, state, StatedCourse(begun, ended, active, present), start, as_of
        )
    if begun.hi < ended.lo:
        raise ValueError("the record ends before it starts")
    begun, ended = DaySpan(max(begun.lo, ended.lo), begun.hi), DaySpan(ended.lo, min(ended.hi, begun.hi))
    hint = None if record.sure else "unconfirmed"
    evidence = Evidence("case")
    return Event(record.sure, active, present, begun, ended, begun, evidence, hint, only_past=state == "history")  # type: ignore[arg-type]


def _lasting(
    record: StatedRecord, state: State, course: StatedCourse, start: DaySpan | None, as_of: date
) -> StatedCourse:
    """The course of a record that says how long its disease lasts."""
    if record.lasts == "event":
        return happened(course, start, as_of, is_over=state == "over", is_past=state == "history")
    if state in {"over", "history"} or not isinstance(record.lasts, Duration):
        return course
    return limited(course, start, as_of, record.lasts, at_visit=record.at_visit)


def _refuse(record: StatedRecord, state: State, end: DaySpan | None, spec: EventsFact) -> None:
    """Raise ValueError for a state that no record of this kind has."""
    kind = spec.resource
    if kind != "Condition" and (record.lasts is not None or record.at_visit):
        raise ValueError(f"`lasts` and `at_visit` are of conditions; this is {_article(kind)}")
    if record.at_visit and record.lasts is None:
        raise ValueError("`at_visit` goes with `lasts`: a disease that lasts is there whatever list it stands on")
    if state == "active" and end is not None:
        raise ValueError("a record that is active has no end")
    if state == "inactive" and kind != "Condition":
        raise ValueError(f"only a condition can be inactive and still be there; this is {_article(kind)}")
    if state == "active" and kind == "Immunization":
        raise ValueError("a vaccination is done at once and is never active")
    if spec.resource != "Medication" and (
        record.dose_changed_days_ago is not None or record.half_life_days is not None
    ):
        raise ValueError(f"doses and half-lives are of drugs; this is {_article(kind)}")
    if spec.half_lives is None and record.half_life_days is not None:
        raise ValueError(f"{spec.name} has no `half_lives`, so that no rule can ask for them")
    if state == "history" and spec.history is None:
        raise ValueError(f'{spec.name} has no value set of "history of" codes')


def _moment(key: str, text: str | None, count: DaysAgo | None, as_of: date) -> DaySpan | None:
    if text is not None and count is not None:
        raise ValueError(f"give {key!r} or '{key}_days_ago', not both")
    if text is not None:
        return days_since(text, as_of)
    return None if count is None else days_of(count)


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"


def records_in(statements: Sequence[StatedRecord], *, whole: bool = True) -> StatedRecords:
    """A list of records as a statement."""
    return StatedRecords(records=tuple(statements), whole=whole)
