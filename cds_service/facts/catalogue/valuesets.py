"""FHIR ValueSets compiled once into hash look-ups: which sets is a code in?

Read of a ValueSet (https://hl7.org/fhir/R4/valueset.html): `compose.include` and `compose.exclude` with enumerated
`concept`s, with an `is-a` filter (ICD and ATC: the code and all that start with it, dots ignored) or with one
`valueSet` (one level deep). Ours are `phrases` by language, which are inherited with a set; the extension
`urn:cds-service:text-hint`, one for each phrase, is what older files have in their place. Ours is also `lasts` of an
include: how long its diseases last when nobody enters an end (`lasting`), with the reason.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

from cds_service.errors import Finding
from cds_service.facts.catalogue.codesystems import ICD9CM, ICD10CM, PREFIX_SYSTEMS, CodeSystems, Key, normalised
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.icd import BY_SET, Icd, load_icd
from cds_service.facts.catalogue.lasting import PATTERN, Lasts, longest
from cds_service.facts.catalogue.set_tables import Codes, Import, SetTables
from cds_service.rule_files import invalid, is_there, pointer, read_json

TEXT_HINT = "urn:cds-service:text-hint"
_MOST_REMEMBERED = 50_000
_OWN_NAMES = "expansions/own-names.json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    id: str | None = None
    extension: tuple[Any, ...] = ()


class _Concept(_Strict):
    code: str = Field(min_length=1)
    display: str = ""
    designation: tuple[Any, ...] = ()


class _Filter(_Strict):
    property: Literal["concept"]
    op: Literal["is-a"]
    value: str = Field(min_length=1)


class _Codes(_Strict):
    """What an include and an exclude have in common."""

    system: str | None = None
    version: str | None = None
    concept: tuple[_Concept, ...] = ()
    filter: tuple[_Filter, ...] = Field(default=(), max_length=1)  # FHIR reads several as "and"
    value_set: tuple[str, ...] = Field(default=(), alias="valueSet", max_length=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> "_Codes":
        if sum(map(bool, (self.concept, self.filter, self.value_set))) != 1:
            raise ValueError("give exactly one of `concept`, `filter` and `valueSet`")
        if bool(self.system) == bool(self.value_set):
            raise ValueError("`system` goes with `concept` and `filter`, and not with `valueSet`")
        return self


def _lasts(text: str) -> str:
    Lasts.parse(text)
    return text


_Lasting = Annotated[str, AfterValidator(_lasts), WithJsonSchema({"type": "string", "pattern": PATTERN})]
_HOW_LONG = (
    "How long these diseases last when nobody enters an end: `chronic`, a duration such as `P3M`, or `event`. Read in "
    "the sets of Condition facts; none is chronic."
)


class _Include(_Codes):
    lasts: _Lasting | None = Field(default=None, description=_HOW_LONG)
    lasts_reason: str = Field(default="", description="Why, in a few words.")

    @model_validator(mode="after")
    def _lasts_for_a_reason(self) -> "_Include":
        if bool(self.lasts) != bool(self.lasts_reason):
            raise ValueError("`lasts` and `lasts_reason` go together")
        if self.lasts and self.value_set:
            raise ValueError("a set that is included keeps its own `lasts`")
        return self


class _Compose(_Strict):
    locked_date: str | None = Field(default=None, alias="lockedDate")
    inactive: bool | None = None
    include: tuple[_Include, ...] = Field(min_length=1)
    exclude: tuple[_Codes, ...] = ()


class _ValueSet(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)
    resource_type: Literal["ValueSet"] = Field(alias="resourceType")
    id: str = Field(min_length=1)
    url: str = ""
    title: str = ""
    extension: tuple[dict[str, Any], ...] = ()
    phrases: dict[str, tuple[str, ...]] = Field(
        default={}, description="How people write it, by language (BCP 47). Words that hit a phrase are a hint."
    )
    compose: _Compose

    @property
    def hints(self) -> tuple[str, ...]:
        texts = (extension.get("valueString") for extension in self.extension if extension.get("url") == TEXT_HINT)
        listed = (phrase for phrases in self.phrases.values() for phrase in phrases)
        return (*(text for text in texts if isinstance(text, str)), *listed)


class OwnNames(_Strict):
    """`rules/expansions/own-names.json`, made by tools/lexicon: what stands in the names of codes outside a set."""

    schema_: str = Field(default="", alias="$schema")
    systems: dict[str, dict[str, str]] = Field(
        default={},
        description="By code system and value set: the codes, with blanks between, that are not in the set "
        "and whose own name holds a phrase of it. The phrase beside such a code says no more than the code.",
    )


# What FHIR R4 allows in a ValueSet beside the elements that are read here.
_UNREAD = [
    "meta",
    "implicitRules",
    "language",
    "text",
    "contained",
    "modifierExtension",
    "identifier",
    "version",
    "name",
    "status",
    "experimental",
    "date",
    "publisher",
    "contact",
    "description",
    "useContext",
    "jurisdiction",
    "immutable",
    "purpose",
    "copyright",
    "expansion",
]


def value_set_schema() -> dict[str, Any]:
    """JSON Schema of a value-set file. Elements of FHIR that are not read here are allowed and not looked into."""
    schema = _ValueSet.model_json_schema(by_alias=True)
    unread: dict[str, dict[str, Any]] = {name: {} for name in _UNREAD}
    schema["properties"] |= {"$schema": {"type": "string"}, **unread}
    return {**schema, "title": "ValueSet", "additionalProperties": False}


class ValueSets:
    """All value sets. `members(key)` is one dictionary look-up for a code met before."""

    def __init__(
        self,
        tables: SetTables,
        endless: Mapping[str, Finding] = MappingProxyType({}),
        more_phrases: Mapping[str, Iterable[str]] = MappingProxyType({}),
        icd: Icd | None = None,
    ) -> None:
        """`endless`: a finding for each set with includes that don't say how long their diseases last. `more_phrases`:
        with the ids of the sets that each names, beside those of the sets themselves. `icd`: what a diagnosis of
        ICD-9-CM means."""
        self.tables = tables
        self.icd = Icd() if icd is None else icd
        self.ids = frozenset(tables.ids)
        self.endless = endless
        self._more_phrases = more_phrases
        self._numbers = {set_id: number for number, set_id in enumerate(tables.ids)}
        self._remembered: dict[Key, frozenset[str]] = {}
        self._above: dict[Key, frozenset[str]] = {}
        self._lasts: dict[tuple[tuple[str, ...], Key | None], Lasts] = {}

    def members(self, key: Key) -> frozenset[str]:
        """Ids of the value sets that hold this code."""
        found = self._remembered.get(key)
        if found is None:
            found = frozenset(self.tables.ids[number] for number in self.tables.members(key))
            if key[0] == ICD9CM:
                found |= self.icd.certain(key[1], self.members)
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[key] = found
        return found

    def lists(self, key: Key) -> bool:
        """Whether any value set holds the code: it was then looked at for all of them."""
        return bool(self.members(key))

    def above(self, key: Key) -> frozenset[str]:
        """Ids of the value sets that hold a code below this one, and not this one: `E11` for a set with E11.2 alone. Of
        a diagnosis of ICD-9-CM those that hold some of what it may mean."""
        found = self._above.get(key)
        if found is None:
            found = frozenset(self.tables.ids[number] for number in self.tables.ancestors(key))
            if key[0] == ICD9CM:
                found = (found | self.icd.possible(key[1], self.members, self.above)) - self.members(key)
            if len(self._above) < _MOST_REMEMBERED:
                self._above[key] = found
        return found

    def named_by(self, key: Key) -> frozenset[str]:
        """Ids of the value sets of which a phrase stands in the code's own name, though the code is not in them."""
        numbers = set[int]().union(*(self.tables.named_by(one) for one in self._meanings(key)))
        return frozenset(self.tables.ids[number] for number in numbers)

    def _meanings(self, key: Key) -> tuple[Key, ...]:
        """A code, and of a diagnosis of ICD-9-CM all that it may mean."""
        return (key, *self.icd.equivalents(key[1])) if key[0] == ICD9CM else (key,)

    @cached_property
    def made_with(self) -> Mapping[str, frozenset[str]]:
        """By each of the systems whose codes say what is not meant only in a set that has some (`icd`): those sets.
        What ICD-10-CM is in a set, its equivalents in ICD-9-CM are."""
        found: dict[str, set[int]] = {system: set() for system in BY_SET}
        for codes in (self.tables.included.exact, self.tables.included.prefix):
            for system in (*BY_SET, ICD10CM):
                sets = found[ICD9CM if system == ICD10CM else system]
                sets.update(number for numbers in codes.get(system, {}).values() for number in numbers)
        for number, taken, _ in self.tables.imports:
            for sets in found.values():
                if not sets.isdisjoint(taken):
                    sets.add(number)
        ids = self.tables.ids
        return {system: frozenset(ids[number] for number in sets) for system, sets in found.items()}

    def lasts(self, set_ids: tuple[str, ...], key: Key | None) -> Lasts:
        """How long a disease lasts by the includes of these sets that hold its code; by all, where there is no code.
        The longest where several say it, chronic where none does."""
        asked = set_ids, key
        found = self._lasts.get(asked)
        if found is None:
            numbers = [self._numbers[set_id] for set_id in set_ids]
            texts = [self.tables.all_lasts(one) for one in numbers if key is None]
            texts += [self.tables.lasts(one, own) for one in numbers for own in (self._meanings(key) if key else ())]
            found = longest(Lasts.parse(text) for text in set[str]().union(*texts))
            if len(self._lasts) < _MOST_REMEMBERED:
                self._lasts[asked] = found
        return found

    def display(self, key: Key) -> str:
        """What the value sets call an enumerated code; empty for one that is not enumerated."""
        return self.tables.display(key)

    def parts(self, set_id: str) -> tuple[str, ...]:
        """The set and those that it takes the members of."""
        numbers = self.tables.parts(self._numbers[set_id])
        return tuple(self.tables.ids[number] for number in sorted(numbers))

    def phrases(self) -> dict[str, list[str]]:
        """Each phrase with the ids of the value sets that it names. One that names a set names each that takes it in
        as well, and of further phrases each that is `akin`: who says that words are an infection does not say which."""
        found = {phrase: [self.tables.ids[n] for n in sets] for phrase, sets in self.tables.hints.items()}
        ids = self.tables.ids
        akin = self.tables.akin({ids.index(one) for sets in self._more_phrases.values() for one in sets})
        for phrase, sets in self._more_phrases.items():
            numbers = [ids.index(one) for one in sets]
            holders = [part.number for part in self.tables.imports if not set(numbers).isdisjoint(part.taken)]
            more = sorted({other for number in numbers for other in akin[number]})
            named = found.setdefault(phrase, [])
            named += [ids[n] for n in dict.fromkeys([*numbers, *holders, *more]) if ids[n] not in named]
        return found

    def with_phrases(self, phrases: Mapping[str, Iterable[str]]) -> "ValueSets":
        """The same sets with more phrases, each with the ids of the sets that it names."""
        return ValueSets(self.tables, self.endless, phrases, self.icd)


