"""One table of resource types: it is complete, and what it says of a type is true of the type's view."""

from typing import Any, get_args

import pytest
from msgspec import Struct

from cds_service.facts.catalogue import EventResource
from cds_service.facts.events import READERS
from cds_service.fhir import RESOURCE_TYPES, ResourceType, types_of_events, views

ROWS = list(RESOURCE_TYPES.values())
EACH = pytest.mark.parametrize("row", ROWS, ids=RESOURCE_TYPES)

# FHIR type: the element that names the patient, the prefetch key, the kind of events
TABLE: dict[str, tuple[str | None, str | None, str | None]] = {
    "Patient": (None, "patient", None),
    "Condition": ("subject", "conditions", "Condition"),
    "Observation": ("subject", "observations", None),
    "MedicationRequest": ("subject", "medicationRequests", "Medication"),
    "MedicationStatement": ("subject", "medicationStatements", "Medication"),
    "MedicationAdministration": ("subject", "medicationAdministrations", "Medication"),
    "MedicationDispense": ("subject", "medicationDispenses", "Medication"),
    "Medication": (None, None, None),
    "Substance": (None, None, None),
    "Procedure": ("subject", "procedures", "Procedure"),
    "Immunization": ("patient", "immunizations", "Immunization"),
    "AllergyIntolerance": ("patient", "allergies", "AllergyIntolerance"),
    "DiagnosticReport": ("subject", None, None),
    "Device": ("patient", "devices", "Device"),
    "DeviceUseStatement": ("subject", None, "Device"),
    "ResearchSubject": ("individual", "researchSubjects", "ResearchSubject"),
    "Encounter": ("subject", None, None),
}


def part_of(view: type[Struct], element: str) -> type[Struct]:
    """The view of what the list `element` holds."""
    return get_args(view.__annotations__[element])[0]


def test_every_view_of_a_resource_has_a_row() -> None:
    of_resources = {
        name
        for name, view in vars(views).items()
        if isinstance(view, type) and issubclass(view, views.Resource) and view is not views.Resource
    }
    assert RESOURCE_TYPES.keys() == of_resources


def test_the_table_says_what_clients_and_rules_rely_on() -> None:
    said = {row.name: (row.subject, None if row.prefetch is None else row.prefetch.key, row.events) for row in ROWS}
    assert said == TABLE
    assert list(said) == list(TABLE)  # the order of the prefetch keys, and that in which types are read


@EACH
def test_a_row_is_named_as_the_resource_is(row: ResourceType) -> None:
    assert row.view.__struct_config__.tag == row.name
    assert row.view.__struct_config__.tag_field == "resourceType"


@EACH
def test_every_element_of_a_row_is_one_of_its_view(row: ResourceType) -> None:
    named = {row.code, row.drug, *row.dates, *row.statuses, None if row.parts is None else row.parts.element} - {None}
    assert named <= set(row.view.__struct_fields__)
    if row.parts is not None:
        assert row.parts.code in part_of(row.view, row.parts.element).__struct_fields__


@EACH
def test_every_coded_status_of_a_view_has_its_codes(row: ResourceType) -> None:
    statuses = {name for name in row.view.__struct_fields__ if name in {"status", "intent"} or "_status" in name}
    assert row.statuses.keys() == statuses
    assert all(row.statuses.values())


def test_each_prefetch_key_is_of_one_type() -> None:
    keys = [row.prefetch.key for row in ROWS if row.prefetch is not None]
    assert len(keys) == len(set(keys))
    assert set(keys).isdisjoint(RESOURCE_TYPES)


def test_what_is_only_taken_where_it_is_sent() -> None:
    assert [row.name for row in ROWS if row.prefetch is not None and row.asked_for is None] == [
        "MedicationAdministration",
        "MedicationDispense",
    ]


@pytest.mark.parametrize("kind", get_args(EventResource))
def test_every_kind_of_events_is_held_by_some_type_that_is_asked_for(kind: Any) -> None:
    assert any(row.asked_for is not None for row in types_of_events(kind))


def test_every_type_that_holds_events_has_a_reader_and_is_used() -> None:
    holding = {row.name for row in ROWS if row.events is not None}
    assert READERS.keys() == holding
    assert {row.events for row in ROWS} - {None} == set(get_args(EventResource))
    assert all(RESOURCE_TYPES[name].is_used for name in holding)


def test_nothing_rests_on_an_encounter_yet() -> None:
    assert [row.name for row in ROWS if not row.is_used] == ["Encounter"]
