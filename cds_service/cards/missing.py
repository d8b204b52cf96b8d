"""Missing data: the smallest set of data that would settle a trial, the cheapest there is.

An undecided criterion is settled in the patient's favour by some sets of data and not by others: "HBsAg positive and
HBV DNA above 1000" by an HBsAg alone, if negative; "creatinine or clearance" by a creatinine. Over all undecided
criteria of a trial the cheapest sets together are taken, a fact that serves several of them once. A test that can be
ordered is cheaper than a score or measurement that somebody has to take, and that is cheaper than a question to be
asked or looked up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cds_service.cards.needs import COST, IMPRECISE, DataNeed, InPlaceOf, Missing, MissingData, Way, all_together
from cds_service.cards.trial_views import TracedCriterion, TrialViews
from cds_service.cards.values import charted
from cds_service.facts.catalogue import DerivedFact
from cds_service.logic import TracedPart

Wanted = tuple[TracedCriterion, Sequence[Way[DataNeed]]]
"""An undecided criterion with the ways to make it pass, the cheapest first."""

_NOTHING: Way[DataNeed] = frozenset()
_OTHER_METHOD = "other_method"


@dataclass(frozen=True, slots=True)
class Searcher:
    """Finds what is missing in one match."""

    reader: TrialViews

    def wanted(self, criteria: Iterable[TracedCriterion]) -> list[Wanted]:
        """The undecided ones among the criteria, each with its ways."""
        return [
            (read, () if read.step is None else self.ways(read.step, read.wanted))
            for read in criteria
            if read.outcome == "unknown"
        ]

    def ways(self, step: TracedPart, wanted: bool) -> tuple[Way[DataNeed], ...]:
        """The ways to make a step come out as wanted by knowing more, the cheapest first."""
        return self.reader.prepared.need_finder.ways(step, wanted, self.reader.reason)

    def settle(self, trials: Sequence[Sequence[Wanted]]) -> list[MissingData]:
        """The data that settle each of the trials, by the cheapest set that settles all of them at once."""
        all_ways = [found for criteria in trials for _, found in criteria if found]
        best = next(iter(all_together(all_ways)), _NOTHING)
        return [
            # A rule that comes out as wanted has a way that needs nothing; if its result still says unknown, data from
            # here would not help.
            MissingData(self._missing(best, criteria), tuple(read.result for read, found in criteria if not any(found)))
            for criteria in trials
        ]

    def _missing(self, best: Way[DataNeed], criteria: Iterable[Wanted]) -> tuple[Missing, ...]:
        """The data of the chosen way, cheapest first, then in the order of the criteria it serves."""
        served: dict[str, list[tuple[str, DataNeed]]] = {}
        for read, found in criteria:
            own = list(next((way for way in found if way <= best), _NOTHING))
            if len(own) > 1:
                own.sort(key=lambda a: (a.purpose.place, a.fact))
            for need in own:
                served.setdefault(need.key, []).append((read.result.criterion.id, need))
        items = [self._item(key, uses) for key, uses in served.items()]
        return tuple(sorted(items, key=lambda item: COST[item.kind]))

    def _item(self, key: str, uses: list[tuple[str, DataNeed]]) -> Missing:
        first = uses[0][1]
        limits = [need.limit for _, need in uses if need.limit is not None]
        return Missing(
            key=key,
            fact=first.fact,
            kind=first.kind,
            reason=first.reason,
            date=self._date(first),
            order=first.order,
            purposes=tuple(dict.fromkeys(need.purpose for _, need in uses)),
            criteria=tuple(dict.fromkeys(criterion for criterion, _ in uses)),
            limit=min(limits, key=self.reader.days, default=None),
            values=self._values(first),
            instead=tuple(dict.fromkeys(found for _, need in uses for found in self._instead(need))),
        )

    def _values(self, need: DataNeed) -> tuple[str, ...]:
        """The values on record that do not settle the need."""
        entries = self.reader.deadline.each(self.reader.evidence(need.ref))
        said = [charted(e) for e in entries if e["name"] == need.ref.name and e["reason"] == need.reason]
        return tuple(dict.fromkeys(filter(None, said)))

    def _instead(self, need: DataNeed) -> Iterator[InPlaceOf]:
        """The entries on record in place of the needed fact, where they are why it is unknown."""
        ref = need.purpose.fact
        if self.reader.reason(ref) != _OTHER_METHOD:
            return
        catalogue = self.reader.match.library.catalogue
        spec = catalogue.facts.get(catalogue.fact_of(ref.name) or ref.name)
        notes = {other.note: other.fact for other in spec.instead} if isinstance(spec, DerivedFact) else {}
        for entry in self.reader.deadline.each(self.reader.evidence(ref)):
            note = entry.get("note") or ""
            if entry["reason"] == _OTHER_METHOD and note in notes:
                yield InPlaceOf(notes[note], charted(entry), entry["date"], note)

    def _date(self, need: DataNeed) -> str | None:
        """The date of the evidence that does not do."""
        entries = self.reader.evidence(need.ref)
        self.reader.deadline.spend(len(entries))
        if need.reason != IMPRECISE:
            entries = [e for e in entries if e["name"] == need.ref.name and e["reason"] is not None][:1]
        dates: list[str] = [e["date"] for e in entries if e["date"]]
        return dates[0] if dates else None
