"""Verdicts become CDS Hooks cards (DESIGN section 7)."""

from cds_service.cards.build import cards_for
from cds_service.cards.selection import CardOptions

__all__ = ["CardOptions", "cards_for"]
