"""What prefetch did not bring is asked of the FHIR server, and whatever that server does, the answer comes in time."""

import gzip
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks.fallback.fetch import MOST_PAGES
from cds_service.cds_hooks.trust.replay import MemoryReplayGuard
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.conftest import AS_OF, bundle, lupus, patient
from tests.cds_hooks.servers import Asked, Says, Server, serving
from tests.cds_hooks.tokens import HOOK, NOW, PUBLIC, bearer, client, clients_file, token

Answers = Callable[[Asked], Says]
Body = dict[str, Any]
TOKEN = "opaque-token-of-one-user"
DEADLINE = 1.0
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


@pytest.fixture
def asking(library: Library) -> Callable[..., Any]:
    """The service beside a FHIR server that it may ask: gives what posts a request, and that server."""

    @contextmanager
    def start(answer: Answers, **settings: Any) -> Iterator[tuple[Callable[..., Any], Server]]:
        with serving(answer) as fhir:
            allowed = {"fhir_servers": (f"{fhir.url}/fhir",), "fhir_timeout": DEADLINE, **settings}
            with TestClient(create_app(Settings(**allowed), library, lambda: AS_OF)) as http:

                def ask(prefetch: Any = None, server: str = f"{fhir.url}/fhir", **fields: Any) -> Any:
                    return http.post(HOOK, json=request(server, prefetch, **fields))

                yield ask, fhir

    return start


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


# What is asked for.


def test_without_any_prefetch_everything_is_asked_for(asking: Callable[..., Any], library: Library) -> None:
    with asking(ehr(Observation=Says(bundle(haemoglobin())))) as (ask, fhir):
        assert card(ask())
    types = sorted(path.removeprefix("/fhir/").partition("/")[0] for path in fhir.paths)
    assert types == sorted({*types}), "each once"
    assert {"Patient", "Condition", "Observation", "MedicationRequest", "Procedure"} <= {*types}
    assert "/fhir/Patient/1288992" in fhir.paths
    for one in fhir.asked:
        assert one.headers["authorization"] == f"Bearer {TOKEN}"
        assert one.headers["accept"] == "application/fhir+json"
        assert one.path.startswith("/fhir/Patient/1288992") or "?patient=1288992" in one.path
        assert "?" not in one.path or one.path.endswith("&_count=200")


def test_a_complete_prefetch_needs_no_query(asking: Callable[..., Any]) -> None:
    with asking(ehr()) as (ask, fhir):
        assert card(ask(complete()))
        assert fhir.asked == []


def test_a_whole_chart_under_another_key_needs_queries_for_the_rest_alone(asking: Callable[..., Any]) -> None:
    with asking(ehr()) as (ask, fhir):
        assert card(ask({"chart": bundle(patient(), lupus(), haemoglobin())}))
    asked = {path.removeprefix("/fhir/") for path in fhir.paths}
    assert asked.isdisjoint({"Patient/1288992", "Condition", "Observation"})
    assert "Procedure" in asked


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


@pytest.mark.parametrize("value", MISSING.values(), ids=MISSING.keys())
def test_only_what_is_missing_is_asked_for(asking: Callable[..., Any], value: Any) -> None:
    with asking(ehr()) as (ask, fhir):
        assert card(ask(complete(conditions=value)))
        assert fhir.paths == ["/fhir/Condition"]


@pytest.mark.parametrize("key", ["Condition", "conditions"])
def test_an_empty_bundle_is_an_answer(asking: Callable[..., Any], key: str) -> None:
    with asking(ehr()) as (ask, fhir):
        response = ask({**complete(conditions=ABSENT), key: bundle()})
        assert (response.json(), fhir.asked) == ({"cards": []}, [])


def test_a_value_that_is_missing_makes_a_difference(asking: Callable[..., Any]) -> None:
    with asking(ehr(Observation=Says(bundle(haemoglobin())))) as (ask, _fhir):
        without, with_it = card(ask(complete())), card(ask(complete(observations=ABSENT)))
    assert "12.5" not in without["detail"] + without["summary"]
    assert with_it["detail"] != without["detail"]


def test_what_no_rule_reads_is_not_asked_for(asking: Callable[..., Any]) -> None:
    with asking(ehr()) as (ask, fhir):
        assert ask(complete(somethingElse=None)).status_code == 200
        assert fhir.asked == []


# Pages.


