"""The body of a hook request: JSON to a checked `HookRequest`.

Fields and rules: https://cds-hooks.hl7.org/2.0/#calling-a-cds-service and, for `patient-view`,
https://cds-hooks.hl7.org/hooks/patient-view/. Unknown fields and `extension` are ignored, an optional field that is
`null` or empty counts as absent, and every problem is reported, not just the first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import DecodeError, Raw, ValidationError, json

from cds_service.cds_hooks.outcome import HookError, IssueCode, Problem

# Any version, also none: hookInstance has to be unique, not to be made in one certain way.
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_USER_ID = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[^/\s]+")
# Looser than FHIR's own pattern for ids (`[A-Za-z0-9\-.]{1,64}`): some servers' ids are longer or hold a `_`.
_ID = re.compile(r"[^/\s]+")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
# A token type is compared without regard to case: RFC 6749, 5.1.
_BEARER = re.compile(r"bearer", re.IGNORECASE)
_ANY_TEXT = re.compile(r".*\S.*", re.DOTALL)
_TEXT = "a string that is not empty"

_NULL = Raw(b"null")
_EMPTY = Raw(b'""')
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A request that keeps the rules. `prefetch` values are the bytes that the client sent, undecoded.

    `access_token` is for `fhir_server`; it lives as long as the request and is shown nowhere.
    """

    hook_instance: str
    patient_id: str
    fhir_server: str | None
    prefetch: Mapping[str, Raw] = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    encounter_id: str | None = None


def parse_request(body: bytes, hook: str) -> HookRequest:
    """Read a request for `hook`, one whose context is that of `patient-view`.

    Raises HookError (400) naming every field that is missing or wrong, or a token that is for another patient.
    """
    problems: list[Problem] = []
    fields = _Fields(_body_fields(body), "", problems)
    name = fields.text("hook", re.compile(re.escape(hook)), f"`{hook}`", required=True)
    if name is None and fields.has("hook"):
        # Another hook has another context, so nothing more can be said of this request.
        raise HookError(400, tuple(problems))
    instance = fields.text("hookInstance", _UUID, "a UUID", required=True)

    context = fields.object("context", required=True)
    patient = encounter = None
    if context is not None:
        patient = context.text("patientId", _ID, "the id of the Patient, without `Patient/`", required=True)
        user = "`Practitioner/`, `PractitionerRole/`, `Patient/` or `RelatedPerson/` with an id"
        context.text("userId", _USER_ID, user, required=True)
        encounter = context.text("encounterId", _ID, "the id of the Encounter, without `Encounter/`")

    authorization = fields.object("fhirAuthorization")
    server = fields.text("fhirServer", _URL, "an http(s) URL", required=authorization is not None)
    token = None if authorization is None else _access_token(authorization, patient)

    prefetch = fields.object("prefetch")
    if problems or instance is None or patient is None:
        raise HookError(400, tuple(problems))
    values = prefetch.values if prefetch is not None else {}
    return HookRequest(instance, patient, server, values, token, encounter)


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


def _body_fields(body: bytes) -> dict[str, Raw]:
    try:
        # msgspec does not look into what stays undecoded, so this is checked here for the whole.
        body.decode()
        return json.decode(body.removeprefix(_BYTE_ORDER_MARK), type=dict[str, Raw])
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
