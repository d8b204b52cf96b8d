"""What an entry of the record is to each event fact: the one place where that is decided (READING.md, section 1).

| role | the entry is | what follows |
|---|---|---|
| `main` | a match: a code of the fact, and nothing against it | it counts |
| `history` | a match of which a code or words only say that it once was | it counts as past |
| `hint` | a code that only may mean it, or a match with a doubt beside it | unknown, `unconfirmed` |
| `text` | words that name it | unknown, `uncoded_mention` |
| `unread` | words of which one may tell of it, or which are not understood; or neither a code nor words | unknown |
| `unread` | a code that may be one of the fact: its value set has lost an expansion (`ValueSets.open_to`) | unknown |
| `by_words` | something else, as its words say, all of which are understood | nothing |
| `else` | something else: its code has its place in its system, outside the fact | nothing |

Words beside a code may take from it what it says for certain: `Rule out SLE` beside M32.9 is no diagnosis.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.catalogue import (
    BY_SET,
    ICD9CM,
    Catalogue,
    CodeSystems,
    EventResource,
    EventsFact,
    JudgedCodes,
    Key,
    Reading,
    ValueSets,
    keys_of,
)
from cds_service.facts.events.certainty import certainties, role_of
from cds_service.facts.words import EntryWords, WordReader
from cds_service.fhir import CodeableConcept, CodeValue, Coding

Role = Literal["main", "history", "hint", "text", "unread", "by_words", "else"]
_STRENGTH: dict[Role, int] = {"main": 4, "history": 3, "hint": 2, "text": 1, "unread": 0, "by_words": 0, "else": 0}


_MOST_REMEMBERED = 5_000
_MOST_MATCHES = 50_000
_LONGEST = 1_000
_SEVERAL = 2
_CHARACTERS = 20
"""Characters of a text whose words take about as long to read as anything else that a deadline counts as one."""
_Concepts = tuple[CodeableConcept, ...]
_Said = tuple[_Concepts, tuple[str, ...], _Concepts, _Concepts]
T = TypeVar("T")


class CodeMatch(Struct, frozen=True, gc=False):
    """What an entry is to a fact. `main` and `history` are certain, `hint`, `text` and `unread` are not.

    `contested`: it has a code of the fact and a "history of" code as well. `coding` is what says so, a code or words;
    `key` is the code that matched.
    """

    role: Role
    contested: bool = False
    coding: Coding | None = None
    key: Key | None = None


SOMETHING_ELSE = CodeMatch("else")


class Coded(Struct, frozen=True, gc=False):
    """What an entry is to every fact of its kind: `matches` by name, and `rest` to all the others.

    `rest` is `unread`, `by_words` or `else`. `by_code`: a code has its place, for all facts. `open_texts`: those of its
    texts that are not surely understood; none where a code has its place.
    """

    matches: dict[str, CodeMatch]
    rest: CodeMatch = SOMETHING_ELSE
    open_texts: tuple[str, ...] = ()
    by_code: bool = True

    def to(self, name: str) -> CodeMatch:
        """What the entry is to a fact."""
        return self.matches.get(name, self.rest)

    @property
    def is_unread(self) -> bool:
        """Whether it may be about anything, and nothing is known of it."""
        return self.rest.role == "unread"


class EventCodes:
    """The value sets of all event facts of one kind of resource, compiled once, so that an entry is matched once."""

    def __init__(
        self,
        resource: EventResource,
        catalogue: Catalogue,
        systems: CodeSystems,
        valuesets: ValueSets,
        *,
        words: WordReader,
        judged: JudgedCodes,
    ) -> None:
        self._words = words
        self._judged = judged
        self._systems = systems
        self._valuesets = valuesets
        self._remembered: dict[_Said, Coded] = {}
        self._matches_remembered = 0
        self._is_operation = resource == "Procedure"
        self._roles: dict[str, list[tuple[str, Role]]] = {}
        self._made_with: dict[str, set[str]] = {system: set() for system in BY_SET}
        self._any: list[str] = []
        self._whatever: list[str] = []
        self._uncoded: list[str] = []
        self._categories: dict[Key, list[str]] = {}
        for spec in catalogue:
            if not isinstance(spec, EventsFact) or spec.resource != resource:
                continue
            roles: tuple[tuple[str | None, Role], ...] = (
                (spec.valueset, "main"),
                (spec.history, "history"),
                (spec.hints, "hint"),
                (spec.excepted, "else"),
            )
            for set_id, role in roles:
                if set_id is not None:
                    self._roles.setdefault(set_id, []).append((spec.name, role))
            for system, sets in valuesets.made_with.items():
                if not sets.isdisjoint(spec.valuesets):
                    self._made_with[system].add(spec.name)
            if not spec.valuesets:
                self._any.append(spec.name)
            if spec.unrecognised == "counts":
                self._whatever.append(spec.name)
            elif spec.unrecognised == "hint":
                self._uncoded.append(spec.name)
            for key in keys_of(spec.hint_category, systems):
                self._categories.setdefault(key, []).append(spec.name)

    def read(
        self,
        concepts: Iterable[CodeableConcept | None],
        *,
        texts: Iterable[str | None] = (),
        weaker: Iterable[CodeableConcept | None] = (),
        categories: Iterable[CodeableConcept | None] = (),
        deadline: Deadline = NEVER,
    ) -> Coded:
        """Match an entry. `texts` are more words about what it is; a code in `weaker` is no more than a hint where a
        code in `concepts` is known and says something else; `categories` are those of a Procedure. Raises `OutOfTime`.
        """
        # The same few drugs and diseases come again and again, within a record and from one to the next.
        said = (_given(concepts), _given(texts), _given(weaker), _given(categories))
        coded = self._remembered.get(said)
        if coded is None:
            coded = self._read(*said, deadline=deadline)
            matches = self._matches_remembered + len(coded.matches)
            if len(self._remembered) < _MOST_REMEMBERED and matches <= _MOST_MATCHES and _is_short(said):
                self._remembered[said] = coded
                self._matches_remembered = matches
        return coded

    def _read(
        self,
        outer: tuple[CodeableConcept, ...],
        texts: tuple[str, ...],
        inner: tuple[CodeableConcept, ...],
        categories: tuple[CodeableConcept, ...],
        *,
        deadline: Deadline,
    ) -> Coded:
        if any(set(certainties(concept, self._systems)) == {"refuted"} for concept in outer):
            return Coded({})  # somebody wrote down that it is not so, and the words say what is not
        found: dict[str, CodeMatch] = {}
        parts: dict[str, CodeMatch] = {}
        keys = self._codes(deadline.each(outer), found, deadline)
        part_keys = self._codes(deadline.each(inner), parts, deadline)
        is_known = any(map(self._is_known, keys))
        hints: dict[int, CodeMatch] = {}  # one for all the facts that a part speaks of in the same way
        for name, match in parts.items():
            if is_known and id(match) not in hints:
                hints[id(match)] = replace(match, role="hint")
            found.setdefault(name, hints.get(id(match), match))
        keys += part_keys
        words = _words(deadline.each((*outer, *inner)), texts)
        deadline.spend(sum(map(len, words)) // _CHARACTERS)
        said = {text: self._words.read(text) for text in deadline.each(words)}
        self._doubt(said, found)
        self._by_text(said, keys, found)
        first = min((coding for concept in (*outer, *inner) for coding in concept.coding), key=_place, default=Coding())
        by_code, rest = self._rest(first, keys, said, found)
        self._by_category(categories, found)
        excepted = self._not_known(keys, first, found)
        self._whatever_it_is(keys, said, found)
        found.update({name: match for name, match in excepted.items() if found[name].key is None})
        open_texts = tuple(text for text, one in said.items() if not by_code and not one.is_understood)
        return Coded(found, rest, open_texts, by_code)

    def _whatever_it_is(self, keys: list[Reading], said: dict[str, EntryWords], found: dict[str, CodeMatch]) -> None:
        """Add the facts for which an entry counts that speaks of nothing else."""
        for name in self._any:
            found.setdefault(name, CodeMatch("main"))
        if self._whatever:
            disowned = any(words.disowned or words.doubted for words in said.values())
            match = CodeMatch("hint" if disowned else "main", coding=Coding(display="; ".join(said) or None))
            for name in self._whatever:
                if name not in found or found[name].role == "unread":
                    found[name] = match
        if self._uncoded and not any(map(self._is_known, keys)):
            match = CodeMatch("hint", coding=Coding(display="; ".join(said) or None))
            for name in self._uncoded:
                found.setdefault(name, match)

    def _doubt(self, said: dict[str, EntryWords], found: dict[str, CodeMatch]) -> None:
        """Take from matches by code what the words beside it don't leave certain. A code's own name in the value sets
        states no doubt, whatever its words ("pregnancy with history of infertility")."""
        if not found:
            return
        keys = {match.key for match in found.values() if match.key is not None}
        heard = [one for text, one in said.items() if not any(self._valuesets.is_own_name(key, text) for key in keys)]
        uncertain = any(one.doubted or one.disowned for one in heard)
        past = any(one.past for one in heard)
        if not uncertain and not past:
            return
        changed: dict[int, CodeMatch] = {}
        for name, match in found.items():
            if match.role in {"main", "history"} and (uncertain or match.role == "main"):
                new = changed.setdefault(id(match), replace(match, role="hint" if uncertain else "history"))
                found[name] = new

    def _by_text(self, said: dict[str, EntryWords], keys: list[Reading], found: dict[str, CodeMatch]) -> None:
        """Add what phrases name. What a code's own name holds says no more than the code."""
        own = frozenset[str]().union(*(self._valuesets.named_by(key) for key, how in keys if how != "perhaps"))
        for text, words in said.items():
            match = CodeMatch("text", coding=Coding(display=text))
            for set_id in words.named - own:
                for name, _ in self._roles.get(set_id, ()):
                    found.setdefault(name, match)

    def _is_known(self, reading: Reading) -> bool:
        return reading.how != "perhaps" and self._systems.is_known(reading.key)

    def _has_its_place(self, reading: Reading) -> bool:
        """Whether a code says what the entry is not. What is a kind of a listed code may be one that is not listed."""
        key, how = reading
        if how == "perhaps":
            return False
        return self._judged.is_judged(key) or (how != "kind" and self._valuesets.lists(key))

    def _rest(
        self, coding: Coding, keys: list[Reading], said: dict[str, EntryWords], found: dict[str, CodeMatch]
    ) -> tuple[bool, CodeMatch]:
        """Whether a code has its place for all facts, and what the entry is to the facts of which neither a code nor a
        phrase speaks. `coding` is its first one."""
        known = [reading.key for reading in keys if self._has_its_place(reading)]
        judged = [key for key in known if not self._judged.says_nothing(key) or not said]
        if not self._roles or any(key[0] not in BY_SET for key in judged):
            return True, SOMETHING_ELSE
        placed = set[str]().union(*(self._made_with[key[0]] for key in judged if self._judged.is_judged(key)))
        shown = replace(coding, display="; ".join(said) or None)
        match = CodeMatch("unread", coding=shown)
        if said and all(words.readable for words in said.values()):
            told = frozenset[str]().union(*(words.told for words in said.values()))
            names = [name for set_id in sorted(told) for name, _ in self._roles.get(set_id, ())]
            rest = CodeMatch("by_words", coding=shown)
        else:
            names = [name for roles in self._roles.values() for name, _ in roles] if placed else []
            rest = match
        for name in names:
            if name not in placed:
                found.setdefault(name, match)
        return False, CodeMatch("else", coding=shown) if placed else rest

    def _not_known(self, keys: list[Reading], coding: Coding, found: dict[str, CodeMatch]) -> dict[str, CodeMatch]:
        """Add the facts with a value set of which nobody knows whether it holds one of the codes: to them the entry is
        unread, whatever it is to others. Those that may have to leave it out are given back."""
        excepted: dict[str, CodeMatch] = {}
        match = CodeMatch("unread", coding=coding)
        sets = (self._valuesets.open_to(key) for key, how in keys if how != "perhaps")
        for set_id in frozenset[str]().union(*sets):
            for name, role in self._roles.get(set_id, ()):
                found.setdefault(name, match)
                if role == "else":
                    excepted[name] = match
        return excepted

    def _by_category(self, categories: tuple[CodeableConcept, ...], found: dict[str, CodeMatch]) -> None:
        if self._categories:
            match = CodeMatch("hint")
            for key in self._systems.keys(coding for concept in categories for coding in concept.coding):
                for name in self._categories.get(key, ()):
                    found.setdefault(name, match)

    def _speaks_of(self, key: Key, how: str) -> Iterator[tuple[str, Role]]:
        """The facts of which a code speaks, and how: one above a member, that may stand for one, or that a map only
        relates to one, is a hint."""
        perhaps = how == "perhaps"
        for set_id in self._valuesets.members(key):
            for name, role in self._roles.get(set_id, ()):
                if not perhaps:
                    yield name, role
                elif role != "else":
                    yield name, "hint"
        hinted = ("main", "history", "hint") if key[0] == ICD9CM else ("main",)
        for set_id in self._valuesets.above(key):
            for name, role in self._roles.get(set_id, ()):
                if role in hinted:
                    yield name, "hint"

    def _codes(
        self, concepts: Iterable[CodeableConcept], found: dict[str, CodeMatch], deadline: Deadline
    ) -> list[Reading]:
        """Add what the codings match; all that they are."""
        keys: list[Reading] = []
        for concept in concepts:
            sure = certainties(concept, self._systems)
            for number, coding in enumerate(deadline.each(concept.coding)):
                readings = self._systems.readings(coding, operation=self._is_operation)
                keys += self._placed(readings)
                for key, how in readings:
                    matches: dict[Role, CodeMatch] = {}  # one for all the facts that the code speaks of in the same way
                    for name, own in self._speaks_of(key, how):
                        role = role_of(own, sure[number]) if sure else own
                        if role is None:
                            continue
                        match = matches.get(role)
                        if match is None:
                            match = matches[role] = CodeMatch(role, coding=coding, key=key)
                        _add(found, name, match)
        return keys

    def _placed(self, readings: tuple[Reading, ...]) -> Iterable[Reading]:
        """What a coding says that the entry is not. Of several codes written into one that is nothing, where one of
        them has no place of its own."""
        own = [one for one in readings if one.how == "own"]
        if len(own) < _SEVERAL or all(map(self._has_its_place, own)):
            return readings
        return [one._replace(how="perhaps") for one in readings]


