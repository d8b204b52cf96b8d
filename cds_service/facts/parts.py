"""Parts of a fact that are made when somebody asks for them: of all values few are asked as a multiple of normal.

What makes them must not refer to what holds the fact: the collector of garbage does not look into facts.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cds_service.facts.fact import Fact


class LateParts(Mapping[str, Fact]):
    """The parts of these words, all made when the first of them is asked for; at worst twice, by two threads."""

    __slots__ = ("_made", "_make", "_words")

    def __init__(self, words: tuple[str, ...], make: Callable[[], Mapping[str, Fact]]) -> None:
        self._words = words
        self._make = make
        self._made: Mapping[str, Fact] | None = None

    def __getitem__(self, word: str) -> Fact:
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


class LateNode(Mapping[str, Any]):
    """A node of a document: what is `known` of the fact, and `more` that is made when what is known is not enough."""

    __slots__ = ("_known", "_more", "_whole")

    def __init__(self, known: dict[str, Any], more: Callable[[], Mapping[str, Any]]) -> None:
        self._known = known
        self._more = more
        self._whole: dict[str, Any] | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """What the node holds under that key."""
        found = self._known.get(key)
        return self._all().get(key, default) if found is None else found

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __bool__(self) -> bool:
        return bool(self._known) or bool(self._all())

    def _all(self) -> dict[str, Any]:
        whole = self._whole
        if whole is None:
            whole = self._whole = {**self._known, **self._more()}
        return whole
