"""Codes to write records with: out of the catalogue and the value sets, and such that they say nothing else."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cds_service.facts import FactReaders
from cds_service.facts.catalogue import (
    CHRONIC,
    ICD10PCS,
    RXNORM,
    SNOMED,
    Code,
    Definition,
    EventsFact,
    ObservedFact,
    codes_by_part,
)
from cds_service.fhir import Coding
from cds_service.rule_files import read_json

_ROLES: Mapping[str, str] = {"valueset": "main", "history": "history", "hints": "hint"}
_MOST_TRIED = 400
_PRODUCTS = frozenset({RXNORM, SNOMED})
_OF_PCS = 7
"""Characters of a code of ICD-10-PCS; what has fewer is none, and begins some."""
_STRENGTH = re.compile(r"[0-9] ?m?g\b|UNT", re.IGNORECASE)
"""Where the dose decides, the name of a product has to say how much is in one."""


@dataclass(frozen=True, slots=True)
class EventCode:
    """A code, or a text alone, and how it speaks of each event fact in question: main, history, hint or text."""

    concept: dict[str, Any]
    system: str
    roles: Mapping[str, str]
    lasts: Mapping[str, str] = field(default_factory=dict)
    """By fact, how long a disease lasts that is not chronic."""


class Codes:
    """Finds codes. `rules_dir` is read again because the compiled value sets can't be listed."""

    def __init__(self, rules_dir: Path, knowledge: FactReaders) -> None:
        self.rules_dir = rules_dir
        self.knowledge = knowledge
        self._sets: dict[str, dict[str, Any]] = {}
        self._found: dict[tuple[str, str, frozenset[str]], tuple[EventCode, ...]] = {}

    def observed(self, spec: ObservedFact, others: Sequence[ObservedFact]) -> list[Code]:
        """The fact's codes, one for each code system, that are no other fact's among `others`."""
        taken = {(code.system, code.code) for other in others if other.name != spec.name for code in other.codes}
        found: dict[str, Code] = {}
        for code in spec.codes:
            if (code.system, code.code) not in taken:
                found.setdefault(code.system, code)
        return list(found.values())

    def events(self, spec: EventsFact, key: str, others: Sequence[EventsFact]) -> tuple[EventCode, ...]:
        """A code for each code system of the fact's `valueset`, `history` or `hints` (`key`).

        Preferred is one that speaks of no other fact among `others`; what it says of them is in its roles.
        """
        set_id = getattr(spec, key)
        if set_id is None:
            return ()
        about = tuple(other for other in others if other.resource == spec.resource)
        at = (spec.name, key, frozenset(other.name for other in about))
        if at not in self._found:
            best: dict[str, EventCode] = {}
            tried: dict[str, int] = {}
            for system, code, display in self.members(set_id):
                if _is_a_part(system, code) or (spec.treats and system in _PRODUCTS and not _STRENGTH.search(display)):
                    continue
                known = best.get(system)
                tried[system] = tried.get(system, 0) + 1
                if (known is not None and len(known.roles) == 1) or tried[system] > _MOST_TRIED:
                    continue
                roles = self._roles(system, code, about)
                if roles.get(spec.name) == _ROLES[key] and (known is None or len(roles) < len(known.roles)):
                    coding = {"system": system, "code": code} | ({"display": display} if display else {})
                    best[system] = EventCode({"coding": [coding]}, system, roles, self._lasts(about, roles, coding))
            self._found[at] = tuple(best.values())
        return self._found[at]

    def text(self, spec: EventsFact, others: Sequence[EventsFact]) -> EventCode | None:
        """A text without a code that may mean the fact."""
        about = [other for other in others if other.resource == spec.resource]
        phrases = [p for set_id in spec.valuesets for p in self._phrases(set_id)]
        every = {phrase: self._text_roles(phrase, about) for phrase in phrases}
        found = [EventCode({"text": text}, "text", roles, self._lasts(about, roles)) for text, roles in every.items()]
        found = [code for code in found if spec.name in code.roles]
        return min(found, key=lambda code: len(code.roles), default=None)

    def _roles(self, system: str, code: str, about: Sequence[EventsFact]) -> dict[str, str]:
        """How a code speaks of the facts; a code that says "is" and "was" at once gets the role "contested"."""
        sets: set[str] = set()
        for key in self.knowledge.systems.keys((Coding(system=system, code=code),)):
            sets |= self.knowledge.valuesets.members(key)
        roles = {}
        for spec in about:
            found = [role for key, role in _ROLES.items() if getattr(spec, key) in sets]
            if found:
                roles[spec.name] = "contested" if {"main", "history"} <= set(found) else found[0]
        return roles

    def _lasts(
        self, about: Sequence[EventsFact], roles: Mapping[str, str], coding: dict[str, str] | None = None
    ) -> dict[str, str]:
        keys = (
            []
            if coding is None
            else self.knowledge.systems.keys((Coding(system=coding["system"], code=coding["code"]),))
        )
        key = next(iter(keys), None)
        specs = [spec for spec in about if spec.name in roles and spec.resource == "Condition"]
        found = {spec.name: self.knowledge.valuesets.lasts(spec.valuesets, key) for spec in specs}
        return {name: str(lasts) for name, lasts in found.items() if lasts != CHRONIC}

    def tells_relapse(self, spec: EventsFact) -> bool:
        """Whether codes of the fact say themselves that it is active, which "in remission" contradicts."""
        tables = self.knowledge.events
        codes = (coding for code in self.events(spec, "valueset", [spec]) for coding in code.concept["coding"])
        keys = self.knowledge.systems.keys([Coding(system=one["system"], code=one["code"]) for one in codes])
        return any(tables.says(key) for key in keys)

    def _text_roles(self, phrase: str, about: Sequence[EventsFact]) -> dict[str, str]:
        sets = self.knowledge.events.words.read(phrase).named
        return {spec.name: "text" for spec in about if sets & set(spec.valuesets)}

    def members(self, set_id: str) -> Iterator[tuple[str, str, str]]:
        """System, code and display of what a value set lists; of a prefix, the prefix itself."""
        content = self._set(set_id)
        systems = self.knowledge.systems
        for element, part, codes in (
            codes_by_part(self.rules_dir, Definition.model_validate(content), systems) if content else ()
        ):
            if element == "exclude":
                continue
            for reference in part.value_set:
                yield from self.members(reference.rpartition(":")[2])
            system = part.system or ""
            yield from ((system, code, name) for code, name in codes.items())
            yield from ((system, prefix, "") for prefix in part.prefixes(systems.canonical(system)))

    def _phrases(self, set_id: str) -> Iterator[str]:
        content = self._set(set_id)
        for listed in content.get("phrases", {}).values():
            yield from listed

    def _set(self, set_id: str) -> dict[str, Any]:
        if set_id not in self._sets:
            content, _ = read_json(self.rules_dir / "valuesets" / f"{set_id}.json", f"valuesets/{set_id}.json")
            self._sets[set_id] = content if isinstance(content, dict) else {}
        return self._sets[set_id]


def _is_a_part(system: str, code: str) -> bool:
    return system == ICD10PCS and len(code) < _OF_PCS
