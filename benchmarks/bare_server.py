"""The least that any service in Python does under this server: read the body, answer. Where the ceiling is.

`only_read` looks at nothing; `parsed` also does `json.loads`, which is what a service begins with that reads JSON.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_ANSWER = b'{"cards": []}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]


async def only_read(scope: Message, receive: Receive, send: Send) -> None:
    """Answer when the body is there."""
    await _answered(scope, receive, send, lambda _: None)


async def parsed(scope: Message, receive: Receive, send: Send) -> None:
    """Answer when the body is there and has been parsed."""
    await _answered(scope, receive, send, json.loads)


async def _answered(scope: Message, receive: Receive, send: Send, use: Callable[[bytes], object]) -> None:
    if scope["type"] != "http":
        return
    chunks, more = [], True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    use(b"".join(chunks))
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})
