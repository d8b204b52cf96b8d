"""The desk's pages are put together at the first request, once, and end with the service."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from fastapi import FastAPI

from cds_service.workbench import LateApp

T = TypeVar("T")


def in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run this in an event loop of its own: the browser of the other tests may keep one running in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class Pages:
    """Makes an application and notes what happens to it."""

    def __init__(self, failing: int = 0, failing_start: int = 0) -> None:
        self.events: list[str] = []
        self.tasks: set[Any] = set()
        self._failing, self._failing_start = failing, failing_start

    def make(self) -> FastAPI:
        with pytest.raises(RuntimeError):  # not in the thread of the loop: others are answered meanwhile
            asyncio.get_running_loop()
        if self._failing:
            self._failing -= 1
            raise LookupError("not installed")
        self.events.append("made")

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            if self._failing_start:
                self._failing_start -= 1
                raise LookupError("no port")
            self.tasks.add(asyncio.current_task())
            self.events.append("begun")
            yield
            self.events.append("ended")
            self.tasks.add(asyncio.current_task())

        app = FastAPI(lifespan=lifespan)

        @app.get("/")
        async def page() -> str:
            return "page"

        return app


async def status_of(app: LateApp) -> int:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}, receive, send)
    return int(sent[0]["status"])


def test_requests_that_come_at_once_have_it_made_once() -> None:
    pages = Pages()

    async def run() -> list[int]:
        late = LateApp(pages.make)
        assert pages.events == []
        answers = await asyncio.gather(*(status_of(late) for _ in range(5)))
        assert pages.events == ["made", "begun"]
        await late.close()
        return answers

    assert in_a_loop(run()) == [200] * 5
    assert pages.events == ["made", "begun", "ended"]
    assert len(pages.tasks) == 1, "a lifespan ends in the task that it began in"


def test_a_service_whose_desk_nobody_opened_ends_without_it() -> None:
    pages = Pages()
    in_a_loop(LateApp(pages.make).close())
    assert pages.events == []


@pytest.mark.parametrize("failing", [{"failing": 1}, {"failing_start": 1}], ids=["making it", "its start"])
def test_what_fails_once_is_tried_again(failing: dict[str, int]) -> None:
    pages = Pages(**failing)

    async def run() -> int:
        late = LateApp(pages.make)
        with pytest.raises(LookupError):
            await status_of(late)
        found = await status_of(late)
        await late.close()
        return found

    assert in_a_loop(run()) == 200
    assert pages.events[-2:] == ["begun", "ended"]
