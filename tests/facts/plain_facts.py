"""The facts of a record made one by one, with nothing that is shared between records."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from cds_service.facts import Builder, FactReaders, RecordContent, coverage_of
from cds_service.facts.events import RecordedEvents
from cds_service.facts.fact import Fact
from cds_service.facts.observations import matching
from cds_service.fhir import Record


def one_by_one(
    of: Record, knowledge: FactReaders, as_of: date, stated: Mapping[str, Fact] = MappingProxyType({})
) -> dict[str, Fact]:
    """Every fact of the catalogue, by name in the order of the names."""
    events = RecordedEvents(of, knowledge.events, as_of)
    codes = knowledge.observations
    coverage = coverage_of(of, events.coverage)
    told = RecordContent(of.patient, codes.sort(of), matching(of.malformed, codes), events.of, coverage)
    builder = Builder(told, knowledge, as_of, stated)
    return {name: builder.fact(name) for name in sorted(knowledge.catalogue.facts)}
