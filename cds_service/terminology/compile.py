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
    filter_words,
    load_codesystems,
    load_expansion,
    normalised,
    packed,
    read_definitions,
    read_lock,
    write_expansion,
)
from cds_service.terminology.lock import lock_text, make_lock, write_locked
from cds_service.terminology.sources import FilterCondition, Source, SourceError, UnsupportedFilterError

NAMED = frozenset(
    {ICD10CM, RXNORM, CVX, LOINC, "http://hl7.org/fhir/sid/icd-9-cm", "http://www.cms.gov/Medicare/Coding/ICD10"}
)
"""Systems whose names may be shipped: in the public domain, or under a licence that allows it (NOTICE)."""

_NO_SOURCE = (
    "{filter}: no source has {system}, so its root alone counts and any other {system} code in a chart leaves the fact "
    "unknown; give a release with --source, or list the codes"
)


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
            name = expansion_name(one.set_id)
            if _content(self.rules_dir / name) != (None if one.text is None else packed(one.text)):
                found.append(name)
        return tuple(found)

    def write(self) -> None:
        """Put expansions and lock in their places. Raises OSError."""
        texts = {one.set_id: one.text for one in self.sets if one.text is not None}
        write_locked(self.rules_dir, self.lock, texts, [one.set_id for one in self.sets if one.text is None])


def compile_sets(
    rules_dir: Path, sources: Sequence[Source], only: frozenset[str] | None = None, systems: CodeSystems | None = None
) -> Compilation:
    """Expand the filters of all sets, or of `only` these, from the first source that can answer each. What none of them
    answers keeps what it gave before. Raises KeyError for a set that there is not."""
    systems = load_codesystems(rules_dir)[0] if systems is None else systems
    written, findings = read_definitions(rules_dir)
    if only is not None and (unknown := sorted(only - written.keys())):
        raise KeyError(unknown[0])
    done = []
    for set_id, one in written.items():
        usable = sources if only is None or set_id in only else ()
        done.append(_compile(rules_dir, one, usable, systems, touched=only is None or set_id in only))
    texts = {one.set_id: one.text for one in done if one.text is not None}
    locked = read_lock(rules_dir)[0].sets
    # What was not asked for stays as it was, an edit that nobody has compiled included.
    digests = {
        set_id: one.digest if only is None or set_id in only or set_id not in locked else locked[set_id].definition
        for set_id, one in written.items()
    }
    lock = make_lock(digests, texts, [one.expansion for one in done if one.expansion is not None])
    return Compilation(rules_dir, tuple(done), tuple(findings), lock)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _compile(
    rules_dir: Path, written: WrittenSet, sources: Sequence[Source], systems: CodeSystems, *, touched: bool
) -> CompiledSet:
    definition = written.definition
    problems: list[CompileProblem] = []
    before = None
    try:
        before = load_expansion(rules_dir / expansion_name(definition.id), definition.id)
    except ExpansionError as problem:
        problems.append(CompileProblem(definition.id, expansion_name(definition.id), problem.problem))
    known = {} if before is None else before.by_key()
    wanted = list(_sourced(definition, systems))
    groups: dict[GroupKey, Mapping[str, str]] = {}
    releases: set[tuple[str, str]] = set()
    for key, place, part in wanted:
        refused: list[str] = []
        found = _expand(key[1], part, sources, refused)
        if found is not None:
            groups[key], release = found
            releases.add(release)
        elif key in known:
            groups[key] = known[key]
            releases |= {one for one in (before.releases if before is not None else ()) if one[0] == key[1]}
        elif touched and not refused:
            refused.append(_NO_SOURCE.format(system=PRINTED_SYSTEMS.get(key[1], key[1]), filter=filter_words(key[2])))
        problems += [CompileProblem(definition.id, place, reason) for reason in refused]
    whole = len(groups) == len({key for key, _, _ in wanted})
    digest = written.digest if whole and touched else "" if before is None else before.definition
    expansion = Expansion(
        definition.id, digest, tuple(sorted(releases)), tuple(Group(key, groups[key]) for key in sorted(groups))
    )
    new, old = _members(definition, groups, systems), _members(definition, known, systems)
    text = write_expansion(expansion, taken_out(definition, groups, systems)) if groups else None
    return CompiledSet(
        definition.id,
        tuple(sorted(new - old)),
        tuple(sorted(old - new)),
        len(new & old),
        expansion if groups else None,
        text,
        tuple(problems),
    )


def _sourced(definition: Definition, systems: CodeSystems) -> Iterator[tuple[GroupKey, str, Part]]:
    for element, index, part in definition.compose.parts():
        name = systems.canonical(part.system or "")
        if part.is_sourced(name) and not any(part.misplaced(name)):
            yield (element, name, part.filter_text), f"compose.{element}[{index}]", part


def _expand(
    system: str, part: Part, sources: Sequence[Source], refused: list[str]
) -> tuple[Mapping[str, str], tuple[str, str]] | None:
    """What the first source that can answer gives, and its release; without one, why in `refused`."""
    conditions = [FilterCondition(one.property, one.op, one.value) for one in part.filter]
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
            refused.clear()
            return found, (release.system, release.version)
    return None


def _said(problem: LookupError) -> str:
    return str(problem.args[0]) if problem.args else "its root"


Member = tuple[str, str]


def _members(
    definition: Definition, groups: Mapping[GroupKey, Mapping[str, str]], systems: CodeSystems
) -> frozenset[Member]:
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
        if (prefix := part.prefix(name)) is not None:
            prefixes.setdefault(name, []).append(normalised(name, prefix))
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
