"""A FHIR terminology server, asked by `ValueSet/$expand` and `CodeSystem/$lookup`.

An expansion is taken whole or not at all: one that ends before its total, changes between its pages, holds another
code system, or comes of a version that is not named, is a SourceError.
https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence

from cds_service.facts.catalogue import PRINTED_SYSTEMS
from cds_service.terminology.sources.names import in_order
from cds_service.terminology.sources.source import (
    Concept,
    FilterCondition,
    Release,
    SourceError,
    UnsupportedFilterError,
)
from cds_service.terminology.sources.tx_answers import (
    ServerExpansion,
    read_expansion,
    read_lookup,
    read_search,
    read_versions,
)
from cds_service.terminology.sources.tx_client import RetryTimes, ServerAnswer, TerminologyClient
from cds_service.wire import base_url, in_path

TOKEN = "CDS_TX_TOKEN"
PAGE = 1_000
MOST_CODES = 500_000
"""Of one expansion. SNOMED CT as a whole is below that."""
_MOST_PAGES = 5_000
_SECONDS = 60.0
_SYSTEMS = tuple(system for system in PRINTED_SYSTEMS if system.startswith("http"))
"""What a server is asked for that does not list it."""
_ROOTED = ("is-a", "descendent-of")
_NO_SUCH_CODE = frozenset({"not-found", "code-invalid"})


class TerminologyServer:
    """A server as a Source."""

    def __init__(self, client: TerminologyClient, versions: dict[str, str]) -> None:
        """`versions`: what the server says of the code systems that it holds."""
        self._client = client
        self._versions = versions
        self._concepts: dict[tuple[str, str], Concept | None] = {}

    @property
    def releases(self) -> tuple[Release, ...]:
        """The code systems of which the server named one version: in its capabilities, by search, in an expansion."""
        return tuple(Release(system, version) for system, version in sorted(self._versions.items()))

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        """The active codes that meet all conditions, in code order. Raises SourceError besides."""
        for condition in conditions:
            if condition.op in _ROOTED and self.concept(system, condition.value) is None:
                raise LookupError(f"{condition.value} is no code of {system} at {self._client.base}")
        return in_order(self._pages(system, conditions).values())

    def concept(self, system: str, code: str) -> Concept | None:
        """A code, looked up. Raises SourceError, also where an unknown code can't be told from an unknown system."""
        key = (system, code)
        if key not in self._concepts:
            self._concepts[key] = self._lookup(system, code)
        return self._concepts[key]

    def version(self, system: str) -> str | None:
        """The version of a code system: of its capabilities, else of a search for it."""
        if system not in self._versions:
            answer = self._client.ask(f"CodeSystem?url={in_path(system)}&_elements=url,version")
            found = read_search(answer, system) if answer.status == 200 else None
            if found is not None:
                self._versions[system] = found
        return self._versions.get(system)

    def _lookup(self, system: str, code: str) -> Concept | None:
        query = f"system={in_path(system)}&code={in_path(code)}"
        answer = self._client.ask(f"CodeSystem/$lookup?{query}")
        if answer.status in (400, 404, 422) and answer.issues & _NO_SUCH_CODE:
            if self.version(system) is None:
                raise SourceError(answer.where, f"it does not say that it holds {system}: {answer.said}")
            return None
        return read_lookup(answer, code)

    def _pages(self, system: str, conditions: Sequence[FilterCondition]) -> dict[str, Concept]:
        found: dict[str, Concept] = {}
        total: int | None = None
        received = 0
        for number in range(_MOST_PAGES):
            answer = self._client.ask("ValueSet/$expand", self._question(system, conditions, received))
            expansion = self._page(answer, system)
            if number and expansion.total != total:
                raise SourceError(answer.where, f"the total changed from {total} to {expansion.total} between pages")
            total = expansion.total
            nodes = expansion.nodes()
            received += len(nodes)
            for node in nodes:
                if node.system != system:
                    raise SourceError(answer.where, f"asked for {system}, it gives {node.code} of {node.system}")
                if node.code is None or node.code in found:
                    raise SourceError(
                        answer.where, f"it gives {node.code} a second time: its pages do not fit together"
                    )
                found[node.code] = Concept(node.code, node.display, not (node.inactive or node.abstract))
            if max(received, total or 0) > MOST_CODES:
                raise SourceError(answer.where, f"the expansion has more than {MOST_CODES:,} codes")
            if self._is_last(answer, expansion, received, len(nodes)):
                return found
        raise SourceError(self._client.base, f"the expansion does not end after {_MOST_PAGES:,} pages")

    def _page(self, answer: ServerAnswer, system: str) -> ServerExpansion:
        """One page. The version that it was made from has to be the one of the pages before it."""
        if answer.status != 200 and "not-supported" in answer.issues:
            raise UnsupportedFilterError(f"{self._client.base} cannot answer it: {answer.said}")
        expansion = read_expansion(answer)
        if expansion.is_partial:
            raise SourceError(
                answer.where, "the server says that it is too costly, or has no end: it gives a part only"
            )
        version = expansion.version_of(system)
        known = self.version(system) if version is None else self._versions.setdefault(system, version)
        if known is None:
            raise SourceError(answer.where, f"it does not say which version of {system} it holds")
        if version is not None and version != known:
            raise SourceError(answer.where, f"it answers from version {version} of {system}, and held {known} before")
        return expansion

    def _is_last(self, answer: ServerAnswer, expansion: ServerExpansion, received: int, here: int) -> bool:
        if expansion.total is not None:
            if received > expansion.total:
                raise SourceError(answer.where, f"it gives {received} codes of {expansion.total}")
            if not here and received < expansion.total:
                raise SourceError(answer.where, f"its pages end after {received} codes of {expansion.total}")
            return received == expansion.total
        if expansion.offset is None and here == PAGE:
            raise SourceError(answer.where, f"it gives neither total nor offset, and just the {PAGE} codes asked for")
        # Without a total a server that pages is asked until nothing comes; one that does not page has given all.
        return expansion.offset is None or not here

    def _question(self, system: str, conditions: Sequence[FilterCondition], offset: int) -> dict[str, object]:
        filters = [{"property": one.property, "op": one.op, "value": one.value} for one in conditions]
        include: dict[str, object] = {"system": system}
        if system in self._versions:
            include["version"] = self._versions[system]
        if filters:
            include["filter"] = filters
        value_set = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}
        return {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "valueSet", "resource": value_set},
                {"name": "count", "valueInteger": PAGE},
                {"name": "offset", "valueInteger": offset},
                {"name": "activeOnly", "valueBoolean": True},
                {"name": "excludeNested", "valueBoolean": True},
            ],
        }


def open_tx(
    place: str,
    *,
    token: str | None = None,
    seconds: float = _SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> TerminologyServer:
    """Ask the server at `place` what it holds. `token`: a bearer token; without one CDS_TX_TOKEN of the environment.

    `seconds`: what a request may take. Of a code system that the server holds in several versions it has to name a
    default, or the system is none of its releases. Raises SourceError.
    """
    base = base_url(place)
    if base is None:
        raise SourceError(place, "it is no http(s) address of a FHIR server")
    client = TerminologyClient(base, token or os.environ.get(TOKEN), RetryTimes(seconds, clock, sleep))
    answer = client.ask("metadata?mode=terminology")
    # A server need not have capabilities of its terminology. It may answer with those of a FHIR server, then.
    is_other = answer.status in (400, 404, 405, 501) or answer.resource.get("resourceType") == "CapabilityStatement"
    found = TerminologyServer(client, {} if is_other else read_versions(answer))
    for system in _SYSTEMS:
        found.version(system)
    return found
