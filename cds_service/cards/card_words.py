"""Words that cards take from a catalogue, the same for every patient; made once and kept."""

from functools import lru_cache, partial

from cds_service.cards.needs import NeedFinder
from cds_service.cards.values import Names
from cds_service.facts import types_read
from cds_service.facts.catalogue import Catalogue
from cds_service.trials import titles_of

_MOST_TYPES = 1_024


class CardWords:
    """The names of facts and the ways to ask for them. Threads share it.

    What is kept here depends on the catalogue, the trials and the rules. What of it depends on a patient is named by
    the truths of a rule's parts and the reasons why facts are unknown, and both are part of the key.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.names = Names(catalogue)
        self.need_finder = NeedFinder(catalogue)
        # By the names of the facts that a trial reads; to work it out takes half a millisecond.
        self.types_read = lru_cache(_MOST_TYPES)(partial(types_read, catalogue))
        self.titles = titles_of(catalogue)


@lru_cache(maxsize=2)
def prepared_for(catalogue: Catalogue) -> CardWords:
    """The words of a catalogue, found by identity. While rules are loaded again there are two."""
    return CardWords(catalogue)
