"""Code systems under the many names that feeds give them, and codes in the form in which they are compared.

A *key* is (canonical system, normalised code). A site's own codes become standard ones through FHIR ConceptMaps.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding, Severity
from cds_service.facts.catalogue.check_digits import loinc_problem, sctid_problem
from cds_service.facts.catalogue.code_shapes import ANY_SYSTEM
from cds_service.facts.catalogue.conceptmaps import read_conceptmaps
from cds_service.facts.catalogue.fact_definition import Code
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.mapped import NO_MAPS, Maps, usable
from cds_service.facts.catalogue.relations import IMPLIED, Relation
from cds_service.facts.catalogue.written_codes import one_spelling, written_apart
from cds_service.rule_files import SITE, Layers, invalid, pointer, read_json

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD9CM = "http://hl7.org/fhir/sid/icd-9-cm"
ICD9CM_OPERATIONS = "http://terminology.hl7.org/CodeSystem/ICD-9CM-procedurecodes"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
HGNC = "http://www.genenames.org"
HOUSE = "urn:cds-service:facts"
STANDARD = (SNOMED, LOINC, ICD10, ICD10CM, ICD9CM, ICD9CM_OPERATIONS, ICD10PCS, ATC, RXNORM, CVX, HGNC, HOUSE)
PRINTED_SYSTEMS: Mapping[str, str] = {
    SNOMED: "SNOMED CT",
    LOINC: "LOINC",
    ICD10: "ICD-10",
    ICD10CM: "ICD-10-CM",
    ICD9CM: "ICD-9-CM",
    ICD9CM_OPERATIONS: "ICD-9-CM volume 3",
    ICD10PCS: "ICD-10-PCS",
    ATC: "ATC",
    RXNORM: "RxNorm",
    CVX: "CVX",
    HGNC: "HGNC",
    HOUSE: "house code",
}
"""What people call each of them."""

PREFIX_SYSTEMS = frozenset({ICD10, ICD10CM, ICD9CM, ICD9CM_OPERATIONS, ICD10PCS, ATC})
"""Where a code's descendants are the codes that start with it."""

Key = tuple[str, str]

_SHAPES: Mapping[str, re.Pattern[str]] = {
    # SCTID: 6 to 18 digits (https://confluence.ihtsdotools.org/display/DOCRELFMT/6.2+SCTID+Constraints).
    SNOMED: re.compile(r"[1-9][0-9]{5,17}"),
    # ICD-10: a letter, a digit and up to five places more, here without the point; "C92.-" is the category. China's
    # clinical edition adds an x and three digits: M32.900x001.
    ICD10: re.compile(r"[A-Z][0-9][0-9A-Z]{0,5}(?:X[0-9]{3})?-*"),
    ICD10CM: re.compile(r"[A-Z][0-9][0-9A-Z]{0,5}-*"),
    # ICD-9-CM, volume 1: three digits, V and two, or E and three, and up to two places more.
    ICD9CM: re.compile(r"(?:[0-9]{3}|V[0-9]{2})[0-9]{0,2}|E[0-9]{3}[0-9]?"),
    # Volume 3: two digits and up to two more. China's clinical edition has four, an x and three, 81.5400x001;
    # older ones of its provinces have three digits more, 81.54001.
    ICD9CM_OPERATIONS: re.compile(r"[0-9]{2,7}|[0-9]{2,6}X[0-9]{2,3}"),
    ICD10PCS: re.compile(r"[0-9A-HJ-NP-Z]{3,7}"),
    # ATC: five levels (https://www.whocc.no/atc/structure_and_principles/).
    ATC: re.compile(r"[A-Z](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?"),
    RXNORM: re.compile(r"[0-9]{1,8}"),
    CVX: re.compile(r"[0-9]{1,3}"),
}
"""What a code of a system looks like, as `CodeSystems.key` writes it. What looks otherwise is no code of it."""

_DIGITS: Mapping[str, Callable[[str], str | None]] = {SNOMED: sctid_problem, LOINC: loinc_problem}
"""What says why a code of a system can't be one, by its check digit."""

