"""The same resource sent more than once: under two prefetch keys, in overlapping pages, or in several versions."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.fhir.dates import DateError, parse_date
from cds_service.fhir.decode import label
from cds_service.fhir.references import parse_reference
from cds_service.fhir.views import Resource


class ResourceCopy(NamedTuple):
    """A decoded resource, where it was met, and where its entry says that it lives."""

    view: Resource
    place: str
    full_url: str | None


def one_of_each(copies: list[ResourceCopy], deadline: Deadline = NEVER) -> tuple[list[ResourceCopy], list[Issue]]:
    """Each resource once, in the order first met, and an issue for each that came with different contents.

    The same type and id is the same resource, unless the `fullUrl`s say that they live on different servers. Of
    different contents the newest counts (`meta.lastUpdated`, else a numeric `meta.versionId`). Where nothing tells
    which that is, all of them count: then two values contradict each other in the open, instead of one being hidden.
    Raises `OutOfTime`.
    """
    names = [(type(copy.view), copy.view.id) for copy in copies if copy.view.id is not None]
    if len(set(names)) == len(names):
        return copies, []
    groups: dict[tuple[type[Resource], str], list[int]] = defaultdict(list)
    for index, copy in enumerate(deadline.each(copies)):
        if copy.view.id is not None:
            groups[type(copy.view), copy.view.id].append(index)
    left_out: set[int] = set()
    issues: list[Issue] = []
    for indexes in deadline.each(groups.values()):
        if len(indexes) > 1:
            deadline.spend(len(indexes))
            for server in _by_server(copies, indexes):
                kept = _kept(copies, server, issues, deadline)
                left_out.update(set(server) - set(kept))
            seen: set[bytes] = set()
            for index in deadline.each(indexes):
                content = _content(copies[index].view)
                if index in left_out:
                    continue
                if content in seen:
                    left_out.add(index)
                seen.add(content)
    return [copy for index, copy in enumerate(copies) if index not in left_out], issues


def _by_server(copies: list[ResourceCopy], indexes: list[int]) -> Iterable[list[int]]:
    servers: dict[str, list[int]] = defaultdict(list)
    for index in indexes:
        servers[parse_reference(copies[index].full_url or "").base or ""].append(index)
    # A copy without address may be of the only server that there is.
    return [indexes] if len(servers.keys() - {""}) < 2 else servers.values()


def _kept(copies: list[ResourceCopy], indexes: list[int], issues: list[Issue], deadline: Deadline) -> list[int]:
    kept = indexes
    for rank in (_updated, _version):
        if len({_content(copies[index].view) for index in deadline.each(kept)}) > 1:
            kept = _highest(kept, [rank(copies[index].view) for index in deadline.each(kept)])
    first = copies[indexes[0]]
    name = label(type(first.view).__name__, first.view.id, first.place)
    if len({_content(copies[index].view) for index in deadline.each(kept)}) > 1:
        message = "was sent with different contents, and nothing says which is newer; all of them count"
        issues.append(Issue("warning", "conflicting_versions", name, "meta", message))
    elif len(kept) < len(indexes):
        issues.append(Issue("information", "older_version", name, "meta", "an older version was left out"))
    return kept


def _highest(indexes: list[int], ranks: list[float | None]) -> list[int]:
    """Those of the highest rank; all, where any rank is unknown."""
    known = [rank for rank in ranks if rank is not None]
    if len(known) < len(ranks):
        return indexes
    newest = max(known)
    return [index for index, rank in zip(indexes, known, strict=True) if rank == newest]


def _content(view: Resource) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(view, meta=None))


def _updated(view: Resource) -> float | None:
    try:
        return parse_date(view.meta.last_updated).earliest.timestamp() if view.meta and view.meta.last_updated else None
    except DateError:
        return None


def _version(view: Resource) -> float | None:
    version = view.meta.version_id if view.meta is not None else None
    return float(version) if version is not None and version.isascii() and version.isdigit() else None
