"""What the `fullUrl`s of a record's entries point to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cds_service.fhir.heads import HeadEntry, HeadPage
from cds_service.fhir.references import ReferenceKind, Target, parse_reference

_UNCLEAR = Target(ReferenceKind.OTHER)
# A record mostly has one subject, and then it is quicker to run through thousands of addresses than to arrange them.
_MOST_SEARCHES = 20


class FullUrls:
    """Look-ups by `fullUrl`, also of the Observations of which nothing but the head is decoded."""

    def __init__(self, targets: Mapping[str, Target], pages: Sequence[HeadPage] = ()) -> None:
        self._targets = targets
        self._entries = [entry for page in pages for entry in page.entries]
        self._urls: list[str | None] = []
        self._searches = 0
        self._by_url: defaultdict[str | None, list[HeadEntry]] | None = None

    def get(self, url: str) -> Target | None:
        """What `url` points to; nothing that is known where two entries have it that are not the same resource."""
        found = self._targets.get(url)
        if not self._entries:
            return found
        targets = {_target(url, entry) for entry in self._at(url)}
        if found is not None:
            targets.add(found)
        return _UNCLEAR if len(targets) > 1 else next(iter(targets), None)

    def _at(self, url: str) -> Sequence[HeadEntry]:
        self._searches += 1
        if self._searches <= _MOST_SEARCHES and self._by_url is None:
            self._urls = self._urls or [entry.full_url for entry in self._entries]
            if url not in self._urls:
                return ()
        if self._by_url is None:
            self._by_url = defaultdict(list)
            for entry in self._entries:
                self._by_url[entry.full_url].append(entry)
        return self._by_url.get(url, ())


def _target(url: str, entry: HeadEntry) -> Target:
    id = entry.resource.id
    return Target(ReferenceKind.RELATIVE, "Observation", parse_reference(url).id or url if id is None else id)
