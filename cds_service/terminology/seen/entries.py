"""An event entry as a sighting: its code and words, and what `facts.events` made of it."""

from typing import cast

from cds_service.facts.catalogue import CodeSystems
from cds_service.facts.events import READERS, Coded, Matching, RecordedDrug
from cds_service.fhir import (
    RESOURCE_TYPES,
    AllergyIntolerance,
    CodeableConcept,
    Coding,
    DeviceUseStatement,
    Medication,
    MedicationUse,
    Record,
    Resource,
)
from cds_service.terminology.seen.sighting import Outcome, Sighting

_CERTAIN = frozenset({"main", "history"})
_PERHAPS = frozenset({"hint", "text"})
_MOST_REMEMBERED = 2_000
# What counts as "any vaccine" whatever it is may still be about anything besides: that is said first.
_SURENESS: tuple[tuple[Outcome, frozenset[str], bool], ...] = (
    ("fact", _CERTAIN, True),
    ("hint", _PERHAPS, True),
    ("unread", frozenset({"unread"}), False),
    ("fact", _CERTAIN, False),
    ("hint", _PERHAPS, False),
)


class EventSightings:
    """What became of entries of the types that hold events. The same few diseases and drugs come again and again: what
    was made of one is remembered as long as its codes and words are matched to the same `Coded`."""

    def __init__(self, systems: CodeSystems) -> None:
        self._systems = systems
        self._remembered: dict[tuple[str, tuple[CodeableConcept, ...], str | None], tuple[Coded, Sighting]] = {}

    def of(self, view: Resource, matching: Matching) -> Sighting:
        """The sighting of one entry."""
        kind = type(view).__name__
        found = READERS[kind].coded(view, matching)
        coded = found.product.coded if isinstance(found, RecordedDrug) else found
        concepts, called = _said(view, matching.record)
        key = kind, concepts, called
        known = self._remembered.get(key)
        if known is not None and known[0] is coded:
            return known[1]
        sighting = sighting_of(kind, concepts, called, coded, self._systems)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = coded, sighting
        return sighting


def event_sighting(view: Resource, matching: Matching, systems: CodeSystems) -> Sighting:
    """What became of one entry of a type that holds events."""
    return EventSightings(systems).of(view, matching)


def sighting_of(
    kind: str, concepts: tuple[CodeableConcept, ...], called: str | None, coded: Coded, systems: CodeSystems
) -> Sighting:
    """What an entry with these concepts is, as it was matched. `called`: words about it besides."""
    outcome, facts = _became(coded)
    coding = _decisive(coded, facts) if outcome in {"fact", "hint"} else None
    coding = coding or _first(concepts, systems)
    typed = next((concept.text for concept in concepts if concept.text), None) or called
    words = coding.display or typed or ""
    is_typed = not coding.display or not (coding.code and coding.system)
    return Sighting(kind, outcome, coding.system or "", coding.code or "", words, is_typed, facts=facts)


def _became(coded: Coded) -> tuple[Outcome, tuple[str, ...]]:
    """What came of it, the surest first, and the facts that are concerned."""
    for outcome, roles, by_itself in _SURENESS:
        if outcome == "unread" and coded.is_unread:
            return "unread", _of_roles(coded, roles, by_itself)
        facts = _of_roles(coded, roles, by_itself)
        if facts:
            return outcome, facts
    return ("else_by_words" if coded.rest.role == "by_words" else "else"), ()


def _of_roles(coded: Coded, roles: frozenset[str], by_itself: bool) -> tuple[str, ...]:
    """The facts of which it is in one of these roles; `by_itself`: for what it says, not for what it is no other's."""
    return tuple(
        sorted(
            name
            for name, match in coded.matches.items()
            if match.role in roles and (not by_itself or match.key is not None or match.role == "text")
        )
    )


def _decisive(coded: Coded, facts: tuple[str, ...]) -> Coding | None:
    """The coding by which it is of the first of its facts; `None` where words say so."""
    match = coded.matches[facts[0]]
    return match.coding if match.key is not None else None


def _said(view: Resource, record: Record) -> tuple[tuple[CodeableConcept, ...], str | None]:
    """The concepts by which an entry may match, and what else it is called."""
    row = RESOURCE_TYPES[type(view).__name__]
    if row.drug is not None:
        reference = getattr(view, row.drug)
        drug = record.medication_of(cast("MedicationUse", view))
        return (concepts_of(drug) if isinstance(drug, Medication) else _given(drug)), (
            None if reference is None else reference.display
        )
    if isinstance(view, DeviceUseStatement):
        device = record.device_of(view)
        return _given(None if device is None else device.type), None if view.device is None else view.device.display
    own = _given(None if row.code is None else getattr(view, row.code))
    if isinstance(view, AllergyIntolerance):
        own += tuple(reaction.substance for reaction in view.reaction if reaction.substance is not None)
    return own, None


def concepts_of(drug: Medication) -> tuple[CodeableConcept, ...]:
    """What a Medication says it is: its own code, then those of its ingredients."""
    parts = tuple(item.item_codeable_concept for item in drug.ingredient if item.item_codeable_concept is not None)
    return _given(drug.code) + parts


def _given(concept: CodeableConcept | None) -> tuple[CodeableConcept, ...]:
    return () if concept is None else (concept,)


def _first(concepts: tuple[CodeableConcept, ...], systems: CodeSystems) -> Coding:
    """The coding that is shown: of a known system rather than of another, and in the order of the entry."""
    every = [coding for concept in concepts for coding in concept.coding if coding.code]
    known = (coding for coding in every if any(map(systems.is_known, systems.keys((coding,)))))
    return next(known, every[0] if every else Coding())
