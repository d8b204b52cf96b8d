"""Criteria that a person has to confirm or judge, grouped so that it can be read at a glance."""

import re
from collections.abc import Iterable
from functools import lru_cache

from cds_service.cards.sections.sentences import listed, sentence
from cds_service.cards.trial_views import TracedCriterion
from cds_service.logic.words import title_of
from cds_service.trials import CriterionResult

MOST_KEPT = 4_096
"""Texts of trial files for which is kept how they are grouped."""

_FOR_THE_STUDY_TEAM = (
    (re.compile(r"\bconsents?\b", re.IGNORECASE), "consent"),
    (re.compile(r"\binvestigator", re.IGNORECASE), "judgement"),
)
"""What every trial asks and its team sees to."""

_LEADS = {
    "Confirm that": "Confirm",
    "Confirm": "Confirm",
    "Check that": "Confirm",
    "Check": "Confirm",
    "Ask about": "Ask about",
    "Ask": "Ask about",
    "Discuss": "Ask about",
    "Look for": "Ask about",
    "Judge": "Judge",
    "Grade": "Judge",
    "Consider": "Judge",
}
"""First words of what authors write, and those under which a card puts lines together, by what settles them: the chart,
the patient, or a clinician's judgement. The longer ones first."""
_ARTICLE = re.compile(r"^(?:an?|the) ")
_NOT_CODED = re.compile(r" (?:that )?(?:is|are) not coded$")
"""How authors ask for what the record may hold without a code."""


def lines(criteria: Iterable[TracedCriterion], undecidable: Iterable[CriterionResult]) -> tuple[str, ...]:
    """The criteria that no rule decides, then exceptions from a fail, then a line for each kind of thing to do.

    The study team's part comes last.
    """
    grouped: dict[str, dict[str, None]] = {}
    team: dict[str, None] = {}
    criteria = tuple(criteria)
    found = list(left_open(criteria, undecidable))
    for read in criteria:
        review = read.result.criterion.review
        if review is None or read.outcome == "fail" or _is_moot(read, review):
            continue
        generic = _generic(review) if read.outcome == "review" else None
        if generic is not None:
            team[generic] = None
        else:
            lead, rest = _led(review)
            grouped.setdefault(lead, {})[rest] = None
    for lead, rests in grouped.items():
        found += _together(lead, list(rests))
    if team:
        found.append(f"Study team: {listed(list(team))}")
    return tuple(found)


def left_open(criteria: Iterable[TracedCriterion], undecidable: Iterable[CriterionResult]) -> tuple[str, ...]:
    """The criteria that no rule decides, then exceptions from a fail: a trial may be open though no data is missing."""
    by_hand = [
        f"Check by hand: {title_of('', {'': result.criterion.text})}" for result in undecidable if not result.excepted
    ]
    excepted = [
        sentence(read.result.criterion.exception.text)
        for read in criteria
        if read.result.criterion.exception is not None and read.result.excepted
    ]
    return (*by_hand, *excepted)


def _together(lead: str, rests: list[str]) -> list[str]:
    if not lead:
        return [sentence(rest) for rest in rests]
    uncoded = [rest for rest in rests if _NOT_CODED.search(rest)]
    if len(uncoded) > 1:
        named = listed([_NOT_CODED.sub("", rest) for rest in uncoded], "or")
        rests = [*(rest for rest in rests if rest not in uncoded), f"{named} that is not coded"]
    return [f"{lead} {rests[0]}" if len(rests) == 1 else f"{lead}: {'; '.join(_ARTICLE.sub('', r) for r in rests)}"]


@lru_cache(MOST_KEPT)
def _led(review: str) -> tuple[str, str]:
    """The first words under which a line is put with others, and the rest of it."""
    lead = next((lead for lead in _LEADS if review.startswith(f"{lead} ")), "")
    rest = review[len(lead) :].strip()
    # Lines are joined with semicolons, so what stands behind one becomes an aside.
    rest, _, aside = rest.partition("; ")
    return _LEADS.get(lead, ""), f"{rest} ({aside})" if aside else rest


def _is_moot(read: TracedCriterion, review: str) -> bool:
    """Whether a remark is about something that is not on record: `A replacement dose does not exclude`.

    A question to a person ("Ask about an infection that is not coded") stays all the more.
    """
    absent = read.outcome == "pass" and read.result.basis == "presumed" and not read.wanted
    return absent and not _led(review)[0]


@lru_cache(MOST_KEPT)
def _generic(review: str) -> str | None:
    return next((words for pattern, words in _FOR_THE_STUDY_TEAM if pattern.search(review)), None)
