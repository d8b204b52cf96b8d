"""What the sourced filters of a value set gave from a release: `rules/expansions/ID.json.gz`.

A FHIR R4 ValueSet with `expansion` (https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion). Its members
stand in abstract groups, one for each filter of an include that gave them, so that a person may take an include away or
add one without any release at hand. Ours are five extensions: `FILTER` of a group says which filter it is; `TAKEN_OUT`
of a group has the codes that the filter gave and an exclude of the set took out; `EXCLUDED` of the expansion has the
codes of the filters of the excludes; `DEFINITION` is the SHA-256 of the definition's `compose`. What a definition lists
by itself is not repeated here, which FHIR's own `valueset-unclosed` tells other readers.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from cds_service.rule_files import unzipped

FILTER = "urn:cds-service:filter"
TAKEN_OUT = "urn:cds-service:taken-out"
EXCLUDED = "urn:cds-service:excluded"
DEFINITION = "urn:cds-service:definition-sha256"
UNCLOSED = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"
_NO_DATE = "1970-01-01"
_DATES = (
    (re.compile(r"(?<!\d)((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)"), (1, 2, 3)),
    # RxNorm writes 04032023.
    (re.compile(r"(?<!\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])((?:19|20)\d\d)(?!\d)"), (3, 1, 2)),
)

GroupKey = tuple[str, str, str]
"""`include` or `exclude`, the canonical system, the filters (`Part.filter_text`)."""


class Group(NamedTuple):
    """What a filter gave: code to name, empty where no name may be shipped."""

    key: GroupKey
    members: Mapping[str, str]


class Expansion(NamedTuple):
    """The last expansion of a set. `definition`: SHA-256 of the `compose` that it was made from."""

    set_id: str
    definition: str
    releases: tuple[tuple[str, str], ...]
    """System and version of each release, in order; the version is empty where nobody wrote it down."""
    groups: tuple[Group, ...]

    def by_key(self) -> dict[GroupKey, Mapping[str, str]]:
        """What each filter gave."""
        return {group.key: group.members for group in self.groups}


class ExpansionError(Exception):
    """An expansion can't be read: `pointer` is the place in it, as far as there is one."""

    def __init__(self, problem: str, pointer: str = "") -> None:
        super().__init__(problem)
        self.problem, self.pointer = problem, pointer


class _Extension(Struct):
    url: str = ""
    valueString: str = ""  # noqa: N815  as FHIR writes it
    valueUri: str = ""  # noqa: N815
    extension: list["_Extension"] = field(default_factory=list)


class _Contains(Struct):
    system: str = ""
    code: str = ""
    display: str = ""
    contains: list["_Contains"] = field(default_factory=list)
    extension: list[_Extension] = field(default_factory=list)


class _Parameter(Struct):
    name: str
    valueUri: str = ""  # noqa: N815


class _Expansion(Struct):
    contains: list[_Contains] = field(default_factory=list)
    parameter: list[_Parameter] = field(default_factory=list)
    extension: list[_Extension] = field(default_factory=list)


class _File(Struct):
    resourceType: str  # noqa: N815
    id: str
    expansion: _Expansion
    extension: list[_Extension] = field(default_factory=list)


_DECODER = msgspec.json.Decoder(_File)


def unpacked(data: bytes) -> bytes:
    """The JSON of an expansion's file. Raises ExpansionError."""
    try:
        return unzipped(data)
    except (EOFError, zlib.error):
        raise ExpansionError("it is cut short or no gzip file") from None
    except OSError as problem:
        raise ExpansionError(str(problem.strerror)) from None


def content_digest(text: bytes) -> str:
    """SHA-256 of an expansion's JSON: of what is in the archive, which another zlib packs in other bytes."""
    return hashlib.sha256(text).hexdigest()


