"""Making the queries: all at once, under one deadline, every answer bounded in pages and bytes.

Whatever the server does, slow, broken, endless or hostile, costs no more than the deadline and ends in a reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from msgspec import DecodeError, Struct, ValidationError, json

from cds_service.cds_hooks.fallback.queries import ELSEWHERE, REQUIRED, Query, next_address
from cds_service.cds_hooks.leniency import DAMAGED_JSON, Leniency
from cds_service.cds_hooks.outbound import ByteBudget, Outbound, OutboundError
from cds_service.deadline import Deadline
from cds_service.fhir import isolated

MOST_PAGES = 20
"""Pages of one query. At 200 to a page that is 4,000 resources of one type."""
_MOST_REDIRECTS = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOO_LATE = "no answer in time"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of one query: its pages, and why there are not more; None where these are all."""

    query: Query
    pages: tuple[bytes, ...]
    failure: str | None


class _Failed(Exception):  # noqa: N818 - it names the end of a query, not a fault of ours
    """A query that ends here; the text says why, in words that hold nothing of the answer."""


class _NotStrict(_Failed):
    """The same, of a page that is no strict JSON."""


class _Link(Struct):
    relation: str = ""
    url: str = ""


class _Named(Struct, rename="camel"):
    resource_type: str = ""


class _Page(_Named, rename="camel"):
    link: tuple[_Link, ...] = ()


_NAMED = json.Decoder(_Named)
_PAGE = json.Decoder(_Page)


async def fetch(
    queries: Sequence[Query],
    base: str,
    token: str | None,
    outbound: Outbound,
    *,
    seconds: float,
    max_bytes: int,
    leniency: Leniency | None = None,
) -> tuple[Fetched, ...]:
    """Make `queries` to the server at `base`, with `token` as bearer token where there is one.

    Ends after `seconds` at the latest, and as soon as a required key cannot be had. `max_bytes`: of all answers
    together. Never raises on any answer.
    """
    results = {query.label: Fetched(query, query.pages, _TOO_LATE) for query in queries}
    made = _Round(base, token, outbound, ByteBudget(max_bytes), results, leniency or Leniency())
    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as group:
            for query in queries:
                group.start_soon(made.ask, query, group)
    return tuple(made.results.values())


@dataclass(slots=True)
class _Round:
    base: str
    token: str | None
    outbound: Outbound
    budget: ByteBudget
    results: dict[str, Fetched]
    leniency: Leniency

    async def ask(self, query: Query, group: TaskGroup) -> None:
        """Make one query, all pages of it. What has come is noted page by page, for the deadline may strike."""
        try:
            await self._pages(query)
        except _Failed as failed:
            pages = self.results[query.label].pages
            self.results[query.label] = Fetched(query, pages, str(failed))
            if query.key in REQUIRED and not pages:
                # Without it there is no answer, so nobody has to wait for the rest.
                group.cancel_scope.cancel()

    async def _pages(self, query: Query) -> None:
        address: str | None = query.url
        asked: set[str] = set()
        while address is not None:
            if address in asked or len(asked) >= MOST_PAGES:
                raise _Failed("too many pages")
            asked.add(address)
            page = await self._page(address)
            try:
                next_url = _next_of(page)
            except _NotStrict:
                if self.leniency.is_strict:
                    raise
                page = await _isolated(page)
                next_url = _next_of(page)
                self.leniency.forgives(DAMAGED_JSON)
            pages = (*self.results[query.label].pages, page)
            self.results[query.label] = Fetched(query, pages, None if next_url is None else _TOO_LATE)
            if next_url is None:
                return
            address = next_address(next_url, address, self.base)
        raise _Failed(ELSEWHERE)

    async def _page(self, address: str) -> bytes:
        headers = {"Accept": "application/fhir+json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                reply = await self.outbound.get(address, headers, self.budget)
            except OutboundError as problem:
                raise _Failed(_WORDS[problem.reason]) from problem
            if reply.status == 200:
                return reply.body
            if reply.status not in _REDIRECTS or reply.location is None:
                raise _Failed(f"status {reply.status}")
            moved = next_address(reply.location, address, self.base)
            if moved is None:
                raise _Failed("it redirects to another server")
            address = moved
        raise _Failed("too many redirects")


_WORDS = {
    "unreachable": "no connection",
    "too_large": "too large",
    "encoding": "an encoding that is not understood",
}


async def _isolated(page: bytes) -> bytes:
    """The page as strict JSON. In a thread, since it may take seconds, and no longer than anybody waits for it."""
    given_up = Event()
    work = partial(isolated, page, Deadline(given_up.is_set))
    try:
        strict = await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    finally:
        given_up.set()
    if strict is None:
        raise _Failed("no FHIR in JSON")
    return strict


def _next_of(page: bytes) -> str | None:
    """The address of the page after this one. Raises _Failed for what is not FHIR in JSON at all, _NotStrict for what
    may hold some."""
    try:
        # What is not looked into is not decoded either, so this is checked for the whole.
        page.decode()
        try:
            read = _PAGE.decode(page)
        except ValidationError:
            # What is odd may be the links alone. The reader sees that too, and takes the answer for incomplete.
            _NAMED.decode(page)
            return None
    except (DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise _NotStrict("no FHIR in JSON") from problem
    if not read.resource_type:
        raise _Failed("no FHIR in JSON")
    return next((link.url for link in read.link if link.relation == "next"), None)
