"""Threads for work that can't be stopped half-way: a few, and each counts until it is really done."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """A fixed number of threads, for whoever comes first. Who waits for one, or for its result, can give up.

    What is given up before it has begun is never begun; after that it goes on, and its thread takes nothing else until
    it is done.
    """

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="answers")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, or its exception. Cancelled, it returns at once and leaves the work to end alone."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
