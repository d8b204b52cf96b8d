"""What reading a record's events needs of the rules folder."""

from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.facts.catalogue import PREFIX_SYSTEMS, EventResource, Key, ValueSets
from cds_service.facts.events.coded import EventCodes
from cds_service.facts.events.doses import DoseReader
from cds_service.facts.events.dosing import Dosing
from cds_service.facts.events.half_lives import HalfLifeIndex
from cds_service.facts.events.no_information import NoInformation
from cds_service.facts.events.routes import Routes
from cds_service.facts.events.treating_doses import TreatingDoses
from cds_service.facts.words import WordReader

IN_REMISSION, IN_RELAPSE = "in-remission", "in-relapse"
"""Value sets of the codes that say so. A rules folder without them has no such codes."""
STATES = frozenset({IN_REMISSION, IN_RELAPSE, "not-in-remission"})
"""All sets of codes that tell the state of a disease and not which it is. No fact names them."""


@dataclass(frozen=True, slots=True, repr=False)
class EventTables:
    """The codes of each kind of resource, the value sets they come from, what reads words, of drugs the routes, what
    reads dosages and doses, and the half-lives, what entries say that name nothing, and the doses that treat."""

    codes: Mapping[EventResource, EventCodes]
    valuesets: ValueSets
    words: WordReader
    routes: Routes
    dosing: Dosing
    doses: DoseReader
    half_lives: HalfLifeIndex
    no_information: NoInformation
    treating_doses: TreatingDoses

    def says(self, key: Key | None) -> bool | None:
        """What a code itself says of whether the disease is active: not, in remission; yes, in relapse."""
        if key is None:
            return None
        sets = self.valuesets.members(key)
        return False if IN_REMISSION in sets else True if IN_RELAPSE in sets else None

    def disease(self, key: Key | None) -> Key | None:
        """The disease that a code stands for, whatever it says of remission or relapse: of `C92.01` it is `C92.0`."""
        if key is None or key[0] not in PREFIX_SYSTEMS or self.valuesets.members(key).isdisjoint(STATES):
            return key
        return key[0], key[1][:-1]
