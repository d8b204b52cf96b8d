"""From a request's prefetch values to the patient's record, or the refusal where a record can't be made from them."""

from msgspec import Raw

from cds_service.cds_hooks.outcome import HookError, Problem
from cds_service.cds_hooks.prefetch import CONDITIONS, PATIENT, resource_type
from cds_service.cds_hooks.request import HookRequest
from cds_service.fhir import KeyState, MixedPatients, Record, RecordBuilder

_WHY = {
    KeyState.NULL: "it is null",
    KeyState.EMPTY: "it is empty",
    KeyState.ERROR: "it holds an error instead",
    KeyState.INCOMPLETE: "it is incomplete",
    KeyState.UNREADABLE: "it holds nothing that can be read as such",
    None: "it was not supplied",
}


def read_record(request: HookRequest) -> Record:
    """The record of the patient in the request's context.

    Raises HookError: 400 where anything is about another patient, 412 where the Patient or the conditions are missing.
    """
    builder = RecordBuilder(request.patient_id, request.fhir_server)
    for key, value in request.prefetch.items():
        _add(builder, key, value)
    try:
        record = builder.build()
    except MixedPatients as mixed:
        raise HookError(400, _mixed(request)) from mixed
    missing = []
    if record.patient is None:
        missing.append(_missing(builder, PATIENT, "the Patient"))
    if record.gaps.get("Condition") == "not_supplied":
        missing.append(_missing(builder, CONDITIONS, "the conditions"))
    if missing:
        raise HookError(412, tuple(missing))
    return record


def incomplete_conditions() -> HookError:
    """What is answered where nothing was found, and the diagnosis may be among the conditions that were not sent."""
    message = "the answer depends on conditions that were not supplied: this list is incomplete"
    return HookError(412, (Problem("required", message, f"prefetch.{CONDITIONS}"),))


def _add(builder: RecordBuilder, key: str, value: Raw) -> None:
    expected = resource_type(key)
    builder.add(key, None if expected is None else frozenset({expected}), bytes(value))


def _missing(builder: RecordBuilder, key: str, what: str) -> Problem:
    report = next((held for name, held in builder.keys.items() if resource_type(name) == resource_type(key)), None)
    why = _WHY.get(None if report is None else report.state, "it is about something else")
    return Problem("required", f"{what} cannot be had: {why}", f"prefetch.{key}")


def _mixed(request: HookRequest) -> tuple[Problem, ...]:
    """The keys that hold another patient's resources; keys that are not ours are not repeated to the client."""
    places = []
    for key, value in request.prefetch.items():
        alone = RecordBuilder(request.patient_id, request.fhir_server)
        _add(alone, key, value)
        try:
            alone.build()
        except MixedPatients:
            places.append("prefetch" if resource_type(key) is None else f"prefetch.{key}")
    message = "holds a resource of another patient than `context.patientId`"
    return tuple(Problem("business-rule", message, place) for place in dict.fromkeys(places or ["prefetch"]))
