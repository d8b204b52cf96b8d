"""The fact catalogue as data: which facts there are, of what type, in which unit. Knows nothing of FHIR resources.

`trials` reads it to check rules; the rest of this package reads it to find the facts in a record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cds_service.durations import Duration
from cds_service.errors import Finding
from cds_service.facts.catalogue.composition import Dependents
from cds_service.facts.catalogue.fact_definition import Code, FactType, NumberUnit, Part, unknown_parts
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.observed_facts import QuantityFact
from cds_service.facts.catalogue.spec_fields import Absence, EventResource
from cds_service.facts.catalogue.specs import MODELS, FactSpec
from cds_service.facts.intervals import Factor
from cds_service.rule_files import invalid, pointer, read_json

TABLES = frozenset(
    {
        *("dosage.json", "everyday.json", "half-lives.json", "judged.json", "no_information.json", "qualitative.json"),
        "reviewed-names.json",
        "treating-doses.json",
        *("ranges.json", "routes.json", "systems.json", "units.json", "wording.json"),
    }
)
"""Files in `rules/facts/` that hold no facts."""

RESERVED = frozenset({"span"})
"""First words that a fact's name must not have, because the fact document uses them."""


@dataclass(frozen=True, slots=True)
class FactEntry:
    """A fact or a part of one (`lab.alt.x_uln`, `condition.sle.active`) as a rule may name it.

    `unit` is the canonical UCUM unit: "1" without dimension, `None` where the fact is no number. `units` are the units
    a rule may write, with the factor that turns them into the canonical one. `fresh_for` is how long evidence counts
    (`None`: for ever). `order` is what to request when the fact is missing.
    """

    name: str
    spec: FactSpec
    part: Part
    type: FactType
    unit: str | None
    units: Mapping[str, Factor]
    fresh_for: Duration | None
    order: Code | None
    absence: Absence

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def resource(self) -> EventResource | None:
        """Where events are read from; `None` of other facts."""
        return getattr(self.spec, "resource", None)

    @property
    def title(self) -> str:
        return self.spec.title

    @property
    def display_unit(self) -> str:
        """The unit as cards write it; empty where there is none."""
        if self.part in {"x_uln", "x_lln"}:
            return "× ULN" if self.part == "x_uln" else "× LLN"
        if self.unit in {None, "1"}:
            return ""
        return getattr(self.spec, "display_unit", "") or self.unit or ""


class Catalogue:
    """Every fact by name, with the file and the JSON pointer where it is defined."""

    def __init__(self, facts: Mapping[str, FactSpec], places: Mapping[str, tuple[str, str]]) -> None:
        self.facts = dict(facts)
        self.places = dict(places)
        self._composition = Dependents(self.facts, self.fact_of)
        self._fresh: dict[str, Duration | None] = {}

    def __iter__(self) -> Iterator[FactSpec]:
        return iter(self.facts.values())

    def __len__(self) -> int:
        return len(self.facts)

    def __contains__(self, name: str) -> bool:
        return self.lookup(name) is not None

    def base(self, name: str) -> str | None:
        """The name of the fact that `name` is, or is a part of; `None` if there is none."""
        if name in self.facts:
            return name
        stem, _, part = name.rpartition(".")
        whole = self.facts.get(stem)
        return stem if whole is not None and part in whole.rule_parts else None

    def fact_of(self, name: str) -> str | None:
        """The fact that a name in a rule reads: it, one it is a part of, or the date behind `days_since`."""
        return self.base(name) or self.base(name.removesuffix(".days_since"))

    def title_of(self, name: str) -> str:
        """What cards call the fact of that name; the name itself if there is none."""
        base = self.fact_of(name)
        return name if base is None else self.facts[base].title

    def place_of(self, name: str) -> tuple[str, str]:
        """The file and JSON pointer where a fact is defined; empty for one that is not."""
        return self.places.get(self.fact_of(name) or "", ("", ""))

    def lookup(self, name: str) -> FactEntry | None:
        """The fact or part of a fact of that name; `None` if there is none."""
        base = self.base(name)
        if base is None:
            return None
        spec = self.facts[base]
        part: Any = name[len(base) + 1 :]
        unit, units = _part_unit(part) if part else spec.number_unit(self.lookup)
        return FactEntry(
            name=name,
            spec=spec,
            part=part,
            type=_part_type(part) if part else spec.rule_type(self.lookup),
            unit=unit,
            units=units,
            fresh_for=self.fresh_for(name),
            order=getattr(spec, "order", None),
            absence=spec.when_absent,
        )

    def names(self) -> Iterator[str]:
        """Every name that a rule may use, parts included."""
        for name, spec in self.facts.items():
            yield name
            yield from (f"{name}.{part}" for part in spec.rule_parts)

    def closure(self, names: Iterable[str]) -> frozenset[str]:
        """The facts of these names (parts give their fact) and all that these are made of, as far as there are any."""
        return self._composition.closure(names)

    def wholes(self, names: Iterable[str]) -> set[str]:
        """These facts and all that are made of one of them."""
        return self._composition.wholes(names)

    def fresh_for(self, name: str) -> Duration | None:
        """How long evidence of a fact, or of what it is a part of, counts; `None`: for ever, or there is no such."""
        base = self.base(name)
        if base is None:
            return None
        if base not in self._fresh:
            self._fresh[base] = self.facts[base].freshness(self.lookup)
        return self._fresh[base]

    def reduced(self, facts: Mapping[str, FactSpec]) -> "tuple[Catalogue, tuple[Finding, ...]]":
        """A catalogue of these facts, without those that refer to one that is not among them, each with a finding."""
        kept, places, findings = dict(facts), dict(self.places), list[Finding]()
        _drop_unusable(kept, places, findings)
        return Catalogue(kept, places), tuple(findings)