def _tables(sets: Iterable[_ValueSet], systems: CodeSystems) -> SetTables:
    by_id = {value_set.id: value_set for value_set in sets}
    numbers = {set_id: number for number, set_id in enumerate(by_id)}
    by_url = {value_set.url: set_id for set_id, value_set in by_id.items() if value_set.url}
    tables = SetTables(ids=tuple(by_id))
    for set_id, value_set in by_id.items():
        number = numbers[set_id]
        texts = _lasts_of(value_set)
        if texts != ["chronic"]:
            tables.limited[number] = texts
        for part in value_set.compose.include:
            _add(tables.included, number, part, systems)
            if number in tables.limited and part.system is not None:
                _add(tables.lasting.setdefault(part.lasts or "chronic", Codes()), number, part, systems)
            if part.concept:
                name = systems.canonical(part.system or "")
                displays = tables.displays.setdefault(name, {})
                displays.update((normalised(name, concept.code), concept.display) for concept in part.concept)
        for dropped_part in value_set.compose.exclude:
            _add(tables.excluded, number, dropped_part, systems)
        taken = sorted({numbers[one] for one in _imported(value_set.compose.include, by_url, by_id)})
        dropped = sorted({numbers[one] for one in _imported(value_set.compose.exclude, by_url, by_id)})
        if taken or dropped:
            tables.imports.append(Import(number, tuple(taken), tuple(dropped)))
        for phrase in (*value_set.hints, *(hint for other in taken for hint in by_id[tables.ids[other]].hints)):
            holders = tables.hints.setdefault(phrase, [])
            if number not in holders:
                holders.append(number)
    tables.find_ancestors()
    tables.spread_hints()
    return tables


