"""The wire protocol: CDS Hooks 2.0 over HTTP, from the bytes of a request to a patient record, and cards back to bytes.

Nothing here knows trials or rules: what turns a record into cards is given to `routes.router`. `service` names the
services."""

from cds_service.cds_hooks.body import read_body
from cds_service.cds_hooks.cors import HEADERS, METHODS, Cors
from cds_service.cds_hooks.discovery import discovery as discovery_document
from cds_service.cds_hooks.endpoint import AnswerSent, CardsAnswer, HookEndpoint, Serving, response_body
from cds_service.cds_hooks.failures import FailureBoundary, exception_handlers
from cds_service.cds_hooks.feedback import Feedback, OverrideReason, parse_feedback
from cds_service.cds_hooks.feedback_route import NotKept, feedback_router
from cds_service.cds_hooks.foreign_pages import NoForeignPages
from cds_service.cds_hooks.headers import STATIC, SecurityHeaders
from cds_service.cds_hooks.leniency import DEVIATIONS, Deviation, Forgiving, Leniency
from cds_service.cds_hooks.limits import RETRY_SECONDS, RequestLimits
from cds_service.cds_hooks.log import LibraryFormatter, in_terminal, library_log_config, open_log
from cds_service.cds_hooks.outbound import ByteBudget, Outbound, OutboundError, Reply
from cds_service.cds_hooks.outcome import HookError, IssueCode, RequestProblem, operation_outcome
from cds_service.cds_hooks.prefetch import LABELS, prefetch_templates, resource_type, scopes
from cds_service.cds_hooks.prefetched import PrefetchedRecord
from cds_service.cds_hooks.request import HookRequest, parse_request
from cds_service.cds_hooks.request_metrics import RequestMetrics
from cds_service.cds_hooks.routes import router
from cds_service.cds_hooks.service import DISCOVERY_PATH, SERVICES, Service, UnknownHook, service_for
from cds_service.cds_hooks.slashes import SlashAtEnd
from cds_service.cds_hooks.threads import Threads

__all__ = [
    "DEVIATIONS",
    "DISCOVERY_PATH",
    "HEADERS",
    "LABELS",
    "METHODS",
    "RETRY_SECONDS",
    "SERVICES",
    "STATIC",
    "AnswerSent",
    "ByteBudget",
    "CardsAnswer",
    "Cors",
    "Deviation",
    "FailureBoundary",
    "Feedback",
    "Forgiving",
    "HookEndpoint",
    "HookError",
    "HookRequest",
    "IssueCode",
    "Leniency",
    "LibraryFormatter",
    "NoForeignPages",
    "NotKept",
    "Outbound",
    "OutboundError",
    "OverrideReason",
    "PrefetchedRecord",
    "Reply",
    "RequestLimits",
    "RequestMetrics",
    "RequestProblem",
    "SecurityHeaders",
    "Service",
    "Serving",
    "SlashAtEnd",
    "Threads",
    "UnknownHook",
    "discovery_document",
    "exception_handlers",
    "feedback_router",
    "in_terminal",
    "library_log_config",
    "open_log",
    "operation_outcome",
    "parse_feedback",
    "parse_request",
    "prefetch_templates",
    "read_body",
    "resource_type",
    "response_body",
    "router",
    "scopes",
    "service_for",
]
