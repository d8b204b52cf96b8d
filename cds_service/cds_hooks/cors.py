"""Cross-origin requests, for a client that runs in a browser.

https://cds-hooks.hl7.org/2.0/#cross-origin-resource-sharing
"""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from cds_service.cds_hooks.outcome import RequestProblem, outcome_response

METHODS = ("GET", "POST")
HEADERS = ("Authorization", "Content-Type")


class Cors(CORSMiddleware):
    """Starlette's CORS layer, whose refusal of a preflight is an OperationOutcome too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        problem = RequestProblem(
            "not-supported", "This origin, method or header is not allowed here (CDS_CORS_ORIGINS)."
        )
        return outcome_response(response.status_code, problem, headers={"Vary": "Origin"})
