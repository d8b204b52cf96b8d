"""How tests wait: for what happens, never for how long it takes.

A test holds on a machine that does fifty other things. So it waits for a condition, without a limit that a sound run
could come near, and what the service itself gives up after some tenths of a second or some seconds is given up much
later here (`DEADLINES`, `SETTINGS`). A test about one of these limits sets that one, and makes what is too slow wait
for the test: an event that it sets, a server that it lets go, a clock of its own.
"""

import importlib
import time
from collections.abc import Callable

HANG = 600.0
"""Seconds after which something counts as hung. Nothing that works comes near it, on a busy machine neither."""

SETTINGS = {
    "CDS_REQUEST_SECONDS": "600",
    "CDS_DECISION_SECONDS": "590",
    "CDS_HEADER_SECONDS": "600",
    "CDS_BODY_SECONDS": "600",
    "CDS_BODY_RATE": "0",
    "CDS_KEEP_ALIVE_SECONDS": "600",
}
"""For a service that a test starts: time enough for every answer."""

DEADLINES = {
    "cds_service.store.suppression.DEADLINE_SECONDS": HANG,
    "cds_service.store.tokens.DEADLINE_SECONDS": HANG,
    "cds_service.store.engines.WAIT_SECONDS": 60,
    "cds_service.store.engines._CONNECT_SECONDS": 60,
    "cds_service.store.schema.WAIT_SECONDS": 60,
    "cds_service.server.persistence._START_SECONDS": HANG,
    "cds_service.server.persistence._FLUSH_SECONDS": 60.0,
    "cds_service.cds_hooks.outbound._TIMEOUT": 60.0,
    "cds_service.cds_hooks.trust.key_sources.DEADLINE": 60.0,
}
"""What the service waits for its database and for a client's keys, by the name of the constant."""


def patient(deadlines: dict[str, float], put: Callable[[object, str, float], object] = setattr) -> None:
    """Set the constants of these names; `put` is `setattr` or something that takes it back later."""
    for name, seconds in deadlines.items():
        module, _, constant = name.rpartition(".")
        put(importlib.import_module(module), constant, seconds)


def until(holds: Callable[[], object], what: str = "") -> None:
    """Return once `holds` does. Raises AssertionError, with `what` was waited for, where it never does."""
    over = time.monotonic() + HANG
    while not holds():
        assert time.monotonic() < over, f"waited in vain: {what}"
        time.sleep(0.02)
