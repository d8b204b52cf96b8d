"""doctor in the place of the service: a client's duties turn green as they are seen, and red where they are broken."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from starlette.testclient import TestClient

from cds_service.cds_hooks import SERVICES
from cds_service.cds_hooks.trust import Reason, load_clients
from cds_service.doctor import TOKEN_SAYS, Callers, Duty, Examiner, RequestReport, StandIn, Unconnected
from cds_service.library import Library
from tests.cds_hooks.tokens import DISCOVERY, HOOK, NOW, PUBLIC, bearer, client, clients_file, token
from tests.doctor.requests import NAME, SERVER, TOKEN, changed, encoded, request

FEEDBACK = f"{HOOK}/feedback"
Told = list[tuple[str, RequestReport | None, tuple[Duty, ...]]]


class Bench:
    """A stand-in, a client that talks to it, and what was told."""

    def __init__(self, examiner: Examiner, folder: Path | None, **fields: Any) -> None:
        self.told: Told = []
        clients = None if folder is None else load_clients(clients_file(folder, client(**fields)))
        callers = Callers(
            clients, frozenset({SERVER}), address=PUBLIC, leeway=60, now=lambda: NOW, outbound=Unconnected()
        )
        self.stand_in = StandIn(examiner, callers, lambda *told: self.told.append(told), max_body_bytes=1_000_000)
        self.http = TestClient(
            self.stand_in.app(["https://browser.example.org"]), headers={"Content-Type": "application/json"}
        )

    def states(self) -> dict[str, str]:
        return {duty.name: duty.state for duty in self.stand_in.summary.duties()}


@pytest.fixture
def bench(examiner: Examiner, tmp_path: Path) -> Bench:
    return Bench(examiner, tmp_path, fhir_servers=[SERVER])


def test_every_duty_turns_green_as_it_is_seen(bench: Bench, library: Library) -> None:
    assert set(bench.states().values()) == {"not seen"}
    found = bench.http.get(DISCOVERY, headers=bearer(token(DISCOVERY)))
    assert [one["id"] for one in found.json()["services"]] == [one.id for one in SERVICES]
    assert bench.states()["token"] == bench.states()["registration"] == "green"
    answer = bench.http.post(HOOK, content=encoded(request(library)), headers=bearer(token()))
    assert answer.status_code == 200
    card = answer.json()["cards"][0]["uuid"]
    assert bench.states()["display"] == "not seen", "that it was sent does not show that it was displayed"
    item = {"card": card, "outcome": "accepted", "outcomeTimestamp": "2026-05-15T12:00:00Z"}
    said = bench.http.post(FEEDBACK, json={"feedback": [item]}, headers=bearer(token(FEEDBACK)))
    assert said.status_code == 200
    assert set(bench.states().values()) == {"green"}
    assert bench.stand_in.summary.is_well()
    assert [told[0] for told in bench.told] == [f"GET {DISCOVERY}", f"POST {HOOK}", f"POST {FEEDBACK}"]


@pytest.mark.parametrize(
    ("header", "duties"),
    [
        ({}, {"registration": "not seen", "token": "red"}),
        (bearer("no.token"), {"registration": "not seen", "token": "red"}),
        (bearer(token(iss="https://nobody.example.org")), {"registration": "red", "token": "red"}),
        (bearer(token(aud=f"https://old.example.org{HOOK}")), {"registration": "green", "token": "red"}),
        (bearer(token(exp=int(datetime(2026, 5, 1, tzinfo=UTC).timestamp()))), {"token": "red"}),
        (bearer(token()), {"registration": "green", "token": "green"}),
    ],
    ids=["none", "no token", "issuer", "audience", "expired", "good"],
)
def test_a_token_is_judged_and_the_request_is_looked_at_all_the_same(
    bench: Bench, library: Library, header: dict[str, str], duties: dict[str, str]
) -> None:
    answer = bench.http.post(HOOK, content=encoded(request(library)), headers=header)
    assert answer.status_code == 200
    assert duties.items() <= bench.states().items()
    assert bench.states()["prefetch"] == "green"


def test_a_token_that_is_used_twice_is_red_and_a_new_one_green_again(bench: Bench) -> None:
    used = bearer(token(DISCOVERY))
    for header, state in [(used, "green"), (used, "red"), (bearer(token(DISCOVERY)), "green")]:
        bench.http.get(DISCOVERY, headers=header)
        assert bench.states()["token"] == state


def test_what_is_red_at_one_address_stays_red_until_it_is_good_there(bench: Bench, library: Library) -> None:
    bench.http.post(HOOK, content=encoded(request(library)))
    bench.http.get(DISCOVERY, headers=bearer(token(DISCOVERY)))
    assert bench.states()["token"] == "red"
    assert not bench.stand_in.summary.is_well()


def test_every_reason_for_which_a_token_is_refused_has_its_words() -> None:
    assert TOKEN_SAYS.keys() == set(get_args(Reason))


def test_without_a_clients_file_a_token_is_judged_by_its_form(examiner: Examiner) -> None:
    for header, state in [({}, "red"), (bearer(token(DISCOVERY)), "not seen")]:
        bench = Bench(examiner, None)
        bench.http.get(DISCOVERY, headers=header)
        assert (bench.states()["token"], bench.states()["registration"]) == (state, "not seen")


def test_published_keys_are_not_fetched_unless_told_so(examiner: Examiner, tmp_path: Path) -> None:
    bench = Bench(examiner, tmp_path, jwks=None, jwks_url="https://ehr.example.org/jwks.json")
    bench.http.get(DISCOVERY, headers=bearer(token(DISCOVERY)))
    [duty] = [one for one in bench.stand_in.summary.duties() if one.name == "token"]
    assert duty.state == "not seen"
    assert "--fetch-keys" in duty.says


@pytest.mark.parametrize(
    ("body", "status", "feedback", "display"),
    [
        ({}, 400, "red", "not seen"),
        ({"feedback": []}, 200, "red", "not seen"),
        ({"feedback": [{"card": "c", "outcome": "ignored"}]}, 400, "red", "not seen"),
        (
            {"feedback": [{"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-05-15T12:00:00Z"}]},
            200,
            "green",
            "red",
        ),
    ],
    ids=["empty", "no item", "broken", "another card"],
)
def test_feedback_that_says_nothing_of_a_card_is_red(
    bench: Bench, body: dict[str, Any], status: int, feedback: str, display: str
) -> None:
    assert bench.http.post(FEEDBACK, json=body).status_code == status
    assert (bench.states()["feedback"], bench.states()["display"]) == (feedback, display)


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"[1]", 400), (b'{"hook": "order-sign", "context": {}}', 400)],
    ids=["no request", "another hook"],
)
def test_a_request_that_can_not_be_read_is_answered_as_the_service_does(
    bench: Bench, content: bytes, status: int
) -> None:
    answer = bench.http.post(HOOK, content=content)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert bench.states()["request"] == "red"


def test_a_body_that_is_too_large_or_no_json_is_refused(bench: Bench) -> None:
    assert bench.http.post(HOOK, content=b" " * 1_000_001).status_code == 413
    assert bench.http.post(HOOK, content=b"{}", headers={"Content-Type": "text/xml"}).status_code == 415
    assert bench.states()["request"] == "red"


def test_a_client_in_a_browser_is_let_in_as_by_the_service(bench: Bench) -> None:
    headers = {"Origin": "https://browser.example.org", "Access-Control-Request-Method": "POST"}
    assert bench.http.options(HOOK, headers=headers).status_code == 200


def test_nothing_that_is_told_holds_anything_of_the_patient_or_a_token(bench: Bench, library: Library) -> None:
    sent = token(sub=NAME)
    bench.http.post(HOOK, content=encoded(changed(request(library), userId=NAME)), headers=bearer(sent))
    bench.http.post(FEEDBACK, json={"feedback": [{"card": NAME, "userComment": NAME}]}, headers=bearer(TOKEN))
    told = json.dumps([[r, None if report is None else report.as_json(), [d.as_json() for d in duties]]
                       for r, report, duties in bench.told])  # fmt: skip
    assert [one for one in (NAME, TOKEN, sent, "pat-8472915") if one in told] == []