def paged(pages: int, link: Callable[[int], str]) -> Answers:
    """A server whose conditions come in pages: lupus on the last; `link` gives the address of page n."""

    def answer(asked: Asked) -> Says:
        if not asked.path.startswith("/fhir/Condition"):
            return ehr()(asked)
        page = int(asked.path.partition("page=")[2] or 1)
        last = page == pages
        links = [] if last else [{"relation": "next", "url": link(page + 1)}]
        return Says(bundle(lupus() if last else lupus(id=f"c{page}", code={"text": "x"}), link=links))

    return answer


@pytest.mark.parametrize("link", ["/fhir/Condition?page={}", "Condition?page={}", "?page={}"])
def test_the_next_pages_are_followed(asking: Callable[..., Any], link: str) -> None:
    with asking(paged(4, link.format)) as (ask, fhir):
        assert card(ask(complete(conditions=ABSENT)))
        assert len(fhir.asked) == 4


def test_a_prefetch_that_is_only_the_first_page_is_completed(asking: Callable[..., Any]) -> None:
    answer = paged(3, "/fhir/Condition?page={}".format)
    with serving(answer) as fhir:
        first = answer(Asked("/fhir/Condition", {})).body
        with asking(ehr(), fhir_servers=(f"{fhir.url}/fhir",)) as (ask, _other):
            assert card(ask(complete(conditions=first), server=f"{fhir.url}/fhir"))
    assert [one.path for one in fhir.asked] == ["/fhir/Condition?page=2", "/fhir/Condition?page=3"]


ENDLESS = {
    "always further": lambda n: f"/fhir/Condition?page={n}",
    "always the same": lambda _n: "/fhir/Condition?page=1",
}


@pytest.mark.parametrize("link", ENDLESS.values(), ids=ENDLESS.keys())
def test_endless_pages_end(asking: Callable[..., Any], link: Callable[[int], str]) -> None:
    with asking(paged(10**6, link), fhir_timeout=10) as (ask, fhir):
        began = time.monotonic()
        response = ask(complete(conditions=ABSENT))
        assert response.status_code == 412, "lupus may be on a page that was not read"
        assert diagnostics(response)[0].startswith("prefetch.conditions: ")
        assert len(fhir.asked) <= MOST_PAGES + 1
        assert time.monotonic() - began < 8


def test_a_next_page_on_another_server_is_not_followed(asking: Callable[..., Any]) -> None:
    with serving(ehr()) as elsewhere:
        links = [
            f"{elsewhere.url}/fhir/Condition?page={{}}",
            "//127.0.0.2/fhir/Condition?page={}",
            "/other/Condition?page={}",
        ]
        links += ["/fhir/../admin?page={}", "http://user@127.0.0.1/fhir/Condition?page={}", "file:///etc/passwd?{}"]
        for link in links:
            with asking(paged(3, link.format)) as (ask, fhir):
                assert ask(complete(conditions=ABSENT)).status_code == 412
                assert len(fhir.asked) == 1, link
        first = bundle(link=[{"relation": "next", "url": links[0].format(2)}])
        with asking(ehr()) as (ask, fhir):
            assert ask(complete(conditions=first)).status_code == 412
            assert fhir.asked == []
        assert elsewhere.asked == []


# Servers that fail. What is missing is a required key, so the refusal names it and says what happened.