def _lasts_of(value_set: _ValueSet) -> list[str]:
    """Every `lasts` of a set's own codes."""
    texts = dict.fromkeys(part.lasts or "chronic" for part in value_set.compose.include if part.system is not None)
    return list(texts) or ["chronic"]


def _add(codes: Codes, number: int, part: _Codes, systems: CodeSystems) -> None:
    name = systems.canonical(part.system or "")
    codes.add(number, name, [normalised(name, concept.code) for concept in part.concept])
    codes.add(number, name, [normalised(name, condition.value) for condition in part.filter], prefix=True)


def load_valuesets(rules_dir: Path, systems: CodeSystems) -> tuple[ValueSets, tuple[Finding, ...]]:
    """Every usable ValueSet of `rules_dir/valuesets/*.json`, and a finding for each problem."""
    findings: list[Finding] = []
    sets: dict[str, _ValueSet] = {}
    files: dict[str, str] = {}
    urls: dict[str, str] = {}
    for path in sorted((rules_dir / "valuesets").glob("*.json")):
        name = path.relative_to(rules_dir).as_posix()
        content, problems = read_json(path, name)
        findings += problems
        if content is None:
            continue
        try:
            value_set = _ValueSet.model_validate(content)
        except ValidationError as problem:
            findings += invalid(problem, name, _ValueSet)
            continue
        if value_set.id in sets or (value_set.url and value_set.url in urls):
            other = files.get(value_set.id) or urls[value_set.url]
            findings.append(finding("valueset-duplicate-id", name, "/id", f"its id or url is that of {other}"))
            continue
        sets[value_set.id], files[value_set.id] = value_set, name
        if value_set.url:
            urls[value_set.url] = name
        findings += _check_codes(value_set, name, systems)
    _check_imports(sets, files, findings)
    tables = _tables(sets.values(), systems)
    findings += _read_own_names(rules_dir, tables, systems)
    icd, found = load_icd(rules_dir)
    return ValueSets(tables, _endless(sets, files), icd=icd), (*findings, *found)


