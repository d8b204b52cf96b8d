"""A key that stands twice in a request: what the first one held was sent, so no answer rests on its absence."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.explanation import EXTENSION
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.charts import DEADLINE, diagnostics, ehr
from tests.cds_hooks.conftest import AS_OF, bundle, lupus, patient
from tests.cds_hooks.servers import serving

Json = dict[str, Any]
URL = "/cds-services/clinical-trial-match"
HEADERS = {"Content-Type": "application/json"}


def twice(request: Json, path: str, first: Any) -> bytes:
    """The request with `first` before what stands at `path`, under the same key."""
    *above, key = path.split(".")
    holder = request
    for name in above:
        holder = holder[name]
    holder[key] = {"TWICE": [first, holder[key]]}
    text = json.dumps(request)
    one, other = json.dumps(first), json.dumps(holder[key]["TWICE"][1])
    mark = f'{{"TWICE": [{one}, {other}]}}'
    assert text.count(mark) == 1
    return text.replace(mark, f'{one}, "{key}": {other}').encode()


@pytest.mark.parametrize("first", [{"resourceType": "Bundle", "type": "searchset"}, None, bundle(lupus(id="b"))])
@pytest.mark.parametrize("path", ["prefetch.conditions", "prefetch.conditions.entry"])
def test_conditions_that_stand_twice_are_not_known(
    client: TestClient, hook_request: Callable[..., Json], path: str, first: Any
) -> None:
    request = hook_request(patient=patient(), conditions=bundle())
    if path.endswith("entry"):
        request["prefetch"]["conditions"]["entry"] = []
        first = [{"resource": lupus(id="b")}]
    response = client.post(URL, headers=HEADERS, content=twice(request, path, first))
    assert response.status_code == 412
    (said,) = diagnostics(response)
    assert said.startswith("prefetch.conditions: ")
    assert ("more than once" in said) is (path == "prefetch.conditions")


def test_they_are_asked_for_again_where_that_may_be_done(library: Library, hook_request: Callable[..., Json]) -> None:
    with serving(ehr()) as fhir:
        base = f"{fhir.url}/fhir"
        settings = Settings(fhir_servers=(base,), fhir_timeout=DEADLINE, log_level="error")
        with TestClient(create_app(settings, library, lambda: AS_OF)) as http:
            request = hook_request(patient=patient(), conditions=bundle()) | {"fhirServer": base}
            response = http.post(URL, headers=HEADERS, content=twice(request, "prefetch.conditions", None))
    assert response.json()["cards"]
    assert any("Condition" in asked.path for asked in fhir.asked)


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("hook", "order-select"),
        ("hookInstance", "d1577c69-dfbe-44ad-ba6d-3e05e953b2eb"),
        ("context", {"patientId": "other"}),
        ("context.patientId", "other"),
        ("prefetch", {"conditions": bundle(lupus(id="b"))}),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_place(
    client: TestClient, hook_request: Callable[..., Json], path: str, first: Any
) -> None:
    body = twice(hook_request(patient=patient(), conditions=bundle(lupus())), path, first)
    response = client.post(URL, headers=HEADERS, content=body)
    assert response.status_code == 400
    assert diagnostics(response)[0] == f"{path}: stands there more than once, with different values"


def test_the_same_value_twice_changes_nothing(client: TestClient, hook_request: Callable[..., Json]) -> None:
    request = hook_request(patient=patient(), conditions=bundle(lupus()))
    plain = client.post(URL, json=request).json()
    for path in ("hook", "context", "prefetch", "prefetch.conditions", "prefetch.conditions.entry"):
        holder: Any = request
        for name in path.split("."):
            holder = holder[name]
        sent = twice(json.loads(json.dumps(request)), path, holder)
        assert client.post(URL, headers=HEADERS, content=sent).json() == plain


@pytest.mark.parametrize(
    ("path", "first"), [("onsetDateTime", 7), ("code", {"text": "asthma"}), ("subject", {"reference": "Patient/x"})]
)
def test_a_condition_in_which_an_element_stands_twice_is_never_absent(
    client: TestClient, hook_request: Callable[..., Json], path: str, first: Any
) -> None:
    """It does not count, and no criterion passes or fails because of that: it is never "no guidance"."""
    request = hook_request(patient=patient(), conditions=bundle(lupus(onsetDateTime="2016")))
    body = _in_condition(request, path, first)
    response = client.post(URL, headers=HEADERS, content=body)
    if response.status_code != 412:
        answer = response.json()
        assert not any("suggestions" in card for card in answer["cards"])
        assert answer["cards"] or EXTENSION in answer["extension"]


def _in_condition(request: Json, element: str, first: Any) -> bytes:
    resource = request["prefetch"]["conditions"]["entry"][0]["resource"]
    whole = json.dumps(resource)
    value = json.dumps(resource[element])
    doubled = whole.replace(f'"{element}": {value}', f'"{element}": {json.dumps(first)}, "{element}": {value}', 1)
    assert doubled != whole
    return json.dumps(request).replace(whole, doubled).encode()


CARD = "5c0ab9b1-0f6e-5d1c-9a0e-6f1c5d1f2a10"
ITEM = f'{{"card": "{CARD}", "outcome": "accepted", "outcomeTimestamp": "2026-05-15T09:30:00Z"}}'


@pytest.mark.parametrize(
    ("body", "status", "places"),
    [
        (f'{{"feedback": [{ITEM}]}}', 200, []),
        (f'{{"feedback": [{ITEM}], "feedback": [{ITEM}]}}', 200, []),
        (f'{{"feedback": [{ITEM}], "feedback": []}}', 400, ["feedback"]),
        (f'{{"feedback": [{ITEM}, {ITEM[:-1]}, "outcome": "overridden"}}]}}', 200, ["feedback[1].outcome"]),
        (f'{{"feedback": [{ITEM[:-1]}, "card": "x"}}]}}', 400, ["feedback[0].card"]),
    ],
)
def test_feedback_of_which_some_would_be_lost_is_not_acknowledged(
    client: TestClient, body: str, status: int, places: list[str]
) -> None:
    response = client.post(f"{URL}/feedback", headers=HEADERS, content=body.encode())
    assert response.status_code == status
    issues = response.json().get("issue", [])
    assert [issue["diagnostics"].partition(": ")[0] for issue in issues] == places
