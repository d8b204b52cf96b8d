"""FHIR ValueSets compiled once into hash look-ups: which sets is a code in?

A set is its definition (`definitions`) with what its sourced filters gave (`expansions`). One `valueSet` of an include
is read one level deep. What a diagnosis of ICD-9-CM is in follows from its equivalents (`icd`).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue.codesystems import ICD9CM, ICD10CM, CodeSystems, Key
from cds_service.facts.catalogue.definitions import Definition, compose_digest
from cds_service.facts.catalogue.expanded import WrittenSet, read_expansions
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.icd import BY_SET, Icd, load_icd
from cds_service.facts.catalogue.lasting import Lasts, longest
from cds_service.facts.catalogue.own_names import name_digest, read_own_names
from cds_service.facts.catalogue.set_building import build_tables
from cds_service.facts.catalogue.set_tables import SetTables
from cds_service.rule_files import invalid, pointer, read_json

_MOST_REMEMBERED = 50_000


_NONE: frozenset[str] = frozenset()


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
        """What the value sets call a code that they list; empty for one that has no name there."""
        return self.tables.display(key)

    def is_own_name(self, key: Key, text: str) -> bool:
        """Whether a text is the code's own name, whose words state no doubt and no past beyond the code."""
        if text == self.tables.display(key):
            return True
        heard = self.tables.heard.get(key[0], {}).get(key[1])
        return heard is not None and name_digest(text) in heard

    def open_to(self, key: Key) -> frozenset[str]:
        """Ids of the value sets that may hold this code: a filter of theirs has no expansion (`SetTables.open`)."""
        return frozenset(self.tables.ids[number] for number in self.tables.open_to(key)) if self.tables.open else _NONE

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


def read_definitions(rules_dir: Path) -> tuple[dict[str, WrittenSet], list[Finding]]:
    """Every definition of `rules_dir/valuesets/*.json` that can be read, by its id, and a finding for each problem."""
    findings: list[Finding] = []
    sets: dict[str, WrittenSet] = {}
    urls: dict[str, str] = {}
    for path in sorted((rules_dir / "valuesets").glob("*.json")):
        name = path.relative_to(rules_dir).as_posix()
        content, problems = read_json(path, name)
        findings += problems
        if content is None:
            continue
        try:
            definition = Definition.model_validate(content)
        except ValidationError as problem:
            findings += invalid(problem, name, Definition)
            continue
        if definition.id in sets or (definition.url and definition.url in urls):
            other = sets[definition.id].file if definition.id in sets else urls[definition.url]
            findings.append(finding("valueset-duplicate-id", name, "/id", f"its id or url is that of {other}"))
            continue
        sets[definition.id] = WrittenSet(definition, name, compose_digest(_compose(content)))
        if definition.url:
            urls[definition.url] = name
    return sets, findings


def _compose(content: Any) -> Any:
    return content["compose"]  # the model has seen that it is there


def load_valuesets(rules_dir: Path, systems: CodeSystems) -> tuple[ValueSets, tuple[Finding, ...]]:
    """Every usable ValueSet of `rules_dir/valuesets/*.json` with its expansion, and a finding for each problem."""
    written, findings = read_definitions(rules_dir)
    for one in written.values():
        findings += _check_codes(one.definition, one.file, systems)
    sets = {set_id: one.definition for set_id, one in written.items()}
    files = {set_id: one.file for set_id, one in written.items()}
    expansions, problems = read_expansions(rules_dir, written, systems)
    findings += problems
    _check_imports(sets, files, findings)
    tables = build_tables(sets, expansions, systems)
    findings += read_own_names(rules_dir, tables, systems)
    icd, found = load_icd(rules_dir)
    return ValueSets(tables, _endless(sets, files), icd=icd), (*findings, *found)


def _endless(sets: Mapping[str, Definition], files: Mapping[str, str]) -> dict[str, Finding]:
    """A warning for each set with codes of which nothing is said about how long they last."""
    found: dict[str, Finding] = {}
    for set_id, value_set in sets.items():
        silent = [i for i, one in enumerate(value_set.compose.include) if one.system is not None and one.lasts is None]
        if silent:
            at = pointer(["compose", "include", silent[0]])
            message = f"{len(silent)} of its includes don't say how long their diseases last"
            found[set_id] = finding("valueset-lasts-missing", files[set_id], at, message, severity="warning")
    return found


def _check_codes(definition: Definition, name: str, systems: CodeSystems) -> Iterator[Finding]:
    for element, index, part in definition.compose.parts():
        if part.system is None:
            continue
        system = systems.canonical(part.system)
        at: list[str | int] = ["compose", element, index]
        if system not in systems.known:
            found = finding("valueset-unknown-system", name, pointer([*at, "system"]), part.system, severity="warning")
            yield found
        for number, only in part.misplaced(system):
            message = f"`{part.filter[number].property}` is a property of {only}, not of {part.system}"
            yield finding("valueset-filter-system", name, pointer([*at, "filter", number, "property"]), message)


def _check_imports(sets: dict[str, Definition], files: dict[str, str], findings: list[Finding]) -> None:
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
