"""Codes as several releases have them together: their names, and whether they are there and in use."""

from collections.abc import Sequence

from cds_service.facts.catalogue import CodeSystems
from cds_service.terminology.sources.source import Concept, Source


class ReleasedCodes:
    """What several sources know together: the first that holds a code speaks for it."""

    def __init__(self, sources: Sequence[Source], systems: CodeSystems) -> None:
        self._systems = systems
        self._sources: dict[str, list[Source]] = {}
        for source in sources:
            for release in source.releases:
                self._sources.setdefault(systems.canonical(release.system), []).append(source)

    def covers(self, system: str) -> bool:
        """Whether a source has the system of that name."""
        return self._systems.canonical(system) in self._sources

    def concept(self, system: str, code: str) -> Concept | None:
        """A code as a source has it, retired ones too."""
        name = self._systems.canonical(system)
        found = (source.concept(name, code.strip()) for source in self._sources.get(name, ()))
        return next((one for one in found if one is not None), None)
