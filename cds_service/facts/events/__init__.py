"""Conditions, drugs, procedures, immunizations, allergies and devices as events in time."""

from cds_service.facts.events.coded import EventCodes
from cds_service.facts.events.courses import with_courses
from cds_service.facts.events.events import RecordedEvents
from cds_service.facts.events.readers import READERS
from cds_service.facts.events.routes import Routes, RouteTable, load_routes
from cds_service.facts.events.tables import STATES, EventTables

__all__ = [
    "READERS",
    "STATES",
    "EventCodes",
    "EventTables",
    "RecordedEvents",
    "RouteTable",
    "Routes",
    "load_routes",
    "with_courses",
]
