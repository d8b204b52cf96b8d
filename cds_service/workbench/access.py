"""Who may open the workbench: on loopback whoever sits at the machine, elsewhere who knows the password.

Without a password only requests that name this machine are let in: a page elsewhere that had its own name resolve to
127.0.0.1 could otherwise read and edit here. With one, a browser proves it once and gets a cookie, because it sends no
password along when it opens a WebSocket.
"""

import hmac
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service.wire import (
    HeaderProblem,
    basic_password,
    cookie,
    forwarded_prefix,
    host_name,
    is_same_origin,
    is_there,
)

COOKIE = "cds_workbench"
# The pages are drawn by scripts that stand in them and by templates that are compiled in the browser. Whatever they do,
# nothing is loaded from or sent to anywhere else.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""What a proxy adds. One on this machine may give its own name as the host's."""
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Access:
    """ASGI layer around the workbench. `password` None: loopback only."""

    def __init__(self, app: ASGIApp, password: str | None) -> None:
        self._app = app
        self._password = password
        # Of this process: after a restart the browser proves the password again by itself.
        self._token = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        proved = scope["type"] == "http" and self._knows_password(headers)
        if not self._lets_in(headers, proved=proved):
            await self._refuse(scope, receive, send)
        else:
            given = self._cookie(secure=scope.get("scheme") == "https") if proved else None
            await self._app(scope, receive, _with_headers(send, given))

    def _lets_in(self, headers: Headers, *, proved: bool) -> bool:
        try:
            forwarded_prefix(headers)  # every page's links begin with it
            if not is_same_origin(headers):
                return False
            if self._password is None:
                return not any(is_there(headers, name) for name in _PASSED_ON) and host_name(headers) in LOCAL_NAMES
            return proved or self._has_cookie(headers)
        except HeaderProblem:
            return False

    def _knows_password(self, headers: Headers) -> bool:
        if self._password is None:
            return False
        try:
            given = basic_password(headers)
        except HeaderProblem:
            return False
        return hmac.compare_digest(given.encode(), self._password.encode())

    def _has_cookie(self, headers: Headers) -> bool:
        value = cookie(headers, COOKIE)
        return value is not None and hmac.compare_digest(value.encode(), self._token.encode())

    def _cookie(self, *, secure: bool) -> str:
        return f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/" + ("; Secure" if secure else "")

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif self._password is None:
            text = "The workbench answers on this machine's own name only. Open http://127.0.0.1 with its port."
            await PlainTextResponse(text, 403)(scope, receive, send)
        else:
            ask = {"WWW-Authenticate": 'Basic realm="cds-service workbench", charset="UTF-8"'}
            await PlainTextResponse("The workbench needs its password.", 401, ask)(scope, receive, send)


def _with_headers(send: Send, given: str | None) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = POLICY
            if given is not None:
                headers.append("set-cookie", given)
        await send(message)

    return sending
