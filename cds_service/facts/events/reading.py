"""What reads a resource type as events. Each module of readers names its own, by resource type, in `READERS`."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from cds_service.deadline import Deadline
from cds_service.facts.events.coded import Coded, EventCodes
from cds_service.facts.events.drugs import RecordedDrug
from cds_service.facts.events.entries import EventEntry
from cds_service.fhir import Record, Resource


class Matching(Struct, frozen=True, gc=False):
    """What it takes to match the entries of one kind in one record.

    `remembered`: what a reader made of a resource that several entries refer to, by that resource's identity (it is
    kept here, so that it stays the only one of it) and what an entry calls it.
    """

    codes: EventCodes
    record: Record
    deadline: Deadline
    remembered: dict[tuple[int, str | None], tuple[Resource | None, Any]]


class EventReader(Struct, frozen=True):
    """Reads the resources of one type, given as their views.

    * `coded`: the facts that one speaks of; a `Drug` where its route and form matter too. May raise `OutOfTime`.
    * `entry`: one as an event in time, for the patient and as-of; `None` where it does not count.
    * `at`: what else of the record its time depends on, as one more argument of `entry`: the Encounter of a diagnosis.
    """

    coded: Callable[[Any, Matching], Coded | RecordedDrug]
    entry: Callable[..., EventEntry | None]
    at: Callable[[Record, Any], Any] | None = None


Readers = Mapping[str, EventReader]
