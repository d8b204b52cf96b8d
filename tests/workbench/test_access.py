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

from cds_service.facts.words import PhraseError, write_phrase
from cds_service.library import Library
from cds_service.rule_files import PlaceError
from cds_service.rule_tools import compile_draft
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


@pytest.mark.parametrize("host", ["[", "a/b", "127.0.0.1/x", "user@127.0.0.1", "127.0.0.1:port", ""])
def test_a_host_that_is_none_is_not_let_in(host: str) -> None:
    assert client(None).get("/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("prefix", ["//attacker.example", "https://attacker.example", "javascript:1"])
def test_a_prefix_that_is_no_path_is_not_let_in(prefix: str) -> None:
    assert client(None).get("/", headers={"X-Forwarded-Prefix": prefix}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://attacker.example", "null", "http://[", "http://", "http://127.0.0.1:8000/"]
)
def test_a_page_of_another_origin_is_not_let_in(origin: str) -> None:
    elsewhere = {"Origin": origin}
    assert client(None).get("/", headers=elsewhere).status_code == 403
    with pytest.raises(WebSocketDisconnect), client(None).websocket_connect("/socket", headers=elsewhere):
        pass


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic " + base64.b64encode(b"anyone:wrong").decode()},
        {"Authorization": "Basic ???"},
        {"Authorization": "Basic é".encode()},
        {"Authorization": b"Basic \xe9"},
        {"Authorization": b"Basic \xff\xfe"},
        {"Cookie": b"\xe9=\xe9; " + COOKIE.encode() + b"=\xe9"},
        {"Authorization": "Bearer " + PASSWORD},
        {"Cookie": f"{COOKIE}=guessed"},
    ],
)
def test_who_does_not_know_the_password_is_asked_for_it(headers: dict[str, Any]) -> None:
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


OUTSIDE = ["../other", "..", ".", "", "/etc", "a/b", "a\\b", "NCT1\0", "NCT1/../../x", ".hidden", "x" * 300]


@pytest.mark.parametrize("trial_id", OUTSIDE)
def test_a_trial_whose_name_leads_elsewhere_is_not_opened(rules: Path, trial_id: str) -> None:
    with pytest.raises(PlaceError):
        open_files(rules, trial_id)


@pytest.mark.parametrize("trial_id", OUTSIDE)
def test_a_draft_of_such_a_name_is_written_nowhere(library: Library, trial_id: str) -> None:
    with pytest.raises(PlaceError):
        compile_draft(library, trial_id, "{}")


@pytest.mark.parametrize("name", ["../trial.json", "/etc/passwd", "trial.json\0", "other.json", "", "a/trial.json"])
def test_no_other_file_than_a_trials_own_is_written(rules: Path, name: str) -> None:
    opened = open_files(rules, "NCT1")
    with pytest.raises(PlaceError):
        save_files(opened, {**opened.texts, name: "{}"})
    assert [path.name for path in rules.rglob("*") if path.is_file()] == ["trial.json"]


@pytest.mark.parametrize("linked", ["trials", "trials/NCT1", "trials/NCT1/trial.json", "trials/NCT1/cases.json"])
def test_nothing_is_written_through_a_link_out_of_the_folder(rules: Path, tmp_path: Path, linked: str) -> None:
    inside, outside = tmp_path / "rules" / linked, tmp_path / "outside"
    (tmp_path / "rules").mkdir()
    (tmp_path / "trials").rename(tmp_path / "rules" / "trials")
    if inside.exists():
        inside.rename(outside)
    else:
        outside.write_text("theirs")
    inside.symlink_to(outside)
    before = {path: path.read_bytes() for path in [outside, *outside.rglob("*")] if path.is_file()}
    opened = open_files(tmp_path / "rules", "NCT1")
    with pytest.raises(PlaceError, match="out of"):
        save_files(opened, {"trial.json": "{}", "cases.json": "{}"})
    assert {path: path.read_bytes() for path in [outside, *outside.rglob("*")] if path.is_file()} == before
    assert inside.is_symlink()


def test_a_rules_folder_that_is_a_link_itself_is_written_to(rules: Path, tmp_path: Path) -> None:
    """As a volume of Kubernetes is one: https://kubernetes.io/docs/concepts/storage/volumes/#configmap"""
    link = tmp_path / "link"
    link.symlink_to(rules, target_is_directory=True)
    save_files(open_files(link, "NCT1"), {"trial.json": "{}", "cases.json": ""})
    assert (rules / "trials" / "NCT1" / "trial.json").read_text() == "{}"


def test_an_answer_is_not_written_through_a_link_out_of_the_sites_folder(tmp_path: Path) -> None:
    site, outside = tmp_path / "site", tmp_path / "outside"
    site.mkdir()
    outside.mkdir()
    (site / "phrases").symlink_to(outside)
    with pytest.raises(PhraseError, match="out of"):
        write_phrase(site, "gout", "en")
    assert list(outside.iterdir()) == []
