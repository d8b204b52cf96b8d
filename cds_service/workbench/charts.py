"""One patient of a Bundle that may hold several: the record, and the hook request of an EHR that has just this."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cds_service.cds_hooks import LABELS, resource_type
from cds_service.fhir import Patient, Record, of_patient, patients_in, read_bundle, read_document


@dataclass(frozen=True)
class Chart:
    """`bundle`: as it was sent. `identity`: whose this is, where there are `several`."""

    bundle: bytes
    identity: str
    title: str
    several: bool

    @property
    def size(self) -> int:
        """Bytes of the Bundle, which all its patients share."""
        return len(self.bundle)

    @cached_property
    def own(self) -> bytes:
        """The Bundle without what is certainly about other patients."""
        return of_patient(self.bundle, self.identity) if self.several else self.bundle

    @cached_property
    def record(self) -> Record:
        """Raises RecordError."""
        return read_bundle(self.own)

    def request(self, hook: str) -> Mapping[str, Any]:
        """The whole Bundle under `patient`, and nothing found for the types that it has none of, as far as the Bundle
        may be taken to be everything. Raises RecordError."""
        record = self.record
        sent = read_document(self.own).types
        # As leniently as it was read: whatever its encoding, and with NaN.
        prefetch: dict[str, Any] = {"patient": json.loads(self.own, strict=False)}
        for key in LABELS:
            name = resource_type(key)
            if name != key and name not in sent and name in record.whole:
                prefetch[key] = {"resourceType": "Bundle", "type": "searchset", "total": 0}
        assert record.patient is not None
        context = {"userId": "Practitioner/example", "patientId": record.patient.id or "uploaded"}
        return {"hook": hook, "context": context, "prefetch": prefetch}


def charts_in(bundle: bytes) -> list[Chart]:
    """Every patient of a Bundle. Raises RecordError where there is none."""
    patients = patients_in(bundle)
    return [Chart(bundle, name, _title(name, patient), len(patients) > 1) for name, patient in patients.items()]


def _title(name: str, patient: Patient | None) -> str:
    told = [f"Patient {name}"]
    if patient is not None:
        told += [patient.gender or "", f"born {patient.birth_date}" if patient.birth_date else ""]
    return ", ".join(filter(None, told))
