"""ASGI layer that takes an address of CDS Hooks with `/` at its end for the address without it.

Not by a redirect: that would be built from the Host header, and a client need not follow one with its POST.
"""

from collections.abc import Collection

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cds_service.cds_hooks.leniency import SLASH_AT_END, Leniency

_NOTED = "cds_hooks.slash_at_end"


class SlashAtEnd:
    """It stands outside of what goes by the path: limits, metrics, routes."""

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._app = app
        self._paths = frozenset(f"{path}/" for path in paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self._paths:
            scope = {**scope, "path": scope["path"][:-1], _NOTED: True}
        await self._app(scope, receive, send)


def path_called(request: Request, path: str, leniency: Leniency) -> str:
    """`path`, of an endpoint, as it was called."""
    if request.scope.get(_NOTED) and leniency.forgives(SLASH_AT_END):
        return f"{path}/"
    return path
