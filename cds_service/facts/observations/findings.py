"""Findings that answer a test, entered as conditions: "hepatitis B surface antigen detected" on a problem list.

Such a condition is a result of the day of its onset. Without one it was found at an unknown day up to its recording.
What is doubted, over, in somebody else, or has a status that is not understood answers nothing, and where it is the
newest, or nobody knows that it is not, the fact is unknown.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cds_service.deadline import Deadline
from cds_service.facts.catalogue import CodeSystems, Key
from cds_service.facts.words import WordReader
from cds_service.fhir import (
    CodeableConcept,
    Coding,
    Condition,
    Observation,
    Record,
    codes_of,
    is_empty,
    is_void,
    misread,
    stated_certainty,
)

_CURRENT = frozenset({"active", "recurrence", "relapse"})
_CERTAIN = frozenset({"confirmed"})


class AnswerCodes(NamedTuple):
    """The facts that a code answers by itself, and its own name."""

    facts: tuple[str, ...]
    display: str


class StatedFinding(NamedTuple):
    """A condition as the result that it states. `is_sure`: nothing in the entry speaks against it."""

    fact: str
    result: Observation
    coding: Coding
    is_sure: bool
    source: str


def findings_of(
    record: Record,
    answers: Mapping[Key, AnswerCodes],
    systems: CodeSystems,
    words: WordReader | None,
    deadline: Deadline,
) -> Iterator[StatedFinding]:
    """The results that conditions of a record state, for the codes in `answers`. Raises `OutOfTime`."""
    for view in deadline.each(record.resources.get("Condition", ())):
        if not isinstance(view, Condition) or view.code is None or is_void(view.verification_status):
            continue
        for coding in view.code.coding:
            found = [answers[key] for key in systems.keys((coding,)) if key in answers]
            if not found or stated_certainty(coding) == "refuted":
                continue
            sure = _is_sure(view, coding) and not _is_doubted(view.code, {one.display for one in found}, words)
            source = f"Condition/{view.id}" if view.id else "Condition"
            for fact in dict.fromkeys(name for one in found for name in one.facts):
                yield StatedFinding(fact, _as_result(view), coding, sure, source)


def _is_sure(view: Condition, coding: Coding) -> bool:
    is_confirmed = is_empty(view.verification_status) or codes_of(view.verification_status) <= _CERTAIN
    is_current = is_empty(view.clinical_status) or codes_of(view.clinical_status) <= _CURRENT
    ended = (view.abatement_date_time, view.abatement_age, view.abatement_period, view.abatement_range)
    is_open = view.abatement_string is None and all(end is None for end in ended)
    return is_confirmed and is_current and is_open and not misread(view) and stated_certainty(coding) is None


def _is_doubted(concept: CodeableConcept, own_names: set[str], words: WordReader | None) -> bool:
    """Whether the words beside the code leave it uncertain. Its own name states no doubt."""
    if words is None:
        return False
    texts = {concept.text, *(coding.display for coding in concept.coding)} - {None, ""} - own_names
    read = [words.read(text) for text in texts if text is not None]
    return any(one.doubted or one.disowned or one.past for one in read)


def _as_result(view: Condition) -> Observation:
    """The condition in the form of a result of the day on which it began."""
    period = view.onset_period
    return Observation(
        id=view.id,
        status="final",
        code=view.code,
        effective_date_time=view.onset_date_time or (None if period is None else period.start),
        issued=view.recorded_date,
    )