FAULTS: dict[str, tuple[Says, str]] = {
    "401": (Says("", 401), "status 401"),
    "403": (Says("", 403), "status 403"),
    "404": (Says({"resourceType": "OperationOutcome", "issue": []}, 404), "status 404"),
    "429": (Says("", 429, {"Retry-After": "3600"}), "status 429"),
    "500": (Says("<html>", 500), "status 500"),
    "204": (Says("", 204, {}), "status 204"),
    "HTML": (Says("<html><body>Sign in</body></html>"), "no FHIR in JSON"),
    "XML": (Says('<Bundle xmlns="http://hl7.org/fhir"/>'), "no FHIR in JSON"),
    "nothing": (Says(""), "no FHIR in JSON"),
    "a list": (Says([]), "no FHIR in JSON"),
    "no FHIR": (Says({"cards": []}), "no FHIR in JSON"),
    "not UTF-8": (Says(b'{"resourceType": "Bundle", "\xff": 1}'), "no FHIR in JSON"),
    "nested without end": (Says("[" * 200_000), "no FHIR in JSON"),
    "cut off": (Says(bundle(lupus()), cut=True), "no connection"),
    "slow to start": (Says(bundle(lupus()), wait=5), "no answer in time"),
    "slow all the way": (Says(bundle(lupus()), dribble=0.05), "no answer in time"),
    "huge": (Says({**bundle(), "x": "x" * 3_000_000}), "too large"),
    "a bomb": (Says(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}), "too large"),
    "badly packed": (Says(b"not gzip", headers={"Content-Encoding": "gzip"}), "an encoding that is not understood"),
    "half packed": (Says(gzip.compress(b"{}")[:-4], headers={"Content-Encoding": "gzip"}), "no connection"),
    "packed in a way unknown": (Says(b"x", headers={"Content-Encoding": "br"}), "an encoding that is not understood"),
    "redirect in a circle": (Says("", 302, {"Location": "/fhir/Condition"}), "too many redirects"),
    "redirect elsewhere": (Says("", 302, {"Location": "http://127.0.0.2:9/fhir"}), "it redirects to another server"),
    "redirect to a file": (Says("", 302, {"Location": "file:///etc/passwd"}), "it redirects to another server"),
    "redirect to its other parts": (Says("", 307, {"Location": "/admin"}), "it redirects to another server"),
    "redirect to nowhere": (Says("", 302), "status 302"),
}


@pytest.mark.parametrize(("says", "why"), FAULTS.values(), ids=FAULTS.keys())
def test_a_server_that_fails_is_412_in_time_with_what_happened(
    asking: Callable[..., Any], says: Says, why: str
) -> None:
    with asking(ehr(Condition=says), max_body_bytes=2_000_000) as (ask, _fhir):
        began = time.monotonic()
        response = ask(complete(conditions=ABSENT))
        took = time.monotonic() - began
    assert response.status_code == 412
    text = "prefetch.conditions: the conditions cannot be had: it was not supplied, and asking the FHIR server for it"
    assert diagnostics(response) == [f"{text} failed: {why}"]
    assert took < DEADLINE + 1.5


