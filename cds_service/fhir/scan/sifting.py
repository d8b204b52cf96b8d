"""Selects Observations by their headers, and reads the selected ones as a whole."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.fhir.assemble import Found
from cds_service.fhir.headers import HeaderPage
from cds_service.fhir.reading import FoundResource
from cds_service.fhir.scan.observation_filter import ObservationFilter

_ID = attrgetter("id")


def repeated_ids(pages: Iterable[HeaderPage], found: Iterable[Found]) -> frozenset[str | None]:
    """The ids of Observations that a record has more than once, under whatever keys: which version counts cannot be
    told from some of them. `found`: what was read whole."""
    ids: list[str | None] = [one.item.id for one in found if one.entry.type == "Observation"]
    for page in pages:
        ids += map(_ID, page.heads)
    repeated = _more_than_once(ids)
    if "#" in "".join(filter(None, ids)):
        # Contained results get ids with this mark, and may come to be the same.
        repeated |= {id for id in ids if id is not None and "#" in id}
    return repeated


def sifted(
    pages: Sequence[HeaderPage],
    interest: ObservationFilter | None,
    repeated: frozenset[str | None],
    deadline: Deadline = NEVER,
) -> list[Found]:
    """The Observations of one search that have to be read; all without `interest`. Raises `OutOfTime`."""
    heads = pages[0].heads if len(pages) == 1 else [head for page in pages for head in page.heads]
    kept = range(len(heads)) if interest is None else interest.sift(heads, repeated, deadline)
    return list(_found(pages, kept, deadline))


def _found(pages: Sequence[HeaderPage], kept: Iterable[int], deadline: Deadline) -> Iterator[Found]:
    start, number = 0, 0
    for index in deadline.each(kept):
        while index - start >= len(pages[number].entries):
            start += len(pages[number].entries)
            number += 1
        page = pages[number]
        entry = page.entries[index - start]
        notes: list[Issue] = []
        raw, item = page.resource(index - start, deadline, notes)
        place = page.place_of(index - start)
        yield Found(FoundResource(place, "Observation", raw, entry.full_url), item, tuple(notes))


def _more_than_once(names: list[str | None]) -> frozenset[str | None]:
    """Which of the names come more than once; to have none is not to have the same."""
    distinct = set(names)
    if len(distinct) == len(names):
        return frozenset()
    return frozenset(name for name, count in Counter(names).items() if count > 1 and name is not None)
