"""The prefetch templates: which FHIR queries the loaded rules need, under stable keys.

Only the search subset that every client supports: each parameter once, the patient's id as the one token, no date.
https://cds-hooks.hl7.org/2.0/#prefetch-template
"""

from collections.abc import Iterable, Iterator, Mapping

from cds_service.facts.catalogue import Catalogue, Code, EventsFact, FactSpec, Observed, ResultFact, ScoreFact
from cds_service.fhir import RESOURCE_TYPES
from cds_service.wire import in_path

_TYPE_OF = {row.prefetch.key: name for name, row in RESOURCE_TYPES.items() if row.prefetch is not None}
_KEY_OF = {name: key for key, name in _TYPE_OF.items()}

PATIENT = _KEY_OF["Patient"]
CONDITIONS = _KEY_OF["Condition"]
OBSERVATIONS = _KEY_OF["Observation"]

LABELS = (*_TYPE_OF, *_KEY_OF)
"""Every prefetch key that is understood without an alias, also those that are never asked for."""

# Of the usual web servers most take 8,192 characters of request line. This leaves the base URL and the patient's id the
# rest, also where each comma is sent as `%2C`.
_MOST_CHARACTERS = 6_000
# All of https://hl7.org/fhir/R4/codesystem-observation-category.html.
_CATEGORIES = "social-history,vital-signs,imaging,laboratory,procedure,survey,exam,therapy,activity"


def prefetch_templates(catalogue: Catalogue, facts: Iterable[str]) -> dict[str, str]:
    """Prefetch key: FHIR query, for rules that read these facts (and all that the catalogue makes them from)."""
    read = [catalogue.facts[name] for name in sorted(catalogue.closure(facts))]
    kinds = {spec.resource for spec in read if isinstance(spec, EventsFact)}
    codes = {code.code for spec in read for code in _observation_codes(spec)}
    templates = {
        asked.key: _query(row.name)
        for row in RESOURCE_TYPES.values()
        if (asked := row.asked_for) is not None and (not asked.only_where_read or row.events in kinds)
    }
    templates[OBSERVATIONS] += _narrowed_to(sorted(codes))
    return templates


def resource_type(key: str) -> str | None:
    """The resource type that a prefetch key of ours holds; None for another key.

    A type's own name, `Condition`, is what several clients use, and is as good as the key.
    """
    return _TYPE_OF.get(key) or (key if key in _KEY_OF else None)


def scopes(templates: Mapping[str, str]) -> list[str]:
    """The SMART App Launch scopes that a token needs for the queries of these templates."""
    types = dict.fromkeys(query.partition("?")[0].partition("/")[0] for query in templates.values())
    return [f"patient/{name}.read" for name in types]


def _query(resource: str) -> str:
    patient = "{{context.patientId}}"
    return f"{resource}/{patient}" if resource == "Patient" else f"{resource}?patient={patient}"


def _observation_codes(spec: FactSpec) -> Iterator[Code]:
    if isinstance(spec, Observed):
        yield from spec.codes
    if isinstance(spec, ScoreFact) and spec.component is not None:
        yield spec.component.code
    if isinstance(spec, ResultFact) and spec.variant is not None:
        yield from spec.variant.codes


def _narrowed_to(codes: list[str]) -> str:
    """What the query for observations has besides the patient.

    The codes stand without their system: `system|code` makes the list three times as long and needs escaping, and the
    service looks at the system when it reads. No date: clients differ in which date they compare and how they write a
    bound, so the service leaves out what is too old. By category only where the codes are too many for a URL: it brings
    every result there ever was, and misses those without a category. Not by several keys with a part of the codes each:
    what one of them leaves out would look as if it had never been measured.
    """
    if len(in_path(",".join(codes))) > _MOST_CHARACTERS:
        return f"&category={_CATEGORIES}"
    return f"&code={','.join(codes)}" if codes else ""
