"""The service over HTTP, with the rules that come with it, on a fixed day."""

from collections.abc import Callable, Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings

AS_OF = date(2026, 5, 15)

Body = dict[str, Any]


@pytest.fixture(scope="session")
def app(library: Library) -> FastAPI:
    return create_app(Settings(log_level="error"), library, lambda: AS_OF)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def hook_request() -> Callable[..., Body]:
    """A request for patient 1288992; keyword arguments are its prefetch, without any the Patient and her lupus."""

    def build(**prefetch: Any) -> Body:
        return {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/123", "patientId": "1288992"},
            "prefetch": prefetch or {"patient": patient(), "conditions": bundle(lupus())},
        }

    return build


@pytest.fixture
def made() -> SimpleNamespace:
    """FHIR for the tests: `patient()`, `lupus()`, `bundle(*resources)`; keywords set or replace fields."""
    return SimpleNamespace(patient=patient, lupus=lupus, bundle=bundle)


def patient(**fields: Any) -> Body:
    return {"resourceType": "Patient", "id": "1288992", "gender": "female", "birthDate": "1990-04-02", **fields}


def lupus(**fields: Any) -> Body:
    return {
        "resourceType": "Condition",
        "id": "sle",
        "subject": {"reference": "Patient/1288992"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "55464009"}]},
        **fields,
    }


def bundle(*resources: Body, **fields: Any) -> Body:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **fields}
