"""All checks of codes together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_service.errors import Finding, Severity
from cds_service.facts import FactReaders
from cds_service.facts.catalogue import EventsFact, Key, MappedCode, read_conceptmaps, unread_targets
from cds_service.library import check_library
from cds_service.rule_files import SITE, Layers, few_of_each
from cds_service.terminology.check.against_release import against_release, name_of
from cds_service.terminology.check.findings import code_finding
from cds_service.terminology.check.listed_codes import ListedCode, listed_codes
from cds_service.terminology.check.names import foreign_tag, negated
from cds_service.terminology.check.reviewed import FILE, ReviewedNames, load_reviewed
from cds_service.terminology.sources import ReleasedCodes, Source

_OUR_FILES = ("valuesets/", "expansions/", "conceptmaps/", "facts/systems.json", "systems.json", "terminology.lock")
"""Files of which the findings of loading the rules are told here too: those that hold codes and nothing else."""
_EXCEPTED: Severity = "error"
_PAST: Severity = "warning"
_SETS = ("valueset", "history", "hints", "by_route")


@dataclass(frozen=True, slots=True)
class CodesReport:
    """What was looked at, counted, and what is wrong. `maps`: codes that a map says something of."""

    findings: tuple[Finding, ...]
    codes: int = 0
    sets: int = 0
    maps: int = 0


def check_codes(rules_dir: Path, site_dir: Path | None = None, sources: Sequence[Source] = ()) -> CodesReport:
    """Check every code in a rules folder, and every map there and in a site's folder. Names are taken from `sources`
    where these have them, and from the files otherwise; without either a code has none."""
    library, findings = check_library(rules_dir, site_dir=site_dir)
    if library is None:
        return CodesReport(findings)
    facts = library.facts
    found = [one for one in findings if one.file.removeprefix(SITE).startswith(_OUR_FILES)]
    codes = list(listed_codes(rules_dir))
    released = ReleasedCodes(sources, facts.systems)
    reviewed, about_reviewed = load_reviewed(rules_dir)
    found += about_reviewed
    found += _malformed(codes, facts)
    found += _twice(codes, facts)
    found += _named(codes, facts, released, reviewed)
    found += _in_two(codes, facts)
    found += against_release(codes, released)
    said = read_conceptmaps(Layers(rules_dir, site_dir))[0]
    found += unread_targets(facts.systems, facts.codes_read, said)
    mapped = {one.source for one in said if isinstance(one, MappedCode)}
    return CodesReport(few_of_each(found), len(codes), len({one.set_id for one in codes} - {""}), len(mapped))


def _malformed(codes: Iterable[ListedCode], facts: FactReaders) -> Iterator[Finding]:
    for one in codes:
        key = facts.systems.key(one.system, one.code)
        problem = facts.systems.fault(key) if key[0] in facts.systems.known else ""
        if problem:
            yield code_finding("code-malformed", one.file, one.pointer, problem)


def _twice(codes: Iterable[ListedCode], facts: FactReaders) -> Iterator[Finding]:
    """Codes that one list has twice. A root and a code are two things: one stands for all below it.

    Of an expansion each filter is a list of its own. Two filters may well give the same code, and nobody wrote it.
    """
    first: dict[tuple[str, Key, bool, bool], ListedCode] = {}
    for one in codes:
        if one.set_id:
            group = "/".join(one.pointer.split("/")[:4]) if one.is_expanded else ""
            key = (one.file + group, facts.systems.key(one.system, one.code), one.is_root, one.is_excluded)
            earlier = first.setdefault(key, one)
            if earlier is not one:
                message = f"{one.code} stands at {earlier.pointer} already"
                yield code_finding("code-duplicate", one.file, one.pointer, message, severity="warning")


def _named(
    codes: Iterable[ListedCode], facts: FactReaders, released: ReleasedCodes, reviewed: ReviewedNames
) -> Iterator[Finding]:
    systems = facts.systems
    kinds: defaultdict[str, set[tuple[str, bool]]] = defaultdict(set)
    for spec in facts.catalogue:
        for name in _SETS if isinstance(spec, EventsFact) else ():
            for set_id in facts.valuesets.parts(own) if (own := getattr(spec, name)) is not None else ():
                kinds[set_id].add((spec.resource, name == "history"))  # type: ignore[union-attr]  # an EventsFact
    allowed = {systems.key(one.system, one.code): number for number, one in enumerate(reviewed.reviewed)}
    used: set[Key] = set()
    unnamed: set[Key] = set()
    for one in codes:
        name = name_of(one, released)
        if not one.set_id or one.is_excluded:
            continue
        key = systems.key(one.system, one.code)
        if not name:
            unnamed.add(key)
        words = negated(name)
        if words and key in allowed:
            used.add(key)
        elif words:
            message = f"{one.code}: {name!r} says “{words}”"
            yield code_finding("code-negated", one.file, one.pointer, message)
        tag = foreign_tag(name, kinds[one.set_id]) if "snomed" in key[0] else ""
        if tag:
            read_as = " and ".join(sorted({kind for kind, _ in kinds[one.set_id]}))
            message = f"{one.code}: {name!r} is no code for {read_as}"
            yield code_finding("code-of-another-kind", one.file, one.pointer, message)
    for key, number in allowed.items():
        if key not in used | unnamed:
            message = f"{key[1]} ({key[0]}) is in no value set under a name that negates"
            yield code_finding("code-review-unused", FILE, f"/reviewed/{number}", message, severity="warning")


def _in_two(codes: Iterable[ListedCode], facts: FactReaders) -> Iterator[Finding]:
    """Codes of a fact's value set that are in the set of what is excepted from it, or (a warning: it is contested
    whether it still is) of what once was."""
    events = [spec for spec in facts.catalogue if isinstance(spec, EventsFact)]
    pairs = [
        (spec, str(spec.valueset), other, severity)
        for spec in events
        for other, severity in ((spec.excepted, _EXCEPTED), (spec.history, _PAST))
        if spec.valueset is not None and other is not None
    ]
    for one in codes:
        if not one.set_id or one.is_excluded:
            continue
        members = facts.valuesets.members(facts.systems.key(one.system, one.code))
        for spec, first, second, severity in pairs:
            if one.set_id in facts.valuesets.parts(first) and {first, second} <= members:
                message = f"{one.code} is in {first} and in {second}, of which {spec.name} can't be both"
                yield code_finding("code-excluding-sets", one.file, one.pointer, message, severity=severity)
