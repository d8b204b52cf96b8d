"""The body of a hook request: JSON to a checked `HookRequest`.

Fields and rules: https://cds-hooks.hl7.org/2.0/#calling-a-cds-service; those of the context stand with each hook in
`service`. Unknown fields and `extension` are ignored, an optional field that is `null` or empty counts as absent, and
every problem is reported, not just the first.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import DecodeError, Raw, Struct, ValidationError, defstruct, json

from cds_service.cds_hooks.outcome import HookError, IssueCode, Problem
from cds_service.cds_hooks.prefetch import LABELS, resource_type
from cds_service.cds_hooks.service import ENCOUNTER_ID, PATIENT_ID, Service
from cds_service.fhir import HeadBundle

# Any version, also none: hookInstance has to be unique, not to be made in one certain way.
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
# A token type is compared without regard to case: RFC 6749, 5.1.
_BEARER = re.compile(r"bearer", re.IGNORECASE)
_ANY_TEXT = re.compile(r".*\S.*", re.DOTALL)
_TEXT = "a string that is not empty"

_NULL = Raw(b"null")
_EMPTY = Raw(b'""')
_NOTHING = Raw()
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_Searches: Any = defstruct(
    "_Searches",
    [(label, HeadBundle if resource_type(label) == "Observation" else Raw, None) for label in LABELS],
    forbid_unknown_fields=True,
)


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A request that keeps the rules. `prefetch` values are the bytes that the client sent, undecoded.

    `searches`: those values that were decoded on the way, as far as the heads of the Observations in them.
    `access_token` is for `fhir_server`; it lives as long as the request and is shown nowhere.
    """

    hook: str
    hook_instance: str
    patient_id: str
    fhir_server: str | None
    prefetch: Mapping[str, Raw] = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    encounter_id: str | None = None
    searches: Mapping[str, HeadBundle] = field(default_factory=dict, repr=False)


class _Top(Struct, rename="camel"):
    hook: Raw = _NOTHING
    hook_instance: Raw = _NOTHING
    context: Raw = _NOTHING
    fhir_server: Raw = _NOTHING
    fhir_authorization: Raw = _NOTHING

    def fields(self) -> dict[str, Raw]:
        raws = ((encoded, getattr(self, name)) for name, encoded in zip(_NAMES, _ENCODED_NAMES, strict=True))
        return {name: raw for name, raw in raws if raw is not _NOTHING}


class _WithValues(_Top, kw_only=True):
    prefetch: dict[str, Raw]


class _WithSearches(_Top, kw_only=True):
    prefetch: _Searches


_NAMES, _ENCODED_NAMES = _Top.__struct_fields__, _Top.__struct_encode_fields__
_WITH_VALUES = json.Decoder(_WithValues)
_WITH_SEARCHES = json.Decoder(_WithSearches)


