"""What reading a record's events needs of the rules folder."""

from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.facts.catalogue import EventResource, ValueSets
from cds_service.facts.events.coded import EventCodes
from cds_service.facts.events.doses import DoseReader
from cds_service.facts.events.dosing import Dosing
from cds_service.facts.events.half_lives import HalfLifeIndex
from cds_service.facts.events.no_information import NoInformation
from cds_service.facts.events.routes import Routes
from cds_service.facts.words import WordReader


@dataclass(frozen=True, slots=True, repr=False)
class EventTables:
    """The codes of each kind of resource, the value sets they come from, what reads words, of drugs the routes, what
    reads dosages and doses, and the half-lives, and what entries say that name nothing."""

    codes: Mapping[EventResource, EventCodes]
    valuesets: ValueSets
    words: WordReader
    routes: Routes
    dosing: Dosing
    doses: DoseReader
    half_lives: HalfLifeIndex
    no_information: NoInformation
