"""What a terminology server answers, as far as it is read: https://hl7.org/fhir/R4/terminology-service.html"""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cds_service.terminology.sources.source import Concept, SourceError
from cds_service.terminology.sources.tx_client import ServerAnswer

_INCOMPLETE = (
    "http://hl7.org/fhir/StructureDefinition/valueset-toocostly",
    "http://hl7.org/fhir/StructureDefinition/valueset-unclosed",
)
"""Extensions by which a server says that an expansion is not the whole."""
_NOT_IN_USE = frozenset({"inactive", "retired", "deprecated", "discouraged"})


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Value(_Model):
    """A part of a Parameters resource, or an expansion's parameter, with the types of value that are read."""

    name: str
    valueUri: str | None = None  # noqa: N815 - FHIR's names
    valueString: str | None = None  # noqa: N815
    valueCode: str | None = None  # noqa: N815
    valueBoolean: bool | None = None  # noqa: N815
    part: tuple["_Value", ...] = ()

    @property
    def text(self) -> str | None:
        return self.valueString or self.valueCode or self.valueUri


class _Contains(_Model):
    system: str | None = None
    code: str | None = None
    display: str = ""
    abstract: bool = False
    inactive: bool = False
    contains: tuple["_Contains", ...] = ()


class _Extension(_Model):
    url: str


class ServerExpansion(_Model):
    """`ValueSet.expansion`."""

    total: int | None = Field(default=None, ge=0)
    offset: int | None = None
    parameter: tuple[_Value, ...] = ()
    contains: tuple[_Contains, ...] = ()
    extension: tuple[_Extension, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether the server says that there is more than it can tell."""
        return any(one.url in _INCOMPLETE for one in self.extension)

    def version_of(self, system: str) -> str | None:
        """The version of a code system that was used."""
        for one in self.parameter:
            name, _, version = (one.text or "").partition("|")
            if one.name in ("used-codesystem", "version") and name == system and version:
                return version
        return None

    def nodes(self) -> list[_Contains]:
        """The entries with a code, also those that stand below others."""
        found, open_ones = [], list(reversed(self.contains))
        while open_ones:
            one = open_ones.pop()
            found += [one] if one.code else []
            open_ones += reversed(one.contains)
        return found


class _ValueSet(_Model):
    expansion: ServerExpansion


class _Version(_Model):
    code: str | None = None
    isDefault: bool = False  # noqa: N815


class _Held(_Model):
    uri: str | None = None
    version: tuple[_Version, ...] = ()


class _Capabilities(_Model):
    codeSystem: tuple[_Held, ...] = ()  # noqa: N815


class _Parameters(_Model):
    parameter: tuple[_Value, ...] = ()


def _codesystem_only(entries: Any) -> Any:
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else entries


class _Resource(_Model):
    url: str | None = None
    version: str | None = None


class _Entry(_Model):
    resource: _Resource = _Resource()


class _Bundle(_Model):
    entry: Annotated[tuple[_Entry, ...], BeforeValidator(_codesystem_only)] = ()


M = TypeVar("M", bound=_Model)


def read_expansion(answer: ServerAnswer) -> ServerExpansion:
    """An expansion. Raises SourceError."""
    return _read(answer, "ValueSet", _ValueSet).expansion


def read_versions(answer: ServerAnswer) -> dict[str, str]:
    """The code systems that a server says to hold, with the version that counts where none is asked for."""
    found = {}
    for held in _read(answer, "TerminologyCapabilities", _Capabilities).codeSystem:
        codes = [one.code for one in held.version if one.code]
        default = next((one.code for one in held.version if one.isDefault and one.code), None)
        version = default or (codes[0] if len(codes) == 1 else None)
        if held.uri and version:
            found[held.uri] = version
    return found


def read_search(answer: ServerAnswer, system: str) -> str | None:
    """The version of a code system out of a search for it; None where there is none, or more than one."""
    entries = _read(answer, "Bundle", _Bundle).entry
    versions = {one.resource.version for one in entries if one.resource.url == system}
    return versions.pop() if len(versions) == 1 else None


def read_lookup(answer: ServerAnswer, code: str) -> Concept:
    """A code that was looked up. Raises SourceError."""
    display, active = "", True
    for one in _read(answer, "Parameters", _Parameters).parameter:
        if one.name == "display":
            display = one.text or ""
        elif one.name == "property":
            said = {part.name: part for part in one.part}
            name = (said["code"].text or "").lower() if "code" in said else ""
            value = said.get("value")
            if value is not None and name == "inactive":
                active = not (value.valueBoolean or value.text == "true")
            elif value is not None and name == "status":
                active = (value.text or "").lower() not in _NOT_IN_USE
    return Concept(code, display, active)


def _read(answer: ServerAnswer, resource_type: str, model: type[M]) -> M:
    found = answer.resource.get("resourceType")
    if answer.status != 200 or found != resource_type:
        said = f"a {found}" if found not in (None, "OperationOutcome") else answer.said
        raise SourceError(answer.where, f"status {answer.status}, not the {resource_type} that was asked for: {said}")
    try:
        return model.model_validate(answer.resource)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SourceError(answer.where, f"the {resource_type} is not as FHIR has it: {place}: {first['msg']}") from None
