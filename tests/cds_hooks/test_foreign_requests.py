"""Hook requests that other projects publish: each gets a proper answer."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from starlette.testclient import TestClient

ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "data" / "cds-hooks-requests.zip"
URL = "/cds-services/clinical-trial-match"

pytestmark = pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"{ARCHIVE.name} is not beside the repository")


def requests() -> list[tuple[str, bytes]]:
    if not ARCHIVE.is_file():
        return []
    with zipfile.ZipFile(io.BytesIO(ARCHIVE.read_bytes())) as archive:
        return [(name, archive.read(name)) for name in sorted(archive.namelist()) if name.endswith(".json")]


@pytest.mark.parametrize(("name", "body"), requests(), ids=lambda value: value if isinstance(value, str) else "")
def test_it_gets_the_answer_that_it_deserves(client: TestClient, name: str, body: bytes) -> None:
    response = client.post(URL, content=body, headers={"Content-Type": "application/json"})
    request: dict[str, Any] = json.loads(body)
    if request["hook"] != "patient-view":
        assert response.status_code == 400
        assert response.json()["issue"][0]["diagnostics"].startswith("hook: ")
    elif "patientId" not in request["context"]:
        assert response.status_code == 400
        assert response.json()["issue"][0]["diagnostics"].startswith("context.patientId: ")
    elif _patient_ids(request) - {request["context"]["patientId"]}:
        assert response.status_code == 400
        assert "another patient" in response.json()["issue"][0]["diagnostics"]
    elif not {"conditions", "Condition"} & request["prefetch"].keys():
        assert response.status_code == 412
        assert response.json()["issue"][0]["diagnostics"].startswith("prefetch.conditions: ")
    else:
        assert (response.status_code, response.json()) == (200, {"cards": []})
    if response.status_code != 200:
        OperationOutcome.model_validate(response.json())


def _patient_ids(request: dict[str, Any]) -> set[str]:
    values = request.get("prefetch", {}).values()
    return {value["id"] for value in values if value and value.get("resourceType") == "Patient"}
