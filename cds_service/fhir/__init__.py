"""FHIR R4 JSON to typed views of one patient's record, tolerant resource by resource.

`read_bundle` reads a whole record from one document; `RecordBuilder` collects it from CDS Hooks prefetch values. Both
give a `Record`, which says besides what was sent how far it can be relied on to be everything.
"""

from cds_service.fhir.dates import ALWAYS, DateError, DateRange, parse_date, parse_period, parse_timing
from cds_service.fhir.decode import Malformed
from cds_service.fhir.heads import HeadBundle
from cds_service.fhir.interest import Interest
from cds_service.fhir.prefetch import KeyReport, KeyState, MixedPatients, RecordBuilder
from cds_service.fhir.read import read_bundle
from cds_service.fhir.record import Gap, MedicationUse, Record

__all__ = [
    "ALWAYS",
    "DateError",
    "DateRange",
    "Gap",
    "HeadBundle",
    "Interest",
    "KeyReport",
    "KeyState",
    "Malformed",
    "MedicationUse",
    "MixedPatients",
    "Record",
    "RecordBuilder",
    "parse_date",
    "parse_period",
    "parse_timing",
    "read_bundle",
]