_DOTTED_DIAGNOSIS = re.compile(r"[0-9]{3}\.[0-9]*|[VE][0-9].*", re.IGNORECASE)
_DOTTED_OPERATION = re.compile(r"[0-9]{2}\..*")
_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_PLACES: Mapping[str, tuple[int, ...]] = {ICD10: (3,), ICD10CM: (3,), ICD9CM: (3,), ICD9CM_OPERATIONS: (2,)}
"""After how many characters a code has its point."""
_PLACES_E = (4,)
_LISTED: Mapping[str, re.Pattern[str]] = {
    ICD10: re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}(?:X[0-9]{3})?-*"),
    ICD10CM: re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}-*"),
    ICD9CM: _SHAPES[ICD9CM],
    ICD9CM_OPERATIONS: re.compile(r"[0-9]{3,7}|[0-9]{2,6}X[0-9]{2,3}"),
    ICD10PCS: re.compile(r"[0-9A-HJ-NP-Z]{7}"),
    ATC: re.compile(r"[A-Z][0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?"),
}
"""What a code looks like in a list of several: as `_SHAPES`, and long enough not to be a part of another."""
_LONGEST = 200
_MOST_REMEMBERED = 50_000


class Reading(NamedTuple):
    """What a code is: itself (`own`), or what a map makes of it, and how surely (`relations`)."""

    key: Key
    how: Relation | Literal["own"]


