"""Conditions, drugs, procedures, immunizations, allergies and devices as events in time."""

from cds_service.facts.events.coded import Coded, EventCodes
from cds_service.facts.events.courses import with_courses
from cds_service.facts.events.drugs import Drug, product_of
from cds_service.facts.events.events import NotCoded, RecordedEvents
from cds_service.facts.events.readers import READERS
from cds_service.facts.events.reading import Matching
from cds_service.facts.events.routes import Routes, RouteTable, load_routes
from cds_service.facts.events.tables import EventTables

__all__ = [
    "READERS",
    "Coded",
    "Drug",
    "EventCodes",
    "EventTables",
    "Matching",
    "NotCoded",
    "RecordedEvents",
    "RouteTable",
    "Routes",
    "load_routes",
    "product_of",
    "with_courses",
]