def read_expansion(text: bytes, set_id: str) -> Expansion:
    """The expansion of a set from its JSON. Raises ExpansionError."""
    try:
        file = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        message, _, path = str(problem).partition(" - at `$")
        steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
        raise ExpansionError(f"it is no expansion: {message}", "".join(f"/{a or b}" for a, b in steps)) from None
    if file.resourceType != "ValueSet" or file.id != set_id:
        raise ExpansionError(f"it is the {file.resourceType} {file.id!r}, not the ValueSet {set_id!r}", "/id")
    groups: dict[GroupKey, dict[str, str]] = {}
    for at, one in enumerate(file.expansion.contains):
        said = {extension.url: extension.valueString for extension in one.extension}
        if FILTER not in said or not one.system:
            raise ExpansionError("a group without `system` and filter", f"/expansion/contains/{at}")
        members = groups.setdefault(("include", one.system, said[FILTER]), {})
        for part in one.contains:
            if not part.code or part.system != one.system:
                raise ExpansionError("a member without a code of the group's system", f"/expansion/contains/{at}")
            members[part.code] = part.display
        members.update(dict.fromkeys(said.get(TAKEN_OUT, "").split(), ""))
    for extension in file.expansion.extension:
        if extension.url == EXCLUDED:
            parts = {part.url: part.valueUri or part.valueString for part in extension.extension}
            codes = dict.fromkeys(parts.get("codes", "").split(), "")
            groups.setdefault(("exclude", parts.get("system", ""), parts.get("filter", "")), {}).update(codes)
    releases = []
    for parameter in file.expansion.parameter:
        if parameter.name == "used-codesystem":
            system, _, version = parameter.valueUri.partition("|")
            releases.append((system, version))
    definition = next((one.valueString for one in file.extension if one.url == DEFINITION), "")
    made = tuple(Group(key, members) for key, members in groups.items())
    return Expansion(set_id, definition, tuple(sorted(releases)), made)


def write_expansion(expansion: Expansion, taken_out: Mapping[str, frozenset[str]]) -> bytes:
    """An expansion as JSON, the same for the same content. `taken_out`: by system the codes that the set's excludes
    take out of what its includes give."""
    contains, extensions = [], []
    for (element, system, filters), members in sorted(expansion.groups):
        if element == "exclude":
            parts = [
                {"url": "system", "valueUri": system},
                {"url": "filter", "valueString": filters},
                {"url": "codes", "valueString": " ".join(sorted(members))},
            ]
            extensions.append({"url": EXCLUDED, "extension": parts})
        else:
            contains.append(_group(system, filters, members, taken_out.get(system, frozenset())))
    uris = [f"{system}|{version}" if version else system for system, version in expansion.releases]
    content = {
        "resourceType": "ValueSet",
        "id": expansion.set_id,
        "extension": [{"url": DEFINITION, "valueString": expansion.definition}],
        "url": f"urn:cds-service:valueset:{expansion.set_id}",
        "status": "active",
        "expansion": {
            "extension": [{"url": UNCLOSED, "valueBoolean": True}, *extensions],
            "identifier": f"urn:cds-service:expansion:{expansion.set_id}",
            "timestamp": f"{_newest(version for _, version in expansion.releases)}T00:00:00Z",
            "parameter": [{"name": "used-codesystem", "valueUri": uri} for uri in uris],
            "contains": contains,
        },
    }
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def packed(text: bytes) -> bytes:
    """The file of an expansion: the same bytes for the same content and zlib."""
    return gzip.compress(text, 9, mtime=0)


def _group(system: str, filters: str, members: Mapping[str, str], taken_out: Iterable[str]) -> dict[str, Any]:
    gone = sorted(members.keys() & set(taken_out))
    extensions = [{"url": FILTER, "valueString": filters}]
    if gone:
        extensions.append({"url": TAKEN_OUT, "valueString": " ".join(gone)})
    group = {
        "extension": extensions,
        "system": system,
        "abstract": True,
        "display": " and ".join(" ".join(one) for one in json.loads(filters)),
    }
    kept = [
        {"system": system, "code": code} | ({"display": members[code]} if members[code] else {})
        for code in sorted(members.keys() - set(gone))
    ]
    return group | ({"contains": kept} if kept else {})  # FHIR knows no empty array


def _newest(versions: Iterable[str]) -> str:
    """The newest date in the names of releases: the same release gives the same file, whenever it is compiled."""
    found = [_NO_DATE]
    for version in versions:
        for pattern, (year, month, day) in _DATES:
            if match := pattern.search(version):
                found.append(f"{match[year]}-{match[month]}-{match[day]}")
                break
        else:
            if match := re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", version):
                found.append(f"{match[0]}-01-01")
    return max(found)
