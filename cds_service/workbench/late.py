"""An application that is put together when somebody first asks for it: what most starts of a service never need."""

import asyncio
from collections.abc import Callable

import anyio.to_thread
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send


class LateApp:
    """ASGI application that `make` makes at the first request, in a thread, so that others are answered meanwhile.

    Its lifespan begins then, and ends with `close`. Where it can't be made, every request tries again and fails.
    """

    def __init__(self, make: Callable[[], FastAPI]) -> None:
        self._make = make
        self._making = asyncio.Lock()
        self._app: FastAPI | None = None
        self._closing = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        app = self._app or await self._made()
        await app(scope, receive, send)

    async def close(self) -> None:
        """End the lifespan, if it has begun."""
        self._closing.set()
        if self._life is not None:
            await self._life

    async def _made(self) -> FastAPI:
        async with self._making:
            if self._app is None:
                app = await anyio.to_thread.run_sync(self._make)
                begun = asyncio.get_running_loop().create_future()
                self._life = asyncio.create_task(self._live(app, begun))
                await begun
                self._app = app
            return self._app

    async def _live(self, app: FastAPI, begun: "asyncio.Future[None]") -> None:
        """The lifespan, in one task from its beginning to its end."""
        try:
            async with app.router.lifespan_context(app):
                begun.set_result(None)
                await self._closing.wait()
        except Exception as problem:
            if begun.done():
                raise
            begun.set_exception(problem)