class _Values(Mapping[str, Raw]):
    """Prefetch values. Those that were decoded already are looked for in the body if somebody asks for them."""

    def __init__(self, body: bytes, values: Mapping[str, Raw | HeadBundle]) -> None:
        self._body = body
        self._values = values

    def __getitem__(self, label: str) -> Raw:
        value = self._values[label]
        return value if isinstance(value, Raw) else _WITH_VALUES.decode(self._body).prefetch[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def parse_request(body: bytes, service: Service) -> HookRequest:
    """Read a request for `service`.

    Raises HookError (400) naming every field that is missing or wrong, or a token that is for another patient.
    """
    problems: list[Problem] = []
    top, values = _body_fields(body)
    fields = _Fields(top, "", problems)
    hook = fields.text("hook", re.compile(re.escape(service.hook)), f"`{service.hook}`", required=True)
    if hook is None and fields.has("hook"):
        # Another hook has another context, so nothing more can be said of this request.
        raise HookError(400, tuple(problems))
    instance = fields.text("hookInstance", _UUID, "a UUID", required=True)
    context = _context(fields, service)
    patient, encounter = context.get(PATIENT_ID.name), context.get(ENCOUNTER_ID.name)

    authorization = fields.object("fhirAuthorization")
    server = fields.text("fhirServer", _URL, "an http(s) URL", required=authorization is not None)
    token = None if authorization is None else _access_token(authorization, patient)

    if values is None:
        prefetch = fields.object("prefetch")
        values = {} if prefetch is None else {**prefetch.values}
    if problems or instance is None or patient is None:
        raise HookError(400, tuple(problems))
    searches = {label: value for label, value in values.items() if isinstance(value, HeadBundle)}
    return HookRequest(service.hook, instance, patient, server, _Values(body, values), token, encounter, searches)


def _context(fields: "_Fields", service: Service) -> dict[str, str | None]:
    """The fields of the context that `service` reads, by name; none where there is no context."""
    context = fields.object("context", required=True)
    if context is None:
        return {}
    return {
        one.name: context.text(one.name, one.pattern, one.expected, required=one in service.required)
        for one in service.context
    }


def _access_token(authorization: "_Fields", patient: str | None) -> str | None:
    """The access token, once it is sure that it is one for this patient."""
    token = authorization.text("access_token", required=True)
    authorization.text("token_type", _BEARER, "`Bearer`", required=True)
    authorization.number("expires_in")
    # Only that it is there: not every client's scope follows the syntax of SMART App Launch.
    authorization.text("scope", required=True)
    authorization.text("subject", required=True)
    token_patient = authorization.text("patient", _ANY_TEXT, "the id of the Patient")
    if token_patient is not None and patient is not None and token_patient.removeprefix("Patient/") != patient:
        authorization.note("business-rule", "patient", "is another patient than `context.patientId`")
    return token


def _body_fields(body: bytes) -> tuple[dict[str, Raw], dict[str, Raw | HeadBundle] | None]:
    """The fields of the body, and the values in `prefetch` where these could be decoded in the same pass."""
    try:
        # msgspec does not look into what stays undecoded, so this is checked here for the whole.
        body.decode()
        for decode in (_with_searches, _with_values):
            try:
                return decode(body)
            except (DecodeError, RecursionError):
                continue  # told below, of the form that says most
        return json.decode(body.removeprefix(_BYTE_ORDER_MARK), type=dict[str, Raw]), None
    except UnicodeDecodeError as error:
        problem = Problem("structure", f"The body is not UTF-8 (byte {error.start}).")
    except RecursionError:
        problem = Problem("structure", "The body is nested too deeply.")
    except ValidationError:
        problem = Problem("structure", "The body must be a JSON object.")
    except DecodeError as error:
        # Its text gives the kind of fault and the position, never content.
        problem = Problem("structure", f"The body is not JSON: {error}.")
    raise HookError(400, (problem,))


def _with_searches(body: bytes) -> tuple[dict[str, Raw], dict[str, Raw | HeadBundle]]:
    """One pass over the usual request. Raises DecodeError for one with other keys, or another value than a search."""
    request = _WITH_SEARCHES.decode(body)
    values = {label: value for label in LABELS if (value := getattr(request.prefetch, label)) is not None}
    if len({resource_type(label) for label in values}) < len(values):
        raise DecodeError("two keys of one type, whose order may matter")
    return request.fields(), values


def _with_values(body: bytes) -> tuple[dict[str, Raw], dict[str, Raw | HeadBundle]]:
    request = _WITH_VALUES.decode(body)
    return request.fields(), {**request.prefetch}


class _Fields:
    """The fields of one JSON object of the request. A reading that fails gives None and notes the problem."""

    def __init__(self, values: Mapping[str, Raw], path: str, problems: list[Problem]) -> None:
        self.values = values
        self._path = path
        self._problems = problems

    def has(self, name: str) -> bool:
        return self.values.get(name, _NULL) not in (_NULL, _EMPTY)

    def text(
        self, name: str, pattern: re.Pattern[str] = _ANY_TEXT, expected: str = _TEXT, *, required: bool = False
    ) -> str | None:
        if not self._is_there(name, expected, required):
            return None
        try:
            value = json.decode(self.values[name], type=str)
        except DecodeError:
            value = ""
        if pattern.fullmatch(value):
            return value
        self.note("value", name, f"must be {expected}")
        return None

    def number(self, name: str) -> None:
        if self._is_there(name, "a number", required=True):
            try:
                json.decode(self.values[name], type=float)
            except DecodeError:
                self.note("value", name, "must be a number")

    def object(self, name: str, *, required: bool = False) -> "_Fields | None":
        if not self._is_there(name, "a JSON object", required):
            return None
        try:
            values = json.decode(self.values[name], type=dict[str, Raw])
        except DecodeError:
            self.note("structure", name, "must be a JSON object")
            return None
        return _Fields(values, f"{self._path}{name}.", self._problems)

    def note(self, code: IssueCode, name: str, message: str) -> None:
        self._problems.append(Problem(code, message, f"{self._path}{name}"))

    def _is_there(self, name: str, expected: str, required: bool) -> bool:
        there = self.has(name)
        if required and not there:
            self.note("required", name, f"is required and must be {expected}")
        return there
