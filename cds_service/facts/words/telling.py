"""Which value sets a word may tell of when no phrase names one, so that an entry with it is not something else.

`rules/expansions/SET.words` holds the telling words of a set, a folded word a line; after a line `== strong` those that
tell of it more often than not, after `== han` Chinese morphemes, and after `== within` the ids of the sets that hold
most of its members. `#` begins a comment. The files are made by tools/lexicon and reviewed like phrases.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cds_service.errors import Finding
from cds_service.facts.catalogue import finding
from cds_service.facts.words.folding import FoldedWord, folded
from cds_service.facts.words.lexicon import sections
from cds_service.rule_files import read_file

FOLDER = "expansions"
_SUFFIX = ".words"
_NOTHING: frozenset[str] = frozenset()
Hits = Sequence[tuple[range, frozenset[str]]]
"""Where phrases stand in a text, and the sets that each names."""


class TellingWords:
    """The telling words and morphemes of all sets, and within which sets each lies."""

    def __init__(
        self,
        words: Mapping[str, Iterable[str]],
        strong: Mapping[str, Iterable[str]],
        han: Mapping[str, Iterable[str]],
        within: Mapping[str, Iterable[str]],
    ) -> None:
        """`words`, `strong` and `han`: by set. `within`: by set the sets of which it is a part."""
        self._words = _by_word({set_id: [*weak, *strong.get(set_id, ())] for set_id, weak in words.items()})
        self._strong = _by_word(strong)
        self._han = _by_word(han)
        self._longest = max(map(len, self._han), default=0)
        self._within = {set_id: frozenset(others) for set_id, others in within.items()}

    def told(self, text: Sequence[FoldedWord], hits: Hits, silent: Hits = ()) -> frozenset[str]:
        """The sets of which a word of the text tells.

        A phrase uses up its words: in "type 2 diabetes" nothing is left that could tell of pregnancy. They go on
        telling of a narrower set ("leukaemia" may be any leukaemia), and of one of which they tell more often than not.
        The words at the places in `silent` tell of nothing
        but of the sets that stand there.
        """
        named: dict[int, frozenset[str]] = {}
        for places, names in hits:
            for place in places:
                named[place] = named.get(place, _NOTHING) | names
        quiet: dict[int, frozenset[str]] = {}
        for places, still in silent:
            for place in places:
                # The words of two entries that overlap go on telling of what both of them leave.
                quiet[place] = still if place not in quiet else quiet[place] & still
        found: set[str] = set()
        for places, sets in self._marks(text):
            used = _NOTHING.union(*(named.get(place, _NOTHING) for place in places))
            whole = all(place in named for place in places)
            heard = sets.intersection(*(quiet[place] for place in places if place in quiet))
            strong = self._strong.get(text[places.start].word, _NOTHING)
            found |= {one for one in heard if not whole or one in strong or self._is_narrower(one, used)}
        return frozenset(found)

    def _is_narrower(self, set_id: str, others: frozenset[str]) -> bool:
        return set_id in others or not others.isdisjoint(self._within.get(set_id, ()))

    def _marks(self, text: Sequence[FoldedWord]) -> Iterable[tuple[range, frozenset[str]]]:
        for place, token in enumerate(text):
            if not token.is_han:
                if token.word in self._words:
                    yield range(place, place + 1), self._words[token.word]
                continue
            row = ""
            for stop in range(place, min(len(text), place + self._longest)):
                if not text[stop].is_han or text[stop].clause != token.clause:
                    break
                row += text[stop].word
                if row in self._han:
                    yield range(place, stop + 1), self._han[row]


def load_telling(rules_dir: Path, *, check: bool = True) -> tuple[TellingWords, tuple[Finding, ...]]:
    """`rules_dir/expansions/*.words`, none of which is required: without them a readable entry tells of what its
    phrases name, and of nothing else. For `check` see `load_lexicon`."""
    words: dict[str, list[str]] = {}
    strong: dict[str, list[str]] = {}
    han: dict[str, list[str]] = {}
    within: dict[str, list[str]] = {}
    findings: list[Finding] = []
    for path in sorted((rules_dir / FOLDER).glob(f"*{_SUFFIX}")):
        name = path.relative_to(rules_dir).as_posix()
        try:
            found = sections(read_file(path)[0].decode().splitlines())
        except (OSError, UnicodeError) as problem:
            findings.append(
                finding("words-unreadable", name, "", getattr(problem, "strerror", None) or type(problem).__name__)
            )
            continue
        set_id = path.name.removesuffix(_SUFFIX)
        words[set_id], strong[set_id] = found.get("", []), found.get("strong", [])
        han[set_id], within[set_id] = found.get("han", []), found.get("within", [])
        listed = (*words[set_id], *strong[set_id]) if check else ()
        odd = [word for word in listed if word != folded(word)]
        if odd:
            findings.append(finding("lexicon-not-folded", name, "", f"{odd[0]!r}, of {len(odd)}"))
    return TellingWords(words, strong, han, within), tuple(findings)


def _by_word(sets: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for set_id, words in sets.items():
        for word in words:
            found.setdefault(word, set()).add(set_id)
    return {word: frozenset(ids) for word, ids in found.items()}
