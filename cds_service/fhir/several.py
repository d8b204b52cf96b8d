"""A Bundle with several patients: who they are, and what of it is about one of them."""

import re
from collections import Counter
from collections.abc import Collection, Mapping

import msgspec

from cds_service.errors import RecordError
from cds_service.fhir.assemble import Found, assemble, decode_entries
from cds_service.fhir.bundle import read_document
from cds_service.fhir.views import Patient

_STEPS = re.compile(r"(entry|parameter) (\d+)")
_Path = tuple[int, ...]


def patients_in(document: bytes) -> Mapping[str, Patient | None]:
    """The patients of a document by their identity, as `read_bundle` takes it; None for one that cannot be read. Raises
    RecordError where there is none."""
    patients: dict[str, Patient | None] = {}
    for found in decode_entries([entry for entry in read_document(document).entries if entry.type == "Patient"]):
        if patients.get(found.identity) is None:
            patients[found.identity] = found.item if isinstance(found.item, Patient) else None
    if not patients:
        raise RecordError("there is no Patient in the record")
    return patients


def of_patient(bundle: bytes, identity: str) -> bytes:
    """The Bundle without what is certainly about other patients; what may be hers stays. Raises RecordError where it is
    no strict JSON in UTF-8: then its parts can't be told apart."""
    try:
        bundle.decode()
        msgspec.json.decode(bundle)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as problem:
        raise RecordError("there are several Patients, and no strict JSON in UTF-8 to tell them apart") from problem
    reading = read_document(bundle)
    found = decode_entries(reading.entries)
    strangers = Counter(assemble(found, reading.addresses, identity).strangers)
    labels = Counter(one.label for one in found)
    # Where one of two with the same name is about this patient, both stay: that is told, and nothing is lost.
    others = [one for one in found if _is_another(one, identity) or 0 < labels[one.label] == strangers[one.label]]
    return _without(bundle, {path for one in others if (path := _path(one.entry.place))})


def _is_another(found: Found, identity: str) -> bool:
    return found.entry.type == "Patient" and found.identity != identity


def _path(place: str) -> _Path:
    """`entry 2 entry 17` as (2, 17); nothing for what lies in Parameters."""
    steps = _STEPS.findall(place)
    return () if any(kind == "parameter" for kind, _ in steps) else tuple(int(number) for _, number in steps)


def _without(bundle: bytes | msgspec.Raw, paths: Collection[_Path]) -> bytes:
    """The Bundle without the entries at these paths. A search then says that it found so many fewer."""
    fields = msgspec.json.decode(bundle, type=dict[str, msgspec.Raw])
    entries = msgspec.json.decode(fields["entry"], type=list[msgspec.Raw])
    inner: dict[int, set[_Path]] = {}
    for first, *rest in paths:
        inner.setdefault(first, set()).add(tuple(rest))
    kept = []
    for number, entry in enumerate(entries, 1):
        below = inner.get(number)
        if below is None:
            kept.append(entry)
        elif () not in below:
            parts = msgspec.json.decode(entry, type=dict[str, msgspec.Raw])
            parts["resource"] = msgspec.Raw(_without(parts["resource"], below))
            kept.append(msgspec.Raw(msgspec.json.encode(parts)))
    fields["entry"] = msgspec.Raw(msgspec.json.encode(kept))
    total = msgspec.json.decode(fields.get("total", msgspec.Raw(b"null")))
    if isinstance(total, int):
        fields["total"] = msgspec.Raw(msgspec.json.encode(max(0, total - (len(entries) - len(kept)))))
    return msgspec.json.encode(fields)
