"""What a Patient says of a person in its extensions, and whether another resource has taken its place.

Birth sex: `us-core-birthsex` (http://hl7.org/fhir/us/core/StructureDefinition-us-core-birthsex.html) and HL7's
`individual-recordedSexOrGender` (http://hl7.org/fhir/StructureDefinition/individual-recordedSexOrGender) of the type
birth. A link of the type `replaced-by`: https://hl7.org/fhir/R4/valueset-link-type.html.
"""

from msgspec import Raw

from cds_service.fhir.decode import try_decode
from cds_service.fhir.views import CodeableConcept, Coding, Element, Patient

_BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
_RECORDED_SEX = "http://hl7.org/fhir/StructureDefinition/individual-recordedSexOrGender"
_AT_BIRTH = "76689-9"
"""LOINC: sex assigned at birth."""
_SEXES = {
    "m": "male",
    "male": "male",
    "la2-8": "male",
    "248153007": "male",
    "f": "female",
    "female": "female",
    "la3-6": "female",
    "248152002": "female",
}
"""Codes of v3 AdministrativeGender, FHIR's administrative gender, LOINC answers and SNOMED CT, folded."""


class _Extension(Element, frozen=True):
    url: str | None = None
    value_code: str | None = None
    value_string: str | None = None
    value_coding: Coding | None = None
    value_codeable_concept: CodeableConcept | None = None
    extension: tuple[Raw, ...] = ()


class _Link(Element, frozen=True):
    type: str | None = None


def birth_sexes(patient: Patient) -> frozenset[str]:
    """Each sex at birth on record, `male` or `female`; what is neither says nothing."""
    found: set[str] = set()
    for raw in patient.extension:
        extension = try_decode(raw, _Extension)
        if extension is None:
            continue
        if extension.url == _BIRTH_SEX:
            found |= _sexes(extension)
        elif extension.url == _RECORDED_SEX:
            parts = [part for inner in extension.extension if (part := try_decode(inner, _Extension)) is not None]
            if any(part.url == "type" and _is_at_birth(part) for part in parts):
                found |= {sex for part in parts if part.url == "value" for sex in _sexes(part)}
    return frozenset(found)


def is_replaced(patient: Patient) -> bool:
    """Whether this Patient is out of use and another has taken its place."""
    if try_decode(patient.active, bool) is not False:
        return False
    links = [try_decode(raw, _Link) for raw in patient.link]
    return any(link is not None and link.type == "replaced-by" for link in links)


def _sexes(extension: _Extension) -> set[str]:
    return {_SEXES[word] for word in _words(extension) if word in _SEXES}


def _is_at_birth(extension: _Extension) -> bool:
    return any(word == _AT_BIRTH or "birth" in word for word in _words(extension))


def _words(extension: _Extension) -> list[str]:
    """Every code and word that the extension gives, folded."""
    concept = extension.value_codeable_concept or CodeableConcept()
    codings = [*concept.coding, *([extension.value_coding] if extension.value_coding is not None else [])]
    said = [extension.value_code, extension.value_string, concept.text]
    said += [word for coding in codings for word in (coding.code, coding.display)]
    return [word.strip().casefold() for word in said if word is not None]
