"""How the other facts of a criterion must be for one leaf to decide it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cds_service.logic import BoolExpr, Program, Truth3
from tools.boundaries.situation import Documents, Situation, together
from tools.boundaries.views import FactView

MAX_TRIED = 20_000


class Arranger:
    """Looks for such situations of the facts of one criterion."""

    def __init__(self, rule: BoolExpr, views: Mapping[str, FactView], documents: Documents, as_of: date) -> None:
        self._program = Program([rule])
        self._views = views
        self._ways = {name: list(view.ways()) for name, view in views.items()}
        self._documents = documents
        self._as_of = as_of
        self._left = MAX_TRIED

    def truth(self, situation: Situation) -> Truth3:
        """The criterion's truth."""
        facts: Mapping[str, Any] = self._documents.closed(situation)
        return self._program.evaluate(facts, self._as_of).truths[0]

    def ways(self, name: str) -> Sequence[Situation]:
        """The plain situations of a fact."""
        return self._ways[name]

    def decisive(self, name: str, one: Situation, other: Situation, *, strict: bool) -> list[Situation] | None:
        """Situations of the other facts in which the criterion differs between two situations of this fact.

        `strict`: between yes and no; else also between known and unknown, for a rule with `null` in it. A fact is left
        unknown where that does no harm: by monotonicity, whatever it is then, the outcome stays.
        """
        self._left = MAX_TRIED
        return self._search([n for n in self._views if n != name], [], one, other, strict=strict)

    def _search(
        self, names: Sequence[str], chosen: list[Situation], one: Situation, other: Situation, *, strict: bool
    ) -> list[Situation] | None:
        self._left -= 1
        first, second = self.truth(together([*chosen, one])), self.truth(together([*chosen, other]))
        if first is not None and second is not None:
            return chosen if first is not second else None
        if not names or self._left < 0:
            return chosen if not strict and first is not second else None
        for way in self._ways[names[0]]:
            found = self._search(names[1:], [*chosen, way], one, other, strict=strict)
            if found is not None:
                return found
        return None
