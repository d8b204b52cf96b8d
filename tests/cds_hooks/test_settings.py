"""Settings come from `CDS_…` variables; a wrong name, a wrong value or an open address is told before anything runs."""

import os
from pathlib import Path

import pytest

from cds_service.app import create_app
from cds_service.settings import BindError, Settings, SettingsError, check_bind, load_settings


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("CDS_")]:
        monkeypatch.delenv(name)


def test_the_defaults_serve_this_machine_only() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.cors_origins == ()
    assert not settings.insecure_no_auth


def test_the_rules_that_come_with_the_service_are_the_default() -> None:
    assert (load_settings().rules_dir / "trials").is_dir()


def test_every_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "CDS_HOST": "0.0.0.0",
        "CDS_PORT": "9000",
        "CDS_WORKERS": "4",
        "CDS_WORKER_SECONDS": "120",
        "CDS_RULES_DIR": "/srv/rules",
        "CDS_SITE_DIR": "/srv/site",
        "CDS_RULES_CACHE": "/var/cache/cds",
        "CDS_TIMEZONE": "Asia/Shanghai",
        "CDS_COMPILED_MEMORY_MB": "250",
        "CDS_MAX_CARDS": "3",
        "CDS_MIN_DECIDED": "2",
        "CDS_CLOSED_TRIALS": "hide",
        "CDS_MAX_BODY_BYTES": "1000",
        "CDS_CORS_ORIGINS": "https://a.example, http://localhost:8080",
        "CDS_LOG_LEVEL": "WARNING",
        "CDS_STRICT": "true",
        "CDS_INSECURE_NO_AUTH": "true",
        "CDS_DATABASE_URL": "sqlite://",
        "CDS_NEAR_MISS": "true",
        "CDS_CLIENT_PROFILE": "epic",
        "CDS_PUBLIC_URL": "https://cds.example.org/",
        "CDS_TOKEN_LEEWAY": "30",
        "CDS_FHIR_SERVERS": "https://EHR.example.org/fhir/, http://hapi:8080/fhir",
        "CDS_FHIR_TIMEOUT": "2.5",
        "CDS_STATE_DIR": "/var/lib/cds",
        "CDS_HASH_KEY": "0123456789abcdef0123456789abcdef",
        "CDS_REPLAY_FAIL": "closed",
        "CDS_KEEP_COMMENTS": "false",
        "CDS_SUPPRESS_DAYS": "30",
        "CDS_SUPPRESS_REPEATS": "true",
        "CDS_MAX_CONCURRENT": "8",
        "CDS_REQUEST_SECONDS": "5",
        "CDS_DECISION_SECONDS": "3",
        "CDS_EXPECTED_RULES": "6f17d73bb605b4a1c0e52e2e76f8dea2dec611c66f8f5face8f40c2469c3662d",
        "CDS_RULES_RELOAD": "false",
        "CDS_WORKBENCH": "false",
        "CDS_WORKBENCH_EDIT": "false",
        "CDS_WORKBENCH_PASSWORD": "a long enough one",
        "CDS_TX_TOKEN": "a token",
        "CDS_MAX_HEADER_BYTES": "16384",
        "CDS_HEADER_SECONDS": "5",
        "CDS_BODY_SECONDS": "20",
        "CDS_BODY_RATE": "500",
        "CDS_KEEP_ALIVE_SECONDS": "60",
        "CDS_MAX_CONNECTIONS": "2000",
        "CDS_MAX_CONNECTIONS_PER_ADDRESS": "64",
        "CDS_MAX_BODIES_PER_ADDRESS": "4",
        "CDS_TRUSTED_PROXIES": "127.0.0.1, 10.2.3.4/16, 2001:db8::/32",
        "CDS_ALLOWED_HOSTS": "CDS.example.org, [::2]",
    }
    # Where clients are configured each has FHIR servers of its own.
    assert {*given, "CDS_CLIENTS_FILE"} == {f"CDS_{name.upper()}" for name in Settings.model_fields}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.rules_dir == Path("/srv/rules")
    assert (settings.rules_cache, settings.worker_seconds) == (Path("/var/cache/cds"), 120)
    assert settings.cors_origins == ("https://a.example", "http://localhost:8080")
    assert settings.trusted_proxies == ("127.0.0.1/32", "10.2.0.0/16", "2001:db8::/32")
    assert settings.allowed_hosts == ("cds.example.org", "::2")
    assert settings.log_level == "warning"
    assert settings.public_url == "https://cds.example.org"
    assert settings.fhir_servers == ("https://ehr.example.org/fhir", "http://hapi:8080/fhir")
    assert settings.model_dump(include={"port", "workers", "max_cards", "closed_trials", "max_body_bytes"}) == {
        "port": 9000,
        "workers": 4,
        "max_cards": 3,
        "closed_trials": "hide",
        "max_body_bytes": 1000,
    }


def test_the_memory_for_compiled_trials_is_that_of_the_rules_in_use(tmp_path: Path) -> None:
    library = create_app(Settings(state_dir=tmp_path, compiled_memory_mb=7)).state.live_rules.current.library
    assert library.compiled.kept.most_bytes == 7_000_000


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("name", "nearest"), [("CDS_PRT", "CDS_PORT"), ("CDS_RULE_DIR", "CDS_RULES_DIR"), ("cds_hots", "CDS_HOST")]
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"^{name}: there is no such setting. Did you mean {nearest}[?]$"):
        load_settings()


