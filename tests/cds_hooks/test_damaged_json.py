"""One value that JSON does not have, in a request or in what was fetched for it, costs the resource that holds it."""

import gzip
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.explanation import EXTENSION
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.charts import ABSENT, asking_of, complete, diagnostics, ehr, haemoglobin
from tests.cds_hooks.conftest import AS_OF, bundle, lupus, patient
from tests.cds_hooks.servers import Says

Json = dict[str, Any]
URL = "/cds-services/clinical-trial-match"
JSON = {"Content-Type": "application/json"}
BAD: dict[str, bytes] = {
    "half an emoji": rb'"\ud800"',
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "Latin-1": b'"M\xfcller"',
    "nested without end": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
}
NUMBERS: dict[str, bytes] = {"1e999": b"1e999", "10,000 digits": b"9" * 10_000}
HYPERTENSION = lupus(id="ht", code={"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]})


def sent(request: Json, bad: bytes) -> bytes:
    """The request with `bad` wherever it says BAD."""
    return json.dumps(request).encode().replace(b'"BAD"', bad)


def haemoglobin_of(value: str, **fields: Any) -> Json:
    return haemoglobin(valueQuantity={"value": value, "unit": "g/dL"}, **fields)


@pytest.mark.parametrize("bad", [*BAD, *NUMBERS])
def test_a_damaged_result_is_unknown_and_everything_else_stands(
    client: TestClient, hook_request: Callable[..., Json], bad: str
) -> None:
    whole = {"patient": patient(), "conditions": bundle(lupus())}
    request = hook_request(**whole, observations=bundle(haemoglobin_of("BAD"), haemoglobin(id="plt")))
    response = client.post(URL, headers=JSON, content=sent(request, {**BAD, **NUMBERS}[bad]))
    assert response.status_code == 200
    sound = client.post(URL, json=hook_request(**whole, observations=bundle(haemoglobin())))
    assert len(response.json()["cards"]) == len(sound.json()["cards"])


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([lupus(), lupus(id="b", code={"text": "BAD"})], "fits"),
        ([lupus(), lupus(id="b", note=[{"text": "BAD"}], code=HYPERTENSION["code"])], "fits"),
        ([HYPERTENSION, lupus(id="b", code="BAD")], "not judged"),
        ([HYPERTENSION, lupus(recordedDate="BAD")], "mend"),
        ([lupus(code="BAD")], "412"),
    ],
    ids=["beside lupus", "not read", "it may be anything", "it is lupus", "the only one"],
)
def test_a_damaged_condition_is_never_absent(
    client: TestClient, hook_request: Callable[..., Json], conditions: list[Json], expected: str, bad: str
) -> None:
    request = hook_request(patient=patient(), conditions=bundle(*conditions))
    response = client.post(URL, headers=JSON, content=sent(request, BAD[bad]))
    if expected == "412":
        assert response.status_code == 412
        assert diagnostics(response)[0].startswith("prefetch.conditions: ")
        return
    assert response.status_code == 200
    answer = response.json()
    assert any("suggestions" in card for card in answer["cards"]) is (expected == "fits")
    assert any("**To mend**" in card["detail"] for card in answer["cards"]) is (expected == "mend")
    assert answer["cards"] or EXTENSION in answer["extension"]
    assert answer == client.post(URL, headers=JSON, content=sent(request, b"[7]")).json(), (
        "as any value of the wrong type"
    )


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("hook", (400, "The body ")),
        ("hookInstance", (400, "The body ")),
        ("context.patientId", (400, "The body ")),
        ("context.somethingElse", (400, "The body ")),
        ("fhirServer", (400, "The body ")),
        ("extension", (400, "The body ")),
        ("prefetch", (400, "The body ")),
        ("prefetch.conditions", (400, "The body ")),
        ("prefetch.patient.birthDate", (412, "prefetch.patient: the Patient cannot be had: ")),
        ("prefetch.patient.id", (412, "prefetch.patient: the Patient cannot be had: ")),
        ("prefetch.conditions.entry", (412, "prefetch.conditions: ")),
    ],
)
def test_what_is_no_entrys_is_refused_with_its_place(
    client: TestClient, hook_request: Callable[..., Json], path: str, refusal: tuple[int, str], bad: str
) -> None:
    request = hook_request()
    *parents, name = path.split(".")
    target = request
    for parent in parents:
        target = target[parent]
    target[name] = "BAD"
    response = client.post(URL, headers=JSON, content=sent(request, BAD[bad]))
    [text] = diagnostics(response)
    assert response.status_code == refusal[0]
    assert text.startswith(refusal[1])


def test_a_byte_order_mark_before_it_does_no_harm(client: TestClient, hook_request: Callable[..., Json]) -> None:
    request = hook_request(patient=patient(), conditions=bundle(lupus(), lupus(id="b", note="BAD")))
    for bad in (b"1", b"NaN"):
        body = b"\xef\xbb\xbf" + sent(request, bad)
        assert client.post(URL, headers=JSON, content=body).json()["cards"]
        packed = client.post(URL, content=gzip.compress(body), headers={**JSON, "Content-Encoding": "gzip"})
        assert packed.json()["cards"]


@pytest.mark.parametrize("bad", BAD)
def test_it_is_forgiven_once_and_a_strict_service_refuses_it(
    library: Library, client: TestClient, hook_request: Callable[..., Json], bad: str
) -> None:
    request = hook_request(patient=patient(), conditions=bundle(lupus(), lupus(id="b", note="BAD")))
    body = sent(request, BAD[bad])
    counted = 'cds_forgiven_total{client="none",deviation="damaged_json"} '
    before = sum(float(line.rpartition(" ")[2]) for line in client.get("/metrics").text.splitlines() if counted in line)
    assert client.post(URL, headers=JSON, content=body).json()["cards"]
    assert f"{counted}{before + 1}" in client.get("/metrics").text
    with TestClient(create_app(Settings(log_level="error", strict=True), library, lambda: AS_OF)) as strict:
        response = strict.post(URL, headers=JSON, content=body)
    assert response.status_code == 400
    assert diagnostics(response)[0].startswith("The body ")


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize("bad", BAD)
def test_a_fetched_page_is_read_without_it(library: Library, bad: str, is_strict: bool) -> None:
    page = sent(bundle(lupus(), lupus(id="b", code="BAD")), BAD[bad])
    asking = partial(asking_of, library)
    with asking(ehr(Condition=Says(page)), strict=is_strict) as (ask, fhir):
        response = ask(complete(conditions=ABSENT))
        assert fhir.paths == ["/fhir/Condition"]
    if is_strict:
        assert diagnostics(response)[0].endswith("asking the FHIR server for it failed: no FHIR in JSON")
    else:
        assert response.json()["cards"]


def test_the_next_page_of_a_damaged_one_is_read_too(library: Library) -> None:
    def answer(asked: Any) -> Says:
        if not asked.path.startswith("/fhir/Condition"):
            return ehr()(asked)
        if "page=2" in asked.path:
            return Says(bundle(lupus()))
        link = [{"relation": "next", "url": "/fhir/Condition?page=2"}]
        return Says(sent(bundle({**HYPERTENSION, "note": "BAD"}, link=link), b"NaN"))

    with asking_of(library, answer) as (ask, fhir):
        assert ask(complete(conditions=ABSENT)).json()["cards"]
        assert len(fhir.asked) == 2
