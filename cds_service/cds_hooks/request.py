"""The body of a hook request: JSON to a checked `HookRequest`.

Fields and rules: https://cds-hooks.hl7.org/2.0/#calling-a-cds-service; those of the context stand with each hook in
`service`. Unknown fields and `extension` are ignored, an optional field that is `null` or empty counts as absent, and
every problem is reported, not just the first. What is forgiven besides, `leniency` says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import DecodeError, Raw, Struct, ValidationError, defstruct, json

from cds_service.cds_hooks.fields import ANY_TEXT, Fields
from cds_service.cds_hooks.leniency import (
    DAMAGED_JSON,
    EXPIRY_AS_TEXT,
    NO_EXPIRY,
    NO_SCOPE,
    NO_SUBJECT,
    PLAIN_INSTANCE,
    AcceptedForm,
    Leniency,
)
from cds_service.cds_hooks.outcome import HookError, RequestProblem
from cds_service.cds_hooks.prefetch import LABELS, resource_type
from cds_service.cds_hooks.service import ENCOUNTER_ID, PATIENT_ID, Service
from cds_service.deadline import NEVER, Deadline
from cds_service.fhir import HeaderBundle, isolated, repeated_keys

# Any version, also none: hookInstance has to be unique, not to be made in one certain way.
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NO_HYPHENS = re.compile(r"[0-9a-fA-F]{32}")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
# A token type is compared without regard to case: RFC 6749, 5.1.
_BEARER = re.compile(r"bearer", re.IGNORECASE)
_NUMBER_AS_TEXT = re.compile(r"\s*[0-9]{1,18}(\.[0-9]{1,18})?\s*")

_NOTHING = Raw()
_SEVERAL = Raw(b"[[]]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_Searches: Any = defstruct(
    "_Searches",
    [(label, HeaderBundle if resource_type(label) == "Observation" else Raw, None) for label in LABELS],
    forbid_unknown_fields=True,
)


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A request that keeps the rules. `prefetch` values are the bytes that the client sent, undecoded.

    `repeated`: the keys of `prefetch` that came with several values: which of them is meant cannot be told, so each
    has one that is no FHIR. `searches`: those values that were decoded on the way, as far as the heads of the
    Observations in them.
    `access_token` is for `fhir_server`; it lives as long as the request and is shown nowhere.
    """

    hook: str
    hook_instance: str
    patient_id: str
    fhir_server: str | None
    prefetch: Mapping[str, Raw] = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    encounter_id: str | None = None
    searches: Mapping[str, HeaderBundle] = field(default_factory=dict, repr=False)
    repeated: frozenset[str] = frozenset()


class _WithSearches(Struct):
    prefetch: _Searches


_WITH_SEARCHES = json.Decoder(_WithSearches)
_MEMBERS = json.Decoder(dict[str, Raw])


def with_hyphens(digits: str) -> str:
    """The 32 digits of a UUID in the form that it is written in."""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


EXPIRY_FORM = AcceptedForm(EXPIRY_AS_TEXT, _NUMBER_AS_TEXT)
INSTANCE_FORMS = (AcceptedForm(PLAIN_INSTANCE, _NO_HYPHENS, with_hyphens),)


def parse_request(
    body: bytes, service: Service, leniency: Leniency | None = None, deadline: Deadline = NEVER
) -> HookRequest:
    """Read a request for `service`. `leniency`: what is forgiven, by default everything that can be.

    Raises HookError (400) naming every field that is missing or wrong, or a token that is for another patient, and
    OutOfTime.
    """
    leniency = Leniency() if leniency is None else leniency
    problems: list[RequestProblem] = []
    body, (members, searches) = _body_fields(body.removeprefix(_BYTE_ORDER_MARK), leniency, deadline)
    fields = Fields(members, "", problems, leniency, repeated_keys(body, members))
    hook = fields.text("hook", re.compile(re.escape(service.hook)), f"`{service.hook}`", required=True)
    if hook is None and fields.has("hook"):
        # Another hook has another context, so nothing more can be said of this request.
        raise HookError(400, tuple(problems))
    instance = fields.text("hookInstance", _UUID, "a UUID", required=True, forms=INSTANCE_FORMS)
    context = _context(fields, service)
    patient, encounter = context.get(PATIENT_ID.name), context.get(ENCOUNTER_ID.name)

    authorization = fields.object("fhirAuthorization")
    server = fields.text("fhirServer", _URL, "an http(s) URL", required=authorization is not None)
    token = None if authorization is None else _access_token(authorization, patient)

    prefetch = fields.object("prefetch")
    sent = {} if prefetch is None else {**prefetch.values}
    repeated = frozenset() if prefetch is None else prefetch.repeated
    sent |= dict.fromkeys(repeated, _SEVERAL)
    if problems or instance is None or patient is None:
        raise HookError(400, tuple(problems))
    searches = {label: value for label, value in searches.items() if label not in repeated}
    return HookRequest(service.hook, instance, patient, server, sent, token, encounter, searches, repeated)


