"""How far each trial is from another verdict: what fails, by how little, and what clears by itself on which day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cds_service.logic.explain import Reason
from cds_service.matching import Match
from cds_service.trials.cases import Place, places_of
from cds_service.workbench.views.outcomes import by_place

FAR = float("inf")


@dataclass(frozen=True, slots=True)
class Near:
    """One reason why a criterion fails. `share` is how far a number is from its limit, as a share of the limit;
    `clears` the day on which time turns it by itself. `failing` is how many criteria of the trial fail."""

    trial: str
    title: str
    place: Place
    text: str
    share: float
    clears: date | None
    failing: int


def nearest(result: Match, most: int = 12) -> tuple[Near, ...]:
    """What fails and can be told how far, of all trials: those with the fewest failing criteria first, then by how
    little. A diagnosis that is simply not there is left out."""
    return tuple(sorted(_all(result), key=lambda n: (n.failing, n.share, n.clears or date.max))[:most])


def _all(result: Match) -> Iterator[Near]:
    closed = result.sheet.document("closed")
    for found in result.trials:
        compiled = result.library.trial(found.trial.id)
        if compiled is None:
            continue
        places = places_of(compiled)
        failing = [(place, c) for place, c in by_place(found) if c.outcome == "fail"]
        for place, _criterion in failing:
            rule = places[place].rule
            if rule is None:
                continue
            for reason in result.library.explainer(rule).reasons(closed, result.as_of):
                share = _share(reason)
                if share < FAR or reason.clears is not None:
                    yield Near(
                        found.trial.id,
                        found.trial.short_title,
                        place,
                        reason.text(),
                        share,
                        reason.clears,
                        len(failing),
                    )


def _share(reason: Reason) -> float:
    flip = reason.flip
    if flip is None:
        return FAR
    gap = max(flip.low - flip.limit, flip.limit - flip.high, 0.0)
    return gap / abs(flip.limit) if flip.limit else gap
