"""Who may open the workbench, and what may be written."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from cds_service.server import workbench_on
from cds_service.settings import Settings, SettingsError, load_settings
from cds_service.workbench import COOKIE, Access, ConflictError, open_files, save_files

PASSWORD = "correct horse battery"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"anyone:{PASSWORD}".encode()).decode()}


def client(password: str | None, host: str = "http://127.0.0.1:8000") -> TestClient:
    async def page(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("the page")

    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    routes = [Route("/", page), WebSocketRoute("/socket", socket)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Access, password=password)]), base_url=host)


@pytest.mark.parametrize("host", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"])
def test_without_a_password_this_machine_is_let_in(host: str) -> None:
    assert client(None, host).get("/").text == "the page"


@pytest.mark.parametrize("host", ["http://attacker.example:8000", "http://10.0.0.7", "http://127.0.0.1.example"])
def test_without_a_password_another_name_for_this_machine_is_not(host: str) -> None:
    assert client(None, host).get("/").status_code == 403
    with pytest.raises(WebSocketDisconnect), client(None, host).websocket_connect("/socket"):
        pass


def test_without_a_password_nothing_that_a_proxy_passed_on_is_let_in() -> None:
    assert client(None).get("/", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 403


def test_a_page_of_another_origin_is_not_let_in() -> None:
    elsewhere = {"Origin": "https://attacker.example"}
    assert client(None).get("/", headers=elsewhere).status_code == 403
    with pytest.raises(WebSocketDisconnect), client(None).websocket_connect("/socket", headers=elsewhere):
        pass


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic " + base64.b64encode(b"anyone:wrong").decode()},
        {"Authorization": "Basic ???"},
        {"Authorization": "Bearer " + PASSWORD},
        {"Cookie": f"{COOKIE}=guessed"},
    ],
)
def test_who_does_not_know_the_password_is_asked_for_it(headers: dict[str, str]) -> None:
    answer = client(PASSWORD, "https://cds.example.org").get("/", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_who_knows_it_gets_a_cookie_that_opens_sockets_too() -> None:
    browser = client(PASSWORD, "https://cds.example.org")
    answer = browser.get("/", headers=BASIC)
    assert answer.text == "the page"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" in cookie
    with browser.websocket_connect("wss://cds.example.org/socket") as socket:
        assert socket.receive_text() == "hello"


def test_a_socket_without_the_cookie_is_refused() -> None:
    with pytest.raises(WebSocketDisconnect), client(PASSWORD).websocket_connect("/socket"):
        pass


def test_pages_may_load_nothing_from_elsewhere() -> None:
    policy = client(None).get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "http" not in policy


ON_LOOPBACK: dict[str, Any] = {"host": "127.0.0.1"}


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        (ON_LOOPBACK, True),
        ({**ON_LOOPBACK, "workbench": False}, False),
        ({**ON_LOOPBACK, "workers": 2}, False),
        ({**ON_LOOPBACK, "clients_file": Path("clients.json")}, False),
        ({"host": "0.0.0.0", "insecure_no_auth": True}, False),
        ({"host": "0.0.0.0", "workbench": True, "workbench_password": PASSWORD}, True),
    ],
)
def test_it_is_on_only_where_that_is_safe_or_asked_for(settings: dict[str, Any], on: bool) -> None:
    pytest.importorskip("nicegui")
    assert workbench_on(Settings(**settings)) is on


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"CDS_WORKBENCH": "true", "CDS_HOST": "0.0.0.0"}, "CDS_WORKBENCH_PASSWORD"),
        ({"CDS_WORKBENCH": "true", "CDS_WORKERS": "2"}, "CDS_WORKERS=1"),
        ({"CDS_WORKBENCH_PASSWORD": "short"}, "CDS_WORKBENCH_PASSWORD"),
    ],
)
def test_settings_that_would_open_it_too_far_are_refused(
    environment: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=told):
        load_settings()


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "trials" / "NCT1"
    folder.mkdir(parents=True)
    (folder / "trial.json").write_bytes(b'{"a": 1}\r\n')
    return tmp_path


def test_only_what_was_edited_is_written(rules: Path) -> None:
    opened = open_files(rules, "NCT1")
    path = rules / "trials" / "NCT1" / "trial.json"
    os.chmod(path, 0o640)
    saved = save_files(opened, {"trial.json": '{"a": 2}\r\n', "cases.json": ""})
    assert path.read_bytes() == b'{"a": 2}\r\n'
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in path.parent.iterdir()) == ["trial.json"], "nothing else is left there"
    assert save_files(saved, {"trial.json": '{"a": 3}\r\n', "cases.json": ""}).texts["trial.json"] == '{"a": 3}\r\n'


def test_what_somebody_else_changed_is_not_written_over(rules: Path) -> None:
    opened = open_files(rules, "NCT1")
    (rules / "trials" / "NCT1" / "trial.json").write_bytes(b"theirs")
    with pytest.raises(ConflictError):
        save_files(opened, {"trial.json": "mine", "cases.json": ""})
    assert (rules / "trials" / "NCT1" / "trial.json").read_bytes() == b"theirs"
