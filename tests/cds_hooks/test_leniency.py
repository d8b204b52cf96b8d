"""What is forgiven: accepted by default, refused where the service is strict, and counted by client and kind."""

import copy
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks import DEVIATIONS, SERVICES
from cds_service.cds_hooks.trust import MemoryReplayGuard
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.charts import ABSENT, TOKEN
from tests.cds_hooks.conftest import AS_OF, bundle, lupus, patient
from tests.cds_hooks.tokens import HOOK, NOW, PUBLIC, bearer, client, clients_file, token

Json = dict[str, Any]
URL = "/cds-services/clinical-trial-match"
JSON = {"Content-Type": "application/json"}
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CARD = "5c0ab9b1-0f6e-5d1c-9a0e-6f1c5d1f2a10"
LIMIT = 100_000


def starting(library: Library, folder: Path, **settings: Any) -> Iterator[TestClient]:
    made = Settings(state_dir=folder, max_body_bytes=LIMIT, keep_comments=True, log_level="error", **settings)
    with TestClient(create_app(made, library, lambda: AS_OF)) as http:
        yield http


@pytest.fixture(scope="module")
def lenient(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    yield from starting(library, tmp_path_factory.mktemp("lenient"))


@pytest.fixture(scope="module")
def strict(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    yield from starting(library, tmp_path_factory.mktemp("strict"), strict=True)


def hook_body(path: str = "", value: Any = ABSENT) -> Json:
    """A request that gets a card, with the field at a dotted path set, or removed where the value is ABSENT."""
    made: Json = {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "fhirServer": "https://ehr.example.org/fhir",
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "cds-service",
        },
        "context": {"userId": "Practitioner/123", "patientId": "1288992"},
        "prefetch": {"patient": patient(), "conditions": bundle(lupus()), "procedures": bundle()},
    }
    *parents, name = path.split(".")
    target = made
    for parent in parents:
        target = target[parent]
    if name:
        target.pop(name, None)
    if value is not ABSENT:
        target[name] = value
    return made


def noted(http: TestClient, of: str = "none") -> dict[str, float]:
    """What was counted so far of a client."""
    prefix = f'cds_forgiven_total{{client="{of}",deviation="'
    lines = [line for line in http.get("/metrics").text.splitlines() if line.startswith(prefix)]
    return {line.removeprefix(prefix).partition('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


def newly(http: TestClient, send: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    before = noted(http)
    response = send()
    after = noted(http)
    return response, {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name)}


BARE = {"resourceType": "Bundle", "type": "searchset", "entry": [lupus(), {"resource": lupus(id="b")}]}
OLD = "https://ehr.example.org/fhir/r4/Practitioner/123"

# what is sent; the deviation; what a strict service says of it (status, place), where it says so
REQUESTS: dict[str, tuple[Json, str, tuple[int, str]]] = {
    "no userId": (hook_body("context.userId"), "no_user", (400, "context.userId: ")),
    "a userId of null": (hook_body("context.userId", None), "no_user", (400, "context.userId: ")),
    "an empty userId": (hook_body("context.userId", ""), "no_user", (400, "context.userId: ")),
    "a bare userId": (hook_body("context.userId", "123"), "user_form", (400, "context.userId: ")),
    "an absolute userId": (hook_body("context.userId", OLD), "user_form", (400, "context.userId: ")),
    "a hookInstance without hyphens": (
        hook_body("hookInstance", INSTANCE.replace("-", "")),
        "plain_instance",
        (400, "hookInstance: "),
    ),
    "Patient/ before patientId": (
        hook_body("context.patientId", "Patient/1288992"),
        "patient_reference",
        (400, "context.patientId: "),
    ),
    "no expires_in": (hook_body("fhirAuthorization.expires_in"), "no_expiry", (400, "fhirAuthorization.expires_in: ")),
    "an expires_in of null": (
        hook_body("fhirAuthorization.expires_in", None),
        "no_expiry",
        (400, "fhirAuthorization.expires_in: "),
    ),
    "expires_in as text": (
        hook_body("fhirAuthorization.expires_in", "3600"),
        "expiry_as_text",
        (400, "fhirAuthorization.expires_in: "),
    ),
    "no scope": (hook_body("fhirAuthorization.scope"), "no_scope", (400, "fhirAuthorization.scope: ")),
    "no subject": (hook_body("fhirAuthorization.subject"), "no_subject", (400, "fhirAuthorization.subject: ")),
    "a resource as an entry": (hook_body("prefetch.conditions", BARE), "bare_entry", (0, "")),
    "an empty list that is not required": (hook_body("prefetch.procedures", []), "empty_list", (0, "")),
}


def diagnostics(response: Any) -> list[str]:
    return [issue["diagnostics"] for issue in response.json()["issue"]]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_forgiven_gets_the_answer_of_a_request_that_is_as_it_should_be(lenient: TestClient, name: str) -> None:
    sent, deviation, _refusal = REQUESTS[name]
    response, counted = newly(lenient, lambda: lenient.post(URL, json=sent))
    assert response.status_code == 200, response.text
    assert [card["uuid"] for card in response.json()["cards"]] == [
        card["uuid"] for card in lenient.post(URL, json=hook_body()).json()["cards"]
    ]
    assert counted == {deviation: 1}


@pytest.mark.parametrize("name", [name for name, row in REQUESTS.items() if row[2][0]])
def test_a_strict_service_refuses_it_and_names_the_place(strict: TestClient, name: str) -> None:
    sent, _deviation, (status, place) = REQUESTS[name]
    response, counted = newly(strict, lambda: strict.post(URL, json=sent))
    assert (response.status_code, counted) == (status, {})
    [said] = diagnostics(response)
    assert said.startswith(place)


def test_to_a_strict_service_a_bare_entry_is_none_and_an_empty_list_no_answer(strict: TestClient) -> None:
    only = {"resourceType": "Bundle", "type": "searchset", "entry": [lupus()]}
    response = strict.post(URL, json=hook_body("prefetch.conditions", only))
    assert response.status_code == 412
    card = strict.post(URL, json=hook_body("prefetch.procedures", [])).json()["cards"][0]
    whole = strict.post(URL, json=hook_body()).json()["cards"][0]
    assert card["detail"] != whole["detail"]
    assert noted(strict) == {}


def test_a_request_that_is_as_it_should_be_is_forgiven_nothing(lenient: TestClient) -> None:
    assert newly(lenient, lambda: lenient.post(URL, json=hook_body()))[1] == {}


def test_several_deviations_are_counted_each(lenient: TestClient) -> None:
    sent = hook_body("context.userId")
    sent["context"]["patientId"] = "Patient/1288992"
    sent["prefetch"]["conditions"] = {"resourceType": "Bundle", "entry": [lupus(id=str(n)) for n in range(3)]}
    response, counted = newly(lenient, lambda: lenient.post(URL, json=sent))
    assert response.status_code == 200
    assert counted == {"no_user": 1, "patient_reference": 1, "bare_entry": 3}


@pytest.mark.parametrize("name", ["another patient's Condition", "another patient's Patient"])
def test_a_resource_that_is_an_entry_itself_is_never_another_patients(lenient: TestClient, name: str) -> None:
    other = lupus(subject={"reference": "Patient/x"}) if "Condition" in name else patient(id="x")
    sent = hook_body("prefetch.conditions", {"resourceType": "Bundle", "entry": [lupus(), other]})
    assert lenient.post(URL, json=sent).status_code == 400


# Conditions that are not known.


@pytest.mark.parametrize("service", ["lenient", "strict"])
@pytest.mark.parametrize(("value", "why"), [(None, "it is null"), ([], "")])
def test_conditions_of_null_or_an_empty_list_are_not_known(
    service: str, value: Any, why: str, request: pytest.FixtureRequest
) -> None:
    http: TestClient = request.getfixturevalue(service)
    sent = hook_body("prefetch.conditions", value)
    response = http.post(URL, json=sent)
    assert response.status_code == 412
    [said] = diagnostics(response)
    assert said.startswith(f"prefetch.conditions: the conditions cannot be had: {why}")


@pytest.mark.parametrize("value", [None, []], ids=["null", "an empty list"])
def test_a_whole_chart_beside_them_says_what_they_do_not(lenient: TestClient, value: Any) -> None:
    sent = hook_body("prefetch", {"conditions": value, "chart": bundle(patient(), lupus())})
    assert lenient.post(URL, json=sent).json()["cards"]


# The address.


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/cds-services", None),
        *[("POST", service.path, "hook") for service in SERVICES[:1]],
        *[("POST", service.feedback_path, "feedback") for service in SERVICES],
    ],
)
def test_a_slash_at_the_end(
    lenient: TestClient, strict: TestClient, method: str, path: str, content: str | None
) -> None:
    sent = {None: None, "hook": hook_body(), "feedback": {"feedback": [item()]}}[content]
    response, counted = newly(lenient, lambda: lenient.request(method, f"{path}/", json=sent))
    assert (response.status_code, counted) == (200, {"slash_at_end": 1})
    assert response.content == lenient.request(method, path, json=sent).content
    assert strict.request(method, f"{path}/", json=sent).status_code == 404
    assert lenient.request(method, f"{path}//", json=sent).status_code == 404
    assert f'route="{path}",status="200"' in lenient.get("/metrics").text


# A body in gzip.


def packed(content: Any, *, members: int = 1) -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    size = -(-len(text) // members) or 1
    return b"".join(gzip.compress(text[at : at + size], mtime=0) for at in range(0, max(len(text), 1), size))


def post_packed(http: TestClient, body: Any, encoding: str = "gzip", url: str = URL) -> Any:
    return http.post(url, content=body, headers={"Content-Type": "application/json", "Content-Encoding": encoding})


PACKED = [
    (packed(hook_body()), 200, "a body"),
    (packed(hook_body(), members=3), 200, "several members after each other are one text (RFC 1952, 2.2)"),
    (packed(hook_body()) + packed(b""), 200, "one of them empty"),
    (packed(b"{}".ljust(LIMIT)), 400, "just as large as a body may be, and no request"),
    (packed(b"{}".ljust(LIMIT + 1)), 413, "larger once it is unpacked"),
    (packed(b" " * 50_000_000), 413, "a bomb"),
    (packed(b" " * LIMIT, members=4) * 2, 413, "in several members"),
    (packed(b"") * (LIMIT // 20 + 1), 413, "members in which there is nothing"),
    (packed(hook_body())[:-1], 400, "cut off by one byte"),
    (packed(hook_body())[:100], 400, "cut off in the middle"),
    (packed(hook_body(), members=2)[:-9], 400, "the second member cut off"),
    (packed(hook_body()) + b"more", 400, "something behind it"),
    (packed(hook_body())[:-8] + b"\0" * 8, 400, "another checksum"),
    (json.dumps(hook_body()).encode(), 400, "not packed at all"),
    (zlib.compress(json.dumps(hook_body()).encode()), 400, "zlib, which is not gzip"),
    (b"", 400, "nothing"),
]


@pytest.mark.parametrize(("body", "status", "why"), PACKED, ids=[row[2] for row in PACKED])
def test_a_body_in_gzip(lenient: TestClient, body: bytes, status: int, why: str) -> None:
    response, counted = newly(lenient, lambda: post_packed(lenient, body))
    assert response.status_code == status, why
    assert counted == {"gzip": 1}
    if status == 413:
        assert diagnostics(response) == [f"The body is larger than {LIMIT} bytes."]
        assert response.headers["connection"] == "close"


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_body_in_gzip_may_come_in_any_pieces(lenient: TestClient, size: int) -> None:
    body = packed(hook_body(), members=2)
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    assert post_packed(lenient, pieces).status_code == 200


@pytest.mark.parametrize(("encoding", "status"), [("GZIP", 200), ("x-gzip", 200), ("deflate", 415), ("br", 415)])
def test_gzip_is_the_one_encoding(lenient: TestClient, encoding: str, status: int) -> None:
    assert post_packed(lenient, packed(hook_body()), encoding).status_code == status


def test_a_strict_service_takes_no_gzip(strict: TestClient) -> None:
    response = post_packed(strict, packed(hook_body()))
    assert response.status_code == 415
    assert diagnostics(response) == ["Content-Encoding is not supported: send the body as it is."]


# Feedback.


def item(**fields: Any) -> Json:
    made = {"card": CARD, "outcome": "accepted", "outcomeTimestamp": "2026-05-15T09:30:00Z", **fields}
    return {name: value for name, value in made.items() if value is not ABSENT}


def at(moment: str) -> Json:
    return item(outcomeTimestamp=moment)


FEEDBACK: dict[str, tuple[Json, str]] = {
    "a time with UTC behind its Z": (at("2026-05-15T09:30:00Z UTC"), "utc_time"),
    "a time as Java prints it": (at("2026-05-15T09:30:00.123Z[UTC]"), "utc_time"),
    "a time with UTC for its zone": (at("2026-05-15 09:30:00 UTC"), "utc_time"),
    "a reason as a code": (item(outcome="overridden", overrideReason="patient-refuses"), "reason_as_text"),
    "a reason as text": (item(outcome="overridden", overrideReason="too far away"), "reason_as_text"),
    "a suggestion by its uuid": (item(acceptedSuggestions=[{"uuid": CARD}]), "suggestion_uuid"),
}


@pytest.mark.parametrize("name", FEEDBACK)
def test_feedback_that_is_forgiven(lenient: TestClient, strict: TestClient, name: str) -> None:
    sent, deviation = FEEDBACK[name]
    response, counted = newly(lenient, lambda: lenient.post(f"{URL}/feedback", json={"feedback": [sent]}))
    assert (response.status_code, response.json(), counted) == (200, {}, {deviation: 1})
    refused, counted = newly(strict, lambda: strict.post(f"{URL}/feedback", json={"feedback": [sent]}))
    assert (refused.status_code, counted) == (400, {})


@pytest.mark.parametrize(
    "moment", ["2026-05-15T09:30:00+02:00 UTC", "UTC", "Z UTC", "yesterday UTC", "2026-05-15T09:30:00Z UT"]
)
def test_what_says_two_zones_or_no_time_is_no_time(lenient: TestClient, moment: str) -> None:
    response = lenient.post(f"{URL}/feedback", json={"feedback": [at(moment)]})
    assert response.status_code == 400
    [said] = diagnostics(response)
    assert said.startswith("feedback[0].outcomeTimestamp: ")


def test_one_bad_item_is_told_of_beside_the_rest_that_is_kept(lenient: TestClient, strict: TestClient) -> None:
    batch = {"feedback": [item(), item(card=7), "x", item(outcome="overridden"), item(acceptedSuggestions=[{}])]}
    response, counted = newly(lenient, lambda: lenient.post(f"{URL}/feedback", json=batch))
    assert (response.status_code, counted) == (200, {"bad_feedback_item": 3})
    assert response.json()["resourceType"] == "OperationOutcome"
    assert [said.partition(": ")[0] for said in diagnostics(response)] == [
        "feedback[1].card",
        "feedback[2]",
        "feedback[4].acceptedSuggestions[0]",
    ]
    refused = strict.post(f"{URL}/feedback", json=batch)
    assert (refused.status_code, len(diagnostics(refused))) == (400, 3)


def test_a_batch_of_bad_items_alone_is_refused(lenient: TestClient) -> None:
    response, counted = newly(lenient, lambda: lenient.post(f"{URL}/feedback", json={"feedback": [item(card=7), "x"]}))
    assert (response.status_code, counted) == (400, {})


@pytest.mark.parametrize(
    ("damaged", "place"),
    [
        (b'{"card": "\\ud800", "outcome": "accepted", "outcomeTimestamp": "2026-05-15T09:30:00Z"}', "feedback[1].card"),
        (b"NaN", "feedback[1]"),
        (b'{"card": 1e999}', "feedback[1]"),
        (b'{"card": ' + b"9" * 10_000 + b"}", "feedback[1]"),
        (b'{"x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "feedback[1].card"),
    ],
    ids=["half an emoji", "NaN", "1e999", "10,000 digits", "nested without end"],
)
def test_a_damaged_item_costs_itself_alone(lenient: TestClient, strict: TestClient, damaged: bytes, place: str) -> None:
    body = b'{"feedback": [' + json.dumps(item()).encode() + b", " + damaged + b"]}"
    response = lenient.post(f"{URL}/feedback", headers=JSON, content=body)
    assert response.status_code == 200
    assert diagnostics(response)[0].startswith(f"{place}: ")
    assert strict.post(f"{URL}/feedback", headers=JSON, content=body).status_code == 400


def test_half_an_emoji_in_a_comment_costs_the_comment(lenient: TestClient) -> None:
    override = {"reason": {"code": "patient-refuses"}, "userComment": "HALF"}
    text = json.dumps({"feedback": [item(outcome="overridden", overrideReason=override)]})
    response, counted = newly(
        lenient,
        lambda: lenient.post(
            f"{URL}/feedback",
            headers=JSON,
            content=text.replace("HALF", "\\ud83d").encode(),
        ),
    )
    assert (response.status_code, response.json(), counted) == (200, {}, {"damaged_json": 1})


# By client, in log and metrics; and the page that says it.


def test_it_is_counted_by_client_and_a_token_may_be_for_either_spelling(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(clients_file=clients_file(tmp_path, client()), public_url=PUBLIC, state_dir=tmp_path)
    app = create_app(settings, library, lambda: AS_OF, now=lambda: NOW, replay_guard=MemoryReplayGuard(lambda: NOW))
    sent = hook_body("context.userId", "Dr.Secret")
    with TestClient(app) as http:
        for audience in (HOOK, f"{HOOK}/"):
            assert http.post(f"{HOOK}/", json=sent, headers=bearer(token(audience))).status_code == 200
        assert http.post(HOOK, json=sent, headers=bearer(token(f"{HOOK}/"))).status_code == 401
        name = client()["id"]
        assert noted(http, name) == {"slash_at_end": 2, "user_form": 2}
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [line for line in lines if line["event"] == "request_forgiven"]
    assert [(line["client"], line["forgiven"]) for line in told] == [(name, {"slash_at_end": 1, "user_form": 1})] * 2
    assert "Secret" not in json.dumps(lines)


def test_what_is_forgiven_is_told_also_where_the_request_is_refused_for_something_else(lenient: TestClient) -> None:
    sent = copy.deepcopy(hook_body("context.userId"))
    sent["prefetch"]["patient"] = None
    response, counted = newly(lenient, lambda: lenient.post(URL, json=sent))
    assert (response.status_code, counted) == (412, {"no_user": 1})


def test_the_page_for_integrators_has_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "integration.md").read_text()
    rows = [f"| `{row.name}` | {row.what} | {row.read} |" for row in DEVIATIONS]
    assert [row for row in rows if row not in page] == []


@pytest.mark.parametrize("is_strict", [False, True])
def test_the_openapi_document_says_what_is_taken(
    library: Library, tmp_path: Path, lenient: TestClient, strict: TestClient, is_strict: bool
) -> None:
    http = strict if is_strict else lenient
    schema = http.get("/openapi.json").json()["paths"][URL]["post"]["requestBody"]["content"]["application/json"]
    context = schema["schema"]["properties"]["context"]
    assert ("userId" in context["required"]) is is_strict
    assert ("expires_in" in schema["schema"]["properties"]["fhirAuthorization"]["required"]) is is_strict
