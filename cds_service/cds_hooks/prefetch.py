"""The prefetch templates: which FHIR queries the loaded rules need, under stable keys.

Only the search subset that every client supports: each parameter once, the patient's id as the one token, no date.
https://cds-hooks.hl7.org/2.0/#prefetch-template
"""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from cds_service.facts.catalogue import Catalogue, Code, EventsFact, FactSpec, Observed, ResultFact, ScoreFact

PATIENT = "patient"
CONDITIONS = "conditions"
OBSERVATIONS = "observations"

# The keys of every site, whatever rules are loaded: clients that do not read discovery have them typed in once.
_ALWAYS = {
    CONDITIONS: "Condition",
    OBSERVATIONS: "Observation",
    "medicationRequests": "MedicationRequest",
    "medicationStatements": "MedicationStatement",
    "procedures": "Procedure",
    "immunizations": "Immunization",
    "allergies": "AllergyIntolerance",
}
_WHERE_READ = {"devices": "Device", "researchSubjects": "ResearchSubject"}
_KEYS = {PATIENT: "Patient", **_ALWAYS, **_WHERE_READ}

LABELS = (*_KEYS, *_KEYS.values())
"""Every prefetch key that is understood without an alias."""

# Of the usual web servers most take 8,192 characters of request line. This leaves the base URL and the patient's id the
# rest, also where each comma is sent as `%2C`.
_MOST_CHARACTERS = 6_000
# All of https://hl7.org/fhir/R4/codesystem-observation-category.html.
_CATEGORIES = "social-history,vital-signs,imaging,laboratory,procedure,survey,exam,therapy,activity"


def prefetch_templates(catalogue: Catalogue, facts: Iterable[str]) -> dict[str, str]:
    """Prefetch key: FHIR query, for rules that read these facts (and all that the catalogue makes them from)."""
    read = [catalogue.facts[name] for name in sorted(catalogue.closure(facts))]
    resources = {spec.resource for spec in read if isinstance(spec, EventsFact)}
    codes = {code.code for spec in read for code in _observation_codes(spec)}
    templates = {PATIENT: "Patient/{{context.patientId}}"}
    templates |= {key: _query(resource) for key, resource in _ALWAYS.items()}
    templates |= {key: _query(resource) for key, resource in _WHERE_READ.items() if resource in resources}
    templates[OBSERVATIONS] += _narrowed_to(sorted(codes))
    return templates


def resource_type(key: str) -> str | None:
    """The resource type that a prefetch key of ours holds; None for another key.

    A type's own name, `Condition`, is what several clients use, and is as good as the key.
    """
    return _KEYS.get(key) or (key if key in _KEYS.values() else None)


def scopes(templates: Mapping[str, str]) -> list[str]:
    """The SMART App Launch scopes that a token needs for the queries of these templates."""
    types = dict.fromkeys(query.partition("?")[0].partition("/")[0] for query in templates.values())
    return [f"patient/{name}.read" for name in types]


def _query(resource: str) -> str:
    return f"{resource}?patient={{{{context.patientId}}}}"


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
    if len(quote(",".join(codes))) > _MOST_CHARACTERS:
        return f"&category={_CATEGORIES}"
    return f"&code={','.join(codes)}" if codes else ""
