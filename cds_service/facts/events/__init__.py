"""Conditions, drugs, procedures, immunizations, allergies and devices as events in time."""

from cds_service.facts.events.coded import Coded, EventCodes
from cds_service.facts.events.counts import count_within
from cds_service.facts.events.courses import with_courses
from cds_service.facts.events.dosage_table import DosageTable, load_dosage
from cds_service.facts.events.doses import Dose, DoseReader
from cds_service.facts.events.dosing import Dosing
from cds_service.facts.events.drugs import RecordedDrug, product_of
from cds_service.facts.events.events import NotCoded, RecordedEvents
from cds_service.facts.events.half_lives import HalfLifeIndex, HalfLifeTable, load_half_lives, unlisted
from cds_service.facts.events.lengths import length_of
from cds_service.facts.events.no_information import NoInformation, NoInformationTable, load_no_information
from cds_service.facts.events.readers import READERS
from cds_service.facts.events.reading import Matching
from cds_service.facts.events.routes import Routes, RouteTable, load_routes
from cds_service.facts.events.tables import STATES, EventTables
from cds_service.facts.events.treating_doses import TreatingDoses, TreatingDoseTable, load_treating_doses

__all__ = [
    "READERS",
    "STATES",
    "Coded",
    "DosageTable",
    "Dose",
    "DoseReader",
    "Dosing",
    "EventCodes",
    "EventTables",
    "HalfLifeIndex",
    "HalfLifeTable",
    "Matching",
    "NoInformation",
    "NoInformationTable",
    "NotCoded",
    "RecordedDrug",
    "RecordedEvents",
    "RouteTable",
    "Routes",
    "TreatingDoseTable",
    "TreatingDoses",
    "count_within",
    "length_of",
    "load_dosage",
    "load_half_lives",
    "load_no_information",
    "load_routes",
    "load_treating_doses",
    "product_of",
    "unlisted",
    "with_courses",
]
