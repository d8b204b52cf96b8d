"""More than can be answered in time is refused at once, and everything else is still answered."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from httpx2 import Response
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks import Threads
from cds_service.library import Library
from cds_service.settings import Settings
from tests.waiting import HANG, until

URL = "/cds-services/clinical-trial-match"
AS_OF = date(2026, 5, 15)


def is_refusal(response: Response, code: str) -> bool:
    outcome = OperationOutcome.model_validate(response.json())
    return (
        response.status_code == 503
        and response.headers["retry-after"] == "1"
        and [issue.code for issue in outcome.issue] == [code]
    )


class SlowClock:
    """A clock that answers when the test lets it."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = threading.Semaphore(0)

    def __call__(self) -> date:
        self.asked.release()
        self.go.wait(HANG)
        return AS_OF


@pytest.fixture
def clock() -> SlowClock:
    return SlowClock()


def test_beyond_the_limit_a_request_is_refused_at_once(
    library: Library, clock: SlowClock, hook_request: Callable[..., Any]
) -> None:
    settings = Settings(log_level="error", max_concurrent=2)
    with TestClient(create_app(settings, library, clock)) as client, ThreadPoolExecutor(2) as threads:
        running = [threads.submit(client.post, URL, json=hook_request()) for _ in range(2)]
        for _ in range(2):
            assert clock.asked.acquire(timeout=HANG)
        assert is_refusal(client.post(URL, json=hook_request()), "throttled")
        assert is_refusal(client.post(f"{URL}/feedback", json={"feedback": []}), "throttled")
        assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
        clock.go.set()
        assert [one.result().status_code for one in running] == [200, 200]
        assert client.post(URL, json=hook_request()).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(
    library: Library, clock: SlowClock, hook_request: Callable[..., Any], tmp_path: Path
) -> None:
    settings = Settings(log_level="error", request_seconds=0.2, state_dir=tmp_path)
    with TestClient(create_app(settings, library, clock)) as client:
        response = client.post(URL, json=hook_request())
        assert is_refusal(response, "timeout")
        assert f'cds_requests_total{{route="{URL}",status="503"}} 1.0' in client.get("/metrics").text
        assert client.get("/metrics").text.count("cds_cards_total{") == 0, "nothing was served"
        clock.go.set()


def test_a_refusal_can_be_read_in_a_browser(library: Library, clock: SlowClock, hook_request: Any) -> None:
    origin = "https://sandbox.example.org"
    settings = Settings(log_level="error", request_seconds=0.1, cors_origins=(origin,))
    with TestClient(create_app(settings, library, clock)) as client:
        response = client.post(URL, json=hook_request(), headers={"Origin": origin})
        assert response.status_code == 503
        assert response.headers["access-control-allow-origin"] == origin
        clock.go.set()


def test_eight_floods_at_once_are_answered_or_refused_and_nothing_else(
    library: Library, hook_request: Callable[..., Any]
) -> None:
    settings = Settings(log_level="error", max_concurrent=4)
    with TestClient(create_app(settings, library, lambda: AS_OF)) as client, ThreadPoolExecutor(8) as threads:

        def flood(_number: int) -> list[Response]:
            return [client.post(URL, json=hook_request()) for _ in range(20)]

        answers = [answer for answers in threads.map(flood, range(8)) for answer in answers]
        assert client.post(URL, json=hook_request()).status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert any(answer.status_code == 200 for answer in answers)
    assert all(answer.json()["cards"] for answer in answers if answer.status_code == 200)
    assert all(is_refusal(answer, "throttled") for answer in answers if answer.status_code == 503)


# Threads whose callers have gone.


def test_a_thread_counts_until_its_work_is_done() -> None:
    go, most, running = threading.Event(), [0], [0]
    lock = threading.Lock()

    def work() -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go.wait(HANG)
        with lock:
            running[0] -= 1
        return 1

    async def scenario() -> int:
        threads = Threads(2)
        for _ in range(6):
            with anyio.move_on_after(0.05):
                await threads.run(work)
        await anyio.to_thread.run_sync(until, lambda: running[0] == 2, "both threads")
        go.set()
        return await threads.run(work)

    assert asyncio.run(scenario()) == 1
    assert most[0] == 2


def test_work_that_was_given_up_in_line_is_never_begun() -> None:
    go, begun = threading.Event(), []

    async def scenario() -> None:
        threads = Threads(1)
        first = asyncio.create_task(threads.run(lambda: go.wait(HANG)))
        await asyncio.sleep(0)
        with anyio.move_on_after(0.05):
            await threads.run(lambda: begun.append("given up"))
        later = [asyncio.create_task(threads.run(partial(begun.append, n))) for n in range(5)]
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, *later)

    asyncio.run(scenario())
    assert begun == [0, 1, 2, 3, 4], "first come, first served"


def test_what_work_raises_is_raised_and_frees_its_thread() -> None:
    def fail() -> None:
        raise KeyError("x")

    async def scenario() -> list[type[BaseException]]:
        threads, found = Threads(1), []
        for _ in range(3):
            try:
                await threads.run(fail)
            except KeyError as error:
                found.append(type(error))
        return found

    assert asyncio.run(scenario()) == [KeyError] * 3
