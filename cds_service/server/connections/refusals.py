"""What is said to a client whose connection is ended: an OperationOutcome, as with every other refusal."""

from dataclasses import dataclass
from http import HTTPStatus

from msgspec import json

from cds_service.cds_hooks import RETRY_SECONDS, RequestProblem, operation_outcome


@dataclass(frozen=True, slots=True)
class Refusal:
    """`why` is for the log."""

    why: str
    status: HTTPStatus
    problem: RequestProblem

    def answer(self) -> bytes:
        """The bytes of the response, after which the connection is closed."""
        body = json.encode(operation_outcome(self.problem))
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "cache-control: no-store",
            "connection: close",
        ]
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append(f"retry-after: {RETRY_SECONDS}")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body


MALFORMED = Refusal("malformed", HTTPStatus.BAD_REQUEST, RequestProblem("structure", "This is no HTTP request."))
LARGE_HEADERS = Refusal(
    "headers_too_large",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    RequestProblem("too-long", "The headers are too large (CDS_MAX_HEADER_BYTES), or too many."),
)
SLOW_HEADERS = Refusal(
    "headers_too_slow",
    HTTPStatus.REQUEST_TIMEOUT,
    RequestProblem("timeout", "The headers took too long to arrive (CDS_HEADER_SECONDS)."),
)
SLOW_BODY = Refusal(
    "body_too_slow",
    HTTPStatus.REQUEST_TIMEOUT,
    RequestProblem("timeout", "The body took too long to arrive (CDS_BODY_SECONDS, CDS_BODY_RATE)."),
)
MANY_CONNECTIONS = Refusal(
    "too_many_connections",
    HTTPStatus.SERVICE_UNAVAILABLE,
    RequestProblem("throttled", "Too many connections are open. Try again in a moment."),
)
MANY_BODIES = Refusal(
    "too_many_bodies",
    HTTPStatus.SERVICE_UNAVAILABLE,
    RequestProblem("throttled", "Too many bodies are arriving from this address. Try again in a moment."),
)
PIPELINED = Refusal(
    "pipelined",
    HTTPStatus.SERVICE_UNAVAILABLE,
    RequestProblem("throttled", "Too many requests were sent ahead of their answers."),
)
