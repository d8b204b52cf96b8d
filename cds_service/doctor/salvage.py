"""A request whose own fields are at fault, mended just so far that its prefetch can be looked at."""

from typing import Any
from uuid import UUID

from msgspec import DecodeError, Raw, ValidationError, json

from cds_service.cds_hooks import HookError, HookRequest, Service, parse_request
from cds_service.errors import CdsError
from cds_service.wire import base_url

_INSTANCE = str(UUID(int=0))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NoRequest(CdsError):  # noqa: N818 - it names what the input is
    """The input is no hook request at all. The text says what it is, and nothing of its content."""


def fields_of(body: bytes) -> dict[str, Any]:
    """The fields of a hook request, `prefetch` undecoded. Raises NoRequest."""
    try:
        # What stays undecoded is not looked into, so this is checked for the whole.
        body.decode()
        fields: dict[str, Any] = json.decode(body.removeprefix(_BYTE_ORDER_MARK), type=dict[str, Raw])
        fields = {name: raw if name == "prefetch" else json.decode(raw) for name, raw in fields.items()}
    except UnicodeDecodeError as problem:
        raise NoRequest("it is not text in UTF-8") from problem
    except RecursionError as problem:
        raise NoRequest("it is nested too deeply") from problem
    except ValidationError as problem:
        raise NoRequest("it is no JSON object, so no hook request") from problem
    except DecodeError as problem:
        # What the decoder says has the place and the kind of the fault, and no content.
        raise NoRequest(f"it is not JSON: {problem}" if body.strip() else "it is empty") from problem
    if "resourceType" in fields:
        raise NoRequest("it is a FHIR resource, not a hook request; `cds-service explain` reads a record")
    if not {"hook", "context", "prefetch"} & fields.keys():
        raise NoRequest("it has neither `hook` nor `context` nor `prefetch`, so it is no hook request")
    return fields


def salvaged(fields: dict[str, Any], service: Service) -> HookRequest | None:
    """The request with examples in place of all that is at fault; None where not even the patient is known."""
    context = fields.get("context")
    given = context if isinstance(context, dict) else {}
    patient = given.get("patientId")
    if not isinstance(patient, str):
        return None
    examples = {one.name: one.example for one in service.required}
    mended: dict[str, Any] = {
        "hook": service.hook,
        "hookInstance": _INSTANCE,
        "context": examples | {"patientId": patient.strip().removeprefix("Patient/")},
        "prefetch": fields.get("prefetch", {}),
    }
    if isinstance(fields.get("fhirServer"), str):
        mended["fhirServer"] = fields["fhirServer"]
    for names in (tuple(mended), ("hook", "hookInstance", "context", "prefetch"), ("hook", "hookInstance", "context")):
        try:
            return parse_request(json.encode({name: mended[name] for name in names}), service)
        except HookError:
            continue
    return None


def server_of(body: bytes) -> str | None:
    """The base URL of the FHIR server that a request names; None where it names none that can be used."""
    try:
        server = fields_of(body).get("fhirServer")
    except NoRequest:
        return None
    return base_url(server) if isinstance(server, str) else None
