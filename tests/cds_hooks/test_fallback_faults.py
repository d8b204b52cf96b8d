"""FHIR servers that are slow, broken, endless or hostile: bounded time, never 5xx, and what is missing is said."""

import gzip
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from cds_service.library import Library
from tests.cds_hooks.charts import (
    ABSENT,
    DEADLINE,
    EMPTY,
    TOKEN,
    asking_of,
    card,
    complete,
    diagnostics,
    ehr,
)
from tests.cds_hooks.conftest import bundle, lupus, patient
from tests.cds_hooks.servers import Asked, Says, serving


@pytest.fixture
def asking(library: Library) -> Callable[..., Any]:
    """See `asking_of`."""
    return partial(asking_of, library)


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
    "dropped": (Says("", drop=True), "no connection"),
    "says nothing": (Says("", hold=True), "no answer in time"),
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


def limits(says: Says) -> dict[str, Any]:
    """Settings with which little is too large, and a server that would never end is soon too late."""
    return {"max_body_bytes": 2_000_000, "fhir_timeout": 0.3 if says.hold or says.dribble else DEADLINE}


@pytest.mark.parametrize(("says", "why"), FAULTS.values(), ids=FAULTS.keys())
def test_a_server_that_fails_is_412_with_what_happened(asking: Callable[..., Any], says: Says, why: str) -> None:
    with asking(ehr(Condition=says), **limits(says)) as (ask, _fhir):
        response = ask(complete(conditions=ABSENT))
    assert response.status_code == 412
    text = "prefetch.conditions: the conditions cannot be had: it was not supplied, and asking the FHIR server for it"
    assert diagnostics(response) == [f"{text} failed: {why}"]


@pytest.mark.parametrize(("says", "why"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_not_required_is_unknown_and_the_cards_say_so(asking: Callable[..., Any], says: Says, why: str) -> None:
    with asking(ehr(Observation=says), **limits(says)) as (ask, _fhir):
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


def test_once_a_required_key_is_lost_it_is_412_whatever_becomes_of_the_rest(asking: Callable[..., Any]) -> None:
    """That nobody waits for the rest, and what a deadline leaves, is in test_fetch_deadline.py."""
    with asking(ehr(Condition=Says("", 403), Observation=Says("", hold=True))) as (ask, _fhir):
        assert ask().status_code == 412


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


def test_a_connection_that_was_just_closed_is_no_loss(asking: Callable[..., Any]) -> None:
    answers = iter([Says("", drop=True), Says(bundle(lupus()))])
    with asking(lambda _asked: next(answers)) as (ask, fhir):
        assert card(ask(complete(conditions=ABSENT)))
        assert len(fhir.asked) == 2


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