@pytest.mark.parametrize(("says", "why"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_not_required_is_unknown_and_the_cards_say_so(asking: Callable[..., Any], says: Says, why: str) -> None:
    with asking(ehr(Observation=says), max_body_bytes=2_000_000, fhir_timeout=0.5) as (ask, _fhir):
        found = card(ask(complete(observations=ABSENT)))
    assert "The record came incomplete: observations were not sent." in found["detail"], found["detail"]


def test_a_server_that_nobody_answers_at_is_412(asking: Callable[..., Any]) -> None:
    with serving(ehr()) as gone:
        pass
    with asking(ehr(), fhir_servers=(gone.url,)) as (ask, _fhir):
        response = ask(complete(patient=ABSENT), server=gone.url)
    assert response.status_code == 412
    assert diagnostics(response)[0].endswith("failed: no connection")


def test_null_that_could_not_be_asked_about_is_no_longer_none(asking: Callable[..., Any]) -> None:
    with asking(ehr(Condition=Says("", 503))) as (ask, _fhir):
        assert ask(complete(conditions=None)).status_code == 412
    with asking(ehr(Condition=EMPTY)) as (ask, _fhir):
        assert ask(complete(conditions=None)).json() == {"cards": []}


def test_once_a_required_key_is_lost_nobody_waits_for_the_rest(asking: Callable[..., Any]) -> None:
    slow = Says(bundle(), wait=4)
    with asking(ehr(Condition=Says("", 403), Observation=slow), fhir_timeout=4) as (ask, _fhir):
        began = time.monotonic()
        assert ask().status_code == 412
        assert time.monotonic() - began < 2


def test_what_came_before_the_deadline_counts(asking: Callable[..., Any]) -> None:
    with asking(ehr(Observation=Says(bundle(), wait=4))) as (ask, _fhir):
        found = card(ask())
    assert "The record came incomplete: observations were not sent." in found["detail"]


def test_an_outcome_that_says_there_are_none_is_an_answer(asking: Callable[..., Any]) -> None:
    none = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
    entry = {"resource": none, "search": {"mode": "outcome"}}
    with asking(ehr(Condition=Says({**bundle(), "entry": [entry]}))) as (ask, _fhir):
        assert ask(complete(conditions=ABSENT)).json() == {"cards": []}


def test_an_outcome_in_the_place_of_the_answer_is_412(asking: Callable[..., Any]) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
    with asking(ehr(Condition=Says(outcome))) as (ask, _fhir):
        response = ask(complete(conditions=ABSENT))
    assert diagnostics(response) == ["prefetch.conditions: the conditions cannot be had: it holds an error instead"]


@pytest.mark.parametrize(
    "answers",
    [{"Patient": Says(patient(id="2"))}, {"Condition": Says(bundle(lupus(subject={"reference": "Patient/2"})))}],
)
def test_a_server_that_mixes_up_patients_is_400(asking: Callable[..., Any], answers: dict[str, Says]) -> None:
    with asking(ehr(**answers)) as (ask, _fhir):
        response = ask(complete(patient=ABSENT, conditions=ABSENT))
    assert response.status_code == 400
    assert "another patient" in diagnostics(response)[0]


def test_a_redirect_within_the_server_is_followed(asking: Callable[..., Any]) -> None:
    def answer(asked: Asked) -> Says:
        if asked.path.startswith("/fhir/Condition?"):
            return Says("", 307, {"Location": "/fhir/Condition/_moved"})
        return ehr()(asked)

    with asking(answer) as (ask, fhir):
        assert card(ask(complete(conditions=ABSENT)))
        assert fhir.asked[1].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_packed_answer_is_read(asking: Callable[..., Any]) -> None:
    packed = gzip.compress(json.dumps(bundle(lupus())).encode())
    with asking(ehr(Condition=Says(packed, headers={"Content-Encoding": "gzip"}))) as (ask, _fhir):
        assert card(ask(complete(conditions=ABSENT)))


# Who may be asked, and with what.


@pytest.mark.parametrize(
    "server", ["http://127.0.0.2:9/fhir", "{url}/fhir/other", "{url}", "{url}/fhir?x=1", "{url}/fhir/.."]
)
def test_a_server_that_is_not_allowed_is_not_asked(asking: Callable[..., Any], server: str) -> None:
    with asking(ehr()) as (ask, fhir):
        response = ask(complete(conditions=ABSENT), server=server.format(url=fhir.url))
        assert response.status_code == 412
        assert diagnostics(response)[0].endswith("failed: it is not one of the servers that may be asked")
        assert fhir.asked == []


def test_no_server_is_allowed_unless_it_is_set(asking: Callable[..., Any]) -> None:
    with asking(ehr(), fhir_servers=()) as (ask, fhir):
        assert ask(complete(conditions=ABSENT)).status_code == 412
        assert fhir.asked == []


def test_the_address_is_compared_in_one_spelling(asking: Callable[..., Any]) -> None:
    with asking(ehr()) as (ask, fhir):
        assert card(ask(complete(conditions=ABSENT), server=f"{fhir.url.replace('http', 'HTTP')}/fhir/"))
        assert fhir.paths == ["/fhir/Condition"]


@pytest.mark.parametrize("patient_id", ["1,2", "..", "1&_include=*", "1?x", "1#x", "1%2C2", "1;2", "é", "x" * 200])
def test_an_id_that_could_widen_a_query_is_not_put_into_one(asking: Callable[..., Any], patient_id: str) -> None:
    with asking(ehr()) as (ask, fhir):
        assert ask(None, patient_id=patient_id).status_code == 412
        assert fhir.asked == []


@pytest.mark.parametrize("access_token", ["a\r\nX-Evil: 1", "a\nb", "ключ", "a\x00b"])
def test_a_token_that_is_no_header_harms_nothing(asking: Callable[..., Any], access_token: str) -> None:
    with asking(ehr()) as (ask, fhir):
        assert ask(complete(conditions=ABSENT), access_token=access_token).status_code == 412
        assert not any("x-evil" in one.headers for one in fhir.asked)


def test_a_cookie_of_one_user_is_not_sent_for_another(asking: Callable[..., Any]) -> None:
    session = {"Set-Cookie": "session=of-the-first-user; Path=/"}
    with asking(ehr(Condition=Says(bundle(lupus()), headers=session))) as (ask, fhir):
        for _ in range(2):
            assert card(ask(complete(conditions=ABSENT)))
        assert len(fhir.asked) == 2
        assert not any("cookie" in one.headers for one in fhir.asked)


def test_each_client_has_servers_and_keys_of_its_own(library: Library, tmp_path: Path) -> None:
    split = bundle(lupus())
    with serving(ehr()) as mine, serving(ehr()) as others:
        first = client(
            fhir_servers=[f"{mine.url}/fhir"], prefetch_aliases={"Problems": "conditions", "Labs": "observations"}
        )
        second = client(id="b", issuer="https://b.example", fhir_servers=[f"{others.url}/fhir"])
        file = clients_file(tmp_path, first, second)
        settings = Settings(clients_file=file, public_url=PUBLIC, fhir_timeout=DEADLINE)
        app = create_app(settings, library, lambda: AS_OF, now=lambda: NOW, replay_guard=MemoryReplayGuard(lambda: NOW))
        with TestClient(app) as http:

            def ask(server: Server, **prefetch: Any) -> Any:
                body = request(f"{server.url}/fhir", {**complete(conditions=ABSENT, observations=ABSENT), **prefetch})
                return http.post(HOOK, json=body, headers=bearer(token(HOOK)))

            assert card(ask(mine, Problems=split, Labs=bundle()))
            assert (mine.asked, others.asked) == ([], [])
            assert ask(others, Labs=bundle()).status_code == 412
            assert others.asked == []
            assert card(ask(mine, Labs=bundle()))
            assert mine.paths == ["/fhir/Condition"]


def test_a_query_that_a_client_splits_is_made_whole_where_a_part_failed(library: Library, tmp_path: Path) -> None:
    with serving(ehr(Observation=Says(bundle(haemoglobin())))) as fhir:
        aliases = {"Labs": "observations", "Vitals": "observations"}
        file = clients_file(tmp_path, client(fhir_servers=[f"{fhir.url}/fhir"], prefetch_aliases=aliases))
        settings = Settings(clients_file=file, public_url=PUBLIC, fhir_timeout=DEADLINE)
        app = create_app(settings, library, lambda: AS_OF, now=lambda: NOW, replay_guard=MemoryReplayGuard(lambda: NOW))
        with TestClient(app) as http:
            prefetch = {**complete(observations=ABSENT), "Labs": MISSING["an error in its place"], "Vitals": "<html>"}
            response = http.post(HOOK, json=request(f"{fhir.url}/fhir", prefetch), headers=bearer(token(HOOK)))
    assert fhir.paths == ["/fhir/Observation"]
    assert "incomplete" not in card(response)["detail"]


# The log.


def test_the_log_says_what_was_fetched_and_never_with_what(
    asking: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with asking(ehr(Observation=Says("<html>", 500))) as (ask, _fhir):
        assert ask(complete(conditions=ABSENT, observations=ABSENT)).status_code == 200
        ask(complete(conditions=ABSENT), server="http://127.0.0.2/fhir")
    logged = capsys.readouterr().err
    answered = next(line for line in map(json.loads, logged.splitlines()) if line["event"] == "request_answered")
    assert answered["fetched"] == {"conditions": "whole", "observations": "status 500"}
    assert answered["gaps"]["Observation"] == "not_supplied"
    assert [secret for secret in (TOKEN, "1288992", "127.0.0.2") if secret in logged] == []


def test_concurrent_patients_are_never_mixed_up(asking: Callable[..., Any], made: SimpleNamespace) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only this test runs threads

    numbers = itertools.count(1)

    def answer(asked: Asked) -> Says:
        who = asked.path.partition("patient=")[2].partition("&")[0] or asked.path.rpartition("/")[2]
        assert asked.headers["authorization"] == f"Bearer token-of-{who}"
        if asked.path.startswith("/fhir/Patient"):
            return Says(patient(id=who), wait=0.01 * (next(numbers) % 3))
        sick = [lupus(subject={"reference": f"Patient/{who}"})] if int(who) % 2 else []
        if asked.path.startswith("/fhir/MedicationStatement"):
            taken = [{**drug(*which), "subject": {"reference": f"Patient/{who}"}} for which in TAKEN]
            return Says(bundle(*taken))
        return Says(bundle(*sick)) if asked.path.startswith("/fhir/Condition") else EMPTY

    with asking(answer, fhir_timeout=30) as (ask, _fhir), ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda n: ask(None, patient_id=str(n), access_token=f"token-of-{n}"), range(1, 33))
        assert [bool(response.json()["cards"]) for response in answers] == [bool(n % 2) for n in range(1, 33)]
