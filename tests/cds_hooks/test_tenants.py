"""A tenant is part of the name under which records are kept: what no database could keep is refused at the door."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks.trust import ClientsError, load_clients
from cds_service.library import Library
from cds_service.settings import Settings
from cds_service.store import Database, database_address, decisions, feedback
from tests.cds_hooks.tokens import HOOK, NOW, PUBLIC, bearer, client, clients_file, token

FEEDBACK = f"{HOOK}/feedback"
ITEM = {"feedback": [{"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-05-15T09:30:00Z"}]}

TAKEN = ("", "north", "北京协和医院", "https://ehr.example/tenants/7?a=b", "a/b", "x" * 190, "y" * 255, None, 7)
REFUSED = ("\x00", "north\x00", "a\nb", "\x1b[31m", "\x85", "\x7f", "x" * 256, "x" * 5_000)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite3"
    new: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return new()


@pytest.fixture
def serving(url: str, library: Library, tmp_path: Path) -> Callable[[], AbstractContextManager[TestClient]]:
    """Starts the service with one client of any tenants, on either database. When it ends its log is written."""
    given: dict[str, Any] = {"clients_file": clients_file(tmp_path, client()), "public_url": PUBLIC}
    settings = Settings(**given, database_url=SecretStr(url), log_level="error", replay_fail="closed")
    return lambda: TestClient(create_app(settings, library, NOW.date, now=lambda: NOW))


def counted(url: str, table: Any) -> int:
    database = Database(database_address(url, Path()))
    with database.transaction(writes=False) as connection:
        found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    database.close()
    return found


def test_each_tenant_is_either_refused_or_kept_and_none_stops_the_next(
    serving: Callable[[], AbstractContextManager[TestClient]], url: str, hook_request: Callable[..., dict[str, Any]]
) -> None:
    said, asked = {}, {}
    with serving() as http:
        for tenant in (*REFUSED, *TAKEN):
            one = http.post(FEEDBACK, json=ITEM, headers=bearer(token(FEEDBACK, tenant=tenant)))
            two = http.post(HOOK, json=hook_request(), headers=bearer(token(HOOK, tenant=tenant)))
            said[tenant], asked[tenant] = one.status_code, two.status_code
    assert said == asked == dict.fromkeys(REFUSED, 401) | dict.fromkeys(TAKEN, 200)
    # None, 7 (which is no text) and the empty one are no tenant, whose feedback is the same item.
    assert counted(url, feedback) == len(TAKEN) - 2
    assert counted(url, decisions) == len(TAKEN)


@pytest.mark.parametrize("tenant", ["a\x00b", "x" * 256, "a\tb", " a"])
def test_the_clients_file_cannot_name_what_no_token_may(tmp_path: Path, tenant: str) -> None:
    with pytest.raises(ClientsError, match="/clients/0/tenants/0"):
        load_clients(clients_file(tmp_path, client(tenants=[tenant])))


@pytest.mark.parametrize("field", ["issuer", "prefetch_aliases"])
def test_nor_a_control_character_in_what_reaches_the_database(tmp_path: Path, field: str) -> None:
    value = {"issuer": "https://ehr\x00", "prefetch_aliases": {"a\x00": "patient"}}[field]
    with pytest.raises(ClientsError, match=f"/clients/0/{field}"):
        load_clients(clients_file(tmp_path, client(**{field: value})))


def test_a_guard_that_fails_closed_answers_503_until_the_database_is_back(
    serving: Callable[[], AbstractContextManager[TestClient]], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An OperationOutcome that says to come again, for the token is not at fault; and the same token is good then."""
    monkeypatch.setattr("cds_service.store.database.PAUSE_SECONDS", 0)
    database = Database(database_address(url, Path()))

    def rename(old: str, new: str) -> None:
        with database.transaction(writes=True) as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    headers = bearer(token(FEEDBACK))
    with serving() as http:
        rename("seen_tokens", "away")
        away = http.post(FEEDBACK, json=ITEM, headers=headers)
        rename("away", "seen_tokens")
        back = http.post(FEEDBACK, json=ITEM, headers=headers)
        again = http.post(FEEDBACK, json=ITEM, headers=headers)
    database.close()
    issue = away.json()["issue"][0]
    assert (away.status_code, away.headers["retry-after"], issue["code"]) == (503, "5", "transient")
    assert "www-authenticate" not in away.headers
    assert (back.status_code, again.status_code) == (200, 401)
