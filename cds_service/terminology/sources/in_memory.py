"""Code systems in memory as sorted lists of codes: names as one text, descent by prefix."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from cds_service.terminology.sources.filters import FilterTable, expand, unanswered
from cds_service.terminology.sources.source import Concept, FilterCondition, Release, UnsupportedFilterError


class CodeNames:
    """Many short texts by number, as one: a name costs its bytes and eight more, not an object."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, name: bytes) -> int:
        """Its number: how many there were before."""
        self._text += name
        self._ends.append(len(self._text))
        return len(self._ends) - 2

    def __getitem__(self, number: int) -> str:
        return self._text[self._ends[number] : self._ends[number + 1]].decode()


Normal = Callable[[str], str]


class ListedTable:
    """One code system: codes as it writes them, found by a normal form of them."""

    def __init__(
        self,
        concepts: Iterable[Concept],
        normal: Normal = str.strip,
        *,
        shortest_root: int | None = None,
        lack: str = "",
    ) -> None:
        """`shortest_root`: characters that a root needs at least where codes descend by prefix; None: they do not, and
        `lack` says why. Of a code that comes twice the first that is active counts.
        """
        self._normal, self._shortest_root, self._lack = normal, shortest_root, lack
        written, keys, names, active = [], [], CodeNames(), bytearray()
        for concept in concepts:
            written.append(concept.code)
            keys.append(normal(concept.code))
            names.add(concept.display.encode())
            active.append(concept.active)
        order = sorted(range(len(keys)), key=lambda number: (keys[number], not active[number]))
        self.order = array("I")
        """Which of the `concepts` each number stands for, counted from 0 as they came."""
        for number in order:
            if not self.order or keys[self.order[-1]] != keys[number]:
                self.order.append(number)
        self._keys = [keys[number] for number in self.order]
        self._written = [written[number] for number in self.order]
        self._names, self._active = names, active

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, code: str) -> int | None:
        key = self._normal(code)
        number = bisect_left(self._keys, key)
        return number if number < len(self._keys) and self._keys[number] == key else None

    def concept(self, number: int) -> Concept:
        came = self.order[number]
        return Concept(self._written[number], self._names[came], bool(self._active[came]))

    def below(self, code: str) -> Set[int]:
        """By prefix. A root that is only the beginning of codes ("335.2" where 335.20 is listed) is one too."""
        if self._shortest_root is None:
            raise UnsupportedFilterError(self._lack)
        root = self._normal(code)
        if len(root) < self._shortest_root:
            raise LookupError(f"{code} is no category: that has {self._shortest_root} characters or more")
        first, last = bisect_left(self._keys, root), bisect_left(self._keys, root + "\U0010ffff")
        if first == last:
            raise LookupError(f"the release holds neither {code} nor a code that begins with it")
        return frozenset(range(first, last))

    def related(self, condition: FilterCondition) -> Set[int]:
        raise unanswered(condition)


class InMemory:
    """A source that holds a table for each of its systems."""

    def __init__(self, tables: Mapping[str, FilterTable], versions: Mapping[str, str]) -> None:
        """Both by the systems' canonical names."""
        self._tables = tables
        self._releases = tuple(Release(system, versions[system]) for system in tables)

    @property
    def releases(self) -> tuple[Release, ...]:
        return self._releases

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        if system not in self._tables:
            raise LookupError(f"the source holds no release of {system}, but of {', '.join(self._tables)}")
        return expand(self._tables[system], conditions)

    def concept(self, system: str, code: str) -> Concept | None:
        table = self._tables.get(system)
        number = None if table is None else table.find(code)
        return None if table is None or number is None else table.concept(number)


def without_point(code: str) -> str:
    """An ICD code as it is found: "c92.0 " is "C920"."""
    return code.strip().upper().replace(".", "")


def with_point(code: str, places: int) -> str:
    """A code that a file writes without its point, as its system writes it: after the first `places` characters."""
    return f"{code[:places]}.{code[places:]}" if len(code) > places else code
