"""Threads for work that can't be stopped half-way: a few, and each counts until it is really done."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

T = TypeVar("T")


class Threads:
    """A fixed number of threads. Whoever waits for one, or for its result, can give up; the thread still counts.

    anyio's own limiter forgets a thread whose caller has gone, so that under load more and more of them would run.
    """

    def __init__(self, number: int) -> None:
        self._free = anyio.CapacityLimiter(number)
        self._starting = anyio.CapacityLimiter(number)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Cancelled, it returns at once and leaves the work to end by itself."""
        held = object()
        loop = asyncio.get_running_loop()
        begun = False

        def counted() -> T:
            nonlocal begun
            begun = True
            try:
                return work()
            finally:
                # The loop is closed where the service ended meanwhile.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._free.release_on_behalf_of, held)

        await self._free.acquire_on_behalf_of(held)
        try:
            return await anyio.to_thread.run_sync(counted, abandon_on_cancel=True, limiter=self._starting)
        except BaseException:
            if not begun:
                self._free.release_on_behalf_of(held)
            raise
