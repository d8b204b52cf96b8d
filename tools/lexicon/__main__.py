"""`python -m tools.lexicon --codes TABLE [--write]`: rules/lexicon.txt.gz and rules/expansions/, made again.

A word *tells of* a set where at least 5 % of its uses in the names of all codes lie inside the set (READING.md, section
1); so does a word of the set's phrases. `noise.txt` lists what a reviewer has taken out, `han_telling.json` what tells
in Chinese. A set *lies within* another that holds at least half of its members.
"""

import argparse
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from cds_service.facts import FactReaders, load_facts
from cds_service.facts.catalogue import OWN_NAMES, PREFIX_SYSTEMS, EventsFact, Key, OwnNames
from cds_service.facts.words import load_lexicon, tokens
from cds_service.terminology.spared_names import as_file, spared_names
from tools.lexicon.names import read_names

HERE = Path(__file__).resolve().parent
RULES = HERE.parents[1] / "rules"
TELLING = 0.05
"""Share of a word's uses that lie inside a set (READING.md, section 1)."""
STRONG = 0.5
"""The same of a word that tells of a set even within a phrase of another."""
AT_LEAST = 0.01
"""The same of the most telling word of a name in which none tells."""
WITHIN = 0.5
"""Share of a set's members that lie inside one that it is a part of."""
_ABBREVIATION = 5
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_CATEGORY = 3


class Names:
    """What the names of all codes hold: the uses of each word, in all and by value set, and the words themselves."""

    def __init__(self, knowledge: FactReaders, named: Iterable[tuple[Key, str]]) -> None:
        self.uses: Counter[str] = Counter()
        self.inside: dict[str, Counter[str]] = defaultdict(Counter)
        self.readable: set[str] = set(_ALPHABET)
        self.own: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.members: dict[str, list[frozenset[str]]] = defaultdict(list)
        for key, name in named:
            words = words_of(name)
            self.uses.update(words)
            self.readable |= readable_words(name)
            members = knowledge.valuesets.members(key)
            for set_id in members:
                self.inside[set_id].update(words)
                self.members[set_id].append(words)
            if members or (key[0] in PREFIX_SYSTEMS and len(key[1]) >= _CATEGORY):
                for set_id in knowledge.events.words.read(name).named - members:
                    self.own[key[0]][set_id].add(key[1])

    def telling(self, set_id: str, phrases: Iterable[str], noise: frozenset[str]) -> frozenset[str]:
        """The words that tell of a set; of a name in which none does, the one that does most."""
        inside = self.inside[set_id]
        words = {word for phrase in phrases for word in words_of(phrase)} | inside.keys()
        usable = {word for word in words - noise if len(word) > 1 and not _is_han(word)}
        telling = {word for word in usable if inside[word] >= TELLING * self.uses[word]}
        for name in self.members[set_id]:
            if telling.isdisjoint(name) and not usable.isdisjoint(name):
                best = max(usable & name, key=lambda word: (inside[word] / self.uses[word], word))
                if inside[best] >= AT_LEAST * self.uses[best]:
                    telling.add(best)
        return frozenset(telling)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=Path, help="a gzipped table: system, code, display")
    parser.add_argument("--write", action="store_true", help="write the files; otherwise say what would be in them")
    options = parser.parse_args()
    knowledge, _ = load_facts(RULES)
    names = Names(knowledge, read_names(options.codes, knowledge.systems))
    noise = _listed("noise.txt")
    phrases: dict[str, list[str]] = defaultdict(list)
    for phrase, sets in knowledge.valuesets.phrases().items():
        for set_id in sets:
            phrases[set_id].append(phrase)
    telling = {set_id: names.telling(set_id, phrases[set_id], noise) for set_id in sorted(knowledge.valuesets.ids)}
    words = sorted(names.readable | _listed("everyday.txt") | _listed("noise.txt") | _listed("empty.txt"))
    print(  # noqa: T201  a command's own output
        f"{len(words)} words, {sum(map(len, telling.values()))} telling words of {len(telling)} sets, "
        f"{sum(len(c) for sets in names.own.values() for c in sets.values())} own names"
    )
    if options.write:
        _write_telling(telling, names, within(knowledge))
        _write_own_names(names.own, _spared(knowledge, read_names(options.codes, knowledge.systems)))
        _write_lexicon(words, {})
        _write_lexicon(words, still_telling(load_facts(RULES)[0], read_names(options.codes, knowledge.systems)))


def words_of(name: str) -> frozenset[str]:
    """The words of a name, folded, without numbers and doses ("5mg")."""
    return frozenset(token.word for token in tokens(name) if not token.word[0].isdigit() and token.word != "?")


