"""The title of a card, which a clinician reads in ten seconds: the verdict, the trial, and the one thing to do next."""

import unicodedata

from cds_service.cards.text import cut, plain
from cds_service.trials import Trial

TITLE_LIMIT = 66
"""Half-width characters: two lines of a panel of 320 px in a wide bold face of 15 px (DejaVu Sans). CDS Hooks allows
more (`text.SUMMARY_LIMIT`)."""
_LEAST_NAME = 12
"""What is left of a trial's name at least."""


def title(verdict: str, trial: Trial, *steps: str) -> str:
    """`May fit: NK510 in refractory SLE – order ANA titre (+4 more)`.

    `steps` say the one thing to do, the longest first: the first that there is room for is taken. Where there is none
    for any, the last one is, and the trial's name is cut.
    """
    name = name_of(trial)
    for step in steps:
        text = plain(f"{verdict}: {name} – {step}")
        if width(text) <= TITLE_LIMIT:
            return text
    step = plain(steps[-1], TITLE_LIMIT - _LEAST_NAME - len(f"{verdict}:  – "))
    room = max(_LEAST_NAME, TITLE_LIMIT - width(f"{verdict}:  – {step}"))
    shown = cut(name, room)
    while width(shown) > room:
        shown = cut(name, len(shown) - 1)
    return f"{verdict}: {shown} – {step}"


def name_of(trial: Trial) -> str:
    """The name of a trial in a line: its short title, or its number where that shows nothing."""
    return plain(trial.short_title) or trial.id


def width(text: str) -> int:
    """The width in half-width characters: those of East Asia take two (https://www.unicode.org/reports/tr11/)."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in ("W", "F") else 1 for char in text)
