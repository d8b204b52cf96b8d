"""Everything the rules folder says about facts, loaded once and shared by all patients."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cds_service.errors import Finding
from cds_service.facts.absent import AbsentFacts
from cds_service.facts.catalogue import (
    Catalogue,
    CodesRead,
    CodeSystems,
    EventResource,
    EventsFact,
    Numeric,
    QuantityFact,
    ResultFact,
    Spellings,
    UnitTable,
    ValueSets,
    finding,
    load_catalogue,
    load_codesystems,
    load_judged,
    load_spellings,
    load_valuesets,
    read_as_they_are,
)
from cds_service.facts.completeness import Completeness
from cds_service.facts.events import (
    DoseReader,
    Dosing,
    EventCodes,
    EventTables,
    Routes,
    load_dosage,
    load_half_lives,
    load_no_information,
    load_routes,
    load_treating_doses,
)
from cds_service.facts.fact import Fact
from cds_service.facts.observations import (
    NumberReader,
    ObservationCodes,
    Qualitative,
    RangeWords,
    ResultReader,
    load_qualitative,
    load_range_words,
)
from cds_service.facts.recent import Recent
from cds_service.facts.words import (
    OwnPhrases,
    PhraseIndex,
    WordReader,
    load_cues,
    load_everyday,
    load_lexicon,
    load_phrases,
    load_telling,
)

READING_VERSION = 2
"""Of the contract by which a record is read (docs/design.md, section 4a): what the decision log writes down."""
_MOST_COVERAGES = 8
_MOST_KINDS = 16
"""More than there are kinds of event facts."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class FactReaders:
    """The catalogue with all tables that reading a record needs. Immutable but for look-ups that it remembers."""

    catalogue: Catalogue
    systems: CodeSystems
    valuesets: ValueSets
    units: Mapping[str, UnitTable]
    numbers: Mapping[str, NumberReader]
    results: Mapping[str, ResultReader]
    observations: ObservationCodes
    events: EventTables
    codes_read: CodesRead
    site: OwnPhrases = field(default_factory=OwnPhrases)
    """What the site's own phrases say; `site.harmless`: texts that are read and name none of the value sets."""
    _absent: Recent[Completeness, AbsentFacts] = field(default_factory=lambda: Recent(_MOST_COVERAGES))
    _of_kind: Recent[EventResource, frozenset[str]] = field(default_factory=lambda: Recent(_MOST_KINDS))

    def absent(self, coverage: Completeness, maker: Callable[[], Callable[[str], Fact]]) -> AbsentFacts:
        """The facts of a record of this coverage without any entry. The last few coverages met are remembered; `maker`
        gives what makes the facts of another."""
        return self._absent.get(coverage, lambda: AbsentFacts(self.catalogue, maker()))

    def of_kind(self, kind: EventResource) -> frozenset[str]:
        """The facts of a kind of which an entry that is not understood may speak, and all that is made of one."""
        return self._of_kind.get(kind, lambda: self._find_of_kind(kind))

    def _find_of_kind(self, kind: EventResource) -> frozenset[str]:
        events = (spec for spec in self.catalogue if isinstance(spec, EventsFact))
        return frozenset(
            self.catalogue.wholes(spec.name for spec in events if spec.resource == kind and spec.valuesets)
        )


