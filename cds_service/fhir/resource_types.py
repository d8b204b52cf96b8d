"""The resource types that are read: a row each, and everything that the service knows of a type stands in its row.

Whoever treats types differently asks this table, so that a new type is its view (`views`), a row here and, where facts
are made from it, a reader (`facts/events/`). CONTRIBUTING.md, "How to add a resource type".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cds_service.errors import Issue
from cds_service.fhir import views
from cds_service.fhir.views import Resource

Codes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Prefetch:
    """How a type is asked for. `key`: its prefetch key. `only_where_read`: not at every site, whatever rules are loaded
    (clients that do not read discovery have the other keys typed in once), but where a rule reads the type.

    `is_optional`: never asked for, and taken where it is sent. Without it nothing is missing; but one that was sent and
    is no complete answer leaves its kind of events incomplete.
    """

    key: str
    only_where_read: bool = False
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a resource by which it may match a fact too: a list `element`, and the element of each that holds a
    CodeableConcept. `is_optional`: a part without it says nothing; else it may be about anything."""

    element: str
    code: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """What is known of a FHIR resource type. Elements are named as the view's attributes are.

    * `code`, `parts`, `drug`: what it may match a fact by, where it is malformed: a CodeableConcept; its `Parts`; a
      reference in place of the code, with which it may be about any drug. Without a `code` it may be about anything.
    * `dates`: the elements that hold its clinical date, dateTimes and Periods, the first of them deciding.
    * `statuses`: by element, the statuses that FHIR R4 knows. Each set is the one that the element is bound to.
    * `prefetch`: how it comes over HTTP; `None` for what counts where it comes but has no key of its own.
    * `events`: the kind of event facts (`EventResource` of the catalogue) that it holds the events of.
    * `is_linked`: other resources refer to it for what they are about (`Record.linked`).
    * `is_used`: whether facts are made from it. What is wrong with one of a type that is not used changes no answer but
      that it is another patient's: a request that mixes patients is refused. An Encounter only dates the diagnoses that
      were made at it; where it cannot be read they are dated by themselves, or not at all.
    * `name`, `subject`: its FHIR name, and the element that names the patient, both as the view has them. `subject` is
      `None` for Patient itself and for what belongs to nobody.
    """

    view: type[Resource]
    code: str | None = "code"
    parts: Parts | None = None
    drug: str | None = None
    dates: tuple[str, ...] = ()
    statuses: Mapping[str, Codes] = field(default_factory=dict)
    prefetch: Prefetch | None = None
    events: str | None = None
    is_linked: bool = False
    is_used: bool = True
    name: str = field(init=False)
    subject: str | None = field(init=False)

    def __post_init__(self) -> None:
        subjects = (name for name in ("subject", "patient", "individual") if name in self.view.__struct_fields__)
        object.__setattr__(self, "name", self.view.__name__)
        object.__setattr__(self, "subject", next(subjects, None))

    @property
    def asked_for(self) -> Prefetch | None:
        """How a client is asked for it; `None` for what only counts where it comes."""
        return None if self.prefetch is None or self.prefetch.is_optional else self.prefetch


