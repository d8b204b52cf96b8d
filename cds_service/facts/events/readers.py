"""What reads each resource type as events, by its FHIR name: all types whose row says that they hold some."""

from cds_service.facts.events import conditions, medications, procedures
from cds_service.facts.events.reading import Readers

READERS: Readers = {**conditions.READERS, **medications.READERS, **procedures.READERS}
