"""Data needs: the least data that would settle a trial."""

from cds_service.cards.needs.answer_sets import Way, cheapest, together, ways
from cds_service.cards.needs.data_needs import COST, IMPRECISE, DataNeed, InPlaceOf, Missing, MissingData, Purpose
from cds_service.cards.needs.finder import NeedFinder, all_together, cost

__all__ = [
    "COST",
    "IMPRECISE",
    "DataNeed",
    "InPlaceOf",
    "Missing",
    "MissingData",
    "NeedFinder",
    "Purpose",
    "Way",
    "all_together",
    "cheapest",
    "cost",
    "together",
    "ways",
]
