"""Who calls the stand-in, and why a token is refused: the gate of the service, asked in its own words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import anyio
import structlog
from starlette.requests import Request
from structlog.typing import EventDict, FilteringBoundLogger

from cds_service.cds_hooks import ByteBudget, HookError, Outbound, OutboundError, Reply
from cds_service.cds_hooks.trust import Authenticator, Client, Clients, MemoryReplayGuard, Reason
from cds_service.doctor.duties import Known
from cds_service.doctor.report import Duty

TOKEN_SAYS: dict[Reason, str] = {
    "no_token": "No `Authorization: Bearer` header came, or two of them.",
    "malformed": "It is no JSON Web Token.",
    "algorithm": "Its `alg` is neither ES384 nor RS384.",
    "header": "Its header has no `kid`, a `crit`, or a `typ` other than JWT.",
    "issuer": "No client of the clients file has its `iss`.",
    "jku": "Its `jku` is none that the clients file has.",
    "key": "The client has no key with its `kid` for this algorithm.",
    "signature": "It is signed with another key than the client's.",
    "claims": "`exp`, `iat` or `jti` is missing or of the wrong type.",
    "audience": "Its `aud` is not the address that was called.",
    "expired": "It is expired, or the clocks differ.",
    "lifetime": "Its `exp` is more than an hour away.",
    "not_yet_valid": "Its `nbf` lies ahead, or the clocks differ.",
    "issued_in_future": "Its `iat` lies ahead, or the clocks differ.",
    "tenant": "Its `tenant` is none of the client's.",
    "replayed": "It was used before: each request needs a new one.",
}
"""By the reason for which the gate refuses."""
_BEFORE_THE_ISSUER = frozenset({"no_token", "malformed", "algorithm", "header"})
NO_CLIENTS = "No clients file is set (CDS_CLIENTS_FILE), so nobody is registered and no signature can be checked."


class Unconnected(Outbound):
    """In place of what asks others over HTTP: nothing leaves the machine."""

    def __init__(self) -> None:
        super().__init__(expected=False)

    async def get(self, url: str, headers: Mapping[str, str], budget: ByteBudget) -> Reply:
        """Always raises OutboundError."""
        raise OutboundError("unreachable")


class Callers:
    """Says of each HTTP request who sent it and how its token is."""

    def __init__(
        self,
        clients: Clients | None,
        fhir_servers: frozenset[str],
        *,
        address: str,
        leeway: int,
        now: Callable[[], datetime],
        outbound: Outbound,
    ) -> None:
        """`address`: what the `aud` of tokens begins with. `fhir_servers`: those that count where no client is known.
        `outbound`: what asks for a client's published keys."""
        self._clients = clients
        self._fhir_servers = fhir_servers
        self._heard: list[EventDict] = []
        self._one_at_a_time = anyio.Lock()
        self._authenticator = Authenticator(
            clients or Clients((), {}),
            public_url=address,
            leeway=leeway,
            guard=MemoryReplayGuard(now),
            now=now,
            outbound=outbound,
            log=self._listening(),
        )

    async def judge(self, request: Request, path: str) -> tuple[Known, tuple[Duty, ...]]:
        """The client, and its registration and token."""
        async with self._one_at_a_time:
            self._heard.clear()
            try:
                caller = await self._authenticator.authenticate(request, path)
            except HookError:
                return self._refused()
        says = "Signature, address and times are good, and it was not used before."
        registered = Duty("registration", "green", f"It is the client {caller.client_id} of the clients file.")
        known = Known(caller.client_id, caller.prefetch_aliases, caller.fhir_servers)
        return known, (registered, Duty("token", "green", says))

    def _refused(self) -> tuple[Known, tuple[Duty, ...]]:
        refused: EventDict = next((one for one in self._heard if one["event"] == "client_refused"), {})
        reason: Reason = refused.get("reason", "malformed")
        nobody = Known(None, {}, self._fhir_servers)
        if self._clients is None:
            registration = Duty("registration", "not seen", NO_CLIENTS)
            if reason in _BEFORE_THE_ISSUER:
                return nobody, (registration, Duty("token", "red", TOKEN_SAYS[reason]))
            return nobody, (registration, Duty("token", "not seen", f"It has the form of a token. {NO_CLIENTS}"))
        token = Duty("token", "red", TOKEN_SAYS[reason])
        if any(one["event"] == "keys_not_read" for one in self._heard):
            says = "The client's published keys were not read: --fetch-keys asks its `jwks_url` for them."
            token = Duty("token", "not seen", says)
        client = next((one for one in self._clients if one.id == refused.get("client")), None)
        if client is None:
            says = TOKEN_SAYS["issuer"] if reason == "issuer" else "Without a token that can be read nobody is known."
            return nobody, (Duty("registration", "red" if reason == "issuer" else "not seen", says), token)
        registered = Duty("registration", "green", f"It says that it is the client {client.id} of the clients file.")
        return known_as(client), (registered, token)

    def _listening(self) -> FilteringBoundLogger:
        """A log that nobody reads but this object, until the next request."""

        def hear(_logger: Any, _method: str, event: EventDict) -> EventDict:
            self._heard.append(dict(event))
            raise structlog.DropEvent

        log: FilteringBoundLogger = structlog.wrap_logger(
            None, processors=[hear], wrapper_class=structlog.make_filtering_bound_logger(0)
        )
        return log


def known_as(client: Client) -> Known:
    """What the clients file says of a client."""
    return Known(client.id, client.prefetch_aliases, frozenset(client.fhir_servers))
