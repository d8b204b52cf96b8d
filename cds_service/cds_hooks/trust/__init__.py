"""Trust: the clients that may call, and the proof of which of them sent a request (CDS Hooks 2.0).

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients"""

from cds_service.cds_hooks.trust.authenticator import (
    DESK_HEADER,
    SET_ASIDE_HEADER,
    Authenticator,
    Caller,
    Desk,
    NoAuthenticator,
)
from cds_service.cds_hooks.trust.clients import CardChoices, Client, Clients, ClientsError, load_clients
from cds_service.cds_hooks.trust.key_sources import (
    FRESH_FOR,
    MOST_WAITING,
    PAUSE,
    PAUSE_AFTER_FAILURE,
    USABLE_FOR,
    PublishedKeys,
)
from cds_service.cds_hooks.trust.keys import KeyProblem, read_key, read_keys
from cds_service.cds_hooks.trust.replay import (
    LONGEST_LEAP,
    MOST_REMEMBERED,
    MemoryReplayGuard,
    ReplayGuard,
    ReplayGuardDown,
)
from cds_service.cds_hooks.trust.tokens import Reason

__all__ = [
    "DESK_HEADER",
    "FRESH_FOR",
    "LONGEST_LEAP",
    "MOST_REMEMBERED",
    "MOST_WAITING",
    "PAUSE",
    "PAUSE_AFTER_FAILURE",
    "SET_ASIDE_HEADER",
    "USABLE_FOR",
    "Authenticator",
    "Caller",
    "CardChoices",
    "Client",
    "Clients",
    "ClientsError",
    "Desk",
    "KeyProblem",
    "MemoryReplayGuard",
    "NoAuthenticator",
    "PublishedKeys",
    "Reason",
    "ReplayGuard",
    "ReplayGuardDown",
    "load_clients",
    "read_key",
    "read_keys",
]
