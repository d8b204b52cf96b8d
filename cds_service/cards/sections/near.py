"""A near miss in words."""

from cds_service.cards.near_miss import NearMiss, Repeat, Wait
from cds_service.cards.sections.sentences import listed, sentence
from cds_service.cards.trial_views import TrialViews
from cds_service.cards.values import Names, is_multiple
from cds_service.logic.words import apart, day_words, words

MOST_ENTRIES = 2
_BEYOND = 1e300
"""An end that large is no end: the fact document has no infinities."""


class NearWords:
    """Says what has to happen with the names that a catalogue gives."""

    def __init__(self, reader: TrialViews, names: Names) -> None:
        self.reader = reader
        self.names = names

    def lines(self, miss: NearMiss) -> tuple[str, ...]:
        """A line for each wait and for the test to repeat."""
        return (*(self._wait(wait) for wait in miss.waits), *(self._repeat(repeat) for repeat in miss.repeats))

    def steps(self, miss: NearMiss) -> tuple[str, ...]:
        """The steps, for the title, the longest first: the test to repeat, and the day from which it can fit."""
        again = f"look again on {miss.until}" if miss.until is not None else ""
        if not miss.repeats:
            return (again,)
        tests = listed([self.names.of(repeat.fact) for repeat in miss.repeats])
        values = listed([f"{self.names.of(repeat.fact)} ({self._value(repeat)})" for repeat in miss.repeats])
        both = [", ".join(filter(None, (f"repeat {said}", again))) for said in (values, tests)]
        return (*both, again or "repeat the test")

    def _wait(self, wait: Wait) -> str:
        """Such as `Biologic within the last 4 weeks (rituximab, 2026-11-05): clears on 2026-12-04`."""
        said = sentence(words(wait.purpose.rule, self.names.titles))
        return f"{said}{self._seen(wait)}: {'reached' if wait.purpose.wanted else 'clears'} on {wait.until}"

    def _seen(self, wait: Wait) -> str:
        """The value on record, in short."""
        shown: dict[str, None] = {}
        for entry in self.reader.deadline.each(self.reader.evidence(wait.purpose.fact)):
            display = (entry.get("code") or {}).get("display")
            text = ", ".join(filter(None, (display, day_words(entry["date"]))))
            if entry["source"] and text:
                shown[text] = None
        return f" ({'; '.join(list(shown)[-MOST_ENTRIES:])})" if shown else ""

    def _repeat(self, repeat: Repeat) -> str:
        return f"Repeat {self.names.of(repeat.fact)}: {self._value(repeat)}"

    def _value(self, repeat: Repeat) -> str:
        flip = repeat.flip
        times = is_multiple(flip.fact)
        unit = f"× {times[1]}" if times else self.names.unit(flip.fact)
        # The unit is said once where value and limit have the same.
        shown = "" if flip.written.endswith(f" {unit}") else unit
        ends = dict.fromkeys(apart(end, flip.limit) for end in (flip.low, flip.high) if abs(end) < _BEYOND)
        return f"{' to '.join(ends)} {shown}".rstrip() + f", needs {flip.said} {flip.written}"
