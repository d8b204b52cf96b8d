"""The prefetch templates: which FHIR queries the loaded rules need, under stable keys.

Only the search subset that every client supports: each parameter once, the patient's id as the one token, no date.
https://cds-hooks.hl7.org/2.0/#prefetch-template
"""

from collections.abc import Iterable, Iterator, Mapping

from cds_service.facts.catalogue import Catalogue
from cds_service.facts.specs import Code, EventsFact, FactSpec, Observed, ResultFact, ScoreFact

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

# IIS, which some EHRs' FHIR servers run on, takes 2,048 characters of query unless set otherwise. With each comma sent
# as %2C, 1,500 characters of LOINC codes become some 1,900, which leaves room for the patient's id.
_MOST_CHARACTERS = 1_500


def prefetch_templates(catalogue: Catalogue, facts: Iterable[str]) -> dict[str, str]:
    """Prefetch key: FHIR query, for rules that read these facts (and all that the catalogue makes them from)."""
    read = [catalogue.facts[name] for name in sorted(catalogue.closure(facts))]
    resources = {spec.resource for spec in read if isinstance(spec, EventsFact)}
    templates = {PATIENT: "Patient/{{context.patientId}}"}
    for key, resource in _ALWAYS.items():
        if key == OBSERVATIONS:
            codes = {code.code for spec in read for code in _observation_codes(spec)}
            templates |= dict(_observation_queries(sorted(codes)))
        else:
            templates[key] = _query(resource)
    templates |= {key: _query(resource) for key, resource in _WHERE_READ.items() if resource in resources}
    return templates


def resource_type(key: str) -> str | None:
    """The resource type that a prefetch key of ours holds; None for another key.

    A type's own name, `Condition`, is what several clients use, and is as good as the key.
    """
    known = {PATIENT: "Patient", **_ALWAYS, **_WHERE_READ}
    if key in known.values():
        return key
    return known.get(OBSERVATIONS if key.rstrip("0123456789") == OBSERVATIONS else key)


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


def _observation_queries(codes: list[str]) -> Iterator[tuple[str, str]]:
    """One query for a list of codes; several, under numbered keys, for a list too long for one URL.

    The codes stand without their system: `system|code` makes the list three times as long and needs escaping, and the
    service looks at the system when it reads. No date: clients differ in which date they compare and how they write a
    bound, so the service leaves out what is too old. By code rather than by category: a category brings every result
    there ever was, and misses those that carry none.
    """
    chunks: list[str] = []
    for code in codes:
        if chunks and len(chunks[-1]) + 1 + len(code) <= _MOST_CHARACTERS:
            chunks[-1] += f",{code}"
        else:
            chunks.append(code)
    for number, chunk in enumerate(chunks, 1):
        yield f"{OBSERVATIONS}{number if number > 1 else ''}", f"{_query('Observation')}&code={chunk}"
