"""The service's log on standard error, holding allow-listed keys only: one JSON object a line, or a line to read where
somebody watches in a terminal.

A key that is not listed is left out, whatever it holds: no name, identifier or token of a patient, no text that a
client sent and no text of an exception gets into a log by an oversight.
"""

import json
import logging
import os
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
        "passed_over",  # trials that were ruled out without being looked at: how many
        "skipped",  # trials for which there was no time: how many
        "skipped_trials",  # and the first of their ids
        "undetermined",  # trials that could not be judged: how many
        "forgiven",  # names in `leniency.DEVIATIONS`, each with how often
        "unread",  # entries that were not understood and that facts wait for: how many
        "rules",  # the number of their version since the start
        "places",  # in the rule files, of what keeps them from being used
        "issues",  # counted by code
        "gaps",  # resource type that was asked for: why it is not whole
        "problems",  # places in the request, in the specification's words
        "client",  # its id in the clients file
        "reason",  # why a client was refused or its keys were not read, in our own words
        "fetched",  # prefetch key: "whole", or why the FHIR server did not give (all of) it, in our own words
        "decision",  # a UUID of ours, by which `cds-service replay` finds what was answered
        "items",  # of a feedback request: how many
        "new",  # of these: how many were not there yet
        "connections",  # that were ended at a limit: how many
        "dropped",  # decisions lost to the log: how many
        "why",  # and for what reason, in our own words
        "zones",  # the time zone of each client, and who gave it
        "logger",  # which library had something to say
        "error",  # an exception's type
        "frames",  # an exception's traceback: module, line and function, without source text or values
    }
)


def in_terminal() -> bool:
    """Whether standard error is one, so that a person reads the log."""
    return sys.stderr.isatty()


def open_log(level: str, *, for_people: bool = False) -> FilteringBoundLogger:
    """A logger of its own configuration, for `level` (debug, info, warning, error) and above."""
    colours = for_people and not os.environ.get("NO_COLOR")
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if for_people else "iso", utc=not for_people),
            only_allowed_keys,
            structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=24)
            if for_people
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )
    return logger


_OF_ITSELF = (
    *("Started ", "Finished ", "Stopping ", "Terminated ", "Waiting for ", "Application ", "Uvicorn running "),
    *("Shutting down", "Cancel ", "Child process ", "New child process ", "Received SIG", "Already reached one "),
    *("Invalid HTTP request received.", "Unsupported upgrade request.", "Exceeded concurrency limit."),
)
"""How uvicorn's messages begin that are about its addresses and processes. Those on a request, such as the address of
one that asked for a WebSocket and (at level debug) its header fields, hold what a client sent."""


class LibraryFormatter(logging.Formatter):
    """For what libraries log: their name and level, and what it is about only where uvicorn speaks of itself.

    Anything else, and every exception, may quote what a client sent.
    """

    def __init__(self, *, for_people: bool = False) -> None:
        super().__init__()
        self._for_people = for_people

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[0] if record.exc_info else None
        # The template is looked at, not what was put into it. An OSError is told where the service cannot listen.
        of_itself = isinstance(record.msg, OSError) or str(record.msg).startswith(_OF_ITSELF)
        told = error is None and record.name.startswith("uvicorn") and of_itself
        event = {
            "event": record.getMessage() if told else "library_message",
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        if error is not None:
            event["error"] = error.__name__
        if self._for_people:
            return f"{record.levelname.lower()}: {': '.join(filter(None, (event['event'], event.get('error'))))}"
        return json.dumps(event)


def library_log_config(level: str, *, for_people: bool = False) -> dict[str, Any]:
    """For `logging.config.dictConfig`: everything that libraries log, through `LibraryFormatter`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"library": {"()": LibraryFormatter, "for_people": for_people}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "library"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"uvicorn": {"level": level.upper()}},
    }


def only_allowed_keys(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    """structlog processor: drop every key that is not in ALLOWED_KEYS."""
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}