class CodeSystems:
    """Aliases of code systems, and the concept maps of a site."""

    def __init__(
        self,
        aliases: Mapping[str, Iterable[str]] | None = None,
        known: Iterable[str] | None = None,
    ) -> None:
        """`aliases`: other names of a system, by its name. `known`: which of these systems are read; None: all."""
        aliases = aliases or {}
        self.known = frozenset({*STANDARD, *(aliases if known is None else known)})
        self._canonical: dict[str, str] = {}
        for name, others in aliases.items():
            self._canonical.update((_plain(other), name) for other in others)
        self._canonical.update((_plain(name), name) for name in (*aliases, *self.known))
        self._maps = NO_MAPS
        self._remembered: dict[tuple[str, str, bool], tuple[Key, ...]] = {}
        self._readings: dict[tuple[str, str, bool], tuple[Reading, ...]] = {}

    def canonical(self, system: str) -> str:
        """The system's canonical name; one that is not known stays as it is."""
        plain = _plain(system)
        found = self._canonical.get(plain) or self._canonical.get(plain.partition("|")[0])
        if found is None and plain.startswith("http://snomed.info/sct/"):
            return SNOMED  # an edition or version of SNOMED CT: http://snomed.info/sct/900000000000207008/version/…
        return found or system[:_LONGEST]

    def key(self, system: str, code: str, *, operation: bool = False) -> Key:
        """`operation`: the code stands in a Procedure, for which of ICD-9-CM's volumes one without a point is of."""
        name = _volume(self.canonical(system), code.strip(), operation)
        return name, normalised(name, code)

    def lay(self, maps: Maps) -> None:
        """Read codes by these maps from now on."""
        self._maps = maps
        self._remembered.clear()
        self._readings.clear()

    @property
    def maps(self) -> Maps:
        """The maps by which codes are read."""
        return self._maps

    def keys(self, codings: Iterable[Any], *, operation: bool = False) -> tuple[Key, ...]:
        """The keys of some codings (anything with `system` and `code`) and of all that they imply by a site's maps.
        `operation` as for `key`."""
        found: dict[Key, None] = {}
        for coding in codings:
            system, code = coding.system, coding.code
            if not system or not code:
                continue
            raw = (system, code, operation)
            keys = self._remembered.get(raw)
            if keys is None:
                readings = self.readings(coding, operation=operation)
                keys = tuple([key for key, how in readings if how == "own" or how in IMPLIED])
                if len(self._remembered) < _MOST_REMEMBERED and is_short(coding):
                    self._remembered[raw] = keys
            for key in keys:
                found[key] = None
        return tuple(found)

    def mapped_to(self, keys: Iterable[Key]) -> tuple[str, ...]:
        """The site's own codes, in order, that its maps make one of these of."""
        wanted = frozenset(keys)
        implied = (
            (own, {key for key, how in said.items() if how in IMPLIED}) for own, said in self._maps.codes.items()
        )
        return tuple(sorted({own[1] for own, targets in implied if not wanted.isdisjoint(targets)}))

    def readings(self, coding: Any, *, operation: bool = False) -> tuple[Reading, ...]:
        """What a coding is, and what it is or may be by the maps. None where it has no system or no code. `operation`
        as for `key`."""
        system, code = coding.system, coding.code
        if not system or not code:
            return ()
        raw = (system, code, operation)
        found = self._readings.get(raw)
        if found is None:
            found = tuple([one for part in self._apart(system, code) for one in self._read(system, part, operation)])
            if len(self._readings) < _MOST_REMEMBERED and is_short(coding):
                self._readings[raw] = found
        return found

    def _apart(self, system: str, code: str) -> tuple[str, ...]:
        """The codes that a feed wrote into one."""
        name = self.canonical(system)
        listed = _LISTED.get(name)
        return (code,) if listed is None else written_apart(code[:_LONGEST], _places(name, code), listed)

    def _read(self, system: str, code: str, operation: bool) -> Iterator[Reading]:
        own = self.key(system, code, operation=operation)
        # What begins like a code, and does not look like one of its system, only may be that.
        yield Reading(own, "own" if own[0] not in PREFIX_SYSTEMS or self.is_known(own) else "perhaps")
        # A map may name a code of the volume that its system's name stands for.
        yield from tuple(self._mapped(own)) or tuple(self._mapped(self.key(system, code)))

    def _mapped(self, own: Key) -> Iterator[Reading]:
        """What maps say of a code by name; where none does, what they say of codes of its shape."""
        said = self._maps.codes.get(own)
        if said is not None:
            yield from (Reading(key, relation) for key, relation in said.items())
            return
        shapes = self._maps.shapes.get(own[0], ())
        if not shapes and own[0] not in self.known:
            shapes = self._maps.shapes.get(ANY_SYSTEM, ())
        for rule, system in shapes:
            code = rule.target(own[1])
            key = None if code is None else self.key(system, code)
            if key is not None and self.is_known(key):
                yield Reading(key, rule.relation)

    def fault(self, key: Key) -> str:
        """Why a code of a system that is known can't be one of it; empty where it may be."""
        system, code = key
        of_its_digit = _DIGITS.get(system)
        problem = None if of_its_digit is None else of_its_digit(code)
        if problem is not None:
            return f"{code!r} is no code of {PRINTED_SYSTEMS[system]}: {problem}"
        if self.is_known(key):
            return ""
        return f"{code!r} does not look like a code of {PRINTED_SYSTEMS.get(system, system)}"

    def is_known(self, key: Key) -> bool:
        """Whether a code is of a system that is read here, so that it (not a text beside it) says what is meant.

        One that does not look like a code of its system ("lupus" as a SNOMED CT code) says nothing.
        """
        shape = _SHAPES.get(key[0])
        return key[0] in self.known and (shape is None or shape.fullmatch(key[1]) is not None)


def normalised(name: str, code: str) -> str:
    """A code of the system of that canonical name as it is compared: one spelling for what feeds write differently."""
    code = code.strip()[:_LONGEST]
    if name in PREFIX_SYSTEMS:
        return one_spelling(code, _places(name, code))
    if name == HGNC:
        return code.upper().removeprefix("HGNC:")
    return code


def _places(name: str, code: str) -> tuple[int, ...]:
    return _PLACES_E if name == ICD9CM and code[:1] in {"E", "e"} else _PLACES.get(name, ())


def _volume(name: str, code: str, operation: bool) -> str:
    """Of ICD-9-CM the volume that a code is of, whatever a feed calls the system: its diagnoses have the point after
    three digits and its operations after two. Where a feed leaves the point out, 8154 is 81.54 in a Procedure and 815.4
    elsewhere; what is called an operation elsewhere stays one, unless it has the five digits of a diagnosis."""
    if name not in (ICD9CM, ICD9CM_OPERATIONS):
        return name
    if _DOTTED_DIAGNOSIS.fullmatch(code):
        return ICD9CM
    if operation or _DOTTED_OPERATION.fullmatch(code):
        return ICD9CM_OPERATIONS
    return ICD9CM if _FIVE_DIGITS.fullmatch(code) else name


