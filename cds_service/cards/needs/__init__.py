"""What is missing: the least data that would settle a trial."""

from cds_service.cards.needs.asked import COST, IMPRECISE, Asked, Instead, Missing, Open, Purpose
from cds_service.cards.needs.asking import Asking, all_together, cost
from cds_service.cards.needs.ways import Way, cheapest, together, ways

__all__ = [
    "COST",
    "IMPRECISE",
    "Asked",
    "Asking",
    "Instead",
    "Missing",
    "Open",
    "Purpose",
    "Way",
    "all_together",
    "cheapest",
    "cost",
    "together",
    "ways",
]
