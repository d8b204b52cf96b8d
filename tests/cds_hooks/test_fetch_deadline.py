"""One deadline for all queries: what had come by then counts, and nobody waits for what can no longer help.

The deadline is as far away as a test waits at all. It comes when a test says so: its event loop's clock leaps.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import anyio

from cds_service.cds_hooks import Reply
from cds_service.cds_hooks.fallback import Fetched, Query, fetch
from tests.cds_hooks.conftest import bundle, lupus
from tests.waiting import HANG

BASE = "https://ehr.example.org/fhir"
CONDITIONS = Query("conditions", "conditions", f"{BASE}/Condition")
OBSERVATIONS = Query("observations", "observations", f"{BASE}/Observation")
NEXT = f"{BASE}/Condition?page=2"


class Leaping(asyncio.SelectorEventLoop):
    """A loop whose clock can be put forward."""

    leapt = 0.0

    def time(self) -> float:
        return super().time() + self.leapt


class Ehr:
    """Answers what it has an answer for. Where `late`, the deadline comes once all those answers are given."""

    def __init__(self, answers: Mapping[str, Reply], late: bool) -> None:
        self.left = dict(answers)
        self.late = late
        self.given_up_after: list[float] = []

    async def get(self, url: str, *_: Any) -> Reply:
        if url in self.left:
            await anyio.lowlevel.checkpoint()
            return self.left.pop(url)
        loop: Any = asyncio.get_running_loop()
        began = loop.time()
        try:
            while self.left:
                await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()  # until the last of them is read
            if self.late:
                loop.leapt = HANG
            await anyio.sleep_forever()
        finally:
            self.given_up_after.append(loop.time() - began)
        raise AssertionError


def fetched(ehr: Any) -> dict[str, Fetched]:
    """What came of the two queries, by key."""

    async def run() -> tuple[Fetched, ...]:
        return await fetch((CONDITIONS, OBSERVATIONS), BASE, None, ehr, seconds=HANG, max_bytes=10_000)

    return {one.query.key: one for one in anyio.run(run, backend_options={"loop_factory": Leaping})}


def page(**fields: Any) -> Reply:
    return Reply(200, json.dumps(bundle(lupus(), **fields)).encode(), None)


def test_what_came_before_the_deadline_counts() -> None:
    found = fetched(Ehr({CONDITIONS.url: page()}, late=True))
    assert (len(found["conditions"].pages), found["conditions"].failure) == (1, None)
    assert (found["observations"].pages, found["observations"].failure) == ((), "no answer in time")


def test_of_a_query_the_pages_that_came_before_the_deadline_count_and_are_not_all() -> None:
    first = page(link=[{"relation": "next", "url": NEXT}])
    found = fetched(Ehr({CONDITIONS.url: first, OBSERVATIONS.url: page()}, late=True))
    assert (len(found["conditions"].pages), found["conditions"].failure) == (1, "no answer in time")
    assert found["observations"].failure is None


def test_once_a_required_key_is_lost_nobody_waits_for_the_rest() -> None:
    ehr = Ehr({CONDITIONS.url: Reply(403, b"", None)}, late=False)
    found = fetched(ehr)
    assert found["conditions"].failure == "status 403"
    assert found["observations"].failure == "no answer in time"
    [waited] = ehr.given_up_after
    assert waited < HANG, "not until the deadline"
