"""What facts are made of, and what is made of them, through as many steps as there are."""

from collections.abc import Callable, Iterable, Mapping

from cds_service.facts.catalogue.specs import FactSpec


class Dependents:
    """`base` gives the fact that a name in a rule reads; `None` where there is none. Circles do no harm."""

    def __init__(self, facts: Mapping[str, FactSpec], base: Callable[[str], str | None]) -> None:
        self._facts = facts
        self._base = base
        self._parts: dict[str, frozenset[str]] = {}
        self._wholes: dict[str, frozenset[str]] | None = None

    def closure(self, names: Iterable[str]) -> frozenset[str]:
        """The facts that these names read, and all that they are made of."""
        parts = self._parts
        return frozenset().union(*[parts[name] if name in parts else self._parts_read(name) for name in names])

    def wholes(self, names: Iterable[str]) -> set[str]:
        """These facts and all that are made of one of them."""
        wholes = self._all_wholes() if self._wholes is None else self._wholes
        found = set(names)
        for name in tuple(found):
            found.update(wholes.get(name, ()))
        return found

    def _parts_read(self, name: str) -> frozenset[str]:
        base = self._base(name)
        return frozenset() if base is None else self._parts_of(base)

    def _parts_of(self, base: str) -> frozenset[str]:
        found = self._parts.get(base)
        if found is None:
            reached = {base}
            waiting = [base]
            while waiting:
                for name in self._facts[waiting.pop()].references():
                    part = self._base(name)
                    if part is not None and part not in reached:
                        reached.add(part)
                        waiting.append(part)
            found = self._parts[base] = frozenset(reached)
        return found

    def _all_wholes(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for name in self._facts:
            for part in self._parts_of(name):
                if part != name:
                    found.setdefault(part, set()).add(name)
        self._wholes = {name: frozenset(wholes) for name, wholes in found.items()}
        return self._wholes
