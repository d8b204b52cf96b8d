"""The services that are offered: one row of `SERVICES` each.

Whatever goes by service (discovery, routes, feedback, limits, tokens' audiences, metrics, OpenAPI, replay) goes over
the table, so a new service is a new row, and for a new hook the fields of its context.
"""

import re
from dataclasses import dataclass, field

from cds_service.cds_hooks.leniency import NO_USER, PATIENT_REFERENCE, USER_FORM, AcceptedForm, Deviation
from cds_service.errors import CdsError

DISCOVERY_PATH = "/cds-services"
HOOK_BEFORE_THE_COLUMN = "patient-view"
"""Of decisions that were logged before the log had a column for the hook: there was no other."""


@dataclass(frozen=True, slots=True)
class ContextField:
    """A field of a request's `context`: what its text must match as a whole, that in words, and an example.

    `forms`: other texts that are forgiven; `absent`: the deviation of leaving it out, where that is forgiven.
    """

    name: str
    pattern: re.Pattern[str]
    expected: str
    example: str
    forms: tuple[AcceptedForm, ...] = field(default=(), repr=False)
    absent: Deviation | None = field(default=None, repr=False)


# Looser than FHIR's own pattern for ids (`[A-Za-z0-9\-.]{1,64}`): some servers' ids are longer or hold a `_`.
_ID = re.compile(r"[^/\s]+")
PATIENT_ID = ContextField(
    "patientId",
    _ID,
    "the id of the Patient, without `Patient/`",
    "example",
    (AcceptedForm(PATIENT_REFERENCE, re.compile(r"Patient/[^/\s]+"), lambda text: text.removeprefix("Patient/")),),
)
_USER = "(Practitioner|PractitionerRole|Patient|RelatedPerson)"
# encounter-start expects only the first two kinds, and does not forbid the others. Nothing here rests on who asks.
USER_ID = ContextField(
    "userId",
    re.compile(rf"{_USER}/[^/\s]+"),
    "`Practitioner/`, `PractitionerRole/`, `Patient/` or `RelatedPerson/` with an id",
    "Practitioner/example",
    (AcceptedForm(USER_FORM, re.compile(rf"([hH][tT][tT][pP][sS]?://\S+/{_USER}/)?[^/\s]+")),),
    NO_USER,
)
ENCOUNTER_ID = ContextField("encounterId", _ID, "the id of the Encounter, without `Encounter/`", "example-encounter")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: the hook that it answers, and its title and description.

    `required` and `optional` are the fields of the hook's context that are read; every other one is ignored.
    `patientId` is among the required ones, since the prefetch templates are made from it. `summary` is for `/docs`.
    """

    id: str
    hook: str
    hook_version: str
    title: str
    description: str
    summary: str
    required: tuple[ContextField, ...]
    optional: tuple[ContextField, ...] = ()

    @property
    def path(self) -> str:
        """The path of its endpoint."""
        return f"{DISCOVERY_PATH}/{self.id}"

    @property
    def feedback_path(self) -> str:
        """The path for feedback on its cards."""
        return f"{self.path}/feedback"

    @property
    def context(self) -> tuple[ContextField, ...]:
        """All fields that are read of the context."""
        return (*self.required, *self.optional)


_WHAT = (
    "Names the clinical trials that this patient may be eligible for, with what the record shows "
    "for each, what is still missing, and what a person has to confirm."
)

SERVICES: tuple[Service, ...] = (
    # https://cds-hooks.hl7.org/hooks/patient-view/
    Service(
        id="clinical-trial-match",
        hook="patient-view",
        hook_version="1.0",
        title="Clinical trials for this patient",
        description=_WHAT,
        summary="Cards for the patient whose chart was opened",
        required=(PATIENT_ID, USER_ID),
        optional=(ENCOUNTER_ID,),
    ),
    # https://cds-hooks.hl7.org/hooks/encounter-start/
    Service(
        id="clinical-trial-match-encounter-start",
        hook="encounter-start",
        hook_version="1.0",
        title="Clinical trials for this patient, at the start of an encounter",
        description=f"{_WHAT} The same answer as that of `clinical-trial-match`, when an encounter begins.",
        summary="Cards for the patient whose encounter begins",
        required=(PATIENT_ID, USER_ID, ENCOUNTER_ID),
    ),
)


class UnknownHook(CdsError):  # noqa: N818 - it names the situation: another version of the service knew the hook
    """No service answers this hook."""


def service_for(hook: str | None) -> Service:
    """The service that answers `hook`; None, of a decision that names none: `patient-view`. Raises UnknownHook."""
    wanted = HOOK_BEFORE_THE_COLUMN if hook is None else hook
    for service in SERVICES:
        if service.hook == wanted:
            return service
    known = ", ".join(service.hook for service in SERVICES)
    raise UnknownHook(f"no service here answers the hook `{wanted}`; those answered are: {known}")