def test_an_unknown_name_near_nothing_is_an_error_that_lists_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_XYZZY", "1")
    with pytest.raises(SettingsError, match=r"CDS_XYZZY.*Known: CDS_ALLOWED_HOSTS, .*CDS_WORKERS"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_PORT", "high"),
        ("CDS_PORT", "70000"),
        ("CDS_WORKERS", "0"),
        ("CDS_COMPILED_MEMORY_MB", "0"),
        ("CDS_MAX_CARDS", "0"),
        ("CDS_MIN_DECIDED", "-1"),
        ("CDS_CLOSED_TRIALS", "maybe"),
        ("CDS_MAX_BODY_BYTES", "0"),
        ("CDS_LOG_LEVEL", "loud"),
        ("CDS_MAX_HEADER_BYTES", "100"),
        ("CDS_HEADER_SECONDS", "0"),
        ("CDS_MAX_CONNECTIONS", "4"),
        ("CDS_TRUSTED_PROXIES", "nginx"),
        ("CDS_TRUSTED_PROXIES", "10.0.0.0/40"),
        ("CDS_ALLOWED_HOSTS", "https://cds.example.org"),
        ("CDS_ALLOWED_HOSTS", "cds.example.org:8000"),
        ("CDS_TIMEZONE", "CEST"),
        ("CDS_TIMEZONE", "+08:00"),
        ("CDS_TIMEZONE", "../Berlin"),
        ("CDS_INSECURE_NO_AUTH", "perhaps"),
        ("CDS_PUBLIC_URL", "cds.example.org"),
        ("CDS_PUBLIC_URL", "https://cds.example.org/?a=b"),
        ("CDS_TOKEN_LEEWAY", "-1"),
        ("CDS_TOKEN_LEEWAY", "3600"),
        ("CDS_FHIR_SERVERS", "ehr.example.org"),
        ("CDS_FHIR_SERVERS", "https://user:secret@ehr.example.org"),
        ("CDS_FHIR_TIMEOUT", "0"),
        ("CDS_DECISION_SECONDS", "0"),
        ("CDS_DECISION_SECONDS", "10"),
        ("CDS_CORS_ORIGINS", "https://a.example/"),
        ("CDS_CORS_ORIGINS", "https://A.example"),
        ("CDS_CORS_ORIGINS", "a.example"),
        ("CDS_CORS_ORIGINS", "://"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load_settings()


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        pytest.param({}, 5.0, id="unset"),
        pytest.param({"CDS_DECISION_SECONDS": "3"}, 3.0, id="set"),
        pytest.param({"CDS_FHIR_TIMEOUT": "6"}, 7.0, id="after slow FHIR queries"),
        pytest.param({"CDS_REQUEST_SECONDS": "1"}, 0.9, id="within a short time for all"),
        pytest.param({"CDS_FHIR_TIMEOUT": "20"}, 9.0, id="queries that may take longer than all"),
    ],
)
def test_the_time_to_decide_fits_between_the_other_limits(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], seconds: float
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load_settings().seconds_to_decide == seconds


def test_the_queries_have_to_end_before_a_time_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_FHIR_TIMEOUT", "2")
    monkeypatch.setenv("CDS_DECISION_SECONDS", "2")
    with pytest.raises(SettingsError, match=r"^CDS_FHIR_TIMEOUT: "):
        load_settings()


def test_servers_of_no_client_are_not_set_beside_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_CLIENTS_FILE", "/etc/cds/clients.json")
    monkeypatch.setenv("CDS_FHIR_SERVERS", "https://ehr.example.org/fhir")
    with pytest.raises(SettingsError, match=r"^CDS_FHIR_SERVERS: with CDS_CLIENTS_FILE"):
        load_settings()


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_PRT", "1")
    monkeypatch.setenv("CDS_WORKERS", "many")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["CDS_PRT", "CDS_WORKERS"]


def test_a_blank_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_PORT", "")
    assert load_settings().port == 8000


def test_a_password_in_the_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", "postgresql://cds:secret@db/cds")
    assert "secret" not in repr(load_settings())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1", "::ffff:127.0.0.1"])
def test_loopback_may_be_listened_on(host: str) -> None:
    check_bind(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.4", "::ffff:10.0.0.1", "ehr.example.org"])
def test_another_address_is_refused_without_client_authentication(host: str) -> None:
    with pytest.raises(BindError, match="CDS_INSECURE_NO_AUTH=true"):
        check_bind(Settings(host=host))
    check_bind(Settings(host=host, insecure_no_auth=True))


def test_another_address_may_be_listened_on_where_clients_have_to_authenticate() -> None:
    check_bind(Settings(host="0.0.0.0", clients_file=Path("clients.json")))


@pytest.mark.parametrize(
    "origin", ["https://a.example/", "HTTPS://a.example", "a.example", "http://[", "https://a?", "null"]
)
def test_an_origin_that_no_browser_sends_is_refused_with_how_to_write_it(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_CORS_ORIGINS", origin)
    with pytest.raises(SettingsError, match="is not an origin"):
        load_settings()
