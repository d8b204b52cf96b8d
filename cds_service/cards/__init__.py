"""Verdicts become CDS Hooks cards (DESIGN section 7; docs/cards.md)."""

from cds_service.cards.build import Card, cards_for, deck_for
from cds_service.cards.near_miss import Nearness
from cds_service.cards.profiles import PROFILES, ClientProfile, ProfileError, load_profile
from cds_service.cards.selection import CardOptions

__all__ = [
    "PROFILES",
    "Card",
    "CardOptions",
    "ClientProfile",
    "Nearness",
    "ProfileError",
    "cards_for",
    "deck_for",
    "load_profile",
]
