"""What reading a record's events needs of the rules folder."""

from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.facts.catalogue import EventResource, ValueSets
from cds_service.facts.events.coded import EventCodes
from cds_service.facts.events.routes import Routes


@dataclass(frozen=True, slots=True, repr=False)
class EventTables:
    """The codes of each kind of resource, the value sets that they come from, and the routes of drugs."""

    codes: Mapping[EventResource, EventCodes]
    valuesets: ValueSets
    routes: Routes
