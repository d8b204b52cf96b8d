"""What is tried out on samples in the rule author's desk hides nothing from a real client, and the other way round."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cards import NON_ADHERENCE
from cds_service.cds_hooks.trust import DESK_HEADER, SET_ASIDE_HEADER
from cds_service.library import Library
from cds_service.settings import Settings
from cds_service.store import DESK_RECORDS, Database, database_address, decisions, feedback, feedback_report
from tests.waiting import until

URL = "/cds-services/clinical-trial-match"
AS_OF = date(2026, 5, 15)
NOW = datetime(2026, 5, 15, 9, 30, tzinfo=UTC)
TRIAL = "NCT07083349"

Who = Literal["client", "desk"]
HookRequest = Callable[..., dict[str, Any]]
DECLINED = {"reason": {"code": "patient-refuses", "system": NON_ADHERENCE}}
NOT_NOW = {"reason": {"code": "limited-time", "system": NON_ADHERENCE}}


class Both:
    """A service that is asked by a client and by the desk, about one patient."""

    def __init__(self, folder: Path, library: Library, request: dict[str, Any], **settings: Any) -> None:
        self.folder = folder
        given = Settings(log_level="error", state_dir=folder, **settings)
        self.http = TestClient(create_app(given, library, lambda: AS_OF, now=lambda: NOW))
        self.request = request
        self.asked = 0

    def answer(self, who: Who, wish: str = "usual") -> Any:
        self.asked += 1
        instance = f"d1577c69-dfbe-44ad-ba6d-{self.asked:012}"
        response = self.http.post(URL, json={**self.request, "hookInstance": instance}, headers=headers(who, wish))
        assert response.status_code == 200
        self.settle()
        return response

    def trials(self, who: Who, wish: str = "usual") -> dict[str, Any]:
        return {card["source"]["topic"]["code"]: card for card in self.answer(who, wish).json()["cards"]}

    def say(self, who: Who, card: dict[str, Any], **override: Any) -> None:
        item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW.isoformat(), **override}
        sent = self.http.post(f"{URL}/feedback", json={"feedback": [item]}, headers=headers(who))
        assert sent.status_code == 200

    def settle(self) -> None:
        """Wait until what was served is written."""
        until(lambda: "cds_decisions_queued 0.0" in self.http.get("/metrics").text, "the decision log")

    def database(self) -> Database:
        return Database(database_address(None, self.folder))


def headers(who: Who, wish: str = "usual") -> dict[str, str]:
    return {DESK_HEADER: wish} if who == "desk" else {}


@pytest.fixture
def both(tmp_path: Path, library: Library, hook_request: HookRequest) -> Both:
    return Both(tmp_path, library, hook_request(), workbench=True)


@pytest.mark.parametrize(
    ("who", "override", "for_client", "for_desk"),
    [
        ("desk", DECLINED, True, False),
        ("client", DECLINED, False, True),
        # What is about the moment and not about the patient hides nothing from anybody.
        ("desk", NOT_NOW, True, True),
        ("desk", None, True, True),
        ("client", NOT_NOW, True, True),
    ],
)
def test_who_still_gets_the_card(
    both: Both, who: Who, override: dict[str, Any] | None, for_client: bool, for_desk: bool
) -> None:
    with both.http:
        card = both.trials(who)[TRIAL]
        both.say(who, card, **({} if override is None else {"overrideReason": override}))
        assert {"client": TRIAL in both.trials("client"), "desk": TRIAL in both.trials("desk")} == {
            "client": for_client,
            "desk": for_desk,
        }


def test_feedback_of_the_one_on_a_card_of_the_other_hides_nothing(both: Both) -> None:
    with both.http:
        both.say("desk", both.trials("client")[TRIAL], overrideReason=DECLINED)
        both.say("client", both.trials("desk")[TRIAL], overrideReason=DECLINED)
        assert TRIAL in both.trials("client")
        assert TRIAL in both.trials("desk")


def test_the_desk_is_told_what_is_set_aside_and_can_see_it(both: Both) -> None:
    with both.http:
        first = both.answer("desk")
        assert SET_ASIDE_HEADER not in first.headers
        card = next(c for c in first.json()["cards"] if c["source"]["topic"]["code"] == TRIAL)
        both.say("desk", card, overrideReason=DECLINED)
        assert both.answer("desk").headers[SET_ASIDE_HEADER] == TRIAL
        everything = both.answer("desk", "everything")
        assert TRIAL in {c["source"]["topic"]["code"] for c in everything.json()["cards"]}
        assert SET_ASIDE_HEADER not in everything.headers
        # A client is not told, whatever became of its own cards.
        both.say("client", both.trials("client")[TRIAL], overrideReason=DECLINED)
        assert SET_ASIDE_HEADER not in both.answer("client").headers


def test_a_trial_that_would_have_no_card_today_is_not_counted(both: Both, hook_request: HookRequest) -> None:
    with both.http:
        both.say("desk", both.trials("desk")[TRIAL], overrideReason=DECLINED)
        both.request["prefetch"]["patient"]["birthDate"] = "2020-01-01"
        assert SET_ASIDE_HEADER not in both.answer("desk").headers


def test_reports_and_metrics_are_about_real_clients(both: Both) -> None:
    with both.http:
        both.say("desk", both.trials("desk")[TRIAL], overrideReason=DECLINED)
        database = both.database()
        with database.transaction(writes=False) as connection:
            assert feedback_report(connection).as_json()["trials"] == []
            assert list(connection.execute(select(feedback.c.client)).scalars()) == [DESK_RECORDS]
            assert list(connection.execute(select(decisions.c.client)).scalars()) == [DESK_RECORDS]
        shown = both.http.get("/metrics").text
        assert "cds_feedback_total{" not in shown
        both.say("client", both.trials("client")[TRIAL], overrideReason=DECLINED)
        assert "cds_feedback_total{" in both.http.get("/metrics").text
        with database.transaction(writes=False) as connection:
            [first] = [t for t in feedback_report(connection).as_json()["trials"] if t["id"] == TRIAL]
        assert (first["served"], first["overridden"]) == (1, 1)
        database.close()


def test_without_the_workbench_its_header_says_nothing(
    tmp_path: Path, library: Library, hook_request: HookRequest
) -> None:
    plain = Both(tmp_path, library, hook_request(), workbench=False)
    with plain.http:
        plain.say("client", plain.trials("client")[TRIAL], overrideReason=DECLINED)
        assert TRIAL not in plain.trials("desk", "everything")


@pytest.mark.parametrize("wish", ["", "no such wish", "Everything"])
def test_a_header_that_says_nothing_known_is_a_clients(both: Both, wish: str) -> None:
    with both.http:
        both.say("client", both.trials("client")[TRIAL], overrideReason=DECLINED)
        assert TRIAL not in both.trials("desk", wish)


@pytest.mark.parametrize(
    ("setting", "kept"), [({}, None), ({"keep_comments": True}, "said no"), ({"keep_comments": False}, None)]
)
def test_comments_are_dropped_unless_asked_for(
    tmp_path: Path, library: Library, hook_request: HookRequest, setting: dict[str, Any], kept: str | None
) -> None:
    service = Both(tmp_path, library, hook_request(), **setting)
    with service.http:
        service.say("client", service.trials("client")[TRIAL], overrideReason={**DECLINED, "userComment": "said no"})
        database = service.database()
        with database.transaction(writes=False) as connection:
            assert list(connection.execute(select(feedback.c.comment)).scalars()) == [kept]
        database.close()
