"""Entries that name nothing: `not asked`, `no information`, `none known` (`rules/facts/no_information.json`).

No information is not none (docs/design.md, 4a): where the record says that nothing is known of a
kind, that kind is incomplete, and nothing of it may be presumed absent. `None known` is something else than whatever is
looked for.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import Code, CodeSystems, EventResource, Key, is_short
from cds_service.facts.words import tokens
from cds_service.fhir import CodeableConcept, Coding
from cds_service.rule_files import invalid, is_there, read_json

_FILE = "facts/no_information.json"
_MOST_REMEMBERED = 50_000
_LONGEST = 100
"""Characters of the longest text that is compared. No listed one is nearly as long."""

What = Literal["unknown", "none", "part"]
"""Nothing is known of a kind; there is none of it; there is none of a part of it (no known *food* allergy)."""
Kinds = frozenset[EventResource]
_STRENGTH: Mapping[What, int] = {"unknown": 2, "none": 1, "part": 0}
_Words = tuple[str, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Statement(Code):
    kinds: tuple[EventResource, ...] = Field(default=(), description="What it is about; none: the kind of the entry.")


class _Statements(_Strict):
    codes: tuple[_Statement, ...] = ()
    words: dict[str, tuple[str, ...]] = Field(
        default={}, description="By language: texts that say so where they stand alone."
    )


class NoInformationTable(_Strict):
    """`rules/facts/no_information.json`: what stands in place of an entry, and the sections that list each kind."""

    schema_: str = Field(default="", alias="$schema")
    unknown: _Statements = Field(default=_Statements(), description="Nothing is known: the kind is incomplete.")
    none: _Statements = Field(default=_Statements(), description="There is none of the kind.")
    none_of_a_part: _Statements = Field(default=_Statements(), description="There is none of a part of the kind.")
    fillers: tuple[Code, ...] = Field(
        default=(), description="What stands where there is no code, such as null flavours. Words beside it decide."
    )
    sections: dict[EventResource, tuple[Code, ...]] = Field(
        default={}, description="The codes of a document's sections, and of Lists, that list each kind."
    )


class NoInformationStatement(Struct, frozen=True, gc=False):
    """What an entry says in place of naming something.

    `kinds`: what that is about; empty for the kind of the entry. `alone`: the entry names nothing besides.
    """

    what: What
    kinds: Kinds = frozenset()
    alone: bool = True


_FILLER, _KNOWN, _FOREIGN = "filler", "known", "foreign"


class NoInformation:
    """The table as look-ups."""

    def __init__(self, table: NoInformationTable, systems: CodeSystems) -> None:
        self._systems = systems
        self._codes: dict[Key, tuple[What, Kinds]] = {}
        self._words: dict[_Words, What] = {}
        listed: tuple[tuple[What, _Statements], ...] = (
            ("part", table.none_of_a_part),
            ("none", table.none),
            ("unknown", table.unknown),
        )
        for what, statements in listed:
            for code in statements.codes:
                self._codes.update((key, (what, frozenset(code.kinds))) for key in self._keys(code))
            for texts in statements.words.values():
                self._words.update((_folded(text), what) for text in texts)
        self._fillers = frozenset(key for code in table.fillers for key in self._keys(code))
        self._filler_names = frozenset(_folded(code.display) for code in table.fillers)
        self._sections: dict[Key, set[EventResource]] = {}
        for kind, codes in table.sections.items():
            for one in codes:
                for key in self._keys(one):
                    self._sections.setdefault(key, set()).add(kind)
        self._remembered: dict[tuple[str | None, str | None], str | tuple[What, Kinds]] = {}

    def of(
        self, concepts: Iterable[CodeableConcept | None], texts: Iterable[str | None] = ()
    ) -> NoInformationStatement | None:
        """What an entry with these codes and texts says in place of naming something; nearly always nothing."""
        found: list[tuple[What, Kinds]] = []
        words: list[str | None] = list(texts)
        known = filled = False
        for concept in concepts:
            if concept is None:
                continue
            for coding in concept.coding:
                said = self._look_up(coding)
                if said is _KNOWN:
                    known = True
                elif said is _FILLER:
                    filled = True
                elif isinstance(said, tuple):
                    found.append(said)
                else:
                    words.append(coding.display)
            words.append(concept.text)
        if found:
            what, kinds = max(found, key=lambda one: (_STRENGTH[one[0]], sorted(one[1])))
            return NoInformationStatement(what, kinds, alone=not known)
        return None if known else self._in_words([text for text in words if text], filled=filled)

    def in_words(self, text: str) -> What | None:
        """What a text says where it stands alone."""
        return self._words.get(_folded(text)) if 0 < len(text) <= _LONGEST else None

    def kinds_of(self, section: CodeableConcept | None) -> Kinds:
        """The kinds that a section of a document lists, by its code."""
        codings = () if section is None else section.coding
        return frozenset(
            kind for coding in codings for key in self._keys(coding) for kind in self._sections.get(key, ())
        )

    def _in_words(self, words: list[str], *, filled: bool) -> NoInformationStatement | None:
        if filled:
            # The code's own name may be repeated in words. Any other words are what the entry is about.
            return NoInformationStatement("unknown") if all(map(self._says_nothing, words)) else None
        said = [self.in_words(text) for text in words]
        listed = [one for one in said if one is not None]
        if not listed or len(listed) < len(said):
            return None
        return NoInformationStatement(max(listed, key=_STRENGTH.__getitem__))

    def _says_nothing(self, text: str) -> bool:
        return len(text) <= _LONGEST and (_folded(text) in self._filler_names or self.in_words(text) == "unknown")

    def _look_up(self, coding: Coding) -> str | tuple[What, Kinds]:
        raw = coding.system, coding.code
        found = self._remembered.get(raw)
        if found is None:
            found = self._sort(coding)
            if len(self._remembered) < _MOST_REMEMBERED and is_short(coding):
                self._remembered[raw] = found
        return found

    def _sort(self, coding: Coding) -> str | tuple[What, Kinds]:
        keys = self._keys(coding)
        said = next((self._codes[key] for key in keys if key in self._codes), None)
        if said is not None:
            return said
        if any(key in self._fillers for key in keys):
            return _FILLER
        return _KNOWN if any(map(self._systems.is_known, keys)) else _FOREIGN

    def _keys(self, coding: Code | Coding) -> tuple[Key, ...]:
        """The keys of a code, and one for a system that is read nowhere else, however its name is written."""
        if not coding.system or not coding.code:
            return ()
        bare = coding.system.strip()[:_LONGEST].casefold().partition("|")[0].rstrip("/")
        bare = bare.removeprefix("urn:oid:").replace("https://", "http://", 1)
        return *self._systems.keys((coding,)), (bare, coding.code.strip()[:_LONGEST].casefold())


def load_no_information(rules_dir: Path, systems: CodeSystems) -> tuple[NoInformation, tuple[Finding, ...]]:
    """`rules_dir/facts/no_information.json`, which is not required."""
    path = rules_dir / _FILE
    if not is_there(path):
        return NoInformation(NoInformationTable(), systems), ()
    content, findings = read_json(path, _FILE)
    try:
        table = NoInformationTable() if content is None else NoInformationTable.model_validate(content)
    except ValidationError as problem:
        table = NoInformationTable()
        findings += invalid(problem, _FILE, NoInformationTable)
    return NoInformation(table, systems), tuple(findings)


def _folded(text: str) -> _Words:
    return tuple(token.word for token in tokens(text))
