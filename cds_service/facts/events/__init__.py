"""Conditions, drugs, procedures, immunizations, allergies and devices as events in time."""

from cds_service.facts.events.coded import EventCodes
from cds_service.facts.events.courses import with_courses
from cds_service.facts.events.events import RecordedEvents
from cds_service.facts.events.no_information import NoInformation, NoInformationTable, load_no_information
from cds_service.facts.events.readers import READERS
from cds_service.facts.events.routes import Routes, RouteTable, load_routes
from cds_service.facts.events.tables import EventTables

__all__ = [
    "READERS",
    "EventCodes",
    "EventTables",
    "NoInformation",
    "NoInformationTable",
    "RecordedEvents",
    "RouteTable",
    "Routes",
    "load_no_information",
    "load_routes",
    "with_courses",
]
