"""The limits that trials set to a measured fact, to be drawn into its chart."""

from dataclasses import dataclass

from cds_service.library import Library
from cds_service.logic import model
from cds_service.logic.words import words
from cds_service.rule_tools.cases import places_of, said


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit in the fact's canonical unit. `side`: whether the limit is one of the value or a multiple of the ULN
    or LLN (`high`, `low`), for which `value` is the multiple."""

    trial: str
    criterion: str
    value: float
    side: str
    text: str

    def at(self, low: float | None, high: float | None) -> float | None:
        """Where it lies, for limits of normal in the canonical unit; None where there is no such limit."""
        if not self.side:
            return self.value
        limit = high if self.side == "high" else low
        return None if limit is None else self.value * limit


_SIDES = {"": "", "x_uln": "high", "x_lln": "low"}


def thresholds(library: Library, fact: str) -> tuple[Threshold, ...]:
    """Every limit of every trial for a fact, in the library's order, each once for each criterion."""
    titles = library.titles()
    found: dict[Threshold, None] = {}
    for trial in library.trials:
        for place, compiled in places_of(trial).items():
            for node in model.walk(compiled.rule) if compiled.rule is not None else ():
                limit = _limit(node, fact)
                if limit is not None:
                    assert isinstance(node, model.Compare)
                    found[Threshold(trial.id, said(place), *limit, words(node, titles))] = None
    return tuple(found)


def _limit(node: model.Rule, fact: str) -> tuple[float, str] | None:
    if not isinstance(node, model.Compare) or node.implied:
        return None
    sides = (node.left, node.right)
    reading = next((side for side in sides if isinstance(side, model.Reading)), None)
    number = next((side for side in sides if isinstance(side, model.Number)), None)
    if reading is None or number is None:
        return None
    for part, side in _SIDES.items():
        if reading.fact.name == (f"{fact}.{part}" if part else fact):
            return number.value, side
    return None