def _is_short(said: _Said) -> bool:
    """Whether this may be remembered: what is remembered must not grow with what somebody sends."""
    concepts, texts, weaker, categories = said
    if sum(map(len, said)) > _LONGEST or any(len(c.coding) > _LONGEST for c in (*concepts, *weaker, *categories)):
        return False
    every = [coding for concept in (*concepts, *weaker, *categories) for coding in concept.coding]
    size = sum(
        len(text or "") for coding in every for text in (coding.system, coding.version, coding.code, coding.display)
    )
    extensions = [one for coding in every for one in coding.extension[:_LONGEST]]
    size += sum(1 + len(one.url or "") + len((one.value_coding or CodeValue()).code or "") for one in extensions)
    size += sum(len(concept.text or "") for concept in (*concepts, *weaker, *categories)) + sum(map(len, texts))
    return size <= _LONGEST


def _given(items: Iterable[T | None]) -> tuple[T, ...]:
    return tuple([item for item in items if item is not None])


def _words(concepts: Iterable[CodeableConcept], texts: Iterable[str]) -> list[str]:
    """Every text of the concepts and the further ones, in an order that does not depend on theirs."""
    every = set(texts)
    for concept in concepts:
        every |= {text for text in (concept.text, *(coding.display for coding in concept.coding)) if text}
    return sorted(text for text in every if text.strip())


def _add(found: dict[str, CodeMatch], name: str, new: CodeMatch) -> None:
    """Keep the stronger match, the same whatever the order of the codings."""
    old = found.get(name)
    if old is None:
        found[name] = new
        return
    if old is new:
        return
    contested = old.contested or new.contested or {old.role, new.role} == {"main", "history"}
    better = max(old, new, key=_rank)
    found[name] = better if contested == better.contested else replace(better, contested=contested)


def _place(coding: Coding) -> tuple[str, str]:
    return coding.system or "", coding.code or ""


def _rank(match: CodeMatch) -> tuple[int, str, str, str]:
    coding = match.coding or Coding()
    return _STRENGTH[match.role], coding.system or "", coding.code or "", coding.display or ""
