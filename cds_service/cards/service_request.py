"""The draft ServiceRequest, the one kind of resource that cards suggest, in the form that FHIR R4 gives it.

Only what a draft needs is here, and each element has its datatype's form
(https://hl7.org/fhir/R4/datatypes.html, https://hl7.org/fhir/R4/servicerequest.html). Whatever this takes the models of
fhir.resources take as well: a property test holds that. They take as long to import as all of the cards.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

# A pattern is searched for, so it says where it begins and ends.
_Uri = Annotated[str, Meta(pattern=r"\A\S+\Z")]
_Code = Annotated[str, Meta(pattern=r"\A\S+(\s\S+)*\Z")]
_String = Annotated[str, Meta(pattern=r"\A[ \r\n\t\S]*\S[ \r\n\t\S]*\Z")]
_Reference = Annotated[str, Meta(pattern=r"\A[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}\Z")]
_Some = Meta(min_length=1)


class _Element(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An element that is not given is not written; one that is not named here is refused."""


class _Coding(_Element):
    system: _Uri
    code: _Code
    display: _String | None = None


class _Concept(_Element):
    coding: Annotated[tuple[_Coding, ...], _Some]
    text: _String


class _Literal(_Element):
    reference: _Reference


class _Identifier(_Element):
    system: _Uri
    value: _String


class _Logical(_Element):
    type: Literal["ResearchStudy"]
    identifier: _Identifier


class _Draft(_Element, tag_field="resourceType", tag="ServiceRequest"):
    # In the order of the resource's definition, in which they are written. `status` and `intent` have no defaults, so
    # that they are.
    status: Literal["draft"]
    intent: Literal["proposal"]
    code: _Concept
    subject: _Literal
    reasonReference: Annotated[tuple[_Literal, ...], _Some] | None = None  # noqa: N815 (the names are FHIR's)
    supportingInfo: Annotated[tuple[_Logical, ...], _Some] | None = None  # noqa: N815


def draft_json(request: dict[str, Any]) -> bytes:
    """The draft as JSON. Raises msgspec.ValidationError, with the place, for what FHIR or this form does not allow."""
    return msgspec.json.encode(msgspec.convert(request, _Draft))