_OBSERVATION = frozenset(
    {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
)
# medicationrequest-status, medication-statement-status and medication-admin-status together: feeds turn one of these
# resources into another and leave the status as it was, and each of them means the same in all.
_DRUG = frozenset(
    {
        *("active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"),
        *("intended", "not-taken", "in-progress", "not-done"),
    }
)
_ON_STUDY = {"on-study", "on-study-intervention", "on-study-observation", "pending-on-study", "follow-up"}
_DRUG_CODE, _DRUG_REFERENCE = "medication_codeable_concept", "medication_reference"

# The order of the prefetch keys is that of the rows. Statuses: https://hl7.org/fhir/R4/valueset-NAME.html, NAME as in
# the comment.
_ROWS = (
    ResourceType(view=views.Patient, code=None, prefetch=Prefetch("patient")),
    ResourceType(
        view=views.Condition,
        dates=("onset_date_time", "recorded_date"),
        statuses={
            # condition-clinical, condition-ver-status
            "clinical_status": frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"}),
            "verification_status": frozenset(
                {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
            ),
        },
        prefetch=Prefetch("conditions"),
        events="Condition",
    ),
    ResourceType(
        view=views.Observation,
        parts=Parts("component", "code"),
        dates=("effective_date_time", "effective_instant", "effective_period"),
        statuses={"status": _OBSERVATION},  # observation-status
        prefetch=Prefetch("observations"),
    ),
    ResourceType(
        view=views.MedicationRequest,
        code=_DRUG_CODE,
        drug=_DRUG_REFERENCE,
        dates=("authored_on",),
        statuses={
            "status": _DRUG,
            # medicationrequest-intent
            "intent": frozenset(
                {
                    *("proposal", "plan", "order", "original-order", "reflex-order", "filler-order"),
                    *("instance-order", "option"),
                }
            ),
        },
        prefetch=Prefetch("medicationRequests"),
        events="Medication",
    ),
    ResourceType(
        view=views.MedicationStatement,
        code=_DRUG_CODE,
        drug=_DRUG_REFERENCE,
        dates=("effective_date_time", "effective_period"),
        statuses={"status": _DRUG},
        prefetch=Prefetch("medicationStatements"),
        events="Medication",
    ),
    ResourceType(
        view=views.MedicationAdministration,
        code=_DRUG_CODE,
        drug=_DRUG_REFERENCE,
        dates=("effective_date_time", "effective_period"),
        statuses={"status": _DRUG},
        prefetch=Prefetch("medicationAdministrations", is_optional=True),
        events="Medication",
    ),
    ResourceType(
        view=views.MedicationDispense,
        code=_DRUG_CODE,
        drug=_DRUG_REFERENCE,
        dates=("when_handed_over", "when_prepared"),
        statuses={
            # medicationdispense-status
            "status": frozenset(
                {
                    *("preparation", "in-progress", "cancelled", "on-hold", "completed", "entered-in-error"),
                    *("stopped", "declined", "unknown"),
                }
            ),
        },
        prefetch=Prefetch("medicationDispenses", is_optional=True),
        events="Medication",
    ),
    ResourceType(
        view=views.Medication,
        statuses={"status": frozenset({"active", "inactive", "entered-in-error"})},  # medication-status
        is_linked=True,
    ),
    ResourceType(view=views.Substance, is_linked=True),
    ResourceType(
        view=views.Procedure,
        dates=("performed_date_time",),
        statuses={
            # event-status
            "status": frozenset(
                {
                    *("preparation", "in-progress", "not-done", "on-hold", "stopped", "completed"),
                    *("entered-in-error", "unknown"),
                }
            ),
        },
        prefetch=Prefetch("procedures"),
        events="Procedure",
    ),
    ResourceType(
        view=views.Immunization,
        code="vaccine_code",
        dates=("occurrence_date_time",),
        statuses={"status": frozenset({"completed", "entered-in-error", "not-done"})},  # immunization-status
        prefetch=Prefetch("immunizations"),
        events="Immunization",
    ),
    ResourceType(
        view=views.AllergyIntolerance,
        parts=Parts("reaction", "substance", is_optional=True),
        dates=("onset_date_time", "recorded_date"),
        statuses={
            # allergyintolerance-clinical, allergyintolerance-verification
            "clinical_status": frozenset({"active", "inactive", "resolved"}),
            "verification_status": frozenset({"unconfirmed", "confirmed", "refuted", "entered-in-error"}),
        },
        prefetch=Prefetch("allergies"),
        events="AllergyIntolerance",
    ),
    ResourceType(
        view=views.DiagnosticReport,
        dates=("effective_date_time", "effective_period"),
        statuses={"status": _OBSERVATION | {"partial", "appended"}},  # diagnostic-report-status
    ),
    ResourceType(
        view=views.Device,
        code="type",
        statuses={"status": frozenset({"active", "inactive", "entered-in-error", "unknown"})},  # device-status
        prefetch=Prefetch("devices", only_where_read=True),
        events="Device",
        is_linked=True,
    ),
    ResourceType(
        view=views.DeviceUseStatement,
        code=None,
        statuses={
            # device-statement-status
            "status": frozenset({"active", "completed", "entered-in-error", "intended", "stopped", "on-hold"}),
        },
        events="Device",
    ),
    ResourceType(
        view=views.ResearchSubject,
        code=None,
        statuses={
            # research-subject-status
            "status": frozenset(
                {
                    *_ON_STUDY,
                    *("candidate", "eligible", "ineligible", "not-registered", "off-study"),
                    *("potential-candidate", "screening", "withdrawn"),
                }
            ),
        },
        prefetch=Prefetch("researchSubjects", only_where_read=True),
        events="ResearchSubject",
    ),
    ResourceType(
        view=views.Encounter,
        code=None,
        dates=("period",),
        statuses={
            # encounter-status
            "status": frozenset(
                {
                    *("planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled"),
                    *("entered-in-error", "unknown"),
                }
            ),
        },
        is_linked=True,
        is_used=False,
    ),
)

RESOURCE_TYPES: Mapping[str, ResourceType] = {row.name: row for row in _ROWS}
"""Every resource type that is read, by its FHIR name."""

_NAME = re.compile(r"[A-Za-z]+")


_OF_EVENTS = {kind: tuple([row for row in _ROWS if row.events == kind]) for kind in {row.events for row in _ROWS}}


def types_of_events(kind: str) -> tuple[ResourceType, ...]:
    """The types that hold the events of one kind, in the order in which they are read."""
    return _OF_EVENTS.get(kind, ())


def is_material(issue: Issue) -> bool:
    """Whether what is wrong could matter to an answer: not where it is about a resource on which nothing rests."""
    found = _NAME.match(issue.resource)
    row = None if found is None else RESOURCE_TYPES.get(found[0])
    return row is None or row.is_used
