"""Requests and a FHIR server for tests of the FHIR fallback: a patient whom the trial in refractory lupus may take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.conftest import AS_OF, bundle, lupus, patient
from tests.cds_hooks.servers import Asked, Says, Server, serving
from tests.cds_hooks.tokens import HOOK

Answers = Callable[[Asked], Says]
Body = dict[str, Any]
TOKEN = "opaque-token-of-one-user"
# As long as it may be: a server that answers does so in time, however busy the machine.
DEADLINE = 60.0
EMPTY = Says(bundle())
# Asking for them only shows that it is asked: the tests are about conditions and observations.
REST = {
    "medicationRequests",
    "medicationStatements",
    "procedures",
    "immunizations",
    "allergies",
    "devices",
    "researchSubjects",
}


def haemoglobin(**fields: Any) -> Body:
    return {
        "resourceType": "Observation",
        "id": "hb",
        "status": "final",
        "subject": {"reference": "Patient/1288992"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "effectiveDateTime": "2026-05-14",
        "valueQuantity": {"value": 12.5, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
        **fields,
    }


def ehr(**answers: Says) -> Answers:
    """A FHIR server: its answer by resource type, else an empty Bundle; the Patient and her lupus unless said."""
    known = {"Patient": Says(patient()), "Condition": Says(bundle(lupus())), "MedicationStatement": Says(DRUGS)}
    known.update(answers)

    def answer(asked: Asked) -> Says:
        path = asked.path.partition("?")[0].removeprefix("/fhir/")
        return known.get(path.partition("/")[0], EMPTY)

    return answer


@contextmanager
def asking_of(library: Library, answer: Answers, **settings: Any) -> Iterator[tuple[Callable[..., Any], Server]]:
    """The service beside a FHIR server that it may ask: gives what posts a request, and that server."""
    with serving(answer) as fhir:
        allowed = {"fhir_servers": (f"{fhir.url}/fhir",), "fhir_timeout": DEADLINE, **settings}
        with TestClient(create_app(Settings(**allowed), library, lambda: AS_OF)) as http:

            def ask(prefetch: Any = None, server: str = f"{fhir.url}/fhir", **fields: Any) -> Any:
                return http.post(HOOK, json=request(server, prefetch, **fields))

            yield ask, fhir


def request(server: str, prefetch: Any, patient_id: str = "1288992", access_token: str = TOKEN) -> Body:
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/123", "patientId": patient_id},
        "fhirServer": server,
        "fhirAuthorization": {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "cds-service",
        },
        "prefetch": prefetch,
    }


def drug(name: str, code: str) -> Body:
    """A drug that she takes: the trial is for those whom the usual ones do not help."""
    return {
        "resourceType": "MedicationStatement",
        "id": name,
        "status": "active",
        "subject": {"reference": "Patient/1288992"},
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": code}]},
        "effectivePeriod": {"start": "2025-10-01"},
    }


TAKEN = (("prednisolone", "H02AB06"), ("azathioprine", "L04AX01"))
DRUGS = bundle(*(drug(*which) for which in TAKEN))


def complete(**values: Any) -> Body:
    """A prefetch with every key; keywords replace values, and `ABSENT` leaves one out."""
    made = {
        "patient": patient(),
        "conditions": bundle(lupus()),
        "observations": bundle(),
        **dict.fromkeys(REST, bundle()),
        "medicationStatements": DRUGS,
    }
    return {key: value for key, value in {**made, **values}.items() if value is not ABSENT}


ABSENT = object()


def diagnostics(response: Any) -> list[str]:
    return [issue["diagnostics"] for issue in response.json()["issue"]]


def card(response: Any) -> Body:
    assert response.status_code == 200, response.text
    [found] = [c for c in response.json()["cards"] if c["source"]["topic"]["code"] == "NCT07083349"]
    return dict(found)


MISSING = {
    "absent": ABSENT,
    "null": None,
    "an error in its place": {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "exception"}],
    },
    "HTML": "<html>502 Bad Gateway</html>",
    "another type": patient(),
}
