"""The queries that a request still needs, and their addresses. They are about the one patient, and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.cds_hooks.prefetch import CONDITIONS, PATIENT, resource_type
from cds_service.cds_hooks.prefetched import PrefetchedRecord
from cds_service.fhir import KeyReport, KeyState, Record
from cds_service.wire import AddressProblem, follow, in_path

REQUIRED = (PATIENT, CONDITIONS)
"""Keys without which there is no answer. They are asked for first."""
ELSEWHERE = "the next page is on another server"
# The largest page that all of the larger EHRs give.
_COUNT = 200
# An id as FHIR's grammar has it, and no segment of a path that leads elsewhere. Anything else could widen the query: a
# comma, `_history`, `$everything`. https://hl7.org/fhir/R4/datatypes.html#id
_PLAIN_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9.-]{1,64}")
_UNUSABLE = frozenset({KeyState.ERROR, KeyState.UNREADABLE})


@dataclass(frozen=True, slots=True)
class Query:
    """One query to make. `label` is the prefetch key that its answer goes under, `key` the service's name for it.

    `pages` is what came of the answer already, where `url` is that of its next page.
    """

    key: str
    label: str
    url: str
    pages: tuple[bytes, ...] = ()


def queries(
    prefetched: PrefetchedRecord, templates: Mapping[str, str], types_read: frozenset[str], base: str
) -> tuple[Query, ...]:
    """The queries for the server at `base`, required keys first.

    `templates` are the prefetch templates, `types_read` the resource types that the loaded rules rest on: others are
    not worth a query. Raises HookError (400) where the prefetch mixes patients.
    """
    if not _PLAIN_ID.fullmatch(prefetched.request.patient_id):
        return ()
    record = prefetched.build()
    needed = [key for key in templates if key in REQUIRED or resource_type(key) in types_read]
    needed.sort(key=lambda key: key not in REQUIRED)
    return tuple(query for key in needed for query in _for_key(key, templates[key], prefetched, record, base))


def next_address(next_url: str, current: str, base: str) -> str | None:
    """The address of the next page; None where the token for the server at `base` may not travel to it."""
    try:
        return follow(next_url, current, base)
    except AddressProblem:
        return None


def _for_key(key: str, template: str, prefetched: PrefetchedRecord, record: Record, base: str) -> list[Query]:
    reports = prefetched.reports(key)
    if any(_is_unusable(key, report, record) for report in reports) or (not reports and _is_missing(key, record)):
        label = next((report.key for report in reports if _is_unusable(key, report, record)), key)
        return [Query(key, label, f"{base}/{_query(template, prefetched.request.patient_id)}")]
    found = []
    for report in reports:
        if report.state is KeyState.INCOMPLETE and report.next_url:
            address = next_address(report.next_url, f"{base}/", base)
            if address is None:
                prefetched.failures[key] = ELSEWHERE
            else:
                found.append(Query(key, report.key, address, prefetched.pages(report.key)))
    return found


def _is_unusable(key: str, report: KeyReport, record: Record) -> bool:
    match report.state:
        case KeyState.NULL:
            # By the specification there is none; from one client it says that the query was not understood.
            return _is_missing(key, record) or not record.resources.get(resource_type(key) or "")
        case KeyState.EMPTY:
            return key == PATIENT and record.patient is None
        case KeyState.INCOMPLETE if report.is_filtered:
            return True  # the whole query brings what was left out
        case state:
            return state in _UNUSABLE


def _is_missing(key: str, record: Record) -> bool:
    """Whether no other key, such as one that holds the whole chart, brought it."""
    return record.patient is None if key == PATIENT else resource_type(key) not in record.whole


def _query(template: str, patient_id: str) -> str:
    """The query of a template for this patient; a search asks for large pages."""
    query = template.replace("{{context.patientId}}", in_path(patient_id))
    return f"{query}&_count={_COUNT}" if "?" in query else query
