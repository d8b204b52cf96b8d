"""From the heads of a record's Observations to the whole resources of those that are asked for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from cds_service.fhir.assemble import Found
from cds_service.fhir.bundle import Entry, Reading
from cds_service.fhir.heads import HeadPage
from cds_service.fhir.interest import Interest
from cds_service.fhir.references import ReferenceKind, Target

_ID, _URL = attrgetter("resource.id"), attrgetter("full_url")
_OBSERVATION = Target(ReferenceKind.RELATIVE, "Observation")


@dataclass(frozen=True, slots=True)
class Repeated:
    """The ids and `fullUrl`s of Observations that come more than once in a record, under whatever keys.

    Which version counts, and whether a reference to a `fullUrl` is ambiguous, cannot be told from some of them.
    """

    ids: frozenset[str | None]
    urls: frozenset[str | None]

    @classmethod
    def among(cls, readings: Iterable[Reading], found: Iterable[Found]) -> "Repeated":
        """`found`: what was read whole."""
        ids: list[str | None] = []
        urls: list[str | None] = []
        for reading in readings:
            urls += reading.addresses
            for page in reading.heads:
                ids += map(_ID, page.entries)
                urls += map(_URL, page.entries)
        for one in found:
            urls.append(one.entry.full_url)
            if one.entry.type == "Observation":
                ids.append(one.item.id)
        repeated = _more_than_once(ids)
        if "#" in "".join(filter(None, ids)):
            # Contained results get ids with this mark, and may come to be the same.
            repeated |= {id for id in ids if id is not None and "#" in id}
        return cls(repeated, _more_than_once(urls))


def sifted(
    pages: Sequence[HeadPage], interest: Interest | None, repeated: Repeated
) -> tuple[list[Found], dict[str, Target]]:
    """The Observations that have to be read (all without `interest`), and the `fullUrl`s of the others."""
    entries = pages[0].entries if len(pages) == 1 else [entry for page in pages for entry in page.entries]
    kept = range(len(entries)) if interest is None else interest.sift(entries, repeated.ids, repeated.urls)
    addresses = dict.fromkeys([entry.full_url for entry in entries if entry.full_url is not None], _OBSERVATION)
    for index in kept:
        url = entries[index].full_url
        if url is not None:
            addresses.pop(url, None)
    return list(_found(pages, kept)), addresses


def _found(pages: Sequence[HeadPage], kept: Iterable[int]) -> Iterator[Found]:
    start, number = 0, 0
    for index in kept:
        while index - start >= len(pages[number].entries):
            start += len(pages[number].entries)
            number += 1
        page = pages[number]
        entry = page.entries[index - start]
        raw, item = page.resource(index - start)
        place = page.place_of(index - start)
        mode = None if entry.search is None else entry.search.mode
        yield Found(Entry(place, "Observation", raw, entry.full_url, mode), item)


def _more_than_once(names: list[str | None]) -> frozenset[str | None]:
    """Which of the names come more than once; to have none is not to have the same."""
    distinct = set(names)
    if len(distinct) == len(names):
        return frozenset()
    return frozenset(name for name, count in Counter(names).items() if count > 1 and name is not None)
