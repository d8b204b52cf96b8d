"""For integrators: what of a client's hook requests did not arrive or was not understood, and which duties it does.

Nothing leaves the machine and nothing is kept: docs/decisions/0019-doctor.md."""

from cds_service.doctor.callers import TOKEN_SAYS, Callers, Unconnected, known_as
from cds_service.doctor.duties import Known
from cds_service.doctor.examine import Examined, Examiner
from cds_service.doctor.pages import CODES_SECTION, SECTIONS, TITLES, PageSection
from cds_service.doctor.report import Duty, RequestReport, TrialReport, UnreadArrival
from cds_service.doctor.salvage import NoRequest, server_of
from cds_service.doctor.stand_in import StandIn
from cds_service.doctor.summary import Summary

__all__ = [
    "CODES_SECTION",
    "SECTIONS",
    "TITLES",
    "TOKEN_SAYS",
    "Callers",
    "Duty",
    "Examined",
    "Examiner",
    "Known",
    "NoRequest",
    "PageSection",
    "RequestReport",
    "StandIn",
    "Summary",
    "TrialReport",
    "Unconnected",
    "UnreadArrival",
    "known_as",
    "server_of",
]