def load_facts(
    rules_dir: Path, checked: tuple[ValueSets, tuple[Finding, ...]] | None = None, *, site_dir: Path | None = None
) -> tuple[FactReaders, tuple[Finding, ...]]:
    """Load the fact catalogue and its tables, with a finding for each problem. Facts that cannot work are left out.

    `checked`: the folders' value sets and all findings, where the same files have been checked already. `site_dir`: a
    site's folder, whose aliases, concept maps and phrases are laid over those of the rules.
    """
    findings: list[Finding] = []

    def noted(loaded: tuple[T, Iterable[Finding]]) -> T:
        findings.extend(loaded[1])
        return loaded[0]

    systems = noted(load_codesystems(rules_dir, site_dir))
    catalogue = noted(load_catalogue(rules_dir))
    valuesets = noted(load_valuesets(rules_dir, systems) if checked is None else checked)
    site = noted(load_phrases(rules_dir, site_dir, valuesets.ids))
    valuesets = valuesets.with_phrases(site.named())
    spellings = noted(load_spellings(rules_dir))
    qualitative = noted(load_qualitative(rules_dir, systems))
    ranges = noted(load_range_words(rules_dir))
    routes = noted(load_routes(rules_dir, systems))
    if checked is None:
        noted(load_everyday(rules_dir))
    cues = noted(load_cues(rules_dir))
    lexicon = noted(load_lexicon(rules_dir, check=checked is None))
    telling = noted(load_telling(rules_dir, check=checked is None))
    judged = noted(load_judged(rules_dir, valuesets.icd))
    dosage = noted(load_dosage(rules_dir))
    treating = noted(load_treating_doses(rules_dir, systems))
    half_lives = noted(load_half_lives(rules_dir, systems))
    no_information = noted(load_no_information(rules_dir, systems))
    catalogue = noted(_usable(catalogue, valuesets, routes))
    codes_read = CodesRead(catalogue, valuesets, systems, qualitative.codes | routes.codes)
    findings += read_as_they_are(systems, codes_read)
    units, numbers, results = _readers(catalogue, spellings, qualitative, systems, ranges)
    phrases = valuesets.phrases()
    answered = {**dict.fromkeys(site.harmless, ()), **{text: phrases[text] for text in site.named()}}
    words = WordReader(PhraseIndex(phrases), cues, lexicon, telling, answered)
    observations = ObservationCodes(catalogue, systems, words)
    codes = {
        resource: EventCodes(resource, catalogue, systems, valuesets, words=words, judged=judged)
        for resource in dict.fromkeys(spec.resource for spec in catalogue if isinstance(spec, EventsFact))
    }
    dosing, doses = Dosing(dosage, systems, catalogue), DoseReader(dosage)
    events = EventTables(codes, valuesets, words, routes, dosing, doses, half_lives, no_information, treating)
    read = units, numbers, results, observations
    knowledge = FactReaders(catalogue, systems, valuesets, *read, events, codes_read, site)
    if checked is not None:
        return knowledge, checked[1]
    return knowledge, (*findings, *_unit_conflicts(knowledge), *_endless(catalogue, valuesets))


def _readers(
    catalogue: Catalogue, spellings: Spellings, qualitative: Qualitative, systems: CodeSystems, ranges: RangeWords
) -> tuple[dict[str, UnitTable], dict[str, NumberReader], dict[str, ResultReader]]:
    """What reads the values of each observed fact."""
    codes = {unit for spec in catalogue if isinstance(spec, QuantityFact) for unit in (spec.unit, *spec.units)}
    spellings = spellings.with_codes(codes)
    units: dict[str, UnitTable] = {}
    numbers: dict[str, NumberReader] = {}
    results: dict[str, ResultReader] = {}
    for spec in catalogue:
        if isinstance(spec, Numeric):
            if isinstance(spec, QuantityFact):
                table = UnitTable(spec.unit, spec.units, spellings, spec.unit_when_missing)
            else:
                table = UnitTable("1", {}, spellings)
            units[spec.name] = table
            numbers[spec.name] = NumberReader(spec, table, qualitative, systems, ranges)
        elif isinstance(spec, ResultFact):
            results[spec.name] = ResultReader(spec, qualitative, systems, ranges)
    return units, numbers, results


def _usable(catalogue: Catalogue, valuesets: ValueSets, routes: Routes) -> tuple[Catalogue, tuple[Finding, ...]]:
    """The catalogue without the facts whose value set or route there is not, and without what is made from those."""
    findings: list[Finding] = []
    facts = dict(catalogue.facts)
    for spec in catalogue:
        if not isinstance(spec, EventsFact):
            continue
        file, at = catalogue.place_of(spec.name)
        for key in ("valueset", "history", "hints", "by_route", "excepted"):
            set_id = getattr(spec, key)
            if set_id is not None and set_id not in valuesets.ids:
                findings.append(finding("fact-unknown-valueset", file, f"{at}/{key}", f"{spec.name}: {set_id!r}"))
                facts.pop(spec.name, None)
        if spec.route is not None and not routes.known(spec.route):
            findings.append(finding("fact-unknown-route", file, f"{at}/route", f"{spec.name}: {spec.route!r}"))
            facts.pop(spec.name, None)
    reduced, found = catalogue.reduced(facts)
    return reduced, (*findings, *found)


def _endless(catalogue: Catalogue, valuesets: ValueSets) -> tuple[Finding, ...]:
    """The sets of diseases that don't say how long these last."""
    conditions = [spec for spec in catalogue if isinstance(spec, EventsFact) and spec.resource == "Condition"]
    sets = {part for spec in conditions for set_id in spec.valuesets for part in valuesets.parts(set_id)}
    return tuple(valuesets.endless[set_id] for set_id in sorted(sets & valuesets.endless.keys()))


def _unit_conflicts(knowledge: FactReaders) -> tuple[Finding, ...]:
    findings = []
    for name, table in knowledge.units.items():
        for raw in table.conflicts():
            file, at = knowledge.catalogue.place_of(name)
            message = f"{name}: {raw!r} stands for units with different factors"
            findings.append(finding("unit-spelling-conflict", file, f"{at}/units", message, severity="warning"))
    return tuple(findings)
