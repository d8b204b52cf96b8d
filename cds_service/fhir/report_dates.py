"""A result without a date takes that of the DiagnosticReport that refers to it; of two reports the interval of both.

DiagnosticReport.effective is "the time or time-period the observed values are related to"
(https://hl7.org/fhir/R4/diagnosticreport.html). Contained results get theirs where they are read (`assemble`).
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from cds_service.deadline import NEVER, Deadline
from cds_service.fhir.references import parse_reference
from cds_service.fhir.statuses import word_of
from cds_service.fhir.versions import ResourceCopy
from cds_service.fhir.views import DiagnosticReport, Observation, Timing

_VOID = frozenset({"entered-in-error", "cancelled"})


def with_report_dates(copies: list[ResourceCopy], deadline: Deadline = NEVER) -> list[ResourceCopy]:
    """The same copies, where results without a date have those of their reports. Raises `OutOfTime`."""
    reports = [copy.view for copy in copies if type(copy.view) is DiagnosticReport]
    dates = _dates_by_address(reports, deadline) if reports else None
    if not dates:
        return copies
    found: list[ResourceCopy] = []
    for copy in deadline.each(copies):
        view = copy.view
        if isinstance(view, Observation) and not _is_dated(view):
            address = f"Observation/{view.id}"
            told = [*dates.get(copy.full_url or "", ()), *dates.get(address, ())]
            found.append(copy._replace(view=_dated(view, tuple(dict.fromkeys(told)))))
        else:
            found.append(copy)
    return found


def _dated(view: Observation, dates: tuple[str, ...]) -> Observation:
    if len(dates) < 2:
        return msgspec.structs.replace(view, effective_date_time=dates[0]) if dates else view
    return msgspec.structs.replace(view, effective_timing=Timing(event=dates))


def _dates_by_address(reports: Iterable[DiagnosticReport], deadline: Deadline) -> dict[str, list[str]]:
    """The dates of reports by the addresses of the results that they refer to."""
    found: dict[str, list[str]] = defaultdict(list)
    for report in deadline.each(reports):
        if word_of(report.status) in _VOID:
            continue
        # A period counts from its end, when the value was there.
        end = None if report.effective_period is None else report.effective_period.end
        told = [text for text in (report.effective_date_time, end) if text]
        for reference in deadline.each(report.result):
            if reference.reference and told:
                target = parse_reference(reference.reference)
                addresses = {reference.reference}
                if target.type == "Observation" and target.id:
                    addresses.add(f"Observation/{target.id}")
                for address in addresses:
                    found[address] += told
    return found


def _is_dated(view: Observation) -> bool:
    return any((view.effective_date_time, view.effective_instant, view.effective_period, view.effective_timing))
