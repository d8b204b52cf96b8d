"""What the words of one entry say of the value sets: which a phrase names, and whether that is denied, doubted or past.

Only a hint ever follows from words, never a match: a person confirms what a code does not say.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cds_service.facts.words.cues import Cue, Cues
from cds_service.facts.words.folding import LONGEST, FoldedWord, tokens, without_tag
from cds_service.facts.words.lexicon import Lexicon
from cds_service.facts.words.telling import TellingWords

_DENYING = frozenset[Cue]({"denied", "others"})
_Row = tuple[str, ...]
_NOTHING: frozenset[str] = frozenset()


class EntryWords(Struct, frozen=True, gc=False):
    """`named`: the value sets that a phrase in the words names. `denied`: those that are named only as denied, or as
    somebody else's. `doubted`, `disowned` and `past`: whether the words as a whole say that it is so. `readable`: every
    word is understood. `told`: the value sets of which a word tells though no phrase names them."""

    named: frozenset[str] = _NOTHING
    denied: frozenset[str] = _NOTHING
    doubted: bool = False
    disowned: bool = False
    past: bool = False
    readable: bool = False
    told: frozenset[str] = _NOTHING

    @property
    def is_understood(self) -> bool:
        """Whether nothing in the words stays open."""
        return self.readable and not self.told


class PhraseIndex:
    """Phrases, each naming some value sets, found as whole words (in Chinese: as rows of characters)."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        merged: dict[_Row, set[str]] = {}
        for phrase, names in phrases.items():
            row = tuple(token.word for token in tokens(phrase))
            if row:
                merged.setdefault(row, set()).update(names)
        # By their first two words: of hundreds that begin with "acute" few go on with the same word.
        self._by_start: dict[_Row, list[tuple[_Row, frozenset[str]]]] = {}
        for row, found in merged.items():
            self._by_start.setdefault(row[:2], []).append((row, frozenset(found)))

    def find(self, text: tuple[FoldedWord, ...]) -> list[tuple[range, frozenset[str]]]:
        """Where each phrase stands in the text, and what it names."""
        words = tuple(token.word for token in text)
        return [
            (range(start, start + len(row)), names)
            for start in range(len(words))
            for begin in (words[start : start + 1], words[start : start + 2])
            for row, names in self._by_start.get(begin, ())
            if (len(row) > 1 or len(begin) == 1) and words[start : start + len(row)] == row
        ]


class WordReader:
    """Reads words by the phrases of all value sets, by the cues beside them, and by what each word may tell of."""

    def __init__(
        self,
        phrases: PhraseIndex,
        cues: Cues,
        lexicon: Lexicon,
        telling: TellingWords,
        answered: Mapping[str, Iterable[str]],
    ) -> None:
        """`answered`: whole texts of which a person has said which value sets they name, or that they name none."""
        self._phrases = phrases
        self._cues = cues
        self._lexicon = lexicon
        self._telling = telling
        self._answered: dict[_Row, frozenset[str]] = {}
        for text, names in answered.items():
            row = tuple(token.word for token in tokens(text))
            if row:
                self._answered[row] = self._answered.get(row, _NOTHING) | frozenset(names)

    def read(self, text: str) -> EntryWords:
        """What one text says. No phrase runs from one text into the next, so each is read by itself."""
        text = without_tag(text)
        row = self._lexicon.whole(tokens(text), len(text))
        whole = len(text) <= LONGEST  # else nobody has said what comes after
        answer = self._answered.get(tuple(token.word for token in row)) if whole else None
        marks, cues = self._cues.marks(row)
        named: set[str] = set()
        denied: set[str] = set()
        others = self._cues.other_things(row)
        every = self._phrases.find(row)
        hits = [hit for hit in every if others.isdisjoint(hit[0])]
        sure = self._surely_denied([places for places, _ in hits], marks, self._cues.beside(cues, len(row)))
        for places, names in hits:
            (denied if sure.issuperset(places) else named).update(names)
        content = [marks[place] for place in range(len(row)) if place not in cues]
        phrased = frozenset[int]().union(*(hit[0] for hit in every))
        mute = [(range(place, place + 1), _NOTHING) for place in others | cues | sure]
        read = EntryWords(
            named=frozenset(named),
            denied=frozenset(denied - named),
            doubted=bool(content) and all("doubted" in one for one in content),
            disowned=bool(content) and all(one & _DENYING for one in content),
            past=bool(content) and all("past" in one for one in content),
            readable=self._lexicon.readable(row, phrased | cues | others),
            told=self._telling.told(row, hits, [*self._lexicon.harmless(row), *mute]) - named,
        )
        # What a person said of all the words goes before what single ones tell of; a doubt in them stays one.
        return read if answer is None else replace(read, named=answer, denied=_NOTHING, readable=True, told=_NOTHING)

    @staticmethod
    def _surely_denied(
        hits: Iterable[range], marks: Sequence[frozenset[Cue]], beside: frozenset[int]
    ) -> frozenset[int]:
        """The places of phrases that are denied and stand right beside a cue. `Breast cancer HER2 negative` and `no
        recurrence of breast cancer` deny something else of a disease that is there."""
        return frozenset(
            place
            for places in hits
            if (places.start in beside or places.stop - 1 in beside)
            and all(marks[place] & _DENYING and "doubted" not in marks[place] for place in places)
            for place in places
        )
