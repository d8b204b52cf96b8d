"""Targets of the `fullUrl`s of a record's entries."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from cds_service.fhir.references import ReferenceKind, Target

_UNCLEAR = Target(ReferenceKind.OTHER)


class FullUrls:
    """Look-ups by `fullUrl`, for lists of entries of which few, if any, are ever asked for."""

    def __init__(self, targets: Mapping[str, Target]) -> None:
        """`targets`: what is known beforehand."""
        self._targets = targets
        self._lists: list[tuple[list[str | None], Callable[[int], Target]]] = []
        self._all: set[str | None] | None = None
        self._by_url: defaultdict[str | None, list[tuple[int, int]]] | None = None
        self._found: dict[str, Target | None] = {}

    def append(self, urls: list[str | None], target: Callable[[int], Target]) -> None:
        """Take in the `fullUrl`s of a list of entries; `target` gives what that of an index points to."""
        self._lists.append((urls, target))
        self._all = self._by_url = None
        self._found.clear()

    def get(self, url: str) -> Target | None:
        """What `url` points to; nothing that is known where two entries have it that are not the same resource."""
        # Thousands of entries may have one address, and thousands of references name it.
        if url not in self._found:
            self._found[url] = self._look_up(url)
        return self._found[url]

    def _look_up(self, url: str) -> Target | None:
        found = {self._lists[number][1](index) for number, index in self._at(url)}
        if url in self._targets:
            found.add(self._targets[url])
        return _UNCLEAR if len(found) > 1 else next(iter(found), None)

    def _at(self, url: str) -> Sequence[tuple[int, int]]:
        """Which entries have it: the number of the list and the index in that."""
        if self._all is None:
            self._all = set().union(*(urls for urls, _ in self._lists))
        # Nearly always: references name a Patient by its id. To arrange thousands of addresses takes longer.
        if url not in self._all:
            return ()
        if self._by_url is None:
            self._by_url = defaultdict(list)
            for number, (urls, _) in enumerate(self._lists):
                for index, one in enumerate(urls):
                    self._by_url[one].append((number, index))
        return self._by_url.get(url, ())
