"""Verdicts become CDS Hooks cards (docs/design.md, section 7; docs/cards.md)."""

from cds_service.cards.build import Card, build_cards, cards_for
from cds_service.cards.detail import DETAIL_LIMIT, FOLD, Detail, DetailSection, Paragraph, as_markdown, as_plain
from cds_service.cards.home import Home
from cds_service.cards.invariants import InvariantError, check_cards, check_undetermined
from cds_service.cards.missing import Searcher
from cds_service.cards.near_miss import NearMiss, Nearness, near_miss
from cds_service.cards.overrides import NON_ADHERENCE, OVERRIDE_REASONS, OWN_REASONS, is_lasting
from cds_service.cards.profiles import PROFILES, STANDARD_PROFILE, ClientProfile, ProfileError, load_profile
from cds_service.cards.seeds import CURRENT, FIRST, MATCH_CLIENT, SeedError, answer_seed
from cds_service.cards.selection import NEAR, CardOptions, CardSelection, may_be_near, may_be_unread, referrable, select
from cds_service.cards.service_request import draft_json
from cds_service.cards.suggestions import CARD_NAMESPACE, REFERRAL, Suggester, is_condition_reference, stable_uuid
from cds_service.cards.summary import TITLE_LIMIT, title, width
from cds_service.cards.text import SUMMARY_LIMIT, as_block, cut, escaped, plain, unlinked, untagged
from cds_service.cards.trial_views import TrialView, TrialViews
from cds_service.cards.values import short
from cds_service.logic.words import age_words, apart, day_words, rounded

__all__ = [
    "CARD_NAMESPACE",
    "CURRENT",
    "DETAIL_LIMIT",
    "FIRST",
    "FOLD",
    "MATCH_CLIENT",
    "NEAR",
    "NON_ADHERENCE",
    "OVERRIDE_REASONS",
    "OWN_REASONS",
    "PROFILES",
    "REFERRAL",
    "STANDARD_PROFILE",
    "SUMMARY_LIMIT",
    "TITLE_LIMIT",
    "Card",
    "CardOptions",
    "CardSelection",
    "ClientProfile",
    "Detail",
    "DetailSection",
    "Home",
    "InvariantError",
    "NearMiss",
    "Nearness",
    "Paragraph",
    "ProfileError",
    "Searcher",
    "SeedError",
    "Suggester",
    "TrialView",
    "TrialViews",
    "age_words",
    "answer_seed",
    "apart",
    "as_block",
    "as_markdown",
    "as_plain",
    "build_cards",
    "cards_for",
    "check_cards",
    "check_undetermined",
    "cut",
    "day_words",
    "draft_json",
    "escaped",
    "is_condition_reference",
    "is_lasting",
    "load_profile",
    "may_be_near",
    "may_be_unread",
    "near_miss",
    "plain",
    "referrable",
    "rounded",
    "select",
    "short",
    "stable_uuid",
    "title",
    "unlinked",
    "untagged",
    "width",
]
