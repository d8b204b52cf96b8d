"""`codes compile`: what the sourced filters of value sets give from releases at hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cds_service.errors import Finding
from cds_service.facts.catalogue import (
    CVX,
    ICD10CM,
    LOCK,
    LOINC,
    PRINTED_SYSTEMS,
    RXNORM,
    CodeSystems,
    Definition,
    Expansion,
    ExpansionError,
    Group,
    GroupKey,
    Lock,
    Part,
    WrittenSet,
    expansion_name,
    load_codesystems,
    load_expansion,
    names_a_file,
    normalised,
    packed,
    read_definitions,
    read_lock,
    write_expansion,
)
from cds_service.terminology.lock import keep_locked, lock_text, make_lock, write_locked
from cds_service.terminology.sources import (
    FilterCondition,
    PartialSource,
    Release,
    Source,
    SourceError,
    UnsupportedFilterError,
)

NAMED = frozenset(
    {ICD10CM, RXNORM, CVX, LOINC, "http://hl7.org/fhir/sid/icd-9-cm", "http://www.cms.gov/Medicare/Coding/ICD10"}
)
"""Systems whose names may be shipped: in the public domain, or under a licence that allows it (NOTICE)."""


class CompileProblem(NamedTuple):
    """A filter that was not expanded, or an expansion of before that can't be read: the set, where in it, and why."""

    set_id: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class CompiledSet:
    """A set after compiling: what its filters give now against before, and its expansion, None where it has none."""

    set_id: str
    added: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...]
    unchanged: int
    expansion: Expansion | None
    text: bytes | None
    """The JSON of the expansion."""
    problems: tuple[CompileProblem, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    """Of the unchanged those that a source of some codes (`PartialSource`) does not confirm."""
    releases: tuple[Release, ...] = ()
    """Those that its filters were expanded from now."""
    is_lost: bool = False
    """What its filters gave before can't be read or is not what the lock names, and no source gives all of it again:
    file and lock stay as they are, until somebody brings the one that is meant."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """Everything that compiling a rules folder gives; nothing of it is written yet."""

    rules_dir: Path
    sets: tuple[CompiledSet, ...]
    findings: tuple[Finding, ...]
    lock: Lock

    def differs(self) -> tuple[str, ...]:
        """The files, below the rules folder, that are not as this compilation would write them."""
        found = [] if _content(self.rules_dir / LOCK) == lock_text(self.lock) else [LOCK]
        for one in self.sets:
            if one.is_lost:
                continue
            name = expansion_name(one.set_id)
            if _content(self.rules_dir / name) != (None if one.text is None else packed(one.text)):
                found.append(name)
        return tuple(found)

    def write(self) -> None:
        """Put expansions and lock in their places. Raises OSError."""
        texts = {one.set_id: one.text for one in self.sets if one.text is not None}
        gone = [one.set_id for one in self.sets if one.text is None and not one.is_lost]
        write_locked(self.rules_dir, self.lock, texts, gone)


def compile_sets(
    rules_dir: Path, sources: Sequence[Source], only: frozenset[str] | None = None, systems: CodeSystems | None = None
) -> Compilation:
    """Expand the filters of all sets, or of `only` these, from the first source that can answer each. What none of them
    answers keeps what it gave before. Raises KeyError for a set that there is not."""
    systems = load_codesystems(rules_dir)[0] if systems is None else systems
    written, findings = read_definitions(rules_dir)
    if only is not None and (unknown := sorted(only - written.keys())):
        raise KeyError(unknown[0])
    before, _ = read_lock(rules_dir)
    done = []
    for set_id, one in written.items():
        usable = sources if only is None or set_id in only else ()
        done.append(_compile(rules_dir, one, usable, systems, before, touched=only is None or set_id in only))
    texts = {one.set_id: one.text for one in done if one.text is not None}
    locked = before.sets
    # What was not asked for stays as it was, an edit that nobody has compiled included.
    digests = {
        set_id: one.digest if only is None or set_id in only or set_id not in locked else locked[set_id].definition
        for set_id, one in written.items()
    }
    made = make_lock(digests, texts, [one.expansion for one in done if one.expansion is not None])
    lock = keep_locked(made, before, {one.set_id for one in done if one.is_lost})
    return Compilation(rules_dir, tuple(done), tuple(findings), lock)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _compile(
    rules_dir: Path,
    written: WrittenSet,
    sources: Sequence[Source],
    systems: CodeSystems,
    lock: Lock,
    *,
    touched: bool,
) -> CompiledSet:
    definition = written.definition
    problems: list[CompileProblem] = []
    before, lost = _before(rules_dir, definition.id, lock)
    problems += lost
    known = {} if before is None else before.by_key()
    wanted = list(_sourced(definition, systems))
    groups: dict[GroupKey, Mapping[str, str]] = {}
    releases: set[tuple[str, str]] = set()
    kept: set[tuple[str, str]] = set()
    confirmed: set[tuple[str, str]] = set()
    used: set[Release] = set()
    for key, place, part in wanted:
        found = _expand(key[1], part, sources, CompileProblem(definition.id, place, ""), problems)
        if found is not None:
            given = found.with_what_is_not_known(known.get(key, {}))
            groups[key] = given
            if key[0] == "include":
                kept |= {(key[1], code) for code in given}
                confirmed |= {(key[1], code) for code in found.members}
            used.add(found.release)
            releases.add(found.release)
        elif key in known:
            groups[key] = known[key]
        if key in known and (found is None or found.is_partial):
            releases |= {one for one in (before.releases if before is not None else ()) if one[0] == key[1]}
    whole = len(groups) == len({key for key, _, _ in wanted})
    is_lost = bool(lost) and not (whole and names_a_file(definition.id))
    digest = written.digest if whole and touched else "" if before is None else before.definition
    expansion = Expansion(
        definition.id, digest, tuple(sorted(releases)), tuple(Group(key, groups[key]) for key in sorted(groups))
    )
    new, old = _members(definition, groups, systems), _members(definition, known, systems)
    listed = _listed(definition, systems)
    text = write_expansion(expansion, taken_out(definition, groups, systems)) if groups and not is_lost else None
    return CompiledSet(
        definition.id,
        tuple(sorted(new - old - listed)),
        tuple(sorted(old - new - listed)),
        len(new & old),
        None if text is None else expansion,
        text,
        tuple(problems),
        kept=tuple(sorted((kept - confirmed - listed) & new)),
        releases=tuple(sorted(used)),
        is_lost=is_lost,
    )


def _before(rules_dir: Path, set_id: str, lock: Lock) -> tuple[Expansion | None, list[CompileProblem]]:
    """The expansion that there is, and why it is lost where it can't be used."""
    if not names_a_file(set_id):
        return None, [CompileProblem(set_id, "id", "no file can have this name, so it has no expansion")]
    try:
        return load_expansion(rules_dir / expansion_name(set_id), set_id, lock), []
    except ExpansionError as problem:
        return None, [CompileProblem(set_id, expansion_name(set_id), problem.problem)]


def _listed(definition: Definition, systems: CodeSystems) -> set[tuple[str, str]]:
    """What the lists of a definition have: it comes and goes with these, whatever a filter gives."""
    named = ((systems.canonical(part.system or ""), part) for part in definition.compose.include)
    return {(name, one.code) for name, part in named for one in part.concept}


def _sourced(definition: Definition, systems: CodeSystems) -> Iterator[tuple[GroupKey, str, Part]]:
    for element, index, part in definition.compose.parts():
        name = systems.canonical(part.system or "")
        if part.is_sourced(name) and not any(part.misplaced(name)):
            yield (element, name, part.filter_text), f"compose.{element}[{index}]", part


class _Given(NamedTuple):
    """What a filter gives: code to name, from which release of which source."""

    members: Mapping[str, str]
    release: Release
    source: Source

    @property
    def is_partial(self) -> bool:
        """Whether the source lacks codes, so that one it does not give may be a member."""
        return isinstance(self.source, PartialSource)

    def with_what_is_not_known(self, before: Mapping[str, str]) -> Mapping[str, str]:
        """Beside the members those of `before` that a list of codes does not speak of. That a name tells no ingredient
        is no proof that there is none: "1.5 ML Lupron 30 MG/ML Prefilled Syringe"."""
        if not self.is_partial:
            return self.members
        left = {code: name for code, name in before.items() if code not in self.members}
        concepts = {code: self.source.concept(self.release.system, code) for code in left}
        stays = {code: left[code] for code, one in concepts.items() if one is None or one.active}
        return {**self.members, **stays}


def _expand(
    system: str, part: Part, sources: Sequence[Source], at: CompileProblem, problems: list[CompileProblem]
) -> _Given | None:
    """What the first source that can answer gives."""
    conditions = [FilterCondition(one.property, one.op, one.value) for one in part.filter]
    refused: list[str] = []
    for source in sources:
        release = next((one for one in source.releases if one.system == system), None)
        if release is None:
            continue
        try:
            found = {one.code: one.display if system in NAMED else "" for one in source.expand(system, conditions)}
        except UnsupportedFilterError as problem:
            refused.append(problem.reason)
        except LookupError as problem:
            refused.append(f"{PRINTED_SYSTEMS.get(system, system)} {release.version} does not hold {_said(problem)}")
        except SourceError as problem:
            refused.append(str(problem))
        else:
            return _Given(found, release, source)
    problems += [at._replace(reason=reason) for reason in refused]
    return None


def _said(problem: LookupError) -> str:
    return str(problem.args[0]) if problem.args else "its root"


Member = tuple[str, str]


def _members(
    definition: Definition, groups: Mapping[GroupKey, Mapping[str, str]], systems: CodeSystems
) -> frozenset[tuple[str, str]]:
    """What the filters of the includes give, without what the excludes of the set take out."""
    given = {(key[1], code) for key, members in groups.items() if key[0] == "include" for code in members}
    gone = {(system, code) for system, codes in taken_out(definition, groups, systems).items() for code in codes}
    return frozenset(given - gone)


def taken_out(
    definition: Definition, groups: Mapping[GroupKey, Mapping[str, str]], systems: CodeSystems
) -> dict[str, frozenset[str]]:
    """By system what the filters of the includes give and the excludes take out."""
    exact: dict[str, set[str]] = {}
    prefixes: dict[str, list[str]] = {}
    for part in definition.compose.exclude:
        name = systems.canonical(part.system or "")
        exact.setdefault(name, set()).update(normalised(name, one.code) for one in part.concept)
        prefixes.setdefault(name, []).extend(normalised(name, prefix) for prefix in part.prefixes(name))
    for (element, name, _), members in groups.items():
        if element == "exclude":
            exact.setdefault(name, set()).update(normalised(name, code) for code in members)
    found: dict[str, set[str]] = {}
    for (element, name, _), members in groups.items():
        if element == "include":
            gone = _matching(name, members, exact.get(name, set()), tuple(prefixes.get(name, ())))
            found.setdefault(name, set()).update(gone)
    return {name: frozenset(codes) for name, codes in found.items() if codes}


def _matching(name: str, codes: Iterable[str], exact: set[str], prefixes: tuple[str, ...]) -> Iterator[str]:
    for code in codes:
        plain = normalised(name, code)
        if plain in exact or (prefixes and plain.startswith(prefixes)):
            yield code
