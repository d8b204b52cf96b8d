"""How near each trial is to another verdict: by how little, and what time turns by itself on which day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cds_service.logic import Reason, reasons_of
from cds_service.matching import Match
from cds_service.rule_tools.cases import Place, places_of
from cds_service.trials import TrialResult
from cds_service.workbench.views.outcomes import by_place, said

FAR = float("inf")
Turn = Literal["fail", "pass"]


@dataclass(frozen=True, slots=True)
class OutcomeReason:
    """One reason why a criterion comes out as it does. `share` is how far a number is from the limit, as a share of it;
    `clears` the day on which time turns it by itself. `failing` is how many criteria of the trial fail."""

    trial: str
    title: str
    place: Place
    text: str
    share: float
    clears: date | None
    failing: int


def nearest(result: Match, outcome: Turn, most: int = 12) -> tuple[OutcomeReason, ...]:
    """What could turn soonest: of trials that fail (`fail`) what keeps them from fitting, those with the fewest failing
    criteria first; of the others (`pass`) what they fit by. What is no matter of degree or of time is left out."""
    found = (near for trial in result.trials for near in _of(trial, result, outcome))
    return tuple(sorted(found, key=lambda n: (n.failing, n.share, n.clears or date.max))[:most])


def _of(found: TrialResult, result: Match, outcome: Turn) -> Iterator[OutcomeReason]:
    compiled = result.library.trial(found.trial.id)
    if compiled is None or (outcome == "fail") != (found.verdict == "not_eligible"):
        return
    closed = result.sheet.document("closed")
    document = result.library.compiled.document(closed, result.as_of)
    steps = dict(zip(places_of(compiled), compiled.explainer.explain(document), strict=True))
    failing = sum(c.outcome == "fail" for _, c in by_place(found))
    for place, criterion in by_place(found):
        step = steps[place]
        if step is None or criterion.outcome != outcome:
            continue
        for reason in reasons_of(step, closed, result.as_of):
            share = _share(reason)
            if share < FAR or reason.clears is not None:
                text = said(reason, result, fails=outcome == "fail")
                yield OutcomeReason(found.trial.id, found.trial.short_title, place, text, share, reason.clears, failing)


def _share(reason: Reason) -> float:
    flip = reason.flip
    # Nobody grows younger.
    if flip is None or (flip.fact == "patient.age" and flip.relation in "<≤"):
        return FAR
    gap = max(flip.low - flip.limit, flip.limit - flip.high, 0.0)
    return gap / abs(flip.limit) if flip.limit else gap
