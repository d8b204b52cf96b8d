"""The entries of one record that were not understood, each with its place and without a word that somebody typed.

`survey` counts a feed and forgets where each entry stood; whoever mends an interface has to know where.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from cds_service.deadline import NEVER
from cds_service.facts import FactReaders
from cds_service.facts.catalogue import EventResource, Key
from cds_service.facts.events import READERS, Matching
from cds_service.fhir import (
    RESOURCE_TYPES,
    DiagnosticReport,
    Found,
    Medication,
    Observation,
    Patient,
    Record,
    UndecodedResource,
)
from cds_service.terminology.seen.entries import event_sighting
from cds_service.terminology.seen.results import observations_in, result_sightings
from cds_service.terminology.seen.sighting import OUTCOMES, Sighting
from cds_service.terminology.seen.table import own_names, without_typed


class NotUnderstood(NamedTuple):
    """An entry, by its place, and what became of it. Of the sighting's words only those are left that the catalogue or
    a value set has for its code."""

    place: str
    sighting: Sighting


def not_understood(
    found: Iterable[tuple[str, Found]], record: Record, knowledge: FactReaders
) -> Iterator[NotUnderstood]:
    """What is not understood of entries that were decoded, each given with its place. `record`: what they came with."""
    names = own_names(knowledge)
    for place, one in found:
        for sighting in _sightings(one, record, knowledge):
            if OUTCOMES[sighting.outcome] is False:
                yield NotUnderstood(place, _discreet(sighting.clipped(), names, knowledge))


def _sightings(one: Found, record: Record, knowledge: FactReaders) -> Iterator[Sighting]:
    item = one.item
    kind = one.entry.type
    if isinstance(item, UndecodedResource):
        if RESOURCE_TYPES[kind].is_used:
            yield Sighting(kind, "malformed")
        return
    if isinstance(item, Observation | DiagnosticReport):
        for observation in observations_in(item):
            yield from result_sightings(observation, knowledge)
        return
    codes = knowledge.events.codes.get(cast("EventResource", RESOURCE_TYPES[kind].events))
    # A Medication is read with what refers to it.
    if codes is None or kind not in READERS or isinstance(item, Medication | Patient):
        return
    yield event_sighting(item, Matching(codes, record, NEVER, {}), knowledge.systems)


def _discreet(sighting: Sighting, names: Mapping[Key, str], knowledge: FactReaders) -> Sighting:
    # A display may be typed too: that there is only one in this record says nothing.
    return without_typed(sighting._replace(typed=True), defaultdict(set), names, knowledge)
