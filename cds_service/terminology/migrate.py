"""`codes migrate`: value sets that list their members become definitions with expansions, member for member the same.

A list of which reviewed roots are given (`roots`) becomes their filters: its codes are the last expansion of the first,
and a later compile gives each its own. A long list of ICD-10-CM codes becomes a filter where its codes are whole
categories by their seventh character. Any other list stays a list, without names that may not be shipped, many codes on
a line: it can be edited, and needs no source.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cds_service.errors import Finding
from cds_service.facts.catalogue import (
    ATC,
    CVX,
    HOUSE,
    ICD10,
    ICD10CM,
    LOINC,
    RXNORM,
    SNOMED,
    CodeSystems,
    Definition,
    Expansion,
    Group,
    GroupKey,
    compose_digest,
    expansion_name,
    filter_text,
    finding,
    load_expansion,
    normalised,
    write_expansion,
)
from cds_service.rule_files import pointer, read_json
from cds_service.terminology.compile import NAMED, taken_out
from cds_service.terminology.icd_patterns import icd_10_cm, patterns_of, without
from cds_service.terminology.layout import definition_text
from cds_service.terminology.prefix_patterns import with_patterns
from cds_service.terminology.roots import ReplacedInclude, RootFilter, Roots, single_codes, system_of

_LONG = 12
"""Codes of a list that a person still reads."""

_COPYRIGHTS = {
    SNOMED: "SNOMED CT identifiers only; SNOMED CT is a trademark of SNOMED International.",
    LOINC: "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, "
    "Inc. and the LOINC Committee and is available at no cost under the license at http://loinc.org/license.",
    RXNORM: "RxNorm: National Library of Medicine, public domain.",
    ICD10CM: "ICD-10-CM: National Center for Health Statistics, public domain.",
    ICD10: "ICD-10 codes: World Health Organization.",
    ATC: "ATC codes: WHO Collaborating Centre for Drug Statistics Methodology.",
    CVX: "CVX: Centers for Disease Control and Prevention, public domain.",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD-9-CM: public domain.",
    "http://www.cms.gov/Medicare/Coding/ICD10": "ICD-10-PCS: Centers for Medicare & Medicaid Services, public domain.",
    HOUSE: "",
}
_ORDER = ("copyright", "phrases", "lasts_reasons", "compose")
"""Where these stand: after what says what the set is."""


class Migrated(NamedTuple):
    """A set in its new form: the text of its definition, and the JSON of its expansion, None where it needs none."""

    set_id: str
    file: str
    definition: bytes
    expansion: bytes | None
    made: Expansion | None
    digest: str


@dataclass(slots=True)
class _Made:
    """What becomes of the includes and excludes of a set."""

    systems: CodeSystems
    groups: dict[GroupKey, dict[str, str]] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)


def migrate_set(
    rules_dir: Path, file: str, systems: CodeSystems, roots: Roots | None = None
) -> tuple[Migrated | None, list[Finding]]:
    """A value-set file in its new form; None, with a finding, for one that can't be read."""
    content, findings = read_json(rules_dir / file, file)
    if content is None:
        return None, findings
    definition = Definition.model_validate(content)
    before = load_expansion(rules_dir / expansion_name(definition.id), definition.id)
    made = _Made(systems)
    for group in before.groups if before is not None else ():
        made.groups[group.key] = dict(group.members)
    compose = dict(content["compose"])
    compose["include"] = [
        new
        for index, part in enumerate(content["compose"]["include"])
        for new in _replaced(
            part, made, None if roots is None else roots.of("include", index), (file, "include", index)
        )
    ]
    excludes = [
        new
        for index, part in enumerate(content["compose"].get("exclude", ()))
        for new in _replaced(
            part, made, None if roots is None else roots.of("exclude", index), (file, "exclude", index)
        )
    ]
    excludes += _excluded(roots, made, compose["include"], file)
    excludes = with_patterns(excludes, systems)
    if excludes:
        compose["exclude"] = excludes
    content = _with_reasons({**content, "compose": compose}, systems)
    content["compose"]["include"] = with_patterns(content["compose"]["include"], systems)
    content = _ordered(content)
    digest = compose_digest(content["compose"])
    releases = before.releases if before is not None else ()
    used = {key[1] for key in made.groups}
    releases += tuple((name, "") for name in sorted(used - {system for system, _ in releases}))
    expansion = Expansion(
        definition.id, digest, tuple(sorted(releases)), tuple(Group(k, made.groups[k]) for k in sorted(made.groups))
    )
    new = Definition.model_validate(content)
    text = write_expansion(expansion, taken_out(new, made.groups, systems)) if made.groups else None
    data = definition_text(content).encode()
    found = Migrated(definition.id, file, data, text, expansion if made.groups else None, digest)
    return found, [*findings, *made.problems]


def _replaced(
    part: dict[str, Any], made: _Made, roots: ReplacedInclude | None, place: tuple[str, str, int]
) -> Iterator[dict[str, Any]]:
    """What stands in the place of an include or exclude; `place`: the file, which of the two, and the number."""
    file, element, index = place
    listed = {one["code"]: one.get("display", "") for one in part.get("concept", ())}
    strange = [] if roots is None else [code for code in roots.list if code not in listed]
    if strange or (roots is not None and roots.filters and not listed):
        wrong = f"it has no {strange[0]!r}" if strange else "it is no list"
        at, message = pointer(["compose", element, index]), f"the roots don't fit: {wrong}; it stays as it is"
        made.problems.append(finding("valueset-roots", file, at, message, severity="warning"))
    ruling = [] if roots is None else [filters for filters in roots.filters if not single_codes(filters)]
    if roots is None or strange or not ruling or not listed:
        yield from _part(part, element, made)
        return
    name = made.systems.canonical(part["system"])
    rest = {key: value for key, value in part.items() if key != "concept"}
    # A code that is named one by one stays in the list, if it was there.
    single = {code for filters in roots.filters for code in single_codes(filters)}
    stays = [code for code in listed if code in single or code in roots.list]
    for number, filters in enumerate(ruling):
        members = {code: display for code, display in listed.items() if code not in stays}
        if number:
            members = {code: display for code, display in members.items() if _names(filters, code)}
        _group(made, (element, name, _key(filters)), members)
        yield {**rest, "filter": [one.model_dump() for one in filters]}
    if stays:
        yield {**rest, "concept": [_concept(name, code, listed[code]) for code in stays]}


