"""A trial in plain words: each criterion with its rule, and each fact with the codes and units that it is read from."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cds_service.durations import Duration
from cds_service.facts.catalogue import (
    PRINTED_SYSTEMS,
    Definition,
    EventsFact,
    FactSpec,
    ObservedFact,
    codes_by_part,
)
from cds_service.library import Library
from cds_service.logic.words import words
from cds_service.rule_files import read_json
from cds_service.trials import CompiledCriterion, CompiledTrial, Decides, decides, titles_of

_MOST_CODES = 4


@dataclass(frozen=True, slots=True)
class CriterionInWords:
    """One criterion. `rule` is its logic or its screen in words, empty where there is none, `lookback` as `7 days`.

    `exception` is what a person judges where the rule fails and the source makes an exception.
    """

    id: str
    kind: str
    gate: bool
    text: str
    decides: Decides
    rule: str
    lookback: str
    review: str
    exception: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactInWords:
    """One fact: what it is read from, in which units, and how long it counts."""

    name: str
    title: str
    kind: str
    unit: str
    units: tuple[str, ...]
    fresh_for: str
    read_from: str


@dataclass(frozen=True, slots=True)
class TrialInWords:
    """A trial's own criteria, each cohort's, and every fact that they read."""

    criteria: tuple[CriterionInWords, ...]
    cohorts: tuple[tuple[str, str, tuple[CriterionInWords, ...]], ...]
    facts: tuple[FactInWords, ...]

    def as_json(self) -> dict[str, Any]:
        """For other tools."""
        cohorts = [{"id": id, "title": title, "criteria": list(map(asdict, c))} for id, title, c in self.cohorts]
        return {
            "criteria": list(map(asdict, self.criteria)),
            "cohorts": cohorts,
            "facts": list(map(asdict, self.facts)),
        }


class RulesReference:
    """Puts the trials and facts of a library into words. `rules_dir` is where its value sets are."""

    def __init__(self, library: Library, rules_dir: Path) -> None:
        self.library = library
        self.rules_dir = rules_dir
        self.titles = titles_of(library.catalogue)

    def trial(self, trial: CompiledTrial) -> TrialInWords:
        """One trial."""
        catalogue = self.library.catalogue
        read = [ref.name for compiled in trial.all_criteria() for ref in compiled.facts]
        names = dict.fromkeys(name for ref in read if (name := catalogue.fact_of(ref)) is not None)
        return TrialInWords(
            tuple(map(self._criterion, trial.criteria)),
            tuple((cohort.id, cohort.title, tuple(map(self._criterion, own))) for cohort, own in trial.cohorts),
            tuple(self.fact(name) for name in names),
        )

    def fact(self, name: str) -> FactInWords:
        """One fact of the catalogue."""
        entry = self.library.catalogue.lookup(name)
        assert entry is not None
        unit = "" if entry.unit in (None, "1") else str(entry.unit)
        fresh = "" if entry.fresh_for is None else entry.fresh_for.words()
        read_from = "; ".join(self._sources(entry.spec))
        return FactInWords(name, entry.title, entry.kind, unit, tuple(entry.units), fresh, read_from)

    def facts(self) -> tuple[FactInWords, ...]:
        """Every fact of the catalogue, by name."""
        return tuple(self.fact(name) for name in sorted(self.library.catalogue.facts))

    def _criterion(self, compiled: CompiledCriterion) -> CriterionInWords:
        criterion = compiled.criterion
        return CriterionInWords(
            id=criterion.id,
            kind=criterion.kind,
            gate=criterion.gate,
            text=criterion.text,
            decides=decides(criterion),
            rule="" if compiled.rule is None else words(compiled.rule, self.titles),
            lookback=Duration.parse(criterion.lookback).words() if criterion.lookback else "",
            review=criterion.review or "",
            exception="" if criterion.exception is None else criterion.exception.text,
            facts=tuple(dict.fromkeys(ref.name for ref in compiled.facts)),
        )

    def _sources(self, spec: FactSpec) -> Iterator[str]:
        """What a fact is read from."""
        match spec:
            case EventsFact():
                yield spec.resource
                for key, word in (("valueset", ""), ("history", "history: "), ("hints", "may be: ")):
                    set_id = getattr(spec, key)
                    if set_id is not None:
                        yield f"{word}{set_id} ({self.extent(set_id)})"
                if spec.route is not None:
                    yield f"route: {spec.route}"
            case ObservedFact():
                yield from self._codes(spec)
            case _:
                yield spec.made_from

    def _codes(self, spec: ObservedFact) -> Iterator[str]:
        by_system: dict[str, list[str]] = {}
        for code in spec.codes:
            by_system.setdefault(PRINTED_SYSTEMS.get(code.system, code.system), []).append(code.code)
        for system, codes in by_system.items():
            more = len(codes) - _MOST_CODES
            yield f"{system} {', '.join(codes[:_MOST_CODES])}" + (f" and {more} more" if more > 0 else "")

    def extent(self, set_id: str) -> str:
        """How many codes of each system a value set lists, or its filters gave; prefixes count as one each."""
        content, _ = read_json(self.rules_dir / "valuesets" / f"{set_id}.json", f"valuesets/{set_id}.json")
        found: dict[str, set[str]] = {}
        systems = self.library.facts.systems
        parts = codes_by_part(self.rules_dir, Definition.model_validate(content), systems) if content else ()
        for element, part, codes in parts:
            if element == "exclude":
                continue
            for other in part.value_set:
                found.setdefault(f"all of {other.rpartition(':')[2]}", set())
            if part.system is not None:
                name = systems.canonical(part.system)
                listed = found.setdefault(PRINTED_SYSTEMS.get(name, name), set())
                listed.update((*codes, *(f"{prefix}…" for prefix in part.prefixes(name))))
        return ", ".join(f"{system} {len(codes)}" if codes else system for system, codes in found.items())
