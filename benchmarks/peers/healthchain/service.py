"""Three hand-written criteria as a HealthChain service: age, diagnosis, last platelet count; one card if all fit.

It is written as HealthChain's documentation shows a CDS Hooks service, and as light as it can be: the handler reads the
prefetch as the plain JSON that it is given. With `READ_AS_FHIR=1` it reads the Bundles as FHIR resources first, with
HealthChain's own means, as its pages recommend for safety.
"""

import os
from datetime import date

from fhir.resources.R4B.bundle import Bundle
from healthchain.fhir import get_coded_entries
from healthchain.gateway import CDSHooksService, HealthChainAPI
from healthchain.models.requests.cdsrequest import CDSRequest
from healthchain.models.responses.cdsresponse import Card, CDSResponse, Source

LUPUS = {"55464009", "M32.9", "M32.10", "200936003", "68815009"}
PLATELETS = "777-3"
LEAST_PLATELETS = 100

app = HealthChainAPI(title="Three criteria")
cds = CDSHooksService()


@cds.hook("patient-view", id="three-criteria", title="Three criteria")
def three_criteria(request: CDSRequest) -> CDSResponse:
    """Answer one card when the patient is of age, has lupus and enough platelets."""
    prefetch = request.prefetch or {}
    reads = reading_fhir if os.environ.get("READ_AS_FHIR") == "1" else reading_json
    conditions, counts = reads(prefetch)
    fits = is_adult(prefetch["patient"]["birthDate"]) and not LUPUS.isdisjoint(conditions)
    if not (fits and counts and max(counts)[1] >= LEAST_PLATELETS):
        return CDSResponse(cards=[])
    source = Source(label="Three criteria")
    return CDSResponse(cards=[Card(summary="A trial may fit this patient", indicator="info", source=source)])


def is_adult(birth_date: str) -> bool:
    """Whether 18 years have passed."""
    born, today = date.fromisoformat(birth_date), date.today()  # noqa: TID251, DTZ011
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) >= 18


def reading_json(prefetch: dict) -> tuple[set[str], list[tuple[str, float]]]:
    """The codes of the conditions, and each platelet count with its date."""
    conditions = {
        coding["code"]
        for entry in prefetch["conditions"].get("entry", ())
        for coding in entry["resource"]["code"].get("coding", ())
    }
    counts = []
    for entry in prefetch["observations"].get("entry", ()):
        result = entry["resource"]
        if result["status"] == "final" and any(c["code"] == PLATELETS for c in result["code"].get("coding", ())):
            counts.append((result["effectiveDateTime"], result["valueQuantity"]["value"]))
    return conditions, counts


def reading_fhir(prefetch: dict) -> tuple[set[str], list[tuple[str, float]]]:
    """The same by HealthChain's readers, over validated resources."""
    conditions = get_coded_entries(Bundle(**prefetch["conditions"]), "Condition")
    results = get_coded_entries(Bundle(**prefetch["observations"]), "Observation", status="final")
    counts = [(r.authored_on or "", r.value) for r in results if r.code == PLATELETS and r.value is not None]
    return {coding.code for entry in conditions for coding in entry.codings if coding.code}, counts


app.register_service(cds)