def _names(filters: tuple[RootFilter, ...], code: str) -> bool:
    """Whether filters themselves say, without any release, that a code is meant: their root, or by its characters."""
    if len(filters) != 1:
        return False
    one = filters[0]
    return (one.op == "is-a" and one.value == code) or (
        one.property == "code" and one.op == "regex" and re.fullmatch(one.value, code) is not None
    )


def _part(part: dict[str, Any], element: str, made: _Made) -> Iterator[dict[str, Any]]:
    """An include or exclude without roots: itself, or filters for the codes of ICD-10-CM that are whole categories."""
    if not part.get("concept"):
        yield part
        return
    name = made.systems.canonical(part["system"])
    listed = {one["code"]: one.get("display", "") for one in part["concept"]}
    rest = {key: value for key, value in part.items() if key != "concept"}
    left: Iterable[str] = listed
    if name == ICD10CM and len(listed) > _LONG:
        patterns = patterns_of(frozenset(normalised(name, code) for code in listed), icd_10_cm())
        for pattern in patterns:
            filters = (RootFilter(property="code", op="regex", value=pattern.regex),)
            members = {code: display for code, display in listed.items() if normalised(name, code) in pattern.codes}
            _group(made, (element, name, _key(filters)), members)
            yield {**rest, "filter": [filters[0].model_dump()]}
        left = without(listed, patterns)
    left = list(left)
    if name == ICD10CM and len(left) > _LONG:
        kept = [{"code": code} for code in left]  # its table is at everybody's hand, and names its codes
    else:
        kept = [_concept(name, code, listed[code]) for code in left]
    if kept:
        yield {**rest, "concept": kept}


def _excluded(roots: Roots | None, made: _Made, includes: list[dict[str, Any]], file: str) -> Iterator[dict[str, Any]]:
    """The excludes of roots: what they take out of a later compile is in none of today's lists. A code that is excluded
    by itself would go at once: one that is a member today stays, and is told."""
    if roots is None:
        return
    for filters in roots.excludes:
        if not single_codes(filters):
            name = system_of(filters)
            made.groups.setdefault(("exclude", name, _key(filters)), {})
            yield {"system": name, "filter": [one.model_dump() for one in filters]}
    for name, codes in roots.codes_excluded().items():
        members = {
            code for key, group in made.groups.items() if key[0] == "include" and key[1] == name for code in group
        }
        members |= {
            one["code"]
            for part in includes
            if made.systems.canonical(part.get("system", "")) == name
            for one in part.get("concept", ())
        }
        for code in sorted(members & set(codes)):
            message = f"the roots exclude {code!r}, which is a member today and stays one"
            made.problems.append(finding("valueset-roots", file, "/compose/exclude", message, severity="warning"))
        kept = [code for code in dict.fromkeys(codes) if code not in members]
        if kept:
            yield {"system": name, "concept": [{"code": code} for code in kept]}


def _group(made: _Made, key: GroupKey, members: Mapping[str, str]) -> None:
    named = {code: display if key[1] in NAMED else "" for code, display in members.items()}
    made.groups.setdefault(key, {}).update(named)


def _concept(name: str, code: str, display: str) -> dict[str, str]:
    return {"code": code, "display": display} if display and name in NAMED | {HOUSE} else {"code": code}


def _key(filters: Iterable[RootFilter]) -> str:
    return filter_text((one.property, one.op, one.value) for one in filters)


def _with_reasons(content: dict[str, Any], systems: CodeSystems) -> dict[str, Any]:
    """With the reasons of its includes in one place, and whose the codes are."""
    includes = content["compose"]["include"]
    said: dict[str, Counter[str]] = {}
    for part in includes:
        if part.get("lasts_reason"):
            said.setdefault(part["lasts"], Counter())[part["lasts_reason"]] += 1
    # Those of before first, in their order: who migrates a folder again finds it as it is.
    reasons = dict(content.get("lasts_reasons", {}))
    for lasts, counted in said.items():
        reasons.setdefault(lasts, counted.most_common(1)[0][0])
    spared = [
        {k: v for k, v in part.items() if k != "lasts_reason" or reasons.get(part["lasts"]) != v} for part in includes
    ]
    used = {
        systems.canonical(one["system"])
        for parts in content["compose"].values()
        if isinstance(parts, list)
        for one in parts
        if "system" in one
    }
    rights = " ".join(text for system, text in _COPYRIGHTS.items() if system in used and text)
    found = {**content, "compose": {**content["compose"], "include": spared}}
    return found | ({"copyright": rights} if rights else {}) | ({"lasts_reasons": reasons} if reasons else {})


def _ordered(content: dict[str, Any]) -> dict[str, Any]:
    first = {key: value for key, value in content.items() if key not in _ORDER}
    return first | {key: content[key] for key in _ORDER if key in content}
