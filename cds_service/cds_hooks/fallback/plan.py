"""The plan of FHIR queries for one request, if the caller allows any."""

from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.cds_hooks.fallback.fetch import Fetched, fetch
from cds_service.cds_hooks.fallback.queries import REQUIRED, Query, queries
from cds_service.cds_hooks.outbound import Outbound
from cds_service.cds_hooks.prefetched import PrefetchedRecord
from cds_service.cds_hooks.trust import Caller
from cds_service.wire import base_url

_NOT_ALLOWED = "it is not one of the servers that may be asked"


@dataclass(frozen=True, slots=True)
class Plan:
    """Queries to the server at `base`."""

    base: str
    queries: tuple[Query, ...]


class Fallback:
    """Fetches what prefetch did not bring."""

    def __init__(
        self,
        templates: Mapping[str, str],
        types_read: frozenset[str],
        outbound: Outbound,
        *,
        seconds: float,
        max_bytes: int,
    ) -> None:
        """`seconds` and `max_bytes` are for all queries of one request together."""
        self._templates = templates
        self._types_read = types_read
        self._outbound = outbound
        self._seconds = seconds
        self._max_bytes = max_bytes

    def plan(self, prefetched: PrefetchedRecord, caller: Caller) -> Plan | None:
        """The plan of a request's queries; None where none is needed. Raises HookError (400) as `queries` does."""
        server = prefetched.request.fhir_server
        if server is None:
            return None
        base = base_url(server)
        if base is None or base not in caller.fhir_servers:
            prefetched.failures.update(dict.fromkeys(REQUIRED, _NOT_ALLOWED))
            return None
        found = queries(prefetched, self._templates, self._types_read, base)
        return Plan(base, found) if found else None

    async def fetch(self, plan: Plan, prefetched: PrefetchedRecord) -> tuple[Fetched, ...]:
        """Make the queries. Never raises on any answer, nor takes longer than it may."""
        token = prefetched.request.access_token
        return await fetch(
            plan.queries,
            plan.base,
            token,
            self._outbound,
            seconds=self._seconds,
            max_bytes=self._max_bytes,
            leniency=prefetched.leniency,
        )


def put(fetched: tuple[Fetched, ...], prefetched: PrefetchedRecord) -> None:
    """Put what was fetched where it was missing."""
    for one in fetched:
        query = one.query
        prefetched.take(query.key, query.label, one.pages, one.failure, whole=not query.pages)
