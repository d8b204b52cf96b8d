"""How far a record can be relied on to be everything: all that a fact depends on of which nothing is on record."""

from dataclasses import dataclass

from cds_service.facts.catalogue import EventResource, EventsFact
from cds_service.facts.fact import Event, Events, Reason
from cds_service.fhir import Record


@dataclass(frozen=True, slots=True)
class EventCompleteness:
    """Of the events of one kind of resource. `gap`: why none of them may be presumed absent; `None` where they may."""

    gap: Reason | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """Of a whole record.

    `missing`: the reason that an observed fact without any result is given. `none_hidden`: the Observations were
    supplied whole, and none of them may be about anything. `events`: by each kind of resource in the catalogue.
    """

    missing: Reason
    none_hidden: bool
    events: tuple[tuple[EventResource, EventCompleteness], ...]

    def no_events(self, spec: EventsFact) -> Events:
        """The events of a fact of which no entry speaks."""
        coverage = next(found for resource, found in self.events if resource == spec.resource)
        return listing((), spec, coverage.gap)


def coverage_of(record: Record, events: tuple[tuple[EventResource, EventCompleteness], ...]) -> Completeness:
    """The coverage of a record, that of its events being known."""
    whole = "Observation" in record.whole
    missing: Reason = "no_result" if whole else record.gaps.get("Observation", "not_supplied")
    # An unreadable Observation without a readable code may be a value of any fact.
    none_hidden = whole and not any(item.type == "Observation" and item.code is None for item in record.malformed)
    return Completeness(missing, none_hidden, events)


def listing(items: tuple[Event, ...], spec: EventsFact, gap: Reason | None) -> Events:
    """The events of a fact; in a closed world there are no others, unless there is a gap."""
    return Events(items, gap is None and spec.absence == "presumed_absent", gap)
