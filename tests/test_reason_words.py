"""Every reason that an explanation may give has words for people."""

from typing import get_args

from cds_service.explanation import OUTCOME_WORDS, REASON_WORDS, VERDICT_WORDS
from cds_service.facts.fact import Reason
from cds_service.trials import BEST_FIRST, EXCEPTION, SOURCE_GAP


def test_every_reason_has_words() -> None:
    assert {*get_args(Reason), EXCEPTION, SOURCE_GAP} == REASON_WORDS.keys()
    assert not any("_" in words for words in REASON_WORDS.values())


def test_an_exclusion_is_never_said_to_be_passed() -> None:
    assert OUTCOME_WORDS["exclusion"]["pass"] == "not excluded"
    assert VERDICT_WORDS.keys() == set(BEST_FIRST)