def readable_words(name: str) -> frozenset[str]:
    """Those of them that are understood wherever they stand: abbreviations in capitals are for the reviewed list."""
    return frozenset(
        token.word
        for token in tokens(name)
        if token.word.isascii() and token.word.isalpha() and not (token.shouted and len(token.word) <= _ABBREVIATION)
    )


def within(knowledge: FactReaders) -> dict[str, list[str]]:
    """By set those others that hold at least half of its members."""
    tables = knowledge.valuesets.tables
    members: Counter[str] = Counter()
    shared: dict[str, Counter[str]] = defaultdict(Counter)
    keys = {
        (system, code)
        for codes in (tables.included.exact, tables.included.prefix)
        for system, listed in codes.items()
        for code in listed
    }
    for key in keys:
        sets = knowledge.valuesets.members(key)
        members.update(sets)
        for set_id in sets:
            shared[set_id].update(sets)
    return {
        set_id: sorted(other for other, count in shared[set_id].items() if other != set_id and count >= WITHIN * total)
        for set_id, total in members.items()
    }


def still_telling(knowledge: FactReaders, named: Iterable[tuple[Key, str]]) -> dict[tuple[str, ...], set[str]]:
    """By harmless entry the sets of which it goes on telling: it hides what tells in the name of a member."""
    roles: dict[str, set[str]] = defaultdict(set)
    for spec in knowledge.catalogue:
        for set_id in spec.valuesets if isinstance(spec, EventsFact) else ():
            roles[set_id].add(spec.name)
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    reader, lexicon = knowledge.events.words, load_lexicon(RULES)[0]
    for key, name in named:
        row = tokens(name)
        places = [places for places, _ in lexicon.harmless(row)]
        members = knowledge.valuesets.members(key) if places else ()
        if members:
            said = reader.read(name)
            facts = {fact for set_id in said.named | said.told | said.denied for fact in roles[set_id]}
            hidden = {set_id for set_id in members if not roles[set_id] <= facts}
            for place in places:
                found[tuple(token.word for token in row[place.start : place.stop])] |= hidden
    return found


def _is_han(word: str) -> bool:
    return any(token.is_han for token in tokens(word))


def _listed(file: str) -> frozenset[str]:
    return frozenset(token.word for line in _lines(file) for token in tokens(line) if not token.is_han)


def _lines(file: str) -> list[str]:
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def _write_lexicon(words: Iterable[str], still: Mapping[tuple[str, ...], Iterable[str]]) -> None:
    parts = [*words, "== abbreviations", *sorted(_listed("abbreviations.txt")), "== han", *_lines("han.txt")]
    parts += ["== empty", *sorted(_listed("empty.txt"))]
    parts.append("== harmless")
    for line in (*_lines("harmless.txt"), *_lines("han_harmless.txt")):
        entry, _, listed = line.partition("\t")
        sets = sorted({*listed.split(), *still.get(tuple(token.word for token in tokens(entry)), ())})
        parts.append(f"{entry}\t{' '.join(sets)}" if sets else entry)
    # mtime 0: the same words give the same bytes.
    (RULES / "lexicon.txt.gz").write_bytes(gzip.compress("\n".join(parts).encode() + b"\n", 9, mtime=0))


def _write_telling(telling: Mapping[str, frozenset[str]], names: Names, around: Mapping[str, Iterable[str]]) -> None:
    folder = RULES / "expansions"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.words"):
        old.unlink()
    han: dict[str, list[str]] = defaultdict(list)
    for morpheme, sets in json.loads((HERE / "han_telling.json").read_text(encoding="utf-8")).items():
        for set_id in sets:
            han[set_id].append(morpheme)
    for set_id, words in telling.items():
        if words or han[set_id]:
            strong = {word for word in words if names.inside[set_id][word] >= STRONG * max(1, names.uses[word])}
            parts = [*sorted(words - strong), "== strong", *sorted(strong), "== han", *sorted(han[set_id])]
            parts += ["== within", *around.get(set_id, ())]
            (folder / f"{set_id}.words").write_text("\n".join(parts) + "\n", encoding="utf-8")


def _spared(knowledge: FactReaders, named: Iterable[tuple[Key, str]]) -> OwnNames:
    """What reading needs of the names of members, and what the file had of it before."""
    known = OwnNames.model_validate_json((RULES / OWN_NAMES).read_bytes())
    return spared_names(knowledge, named, known)


def _write_own_names(own: Mapping[str, Mapping[str, Iterable[str]]], spared: OwnNames) -> None:
    systems = {
        system: {set_id: " ".join(sorted(codes)) for set_id, codes in sorted(sets.items())}
        for system, sets in sorted(own.items())
    }
    content = as_file(spared.model_copy(update={"systems": systems}))
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (RULES / "expansions" / "own-names.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
