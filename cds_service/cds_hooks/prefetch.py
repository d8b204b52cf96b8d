"""The prefetch templates: which FHIR queries the loaded rules need, under stable keys.

Only the search subset that every client supports: each parameter once, the patient's id as the one token, no date.
https://cds-hooks.hl7.org/2.0/#prefetch-template
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from cds_service.facts.catalogue import Catalogue, CodeSystems, EventsFact, FactSpec, ObservedFact
from cds_service.fhir import RESOURCE_TYPES
from cds_service.wire import in_path

_TYPE_OF = {row.prefetch.key: name for name, row in RESOURCE_TYPES.items() if row.prefetch is not None}
_KEY_OF = {name: key for key, name in _TYPE_OF.items()}

PATIENT = _KEY_OF["Patient"]
CONDITIONS = _KEY_OF["Condition"]
OBSERVATIONS = _KEY_OF["Observation"]

LABELS = (*_TYPE_OF, *_KEY_OF)
"""Every prefetch key that is understood without an alias, also those that are never asked for."""
MORE_OBSERVATIONS = "moreObservations"
"""The key of the rarer half where the codes of observations are too many for one URL."""
_SPLIT = {MORE_OBSERVATIONS: "Observation"}

# Of the usual web servers most take 8,192 characters of request line. This leaves the base URL and the patient's id the
# rest, also where each comma is sent as `%2C`.
MOST_CHARACTERS = 6_000
_COMMA = len("%2C")
_SPECIAL = re.compile(r"[\\,|$]")


def prefetch_templates(
    catalogue: Catalogue, facts: Iterable[str], systems: CodeSystems | None = None
) -> dict[str, str]:
    """Prefetch key: FHIR query, for rules that read these facts (and all that the catalogue makes them from).

    `systems`: whose maps say under which codes of its own a site has the same observations.
    """
    read = [catalogue.facts[name] for name in sorted(catalogue.closure(facts))]
    kinds = {spec.resource for spec in read if isinstance(spec, EventsFact)}
    templates = {
        asked.key: _query(row.name)
        for row in RESOURCE_TYPES.values()
        if (asked := row.asked_for) is not None and (not asked.only_where_read or row.events in kinds)
    }
    everything = templates[OBSERVATIONS]
    found: dict[str, str] = {}
    for key, query in templates.items():
        found[key] = query
        if key == OBSERVATIONS:
            parts = _parts(_by_use(read, systems))
            found |= {
                name: f"{everything}&code={','.join(codes)}"
                for name, codes in zip((OBSERVATIONS, MORE_OBSERVATIONS), parts, strict=False)
            }
    return found


def resource_type(key: str) -> str | None:
    """The resource type that a prefetch key of ours holds; None for another key.

    A type's own name, `Condition`, is what several clients use, and is as good as the key.
    """
    return _TYPE_OF.get(key) or _SPLIT.get(key) or (key if key in _KEY_OF else None)


def scopes(templates: Mapping[str, str]) -> list[str]:
    """The SMART App Launch scopes that a token needs for the queries of these templates."""
    types = dict.fromkeys(query.partition("?")[0].partition("/")[0] for query in templates.values())
    return [f"patient/{name}.read" for name in types]


def _query(resource: str) -> str:
    patient = "{{context.patientId}}"
    return f"{resource}/{patient}" if resource == "Patient" else f"{resource}?patient={patient}"


def _by_use(read: Iterable[FactSpec], systems: CodeSystems | None) -> list[str]:
    """The codes of observations, the most used first: the first of every fact, then the second of every fact.

    A fact lists its usual codes before the rare ones. The codes of which a site's maps make one of these come last.
    """
    listed = [spec.observation_codes for spec in read if isinstance(spec, ObservedFact)]
    by_use = [code for row in zip_longest(*listed) for code in row if code is not None]
    own = () if systems is None else systems.mapped_to(systems.key(code.system, code.code) for code in by_use)
    return list(dict.fromkeys(map(_token, [*(code.code for code in by_use), *own])))


def _token(code: str) -> str:
    """A code as a value of a search: a site's own may hold what has a meaning there
    (https://hl7.org/fhir/R4/search.html#escaping)."""
    return in_path(_SPECIAL.sub(r"\\\g<0>", code))


def _parts(codes: Sequence[str]) -> Iterator[list[str]]:
    """The codes in one part, or in two where they are too many for one URL; in none where they are for two, too.

    The codes stand without their system: `system|code` makes the list three times as long and needs escaping, and the
    service looks at the system when it reads. No date: clients differ in which date they compare and how they write a
    bound, so the service leaves out what is too old. Both parts are one set: what came is whole only where both did
    (`PrefetchedRecord`). Without any part everything there is comes, which is much and lacks nothing. Never by
    category: that misses the results that have none.
    """
    parts: list[list[str]] = []
    used = MOST_CHARACTERS
    for code in codes:
        length = len(code) + _COMMA
        used += length
        if used > MOST_CHARACTERS:
            parts.append([])
            used = length
        parts[-1].append(code)
    return iter(parts if len(parts) <= len((OBSERVATIONS, MORE_OBSERVATIONS)) else ())
