"""What a client is told when there is no answer is valid FHIR."""

from typing import get_args

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from cds_service.cds_hooks import IssueCode, RequestProblem, operation_outcome


@pytest.mark.parametrize("code", get_args(IssueCode))
def test_an_outcome_is_valid_fhir(code: IssueCode) -> None:
    outcome = operation_outcome(
        RequestProblem(code, "is required", "context.patientId"), RequestProblem(code, "It failed.")
    )
    issues = OperationOutcome.model_validate(outcome).issue
    assert [issue.diagnostics for issue in issues] == ["context.patientId: is required", "It failed."]
    assert {issue.severity for issue in issues} == {"error"}
    assert {issue.code for issue in issues} == {code}
