"""What is said to a client when there is no answer: FHIR R4 OperationOutcome, and the error that carries it.

CDS Hooks 3.0 asks for an OperationOutcome on every answer that is not 2xx; 2.0 leaves the body open.
https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import json
from starlette.responses import Response

from cds_service.errors import CdsError

IssueCode = Literal[
    "business-rule",
    "exception",
    "forbidden",
    "invalid",
    "login",
    "not-found",
    "not-supported",
    "required",
    "structure",
    "throttled",
    "timeout",
    "too-long",
    "transient",
    "value",
]
"""The codes of https://hl7.org/fhir/R4/valueset-issue-type.html that are in use here."""


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """One reason for a refusal.

    `place` is the path of the offending field in the request (`context.patientId`), empty where it is the whole.
    `message` never repeats what the client sent: it may be about a patient.
    """

    code: IssueCode
    message: str
    place: str = ""

    @property
    def diagnostics(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(slots=True, eq=False)
class HookError(CdsError):
    """A request that gets no cards, with the HTTP status (4xx, or 503) and every reason found."""

    status: int
    problems: tuple[RequestProblem, ...]
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return "; ".join(problem.diagnostics for problem in self.problems)


def operation_outcome(*problems: RequestProblem) -> dict[str, Any]:
    """A FHIR R4 OperationOutcome with one issue per problem."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": problem.code, "diagnostics": problem.diagnostics} for problem in problems
        ],
    }


def outcome_response(status: int, *problems: RequestProblem, headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP response that carries an OperationOutcome."""
    body = json.encode(operation_outcome(*problems))
    # CDS Hooks exchanges application/json throughout; its clients need not know FHIR's own media type.
    return Response(body, status, headers, media_type="application/json")