def _endless(sets: Mapping[str, _ValueSet], files: Mapping[str, str]) -> dict[str, Finding]:
    """A warning for each set with codes of which nothing is said about how long they last."""
    found: dict[str, Finding] = {}
    for set_id, value_set in sets.items():
        silent = [i for i, one in enumerate(value_set.compose.include) if one.system is not None and one.lasts is None]
        if silent:
            at = pointer(["compose", "include", silent[0]])
            message = f"{len(silent)} of its includes don't say how long their diseases last"
            found[set_id] = finding("valueset-lasts-missing", files[set_id], at, message, severity="warning")
    return found


def _read_own_names(rules_dir: Path, tables: SetTables, systems: CodeSystems) -> tuple[Finding, ...]:
    """`rules_dir/expansions/own-names.json`, made by tools/lexicon and not required: by system and set the codes whose
    own name holds a phrase of the set."""
    path = rules_dir / _OWN_NAMES
    if not is_there(path):
        return ()
    content, findings = read_json(path, _OWN_NAMES)
    try:
        listed = {} if content is None else OwnNames.model_validate(content).systems
    except ValidationError as problem:
        return (*findings, *invalid(problem, _OWN_NAMES, OwnNames))
    numbers = {set_id: number for number, set_id in enumerate(tables.ids)}
    for system, sets in listed.items():
        name = systems.canonical(system)
        into = tables.own.setdefault(name, {})
        for set_id in sets.keys() & numbers.keys():
            for code in sets[set_id].split():
                into.setdefault(normalised(name, code), []).append(numbers[set_id])
    return tuple(findings)


def _check_codes(value_set: _ValueSet, name: str, systems: CodeSystems) -> Iterator[Finding]:
    parts: list[tuple[str, int, _Codes]] = [("include", i, part) for i, part in enumerate(value_set.compose.include)]
    parts += [("exclude", i, part) for i, part in enumerate(value_set.compose.exclude)]
    for element, index, part in parts:
        if part.system is None:
            continue
        system, at = systems.canonical(part.system), pointer(["compose", element, index, "system"])
        if system not in systems.known:
            yield finding("valueset-unknown-system", name, at, part.system, severity="warning")
        if part.filter and system not in PREFIX_SYSTEMS:
            yield finding("valueset-filter-system", name, at, part.system)


def _check_imports(sets: dict[str, _ValueSet], files: dict[str, str], findings: list[Finding]) -> None:
    known = {value_set.url: set_id for set_id, value_set in sets.items() if value_set.url}
    composite = {
        set_id
        for set_id, value_set in sets.items()
        if any(part.value_set for part in (*value_set.compose.include, *value_set.compose.exclude))
    }
    broken: set[str] = set()
    for set_id in composite:
        for element in ("include", "exclude"):
            for index, part in enumerate(getattr(sets[set_id].compose, element)):
                for reference in part.value_set:
                    at = pointer(["compose", element, index, "valueSet"])
                    other = known.get(reference) or (reference if reference in sets else None)
                    if other is None:
                        findings.append(finding("valueset-unknown-import", files[set_id], at, reference))
                        broken.add(set_id)
                    elif other in composite:
                        findings.append(finding("valueset-import-depth", files[set_id], at, reference))
                        broken.add(set_id)
    for set_id in broken:
        del sets[set_id]


def _imported(parts: Iterable[_Codes], by_url: dict[str, str], by_id: dict[str, _ValueSet]) -> Iterator[str]:
    for part in parts:
        for reference in part.value_set:
            found = by_url.get(reference) or (reference if reference in by_id else None)
            if found is not None:
                yield found
