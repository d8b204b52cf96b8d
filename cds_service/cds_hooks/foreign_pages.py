"""ASGI layer for a service without clients: a page that some browser on its machine shows cannot call it.

There is no token that such a page would lack. It could send what needs no preflight (`body` refuses that by its type as
well), or have its own name resolve to 127.0.0.1 and be of the same origin (DNS rebinding).
https://fetch.spec.whatwg.org/#cors-safelisted-request-header
"""

from collections.abc import Collection
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.outcome import RequestProblem, outcome_response
from cds_service.wire import HeaderProblem, every, host_names, is_own_origin

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSALS = {
    "host": RequestProblem("forbidden", "This service does not answer to that host name (CDS_ALLOWED_HOSTS)."),
    "origin": RequestProblem("forbidden", "Pages of this origin may not call the service (CDS_CORS_ORIGINS)."),
}


class NoForeignPages:
    """Refuses what a page of another origin could send."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str] | None,
        origins: Collection[str],
        apart: str,
        log: FilteringBoundLogger,
    ) -> None:
        """`hosts`: names to be called by, besides this machine's own; None for any. `origins`: those of CORS.

        What lies below the path `apart` looks at its requests itself.
        """
        self._app = app
        self._hosts = hosts
        self._origins = frozenset(origins)
        self._apart = (apart, f"{apart}/")
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = self._reason(scope) if scope["type"] == "http" else None
        if reason is None:
            await self._app(scope, receive, send)
            return
        self._log.warning("page_refused", status=403, reason=reason)
        # The body is unread, so the connection is of no further use.
        await outcome_response(403, _REFUSALS[reason], headers={"Connection": "close"})(scope, receive, send)

    def _reason(self, scope: Scope) -> str | None:
        path = scope["path"]
        if path == self._apart[0] or path.startswith(self._apart[1]):
            return None
        headers = Headers(scope=scope)
        # No browser leaves it out.
        if not self._are_own(headers, scope):
            return "host"
        if scope["method"] in _SAFE:
            return None
        if not all(self._may_call(origin, headers) for origin in every(headers, "origin")):
            return "origin"
        return None

    def _are_own(self, headers: Headers, scope: Scope) -> bool:
        try:
            return all(self._is_own(name, scope) for name in host_names(headers))
        except HeaderProblem:
            return self._hosts is None

    def _is_own(self, name: str, scope: Scope) -> bool:
        if self._hosts is None or name == "localhost" or name in self._hosts or _is_loopback(name):
            return True
        # The address of the socket that the request came to, as probes write it. It is no name that DNS gives.
        own, _ = scope.get("server") or ("", None)
        return name == own and ("." not in own or _is_address(own))

    def _may_call(self, origin: str, headers: Headers) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        try:
            return is_own_origin(origin, headers)
        except HeaderProblem:
            return False


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ip_address(name).is_loopback
