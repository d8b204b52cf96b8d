"""The fact catalogue as data: which facts there are, of what type, in which unit. Knows nothing of FHIR resources.

`trials` reads it to check rules; the rest of this package reads it to find the facts in a record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from cds_service.durations import Duration, shortest
from cds_service.errors import Finding
from cds_service.facts.catalogue.composition import Dependents
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.specs import (
    FORMULA_PARTS,
    MODELS,
    Absence,
    Code,
    DateFact,
    DefinedFact,
    DerivedFact,
    EventsFact,
    FactSpec,
    ObservedFact,
    PatientFact,
    QuantityFact,
    ScoreFact,
    TiterFact,
)
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

FactType = Literal["number", "result", "boolean", "sex", "age", "date", "events", "logic"]
Part = Literal["", "x_uln", "x_lln", "active", "history"]


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
        return stem if part in _parts(self.facts.get(stem)) else None

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
        unit, units = self._unit(spec, part)
        return FactEntry(
            name=name,
            spec=spec,
            part=part,
            type=self._type(spec, part),
            unit=unit,
            units=units,
            fresh_for=self.fresh_for(name),
            order=getattr(spec, "order", None),
            absence=spec.absence if isinstance(spec, EventsFact) else "unknown",
        )

    def names(self) -> Iterator[str]:
        """Every name that a rule may use, parts included."""
        for name, spec in self.facts.items():
            yield name
            yield from (f"{name}.{part}" for part in _parts(spec))

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
            self._fresh[base] = self._fresh_for(self.facts[base])
        return self._fresh[base]

    def reduced(self, facts: Mapping[str, FactSpec]) -> "tuple[Catalogue, tuple[Finding, ...]]":
        """A catalogue of these facts, without those that refer to one that is not among them, each with a finding."""
        kept, places, findings = dict(facts), dict(self.places), list[Finding]()
        _drop_unusable(kept, places, findings)
        return Catalogue(kept, places), tuple(findings)

    def _type(self, spec: FactSpec, part: str) -> FactType:
        if part:
            return "number" if part in {"x_uln", "x_lln"} else "boolean"
        if isinstance(spec, PatientFact):
            return {"patient.age": "age", "patient.sex": "sex"}.get(spec.name, "boolean")  # type: ignore[return-value]
        if isinstance(spec, DerivedFact):
            if spec.formula == "first_known":
                first = self.lookup(spec.of[0])
                return "number" if first is None else first.type
            return "result" if spec.formula in {"either_test", "both_parts", "confirmed_test"} else "number"
        if isinstance(spec, DefinedFact):
            return "logic"
        if isinstance(spec, QuantityFact | ScoreFact | TiterFact):
            return "number"
        return spec.kind

    def _unit(self, spec: FactSpec, part: str) -> tuple[str | None, Mapping[str, Factor]]:
        if part:
            return ("1" if part in {"x_uln", "x_lln"} else None), {}
        if isinstance(spec, QuantityFact):
            return spec.unit, spec.units
        if isinstance(spec, ScoreFact | TiterFact):
            return "1", {}
        if isinstance(spec, DerivedFact) and self._type(spec, "") == "number":
            alternatives = [self.lookup(name) for name in spec.of]
            units = next((entry.units for entry in alternatives if entry is not None and entry.units), {})
            first = next((entry.unit for entry in alternatives if entry is not None), "1")
            return spec.unit or first, units
        return None, {}

    def _fresh_for(self, spec: FactSpec) -> Duration | None:
        if isinstance(spec, ObservedFact):
            return spec.fresh_for
        if isinstance(spec, DerivedFact):
            if spec.fresh_for is not None:
                return spec.fresh_for
            # What is computed goes stale with the part that does so first.
            limits = [self._fresh_for(self.facts[name]) for name in spec.references() if name in self.facts]
            return shortest(limit for limit in limits if limit is not None)
        return None


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
            if isinstance(spec, DateFact) and not missing and not _is_condition(spec.else_onset_of, facts):
                missing = [f"{spec.else_onset_of}, which is no condition"]
            if isinstance(spec, QuantityFact) and not missing:
                parts = (name for name in spec.measured_parts if not isinstance(facts[name], QuantityFact))
                missing = [f"{name}, which is no quantity" for name in parts]
            if missing:
                drop(name, "fact-unknown-part", f"refers to {', '.join(missing)}")
                changed = True
            elif isinstance(spec, DerivedFact) and not _fits_formula(spec, known):
                wanted = ", ".join(FORMULA_PARTS[spec.formula])
                drop(name, "fact-formula-parts", f"{spec.formula} reads, in this order: {wanted}")
                changed = True
    known = Catalogue(facts, places)
    for name, spec in list(facts.items()):
        if name in known.closure(spec.references()):
            drop(name, "fact-circular", "is made from itself")


def _fits_formula(spec: DerivedFact, catalogue: Catalogue) -> bool:
    """Whether the parts are those that the formula reads, in the units it is written for."""
    wanted = FORMULA_PARTS.get(spec.formula)
    if wanted is None:
        return True
    entries = [catalogue.lookup(name) for name in spec.parts]
    return wanted == tuple((entry.unit or entry.type) if entry is not None else "" for entry in entries)


def _is_condition(name: str | None, facts: Mapping[str, FactSpec]) -> bool:
    if name is None:
        return True
    spec = facts.get(name)
    return isinstance(spec, EventsFact) and spec.resource == "Condition"


def _parts(spec: FactSpec | None) -> tuple[str, ...]:
    if isinstance(spec, QuantityFact):
        return ("x_uln", "x_lln")
    if isinstance(spec, EventsFact):
        return ("active", "history")
    return ()
