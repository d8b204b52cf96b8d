"""The authenticator: names the client that sent a request, or refuses with 401. Every endpoint calls it first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal, NoReturn

import anyio.to_thread
from starlette.requests import Request
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.outbound import Outbound
from cds_service.cds_hooks.outcome import HookError, RequestProblem
from cds_service.cds_hooks.trust.clients import Client, Clients
from cds_service.cds_hooks.trust.key_sources import GivenKeys, KeysAwaited, KeySource, PublishedKeys
from cds_service.cds_hooks.trust.replay import ReplayGuard, ReplayGuardDown
from cds_service.cds_hooks.trust.tokens import Reason, Refused, SignedToken, check_claims, read_token, verify_signature
from cds_service.wire import HeaderProblem, bearer_token, field

DESK_HEADER = "CDS-Workbench"
"""The request header by which the EHR view of the workbench says what it wants."""
SET_ASIDE_HEADER = "CDS-Set-Aside"
"""The header of the answer to it with the ids of the trials that are not shown because of earlier feedback."""
Desk = Literal["usual", "everything"]
"""`everything`: also the cards of trials that were set aside."""
_DESK: Mapping[str, Desk] = {"usual": "usual", "everything": "everything"}


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request. `client_id` is None where no clients are configured, and then anybody may.

    `prefetch_aliases`: the caller's prefetch keys, each with the service's name for it. `fhir_servers`: those that may
    be asked for what the caller did not send. `desk` is set where the rule author's desk asks, about a sample.
    """

    client_id: str | None
    tenant: str | None
    prefetch_aliases: Mapping[str, str]
    fhir_servers: frozenset[str]
    desk: Desk | None = None


class Authenticator:
    """Lets configured clients through, each by a token that it signed for this one request."""

    def __init__(
        self,
        clients: Clients,
        *,
        public_url: str | None,
        leeway: int,
        guard: ReplayGuard,
        now: Callable[[], datetime],
        outbound: Outbound,
        log: FilteringBoundLogger,
    ) -> None:
        """`public_url`: the service's address as clients know it. `leeway`: seconds by which clocks may differ."""
        self._clients = clients
        self._public_url = public_url
        self._leeway = leeway
        self._guard = guard
        self._now = now
        self._log = log
        self._keys = {client.id: self._source(client, outbound) for client in clients}

    async def authenticate(self, request: Request, path: str) -> Caller:
        """The client that sent `request` to the endpoint at `path`, such as `/cds-services`; with a `/` at its end,
        where it was called so, a token may be meant for either.

        Raises HookError: 401 without a reason, 503 where it cannot be told now whether the token is good.
        """
        client = None
        try:
            token = read_token(_bearer(request))
            client = self._clients.find(token.issuer, token.tenant)
            if client is None:
                raise Refused("issuer")
            await self._check(token, client, path)
        except Refused as refused:
            self._refuse(refused.reason, client)
        except (KeysAwaited, ReplayGuardDown) as problem:
            again = RequestProblem("transient", "It cannot be told now whether the token is good. Try again.")
            raise HookError(503, (again,), {"Retry-After": "5"}) from problem
        return Caller(client.id, token.tenant, client.prefetch_aliases, frozenset(client.fhir_servers))

    async def _check(self, token: SignedToken, client: Client, path: str) -> None:
        if token.jku is not None and token.jku not in (client.jwks_url, *client.jku):
            raise Refused("jku")
        keys = await self._keys[client.id].find(token.kid, token.algorithm)
        if not keys:
            raise Refused("key")
        # In a thread: it is computation, which would hold up every other request.
        await anyio.to_thread.run_sync(verify_signature, token, keys)
        spellings = dict.fromkeys((path, path.rstrip("/")))
        own = () if self._public_url is None else tuple(self._public_url + spelt for spelt in spellings)
        jti, until = check_claims(token, (*own, *client.audiences), self._now(), self._leeway)
        if client.tenants and token.tenant not in client.tenants:
            raise Refused("tenant")
        # A guard may ask a database, which must not hold up other requests.
        if not await anyio.to_thread.run_sync(self._guard.first_time, token.issuer, jti, until):
            raise Refused("replayed")

    def _source(self, client: Client, outbound: Outbound) -> KeySource:
        if client.jwks_url is None:
            return GivenKeys(self._clients.keys[client.id])
        failed = partial(self._no_keys, client.id)
        return PublishedKeys(client.jwks_url, outbound, failed)

    def _no_keys(self, client_id: str, reason: str) -> None:
        self._log.error("keys_not_read", client=client_id, reason=reason)

    def _refuse(self, reason: Reason, client: Client | None) -> NoReturn:
        known = {} if client is None else {"client": client.id}
        self._log.warning("client_refused", reason=reason, **known)
        problem = RequestProblem("login", "A valid token of a registered client is required.")
        raise HookError(401, (problem,), {"WWW-Authenticate": "Bearer"})


class NoAuthenticator:
    """Lets everybody through: for a service that only its own machine can reach, or something in front guards."""

    def __init__(self, fhir_servers: frozenset[str], *, desk: bool = False) -> None:
        """`desk`: whether the workbench is served, so that its header counts."""
        self._caller = Caller(None, None, {}, fhir_servers)
        self._desk = _DESK if desk else {}

    async def authenticate(self, request: Request, _path: str) -> Caller:
        """See `Authenticator.authenticate`; never raises."""
        desk = self._desk.get(field(request.headers, DESK_HEADER))
        return self._caller if desk is None else replace(self._caller, desk=desk)


def _bearer(request: Request) -> str:
    try:
        return bearer_token(request.headers)
    except HeaderProblem as problem:
        raise Refused("no_token") from problem