def load_catalogue(rules_dir: Path) -> tuple[Catalogue, tuple[Finding, ...]]:
    """Every usable fact of `rules_dir/facts/*.json`, and a finding for each problem. Raises nothing on odd files."""
    facts: dict[str, FactSpec] = {}
    places: dict[str, tuple[str, str]] = {}
    findings: list[Finding] = []
    for path in sorted((rules_dir / "facts").glob("*.json")):
        if path.name in TABLES:
            continue
        name = path.relative_to(rules_dir).as_posix()
        content, problems = read_json(path, name, decimals=True)
        findings += problems
        for at, entry in _entries(content, name, findings):
            spec = _validated(entry, name, at, findings)
            if spec is None:
                continue
            if spec.name in facts:
                message = f"{spec.name!r} is already defined at {'#'.join(places[spec.name])}"
                findings.append(finding("fact-duplicate-name", name, pointer(at), message))
                continue
            if isinstance(spec, QuantityFact) and spec.plausible is None:
                message = f"{spec.name} has no `plausible` range"
                findings.append(finding("fact-without-plausible", name, pointer(at), message, severity="warning"))
            facts[spec.name] = spec
            places[spec.name] = (name, pointer(at))
    _drop_unusable(facts, places, findings)
    return Catalogue(facts, places), tuple(findings)


def _entries(content: Any, file: str, findings: list[Finding]) -> Iterator[tuple[tuple[str, int], Any]]:
    if content is None:
        return
    if not isinstance(content, dict) or not isinstance(content.get("facts"), list):
        findings.append(finding("fact-file-invalid", file, "", "has no list `facts`"))
        return
    for key in sorted(content.keys() - {"$schema", "facts"}):
        findings.append(finding("fact-file-invalid", file, pointer([key]), f"{key!r} is not a key of a fact file"))
    for index, entry in enumerate(content["facts"]):
        yield ("facts", index), entry


def _validated(entry: Any, file: str, at: tuple[str, int], findings: list[Finding]) -> FactSpec | None:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    model = MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        message = f"`kind` must be one of: {', '.join(MODELS)}"
        findings.append(finding("fact-unknown-kind", file, pointer((*at, "kind")), message))
        return None
    try:
        return model.model_validate(entry)
    except ValidationError as problem:
        findings += invalid(problem, file, model, at)
        return None


def _drop_unusable(facts: dict[str, FactSpec], places: dict[str, tuple[str, str]], findings: list[Finding]) -> None:
    def drop(name: str, code: str, message: str) -> None:
        file, at = places.pop(name)
        del facts[name]
        findings.append(finding(code, file, at, f"{name}: {message}"))

    for name in list(facts):
        words = name.split(".")
        stems = {".".join(words[:count]) for count in range(1, len(words))}
        if words[0] in RESERVED or stems & facts.keys():
            drop(name, "fact-name-taken", "continues another fact's name or a reserved word")
    changed = True
    while changed:  # what refers to a dropped fact goes as well
        changed = False
        known = Catalogue(facts, places)
        for name, spec in list(facts.items()):
            missing = [part for part in spec.references() if known.base(part) is None]
            misfit = unknown_parts(missing) or spec.misfit(known.lookup)
            if misfit is not None:
                drop(name, misfit.code, misfit.message)
                changed = True
    known = Catalogue(facts, places)
    for name, spec in list(facts.items()):
        if name in known.closure(spec.references()):
            drop(name, "fact-circular", "is made from itself")


def _part_type(part: Part) -> FactType:
    return "number" if part in {"x_uln", "x_lln"} else "boolean"


def _part_unit(part: Part) -> NumberUnit:
    return NumberUnit("1") if part in {"x_uln", "x_lln"} else NumberUnit()
