"""Whatever is sent, as far as the OpenAPI document describes it and beyond: an answer that it describes, never 5xx."""

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from cds_service.cds_hooks import SERVICES

# Half of what schemathesis draws it takes back, in more than one way; how much is its own affair.
DRAWN = settings(max_examples=60, suppress_health_check=list(HealthCheck))
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]
# By name, so that one that is gone is noticed.
OPERATIONS = [
    "GET /cds-services",
    *(f"POST {path}" for service in SERVICES for path in (service.path, service.feedback_path)),
    "GET /healthz",
    "GET /readyz",
    "GET /version",
]


@pytest.fixture(scope="module")
def operations(app: FastAPI) -> dict[str, Any]:
    """The operations in the service's own OpenAPI document."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    found = [result.ok() for result in schema.get_all_operations()]
    return {f"{operation.method.upper()} {operation.path}": operation for operation in found}


def test_every_operation_is_tried(operations: dict[str, Any]) -> None:
    assert set(OPERATIONS) <= operations.keys()


# schemathesis' own plugin for pytest does not know this version of pytest, so the cases are drawn here.
@pytest.mark.parametrize("name", OPERATIONS)
def test_any_request_is_answered_as_described(operations: dict[str, Any], name: str) -> None:
    @DRAWN
    @given(case=operations[name].as_strategy())
    def answered(case: schemathesis.Case) -> None:
        case.validate_response(case.call(), checks=CHECKS)

    answered()


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name.startswith("POST")])
def test_what_is_not_as_described_is_never_a_failure(operations: dict[str, Any], name: str) -> None:
    negative = schemathesis.GenerationMode.NEGATIVE

    @DRAWN
    @given(case=operations[name].as_strategy(generation_mode=negative))
    def answered(case: schemathesis.Case) -> None:
        case.validate_response(case.call(), checks=[not_a_server_error])

    answered()
