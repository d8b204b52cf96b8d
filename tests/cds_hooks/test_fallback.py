"""What prefetch did not bring is asked of the FHIR server, and whatever that server does, the answer comes in time."""

import itertools
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks.fallback import MOST_PAGES
from cds_service.cds_hooks.trust import MemoryReplayGuard
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.charts import (
    ABSENT,
    DEADLINE,
    EMPTY,
    MISSING,
    TAKEN,
    TOKEN,
    Answers,
    asking_of,
    card,
    complete,
    diagnostics,
    drug,
    ehr,
    haemoglobin,
    request,
)
from tests.cds_hooks.conftest import AS_OF, bundle, lupus, patient
from tests.cds_hooks.servers import Asked, Says, Server, serving
from tests.cds_hooks.tokens import HOOK, NOW, PUBLIC, bearer, client, clients_file, token


@pytest.fixture
def asking(library: Library) -> Callable[..., Any]:
    """See `asking_of`."""
    return partial(asking_of, library)


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


@pytest.mark.parametrize("value", MISSING.values(), ids=MISSING.keys())
def test_only_what_is_missing_is_asked_for(asking: Callable[..., Any], value: Any) -> None:
    with asking(ehr()) as (ask, fhir):
        assert card(ask(complete(conditions=value)))
        assert fhir.paths == ["/fhir/Condition"]


@pytest.mark.parametrize(("searched_by", "asked"), [("", []), ("&clinical-status=active", ["/fhir/Condition"])])
def test_what_a_filtered_search_left_out_is_asked_for(
    asking: Callable[..., Any], searched_by: str, asked: list[str]
) -> None:
    link = [{"relation": "self", "url": f"https://ehr.example/Condition?patient=1288992{searched_by}"}]
    with asking(ehr()) as (ask, fhir):
        assert card(ask(complete(conditions=bundle(lupus(), link=link))))
        assert fhir.paths == asked


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
    with asking(paged(10**6, link)) as (ask, fhir):
        response = ask(complete(conditions=ABSENT))
        assert response.status_code == 412, "lupus may be on a page that was not read"
        assert diagnostics(response)[0].startswith("prefetch.conditions: ")
        assert len(fhir.asked) <= MOST_PAGES + 1


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


ODD_LINKS = (
    *("http://[", "//[", "http://[::1", "{url}:99999/fhir", "{url}/fhir/..%2fadmin", "{url}/fhir/..;/admin"),
    *("{url}/fhir/%252e%252e/admin", "{url}/fhir/$export", "{url}/fhir/Patient/%24everything", "{url}/fhir/_history"),
    *("{url}/fhir/Condition%0d%0aX:1", "{url}/fhir//evil", "{url}/fhir/\uff0e\uff0e/admin"),
)
"""What tests/wire/test_addresses.py has more of: here, that no request is made and no 500 comes of them."""


@pytest.mark.parametrize("link", ODD_LINKS)
@pytest.mark.parametrize("where", ["next page", "next page of the prefetch", "redirect"])
def test_the_token_follows_no_link_that_leads_elsewhere(asking: Callable[..., Any], link: str, where: str) -> None:
    url: list[str] = []

    def answer(asked: Asked) -> Says:
        if not asked.path.startswith("/fhir/Condition?patient="):
            return ehr()(asked)
        if where == "redirect":
            return Says("", 302, {"Location": quote(link.format(url=url[0]), safe="/:[]$%;.")})
        return Says(bundle(lupus(), link=[{"relation": "next", "url": link.format(url=url[0])}]))

    with asking(answer) as (ask, fhir):
        url.append(fhir.url)
        first = bundle(lupus(), link=[{"relation": "next", "url": link.format(url=fhir.url)}])
        response = ask(complete(conditions=first if where == "next page of the prefetch" else ABSENT))
        assert response.status_code in (200, 412), response.text
        assert fhir.paths == ([] if where == "next page of the prefetch" else ["/fhir/Condition"])
        if response.status_code == 200:
            assert "incomplete" in response.text, "a page that was not read is told"


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


@pytest.mark.parametrize(
    "patient_id",
    [
        *("1,2", "..", ".", "1&_include=*", "1?x", "1#x", "1%2C2", "1;2", "é", "x" * 65, "١", "1\\2", "1|2", "a_b"),
        *("_history", "_search", "$everything", "$export", "%24export", "_history%2f1", "..%2f1", "%252e%252e"),
    ],
)
def test_an_id_that_could_widen_a_query_is_not_put_into_one(asking: Callable[..., Any], patient_id: str) -> None:
    with asking(ehr()) as (ask, fhir):
        assert ask(None, patient_id=patient_id).status_code == 412
        assert fhir.asked == []


@pytest.mark.parametrize("patient_id", ["1", "x" * 64, "eq081-VQEgP8drUUqCWzHfw3", "A.b-C.1", "-", ".a"])
def test_an_id_by_the_grammar_of_fhir_is_put_into_one(asking: Callable[..., Any], patient_id: str) -> None:
    with asking(ehr()) as (ask, fhir):
        ask(None, patient_id=patient_id)
        assert f"/fhir/Patient/{patient_id}" in fhir.paths


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

    with asking(answer) as (ask, _fhir), ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda n: ask(None, patient_id=str(n), access_token=f"token-of-{n}"), range(1, 33))
        assert [bool(response.json()["cards"]) for response in answers] == [bool(n % 2) for n in range(1, 33)]
