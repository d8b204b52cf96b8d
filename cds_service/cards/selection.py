"""Which trials a clinician gets to see, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cds_service.trials.model import Trial
from cds_service.trials.verdicts import BEST_FIRST, CriterionResult, TrialResult

REFERRABLE = frozenset({"recruiting", "enrolling_by_invitation", "not_yet_recruiting"})
OVER = frozenset({"completed", "terminated", "withdrawn", "suspended"})


@dataclass(frozen=True, slots=True)
class CardOptions:
    """What the deployment wants to see.

    `min_decided` is how many of a trial's computed criteria must be decided at least; `closed_trials` says whether a
    trial that no longer recruits is shown for information or hidden.
    """

    max_cards: int = 5
    min_decided: int = 0
    closed_trials: Literal["inform", "hide"] = "inform"


@dataclass(frozen=True, slots=True)
class Selection:
    """The trials to show, best first, and those that fit as well but are beyond the cap."""

    shown: tuple[TrialResult, ...]
    left_out: tuple[TrialResult, ...]


def counted(result: TrialResult) -> tuple[CriterionResult, ...]:
    """The criteria that the verdict rests on: the trial's own and those of its best cohort."""
    best = min(result.cohorts, key=lambda c: BEST_FIRST.index(c.verdict), default=None)
    return (*result.criteria, *(best.criteria if best is not None else ()))


def computed(result: TrialResult) -> tuple[CriterionResult, ...]:
    """Those of `counted` that a rule decides."""
    return tuple(c for c in counted(result) if c.outcome != "review")


def out_of_date(trial: Trial, as_of: date) -> bool:
    """Whether the registry's completion date has passed, so that its status can't be relied on."""
    return trial.dates.completion is not None and trial.dates.completion < as_of


def referrable(trial: Trial, as_of: date) -> bool:
    """Whether a referral makes sense: the trial recruits or soon will, as far as its record is up to date."""
    return trial.status in REFERRABLE and not out_of_date(trial, as_of)


def select(results: Sequence[TrialResult], options: CardOptions, as_of: date) -> Selection:
    """Trials that fit and may be shown: open ones first, likely before possibly, then fewest unknowns."""
    fitting = [r for r in results if _fits(r, options, as_of)]
    fitting.sort(
        key=lambda r: (
            not referrable(r.trial, as_of),
            BEST_FIRST.index(r.verdict),
            sum(c.outcome == "unknown" for c in computed(r)),
            r.trial.id,
        )
    )
    return Selection(tuple(fitting[: options.max_cards]), tuple(fitting[options.max_cards :]))


def _fits(result: TrialResult, options: CardOptions, as_of: date) -> bool:
    trial = result.trial
    if trial.state != "active" or trial.status in OVER:
        return False
    if result.verdict not in ("likely_eligible", "possibly_eligible"):
        return False
    if options.closed_trials == "hide" and not referrable(trial, as_of):
        return False
    return sum(c.outcome != "unknown" for c in computed(result)) >= options.min_decided