def is_short(coding: Any) -> bool:
    """Whether a coding may be remembered: what is remembered must not grow with what somebody sends."""
    return len(coding.system or "") + len(coding.code or "") <= _LONGEST


def _plain(system: str) -> str:
    text = system.strip()[:_LONGEST].casefold().rstrip("/")
    text = text.removeprefix("urn:oid:")
    return "http://" + text.removeprefix("https://") if text.startswith("https://") else text


class SystemTable(BaseModel):
    """`rules/facts/systems.json`: each code system's canonical name with the other names that feeds give it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: str = Field(default="", alias="$schema")
    systems: dict[str, tuple[str, ...]] = {}


def load_codesystems(rules_dir: Path, site_dir: Path | None = None) -> tuple[CodeSystems, tuple[Finding, ...]]:
    """`rules_dir/facts/systems.json` and `rules_dir/conceptmaps/*.json`, and over them `site_dir/systems.json` and
    `site_dir/conceptmaps/*.json`; none is required.

    Where two layers give one alias to two systems the site's decides. A system that only the site names is not read:
    its codes are told apart by its name, and count as what a map makes of them.
    """
    layers = Layers(rules_dir, site_dir)
    findings: list[Finding] = []
    aliases: dict[str, tuple[str, ...]] = dict.fromkeys(STANDARD, ())
    known: set[str] = set()
    for name, path in layers.files("facts/systems.json", "systems.json"):
        table, problems = _read_systems(path, name)
        findings += [*problems, *_lay_over(aliases, table, name)]
        if not name.startswith(SITE):
            known |= table.keys()
    systems = CodeSystems(aliases, known)
    said, about_maps = read_conceptmaps(layers)
    maps, problems_of_maps = usable(said, systems)
    systems.lay(maps)
    return systems, (*findings, *about_maps, *problems_of_maps)


def _read_systems(path: Path, name: str) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
    content, findings = read_json(path, name)
    try:
        return ({} if content is None else SystemTable.model_validate(content).systems), findings
    except ValidationError as problem:
        return {}, [*findings, *invalid(problem, name, SystemTable)]


def _lay_over(aliases: dict[str, tuple[str, ...]], table: dict[str, tuple[str, ...]], file: str) -> Iterator[Finding]:
    """Put a layer's aliases over those of the layers below. A finding for each that is a system's own name, or that
    the same file gives to another system: it is left out, since a code must not be read as one of the wrong system."""
    below = {_plain(alias): system for system, others in aliases.items() for alias in others}
    below |= {_plain(system): system for system in aliases}
    # A system under a name that it has in the layer below is that system.
    named = {system: below.get(_plain(system), system) for system in table}
    own = {_plain(system): system for system in (*aliases, *named.values())}
    given: dict[str, str] = {}
    added: dict[str, list[str]] = {}
    for written, others in table.items():
        system = named[written]
        kept = added.setdefault(system, [])
        for index, alias in enumerate(others):
            holder = own.get(_plain(alias)) or given.setdefault(_plain(alias), system)
            if holder == system:
                kept.append(alias)
                continue
            severity: Severity = "error" if file.startswith(SITE) else "warning"
            at = pointer(["systems", written, index])
            yield finding("system-alias-taken", file, at, f"{alias!r} stands for {holder}", severity=severity)
    for system, others in aliases.items():
        aliases[system] = tuple([alias for alias in others if given.get(_plain(alias), system) == system])
    for system, kept in added.items():
        aliases[system] = (*aliases.get(system, ()), *kept)


def keys_of(codes: Iterable[Code], systems: CodeSystems) -> frozenset[Key]:
    """The keys of codes that a catalogue entry names."""
    return frozenset(systems.key(code.system, code.code) for code in codes)
