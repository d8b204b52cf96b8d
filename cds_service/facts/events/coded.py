"""Which event facts a record entry speaks of: by a code, by a code that only may mean it, or by its text alone.

Words beside a code may take from it what it says for certain: `Rule out SLE` beside M32.9 is no diagnosis.
"""

from collections.abc import Iterable
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.catalogue import Catalogue, CodeSystems, EventResource, EventsFact, Key, ValueSets, keys_of
from cds_service.facts.events.certainty import certainties, role_of
from cds_service.facts.words import WordReader
from cds_service.fhir import CodeableConcept, CodeValue, Coding

Role = Literal["main", "history", "hint", "text"]
_STRENGTH: dict[Role, int] = {"main": 3, "history": 2, "hint": 1, "text": 0}


_MOST_REMEMBERED = 5_000
_MOST_MATCHES = 50_000
_LONGEST = 1_000
_CHARACTERS = 20
"""Characters of a text whose words take about as long to read as anything else that a deadline counts as one."""
_Concepts = tuple[CodeableConcept, ...]
_Said = tuple[_Concepts, tuple[str, ...], _Concepts, _Concepts]
T = TypeVar("T")


class Match(Struct, frozen=True, gc=False):
    """How an entry speaks of a fact. `main` and `history` are certain, `hint` and `text` are not.

    `contested`: it has a code of the fact and a "history of" code as well. `key` is the code that matched.
    """

    role: Role
    contested: bool = False
    coding: Coding | None = None
    key: Key | None = None


class Coded(Struct, frozen=True, gc=False):
    """What can be made of an entry's code: the facts it speaks of, and whether it can be read at all.

    `known`: it has a code of a system that is read here; else there are words at most.
    """

    matches: dict[str, Match]
    readable: bool
    known: bool = False

    @property
    def is_immaterial(self) -> bool:
        """Whether the entry is about something else, for certain."""
        return self.readable and not self.matches


class EventCodes:
    """The value sets of all event facts of one kind of resource, compiled once, so that an entry is matched once."""

    def __init__(
        self,
        resource: EventResource,
        catalogue: Catalogue,
        systems: CodeSystems,
        valuesets: ValueSets,
        words: WordReader,
    ) -> None:
        self._words = words
        self._systems = systems
        self._valuesets = valuesets
        self._remembered: dict[_Said, Coded] = {}
        self._matches_remembered = 0
        self._roles: dict[str, list[tuple[str, Role]]] = {}
        self._any: list[str] = []
        self._unrecognised: list[str] = []
        self._categories: dict[Key, list[str]] = {}
        for spec in catalogue:
            if not isinstance(spec, EventsFact) or spec.resource != resource:
                continue
            roles: tuple[tuple[str | None, Role], ...] = (
                (spec.valueset, "main"),
                (spec.history, "history"),
                (spec.hints, "hint"),
            )
            for set_id, role in roles:
                if set_id is not None:
                    self._roles.setdefault(set_id, []).append((spec.name, role))
            if not spec.valuesets:
                self._any.append(spec.name)
            if spec.unrecognised == "hint":
                self._unrecognised.append(spec.name)
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
        found: dict[str, Match] = {}
        parts: dict[str, Match] = {}
        known = self._codes(deadline.each(outer), found, deadline)
        known_part = self._codes(deadline.each(inner), parts, deadline)
        hints: dict[int, Match] = {}  # one for all the facts that a part speaks of in the same way
        for name, match in parts.items():
            if known and id(match) not in hints:
                hints[id(match)] = replace(match, role="hint")
            found.setdefault(name, hints.get(id(match), match))
        words = _words(deadline.each((*outer, *inner)), texts)
        if known or known_part:
            self._by_words_beside(words, found, deadline)
        else:
            self._by_text(words, found, deadline)
        self._by_category(categories, found)
        for name in self._any:
            found.setdefault(name, Match("main"))
        known = known or known_part
        return Coded(found, known or bool(words), known)

    def _by_words_beside(self, words: list[str], found: dict[str, Match], deadline: Deadline) -> None:
        """Take from matches by code what the words beside it don't leave certain. A code's own name in the value sets
        states no doubt, whatever its words ("pregnancy with history of infertility")."""
        if not found:
            return
        names = {self._valuesets.display(match.key) for match in found.values() if match.key is not None}
        deadline.spend(sum(map(len, words)) // _CHARACTERS)
        said = [self._words.read(text) for text in deadline.each(words) if text not in names]
        uncertain = any(one.doubted or one.disowned for one in said)
        past = any(one.past for one in said)
        if not uncertain and not past:
            return
        changed: dict[int, Match] = {}
        for name, match in found.items():
            if match.role in {"main", "history"} and (uncertain or match.role == "main"):
                new = changed.setdefault(id(match), replace(match, role="hint" if uncertain else "history"))
                found[name] = new

    def _by_text(self, words: list[str], found: dict[str, Match], deadline: Deadline) -> None:
        for text in deadline.each(words):
            deadline.spend(len(text) // _CHARACTERS)
            match = Match("text", coding=Coding(display=text))
            for set_id in self._words.read(text).named:
                for name, _ in self._roles.get(set_id, ()):
                    found.setdefault(name, match)
        match = Match("hint", coding=Coding(display=words[0] if words else None))
        for name in self._unrecognised:
            found.setdefault(name, match)

    def _by_category(self, categories: tuple[CodeableConcept, ...], found: dict[str, Match]) -> None:
        if self._categories:
            match = Match("hint")
            for key in self._systems.keys(coding for concept in categories for coding in concept.coding):
                for name in self._categories.get(key, ()):
                    found.setdefault(name, match)

    def _codes(self, concepts: Iterable[CodeableConcept], found: dict[str, Match], deadline: Deadline) -> bool:
        """Add what the codings match; whether any coding is of a system that is read here."""
        known = False
        for concept in concepts:
            sure = certainties(concept, self._systems)
            for number, coding in enumerate(deadline.each(concept.coding)):
                for key in self._systems.keys((coding,)):
                    known = known or self._systems.is_known(key)
                    matches: dict[Role, Match] = {}  # one for all the facts that the code speaks of in the same way
                    for set_id in self._valuesets.members(key):
                        for name, own in self._roles.get(set_id, ()):
                            role = role_of(own, sure[number]) if sure else own
                            if role is None:
                                continue
                            match = matches.get(role)
                            if match is None:
                                match = matches[role] = Match(role, coding=coding, key=key)
                            _add(found, name, match)
        return known


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


def _add(found: dict[str, Match], name: str, new: Match) -> None:
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


def _rank(match: Match) -> tuple[int, str, str, str]:
    coding = match.coding or Coding()
    return _STRENGTH[match.role], coding.system or "", coding.code or "", coding.display or ""