def _context(fields: Fields, service: Service) -> dict[str, str | None]:
    """The fields of the context that `service` reads, by name; none where there is no context."""
    context = fields.object("context", required=True)
    if context is None:
        return {}
    return {
        one.name: context.text(
            one.name,
            one.pattern,
            one.expected,
            required=one in service.required,
            absent=one.absent,
            forms=one.forms,
        )
        for one in service.context
    }


def _access_token(authorization: Fields, patient: str | None) -> str | None:
    """The access token, once it is sure that it is one for this patient."""
    token = authorization.text("access_token", required=True)
    authorization.text("token_type", _BEARER, "`Bearer`", required=True)
    authorization.number("expires_in", NO_EXPIRY, EXPIRY_FORM)
    # Only that it is there: not every client's scope follows the syntax of SMART App Launch.
    authorization.text("scope", required=True, absent=NO_SCOPE)
    authorization.text("subject", required=True, absent=NO_SUBJECT)
    token_patient = authorization.text("patient", ANY_TEXT, "the id of the Patient")
    if token_patient is not None and patient is not None and token_patient.removeprefix("Patient/") != patient:
        authorization.note("business-rule", "patient", "is another patient than `context.patientId`")
    return token


_Read = tuple[dict[str, Raw], dict[str, HeaderBundle]]
"""The members of a body, and those values in `prefetch` that could be decoded as searches."""


def _body_fields(body: bytes, leniency: Leniency, deadline: Deadline) -> tuple[bytes, _Read]:
    """What is in the body, and the body as it was read: of one that is damaged, without the damage."""
    try:
        return body, _decoded(body)
    except HookError as refused:
        strict = None if leniency.is_strict else isolated(body, deadline)
        if strict is None or strict == body:
            raise
        try:
            read = _decoded(strict)
        except HookError:
            raise refused from None  # it names a place in what was sent
        leniency.forgives(DAMAGED_JSON)
        return strict, read


def _decoded(body: bytes) -> _Read:
    try:
        # msgspec does not look into what stays undecoded, so this is checked here for the whole.
        body.decode()
        return _MEMBERS.decode(body), _searches(body)
    except UnicodeDecodeError as error:
        problem = RequestProblem("structure", f"The body is not UTF-8 (byte {error.start}).")
    except RecursionError:
        problem = RequestProblem("structure", "The body is nested too deeply.")
    except ValidationError:
        problem = RequestProblem("structure", "The body must be a JSON object.")
    except DecodeError as error:
        # Its text gives the kind of fault and the position, never content.
        problem = RequestProblem("structure", f"The body is not JSON: {error}.")
    raise HookError(400, (problem,))


def _searches(body: bytes) -> dict[str, HeaderBundle]:
    """The searches in the usual request, in one pass; none of one with other keys, or another value than a search."""
    try:
        prefetch = _WITH_SEARCHES.decode(body).prefetch
    except (DecodeError, RecursionError):
        return {}
    values = {label: value for label in LABELS if (value := getattr(prefetch, label)) is not None}
    if len({resource_type(label) for label in values}) < len(values):
        return {}  # two keys of one type, whose order may matter
    return {label: value for label, value in values.items() if isinstance(value, HeaderBundle)}
