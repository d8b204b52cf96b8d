"""All maps together: which of their statements count, and what is wrong with the others.

A map is one step. What leads to a code that is mapped itself is told and not followed, so that a circle does no harm.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from cds_service.errors import Finding
from cds_service.facts.catalogue.code_shapes import CodeShape
from cds_service.facts.catalogue.conceptmaps import MappedCode, MappedShape, Statement
from cds_service.facts.catalogue.findings import finding
from cds_service.facts.catalogue.relations import IMPLIED, Relation, weakest

Key = tuple[str, str]


class Place(NamedTuple):
    """Where a statement stands, and which code it is about as it is written there."""

    file: str
    pointer: str
    code: str


class Maps(NamedTuple):
    """What counts: by code its targets, by system its shapes with the target's system.

    `standard`: codes of systems that are read which are mapped all the same, with a place each.
    """

    codes: Mapping[Key, Mapping[Key, Relation]]
    shapes: Mapping[str, tuple[tuple[CodeShape, str], ...]]
    standard: Mapping[Key, tuple[Place, ...]]

    def without(self, keys: Iterable[Key]) -> "Maps":
        """The maps without what they say of these codes."""
        dropped = frozenset(keys)
        return self._replace(codes={key: said for key, said in self.codes.items() if key not in dropped})


NO_MAPS = Maps({}, {}, {})


class MapNames(Protocol):
    """What has to be known of code systems: `CodeSystems` without maps."""

    known: frozenset[str]

    def key(self, system: str, code: str) -> Key: ...
    def canonical(self, system: str) -> str: ...
    def fault(self, key: Key) -> str: ...


class _Said(NamedTuple):
    target: Key
    relation: Relation
    one: MappedCode


def usable(statements: Iterable[Statement], names: MapNames) -> tuple[Maps, tuple[Finding, ...]]:
    """The statements that count, with a finding for each that does not or that says more than it can hold."""
    every = tuple(statements)
    codes = [one for one in every if isinstance(one, MappedCode)]
    findings: list[Finding] = []
    said = _sound(codes, names, findings)
    findings += _chains(said)
    kept: dict[Key, dict[Key, Relation]] = {}
    standard: defaultdict[Key, list[Place]] = defaultdict(list)
    for source, about in said.items():
        relations, contradicted = _agreed(about)
        findings += contradicted
        kept[source] = {key: relation for key, relation in relations.items() if relation != "none"}
        if source[0] in names.known:
            standard[source] += [Place(one.file, one.pointer, one.source[1]) for _, _, one in about]
    shapes = _shapes((one for one in every if isinstance(one, MappedShape)), names, findings)
    found = Maps(kept, shapes, {key: tuple(places) for key, places in standard.items()})
    return found, tuple(dict.fromkeys(findings))


def _sound(codes: Iterable[MappedCode], names: MapNames, findings: list[Finding]) -> dict[Key, list[_Said]]:
    """By source what leads to a code that there may be, in a system that is read."""
    every = [(names.key(*one.source), names.key(*one.target), one) for one in codes]
    sources = {source for source, _, _ in every}
    said: dict[Key, list[_Said]] = {}
    for source, target, one in every:
        if target == source:
            message = f"{one.source[1]!r} leads to itself: it is read as it is, or not at all"
            findings.append(finding("conceptmap-chain", one.file, one.pointer, message))
        elif target[0] not in names.known and target not in sources:
            findings.append(_unknown(one))
        elif target[0] in names.known and names.fault(target):
            message = f"{one.source[1]!r} leads nowhere: {names.fault(target)}"
            findings.append(finding("conceptmap-bad-code", one.file, one.pointer, message))
        else:
            said.setdefault(source, []).append(_Said(target, one.relation, one))
            if source[0] in names.known and names.fault(source):
                message = f"{names.fault(source)}; a feed that sends it all the same is read by the map"
                at = f"{one.pointer.partition('/target/')[0]}/code"
                findings.append(finding("conceptmap-bad-code", one.file, at, message, severity="warning"))
    return said


def _unknown(one: Statement) -> Finding:
    """The finding about a target's system, once for a group."""
    at = "/".join(one.pointer.split("/")[:3])
    system = one.target[0] if isinstance(one, MappedCode) else one.target
    message = f"{system!r} is no code system that is read: nothing follows from this group"
    return finding("conceptmap-unknown-system", one.file, f"{at}/target", message, severity="warning")


def _chains(said: Mapping[Key, list[_Said]]) -> Iterator[Finding]:
    for about in said.values():
        for target, _, one in about:
            if target in said:
                other = said[target][0].one
                message = f"{one.source[1]!r} leads to {one.target[1]!r}, which is mapped itself ({other.file}"
                message += f"#{other.pointer}): a map is not followed by another"
                yield finding("conceptmap-chain", one.file, one.pointer, message, severity="warning")


_WORDS: Mapping[Relation, str] = {
    "same": "the same as",
    "kind": "a kind of",
    "perhaps": "no more than related to",
    "none": "not",
}


def _agreed(about: list[_Said]) -> tuple[dict[Key, Relation], list[Finding]]:
    """What the statements about one code come to, each target with the weakest relation that is stated; where two of
    them can't both be right, what they lead to is a hint at most.

    They can't where a code is said to be a thing and not quite that thing, or to be two things by two elements: who
    lists two targets in one place means both.
    """
    relations: dict[Key, Relation] = {}
    findings: list[Finding] = []
    first: dict[Key, _Said] = {}
    only: dict[str, _Said] = {}
    for said in about:
        target, relation, one = said
        relations[target] = weakest((relation, relations.get(target, relation)))
        earlier = first.setdefault(target, said)
        if (earlier.relation in IMPLIED) is (relation in IMPLIED):
            earlier = only.setdefault(target[0], said) if relation == "same" else said
            if earlier.target == target or _element(earlier.one) == _element(one):
                continue
        other = earlier.one
        message = f"{one.source[1]!r} is {_WORDS[relation]} {one.target[1]!r} here, and {_WORDS[earlier.relation]} "
        message += f"{other.target[1]!r} at {other.file}#{other.pointer}: a hint at most"
        findings.append(finding("conceptmap-contradiction", one.file, one.pointer, message))
        relations[target] = relations[earlier.target] = "perhaps"
    return relations, findings


def _element(one: MappedCode) -> tuple[str, str]:
    return one.file, one.pointer.partition("/target/")[0]


def _shapes(
    stated: Iterable[MappedShape], names: MapNames, findings: list[Finding]
) -> dict[str, tuple[tuple[CodeShape, str], ...]]:
    kept: dict[str, tuple[tuple[CodeShape, str], ...]] = {}
    for one in stated:
        source, target = names.canonical(one.source), names.canonical(one.target)
        if target not in names.known:
            findings.append(_unknown(one))
        elif source in names.known:
            message = f"codes of {one.source!r} are read as they are, whatever their shape"
            findings.append(finding("conceptmap-standard-source", one.file, one.pointer, message))
        elif one.rule.code and names.fault(names.key(target, one.rule.code)):
            message = names.fault(names.key(target, one.rule.code))
            findings.append(finding("conceptmap-bad-code", one.file, one.pointer, message))
        elif one.rule.relation != "none":
            kept[source] = (*kept.get(source, ()), (one.rule, target))
    return kept
