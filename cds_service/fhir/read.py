"""Reading a whole record from one document, as the command line does."""

from cds_service.errors import RecordError
from cds_service.fhir.assemble import Found, assemble, decode_entries
from cds_service.fhir.bundle import read_document
from cds_service.fhir.reading import EVERYTHING
from cds_service.fhir.record import Gap, Record
from cds_service.fhir.resource_types import RESOURCE_TYPES

_LISTED = 20
_LONGEST = 80


def read_bundle(data: bytes | str, patient_id: str | None = None) -> Record:
    """One patient's whole record from a Bundle of any type, a JSON list, NDJSON, Parameters or a bare resource.

    The document is taken to be everything there is about the patient, so every type is whole, except where it says
    itself that something is missing (a next page, an error) or could not be read. `patient_id` (`123` or `Patient/123`;
    for a Patient without id the UUID in its `fullUrl`, else its place, such as `entry 2`) says which patient is meant
    where there are several.

    Raises `RecordError` where the document is not FHIR JSON, has no readable Patient, has several and `patient_id` does
    not say which, or has not that one.
    """
    reading = read_document(data)
    reading.settle()
    found = decode_entries(reading.entries)
    chosen = _choose([one for one in found if one.entry.type == "Patient"], patient_id)
    assembly = assemble(found, reading.addresses, chosen, sections=reading.sections, unread=reading.unread)
    gap: Gap = "incomplete_record"
    doubts = reading.doubts | reading.left_out
    doubtful = RESOURCE_TYPES if EVERYTHING in doubts else doubts & RESOURCE_TYPES.keys()
    record = assembly.record(dict.fromkeys(doubtful, gap), reading.issues)
    if record.patient is None:
        raise RecordError("the Patient in the record cannot be read", record.issues)
    return record


def _choose(patients: list[Found], patient_id: str | None) -> str:
    names = list(dict.fromkeys(one.identity for one in patients))
    shown = ", ".join(name[:_LONGEST] for name in names[:_LISTED]) + (" …" if len(names) > _LISTED else "")
    if not names:
        raise RecordError("there is no Patient in the record")
    if patient_id is not None:
        wanted = patient_id.removeprefix("Patient/")
        if wanted not in names:
            raise RecordError(f"the Patient asked for is not in the record; there is {shown}")
        return wanted
    if len(names) > 1:
        raise RecordError(f"there are {len(names)} Patients in the record; say which one is meant: {shown}")
    return names[0]
