"""The service's log: one JSON object a line on standard error, holding allow-listed keys only.

A key that is not listed is left out, whatever it holds: no name, identifier or token of a patient, no text that a
client sent and no text of an exception gets into a log by an oversight.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

ALLOWED_KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "hook_instance",  # a UUID by the time it is logged; what an EHR's own log knows the request by
        "status",
        "ms",
        "bytes",
        "cards",
        "trials",
        "issues",  # counted by code
        "gaps",  # resource type that was asked for: why it is not whole
        "problems",  # places in the request, in the specification's words
        "error",  # an exception's type
        "frames",  # an exception's traceback: module, line and function, without source text or values
    }
)


def open_log(level: str) -> FilteringBoundLogger:
    """A logger of its own configuration, for `level` (debug, info, warning, error) and above."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed_keys,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )
    return logger


def only_allowed_keys(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    """structlog processor: drop every key that is not in ALLOWED_KEYS."""
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}
