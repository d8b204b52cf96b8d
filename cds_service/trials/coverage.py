"""Coverage: how many criteria of a trial a rule decides, and how many a person. Computed from the trial file."""

from dataclasses import dataclass
from typing import Literal

from cds_service.trials.model import Criterion, Trial

Decides = Literal["logic", "logic and review", "screen", "review"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Numbers of criteria. One that several cohorts share counts once.

    `confirmed` are those of the `computed` whose pass a person confirms. `screened` and `by_hand` have no logic; the
    former show what is on record.
    """

    criteria: int
    computed: int
    confirmed: int
    screened: int
    by_hand: int

    def text(self) -> str:
        """Such as `31 criteria: 26 computed (10 of them to be confirmed), 0 screened, 5 left to a person`."""
        confirmed = f" ({self.confirmed} of them to be confirmed)" if self.confirmed else ""
        rest = f"{self.screened} screened, {self.by_hand} left to a person"
        return f"{self.criteria} criteria: {self.computed} computed{confirmed}, {rest}"


def decides(criterion: Criterion) -> Decides:
    """Who decides a criterion: a rule, a rule and a person, or a person (with or without a screen)."""
    if criterion.has_logic:
        return "logic and review" if criterion.review is not None else "logic"
    return "screen" if criterion.has_screen else "review"


def coverage_of(trial: Trial) -> Coverage:
    """Count the criteria of a trial and its cohorts."""
    kinds = {criterion.id: decides(criterion) for criterion in trial.all_criteria()}
    count = {kind: sum(found == kind for found in kinds.values()) for kind in ("logic", "screen", "review")}
    confirmed = sum(found == "logic and review" for found in kinds.values())
    return Coverage(len(kinds), count["logic"] + confirmed, confirmed, count["screen"], count["review"])
