"""ASGI layer for the headers that keep an answer from being stored, framed, sniffed or run.

https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html. Strict-Transport-Security is for what
ends TLS, which is in front of the service.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    # An answer is about one patient at one moment, or about the state of a service.
    "Cache-Control": "no-store",
}
POLICY = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
STATIC = "/docs/static"
"""Where the page on the API has its script and style from: here, so that it works without anything from outside."""
PAGE_POLICY = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
}
"""For the page on the API, which starts its script inline."""


class SecurityHeaders:
    """Adds the headers that the answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = HEADERS | (PAGE_POLICY if scope["path"].startswith("/docs") else POLICY)

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding)
