"""Settings: environment variables `CDS_…`, each described where it is defined; an unknown name is an error.

`load_settings` is how the service and the CLI read them. `check_bind` decides whether the address may be listened on.
"""

import difflib
import os
import re
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cds_service.cards import STANDARD_PROFILE, CardOptions, ClientProfile, ProfileError, load_profile
from cds_service.errors import CdsError
from cds_service.time_zones import zone_of
from cds_service.wire import AddressProblem, base_url, host_of, parse_origin

PREFIX = "CDS_"


class SettingsError(CdsError):
    """The environment does not make usable settings; the text names each variable and says how to mend it."""


class BindError(CdsError):
    """Listening on this address would offer patient data to callers whom nobody has authenticated."""


def default_rules_dir() -> Path:
    """The rules folder inside an installed package, else the one at the root of the repository."""
    package = Path(__file__).resolve().parent
    packaged = package / "_data" / "rules"
    return packaged if packaged.is_dir() else package.parent / "rules"


def default_state_dir() -> Path:
    """`$XDG_STATE_HOME/cds-service`, by default `~/.local/state/cds-service`."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / ".local" / "state"
    return base / "cds-service"


def default_cache_dir() -> Path | None:
    """`$XDG_CACHE_HOME/cds-service`, by default `~/.cache/cds-service`; None for a user without a home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if given and Path(given).is_absolute():
        return Path(given) / "cds-service"
    try:
        return Path.home() / ".cache" / "cds-service"
    except RuntimeError:
        return None


class Settings(BaseSettings):
    """What a site may set. The name of the environment variable is `CDS_` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        # A value may hold a password, and what pydantic says of a wrong one ends up in a log.
        hide_input_in_errors=True,
    )

    host: str = Field("127.0.0.1", description="Address to listen on. See `CDS_INSECURE_NO_AUTH` for others.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    workers: int = Field(1, ge=1, description="Worker processes. Each loads its own copy of the rules.")
    worker_seconds: int = Field(
        60,
        ge=5,
        le=3600,
        description=(
            "Longest time, in seconds, in which one of several worker processes may leave unanswered whether it lives; "
            "then it is ended and started anew. On a busy machine a worker needs a part of it to start. One that ends "
            "while it is asked is replaced after that time too, any other at once."
        ),
    )
    rules_dir: Path = Field(
        default_factory=default_rules_dir,
        description="Rules folder: facts/, valuesets/ and trials/. By default the one that comes with the service.",
    )
    site_dir: Path | None = Field(
        None,
        description=(
            "A site's own folder, apart from the rules and laid over them: `site.json` (country, time zone, languages, "
            "order codes), `systems.json`, `conceptmaps/`, `phrases/` (docs/site.md). What is wrong in it is left out "
            "and said by `/readyz`, `/version` and `cds-service site check`; it never stops the service."
        ),
    )
    rules_cache: Path | None = Field(
        default_factory=default_cache_dir,
        description=(
            "Folder in which is remembered, for the next start, that the rules have been checked (`rules/` below it, "
            "for its owner only; a changed file is always checked). By default `$XDG_CACHE_HOME/cds-service`, which is "
            "`~/.cache/cds-service` unless set. `false`: nothing is remembered."
        ),
    )
    timezone: str | None = Field(
        None,
        description=(
            "Zone in which the site's days begin and end, a name of the IANA database such as `Asia/Shanghai`. It "
            "decides on which day a moment falls, and when today ends. It overrides `time_zone` of the clients file. "
            "Where neither is set: UTC, which the log says at the start."
        ),
    )
    compiled_memory_mb: int = Field(
        1_000,
        ge=1,
        description=(
            "Most memory, in MB, for the trials that a worker keeps compiled, the latest ones: 0.1 to 0.4 MB each. The "
            "default holds some 5,000 that agree on most of their criteria, or 2,500 that agree on few. With less than "
            "the diagnoses need that are seen, an answer takes several times as long (docs/operations.md)."
        ),
    )
    max_cards: int = Field(5, ge=1, description="Most cards in one answer. The last card says what was left out.")
    min_decided: int = Field(
        0, ge=0, description="A trial gets a card only when at least this many of its computed criteria are decided."
    )
    closed_trials: Literal["inform", "hide"] = Field(
        "inform",
        description="A trial that no longer takes patients: `inform` shows a card without referral, `hide` shows none.",
    )
    near_miss: bool = Field(
        False,
        description=(
            "Show trials that may fit soon as well, last: what rules them out clears by itself within three months, "
            "or is one test to repeat."
        ),
    )
    client_profile: Annotated[ClientProfile, NoDecode] = Field(
        STANDARD_PROFILE,
        description=(
            "What the EHR can show: `standard`, `epic`, `cerner`, or a JSON file that completes one of them with the "
            "site's own order codes and link hosts (docs/cards.md)."
        ),
    )
    max_body_bytes: int = Field(
        20_000_000, ge=1, description="Largest request body, in bytes. A larger one is answered with 413."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "Origins, separated by commas, whose pages may call the service from a browser "
            "(`https://sandbox.example.org`), or `*` for any. None by default: an EHR calls from its own server."
        ),
    )
    strict: bool = Field(
        False,
        description=(
            "Refuse what deviates from CDS Hooks and is forgiven otherwise because no answer depends on it, such as a "
            "`userId` that is missing or a body in gzip; docs/integration.md has the table. Where it is off, the log "
            "(`request_forgiven`) and the metric `cds_forgiven_total` count it by client."
        ),
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    clients_file: Path | None = Field(
        None,
        description=(
            "JSON file with the clients that may call (`docs/integration.md`). With it every CDS Hooks request needs a "
            "token that one of them signed; without it the service listens on loopback only."
        ),
    )
    public_url: str | None = Field(
        None,
        description=(
            "The service's address as clients know it (`https://cds.example.org`, with the path in front of "
            "`/cds-services`, if any). A token's `aud` must be this address of the endpoint that is called."
        ),
    )
    token_leeway: int = Field(
        60, ge=0, le=300, description="Seconds by which a client's clock may differ when a token's times are checked."
    )
    fhir_servers: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "FHIR servers, separated by commas, that may be asked for what prefetch did not bring, where no clients "
            "are configured. None by default. With `CDS_CLIENTS_FILE` each client has its own."
        ),
    )
    # CDS Hooks expects an answer within 500 ms; a tenth of a second of that is for reading, matching and the way back.
    fhir_timeout: float = Field(
        0.4,
        gt=0,
        le=60,
        description=(
            "Seconds for all FHIR queries of one request together; what has not come by then is unknown. Raise it "
            "where the client waits longer than the 500 ms that CDS Hooks asks for and its FHIR server is slow."
        ),
    )
    insecure_no_auth: bool = Field(
        False,
        description=(
            "Allow an address other than loopback without client authentication. "
            "Only where something in front of the service lets nobody but the EHR through."
        ),
    )
    database_url: SecretStr | None = Field(
        None,
        description=(
            "Database for feedback and the decision log, as an SQLAlchemy URL: `postgresql://user:password@host/name` "
            "or `sqlite:////folder/file.sqlite3`. By default the file `cds-service.sqlite3` in `CDS_STATE_DIR`."
        ),
    )
    state_dir: Path = Field(
        default_factory=default_state_dir,
        description=(
            "Folder for what the service keeps: the SQLite file and the key beside it. By default "
            "`$XDG_STATE_HOME/cds-service`, which is `~/.local/state/cds-service` unless set. On a local disk."
        ),
    )
    hash_key: SecretStr | None = Field(
        None,
        description=(
            "Key, of 32 bytes or more, under which patients are known in the database; it holds no patient's id. "
            "Made and kept in `CDS_STATE_DIR` by default, and required where the service listens on more than loopback."
        ),
    )
    keep_comments: bool = Field(
        False,
        description=(
            "Keep what clinicians write with their feedback. It is free text, in which a patient may be named, so it "
            "is left out of the database unless this is `true`."
        ),
    )
    replay_fail: Literal["open", "closed"] = Field(
        "open",
        description=(
            "What becomes of a request with a token while the database, which knows the tokens that were used, cannot "
            "be asked. `open`: each process decides by what it has seen itself, so that a stolen token could be used "
            "once more in each other one until it expires. `closed`: 503, and nobody gets advice meanwhile."
        ),
    )
    suppress_days: int = Field(
        180,
        ge=0,
        le=3650,
        description=(
            "Days for which a trial is not shown again for a patient once it was accepted, or overridden for a lasting "
            "reason (declined, ineligible, enrolled, not interested). 0 shows it every time."
        ),
    )
    suppress_repeats: bool = Field(
        False,
        description=(
            "Show a card that says the same only once per encounter. Off by default: a chart that is opened again "
            "shows its cards again."
        ),
    )
    max_concurrent: int = Field(
        32,
        ge=1,
        description=(
            "Most CDS Hooks requests that one worker answers at the same time. One more is told to come again (503 "
            "with Retry-After), since waiting in line would make all of them late."
        ),
    )
    request_seconds: float = Field(
        10.0, gt=0, le=600, description="Longest time for one CDS Hooks request; then it is answered with 503."
    )
    decision_seconds: float | None = Field(
        None,
        gt=0,
        le=600,
        description=(
            "Seconds after a request's arrival in which trials are looked at; those left then are skipped. Cards that "
            "were found go out, and without any, or where the record could not be read by then, the request is "
            "answered with 503; log and metrics say how many trials were skipped. Unset: 5, or a second more than "
            "`CDS_FHIR_TIMEOUT` where that is longer, and in any case nine tenths of `CDS_REQUEST_SECONDS` at most."
        ),
    )
    max_header_bytes: int = Field(
        32_768,
        ge=1_024,
        le=1_000_000,
        description=(
            "Largest headers of a request, in bytes, with its address and the framing of its body. Larger ones, and "
            "more than 100 fields, are answered with 431 and the connection ends."
        ),
    )
    header_seconds: float = Field(
        10.0,
        gt=0,
        le=600,
        description=(
            "Longest time from a connection's beginning, or from the first byte of its next request, until the headers "
            "are whole; then 408 and the end."
        ),
    )
    body_seconds: float = Field(
        10.0,
        gt=0,
        le=600,
        description=(
            "Longest time for a body to arrive; then 408 and the end. What the service does not read yet is not late."
        ),
    )
    body_rate: int = Field(
        1_000,
        ge=0,
        description=(
            "Fewest bytes a second at which a body must come, on average, once it has been coming for two seconds; "
            "then 408 and the end. 0: any."
        ),
    )
    keep_alive_seconds: int = Field(
        5,
        ge=1,
        le=3600,
        description=(
            "Seconds after which a connection ends on which no other request comes. A proxy that keeps connections "
            "should give them up earlier."
        ),
    )
    max_connections: int = Field(
        512,
        ge=16,
        description=(
            "Most connections of one worker, fewer where the process may not have as many files open. At the limit the "
            "one ends that has waited longest without a whole request; where all are busy the new one is answered 503."
        ),
    )
    max_connections_per_address: int = Field(
        128,
        ge=1,
        description="Most connections of one worker with one client address (of IPv6: one network of 64 bits); at the "
        "limit the same happens, among those of the address.",
    )
    max_bodies_per_address: int = Field(
        16,
        ge=1,
        description=(
            "Most bodies that may be arriving at one worker from one client address at the same time. With one more, "
            "the one that comes slowest is answered 503; the new one, where all have only begun. Below "
            "`CDS_MAX_CONCURRENT`, or one address could take it all."
        ),
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "Addresses or networks, separated by commas, of reverse proxies in front of the service "
            "(`127.0.0.1,10.2.0.0/16`). Their connections count for no address, only for `CDS_MAX_CONNECTIONS`; bodies "
            "that they bring count for the last address of `X-Forwarded-For` that is none of theirs. By default none "
            "is trusted, and a proxy is an address like any other."
        ),
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "Host names, separated by commas and without ports, by which a service without clients may be called "
            "besides `localhost`, `127.0.0.1`, `::1` and the name in `CDS_PUBLIC_URL`: those of a proxy on this "
            "machine. Others are refused (403), since a page could have its own name resolve to this machine. Where "
            "the service listens on more than loopback any name will do unless this is set. With `CDS_CLIENTS_FILE` "
            "it is not used."
        ),
    )
    rules_reload: bool = Field(
        True,
        description=(
            "Follow the rules folder, and the site's, while running: what was edited is used from the next request on. "
            "Rules with an error are not used; those before them go on, and `/readyz` and `/version` say so."
        ),
    )
    expected_rules: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "What `cds-service rules digest` prints for the rules that this replica should have; with others `/readyz` "
            "is 503 and a load balancer sends it nothing. Several with commas, while they change. Unset, any rules "
            "will do."
        ),
    )
    workbench: bool | None = Field(
        None,
        description=(
            "Serve the rule author's desk at `/workbench` (docs/authoring.md). Unless set: only on loopback, with one "
            "worker, without `CDS_CLIENTS_FILE`, and where the extra `workbench` is installed."
        ),
    )
    workbench_edit: bool = Field(
        False,
        description="Let the workbench write to the rules folder, and answers to unread entries to the site's. Without "
        "it everything can be tried, not saved.",
    )
    workbench_password: SecretStr | None = Field(
        None,
        min_length=12,
        description=(
            "Password of the workbench, for any user name. Needed where the address is not loopback; then put TLS in "
            "front of it."
        ),
    )
    tx_token: SecretStr | None = Field(
        None,
        description=(
            "Bearer token of the FHIR terminology server that `codes compile --source tx:…` asks. The service itself "
            "asks none."
        ),
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            zone_of(value)
        return value

    @field_validator("rules_cache", mode="before")
    @classmethod
    def _on_or_off(cls, value: Any) -> Any:
        match str(value).strip().lower():
            case "false" | "0" | "no" | "off":
                return None
            case "true" | "1" | "yes" | "on":
                return default_cache_dir()
        return value

    @field_validator("client_profile", mode="before")
    @classmethod
    def _named_profile(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return load_profile(value.strip())
        except ProfileError as problem:
            raise ValueError(str(problem)) from problem

    @property
    def seconds_to_decide(self) -> float:
        """Seconds after a request's arrival in which trials are looked at."""
        if self.decision_seconds is not None:
            return self.decision_seconds
        return min(max(5.0, self.fhir_timeout + 1.0), 0.9 * self.request_seconds)

    @property
    def compiled_bytes(self) -> int:
        """Bytes that compiled trials may take."""
        return self.compiled_memory_mb * 1_000_000

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine can reach the service."""
        return _is_loopback(self.host)

    @property
    def own_hosts(self) -> frozenset[str] | None:
        """Names, besides this machine's own, by which a service without clients may be called; None for any."""
        if not self.on_loopback and not self.allowed_hosts:
            return None
        public = host_of(self.public_url or "")
        return frozenset(self.allowed_hosts) | (frozenset() if public is None else frozenset({public}))

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator(
        "allowed_hosts", "cors_origins", "expected_rules", "fhir_servers", "trusted_proxies", mode="before"
    )
    @classmethod
    def _split_at_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("fhir_servers")
    @classmethod
    def _only_servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bases = tuple(base for url in value if (base := base_url(url)) is not None)
        if len(bases) != len(value):
            raise ValueError("each must be an http(s) address without user name, query or fragment")
        return bases

    @field_validator("trusted_proxies")
    @classmethod
    def _only_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(text, strict=False)) for text in value)
        except ValueError as problem:
            raise ValueError("each must be an IP address or a network such as 10.2.0.0/16") from problem

    @field_validator("allowed_hosts")
    @classmethod
    def _only_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.lower().strip("[]") for name in value)
        for name in names:
            if re.fullmatch(r"[a-z0-9_.-]+|[0-9a-f:.]+", name) is None or name.startswith(("http:", "https:")):
                raise ValueError(f"`{name}` is not a host name: write it without scheme, port or path")
        return names

    @field_validator("expected_rules")
    @classmethod
    def _only_digests(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch("[0-9a-f]{64}", digest) for digest in value):
            raise ValueError("must be what `cds-service rules digest` prints: 64 hexadecimal digits")
        return value

    @field_validator("public_url")
    @classmethod
    def _without_end(cls, value: str | None) -> str | None:
        # As it stands but for a slash at the end: a token's `aud` is compared letter by letter.
        if value is not None and base_url(value) is None:
            raise ValueError("must be an http(s) address without user name, query or fragment")
        return None if value is None else value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _only_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # A browser sends scheme, host and port in lower case and nothing else, and that is compared letter by letter:
        # `https://a.example/` would be taken here and never match.
        for origin in value:
            if origin != "*" and not _is_exact(origin):
                raise ValueError(f"`{origin}` is not an origin: write https://host or https://host:port, in lower case")
        return value


def _is_exact(origin: str) -> bool:
    try:
        return parse_origin(origin).origin == origin
    except AddressProblem:
        return False


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises SettingsError for an unknown `CDS_` name, with the nearest known one, and for a value that does not fit.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    # Upper and lower case are one here because they are one to pydantic-settings.
    given = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    problems = [_unknown(name, known) for name in given if name.upper() not in known]
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [
            f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        ]
    else:
        if settings.clients_file is not None and settings.fhir_servers:
            problems.append(f"{PREFIX}FHIR_SERVERS: with {PREFIX}CLIENTS_FILE each client has its own `fhir_servers`")
        if settings.decision_seconds is not None and settings.decision_seconds >= settings.request_seconds:
            problems.append(f"{PREFIX}DECISION_SECONDS: it must be less than {PREFIX}REQUEST_SECONDS, the time for all")
        if settings.decision_seconds is not None and settings.fhir_timeout >= settings.decision_seconds:
            problems.append(
                f"{PREFIX}FHIR_TIMEOUT: it must be less than {PREFIX}DECISION_SECONDS, or no trial is looked at"
            )
        if settings.workbench and settings.workers > 1:
            problems.append(f"{PREFIX}WORKBENCH: its pages live in one process, so it needs {PREFIX}WORKERS=1")
        if settings.workbench and not settings.on_loopback and settings.workbench_password is None:
            problems.append(f"{PREFIX}WORKBENCH: on {settings.host} it needs {PREFIX}WORKBENCH_PASSWORD")
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def card_options(settings: Settings) -> CardOptions:
    """Which cards the site wants and its EHR can show."""
    return CardOptions(
        max_cards=settings.max_cards,
        min_decided=settings.min_decided,
        closed_trials=settings.closed_trials,
        near_miss=settings.near_miss,
        profile=settings.client_profile,
    )


def check_bind(settings: Settings) -> None:
    """Raise BindError unless clients have to authenticate, the address is loopback, or `CDS_INSECURE_NO_AUTH` is set.

    A name other than `localhost` counts as not loopback: what it resolves to may change after the check.
    """
    if settings.clients_file is not None or _is_loopback(settings.host) or settings.insecure_no_auth:
        return
    raise BindError(
        f"CDS_HOST={settings.host} can be reached from other machines, and no client authentication is configured. "
        "Name the clients in CDS_CLIENTS_FILE (docs/integration.md), use CDS_HOST=127.0.0.1, or set "
        "CDS_INSECURE_NO_AUTH=true if something in front of the service lets nobody but the EHR through."
    )


def _unknown(name: str, known: set[str]) -> str:
    nearest = difflib.get_close_matches(name.upper(), known, n=1)
    hint = f"Did you mean {nearest[0]}?" if nearest else f"Known: {', '.join(sorted(known))}."
    return f"{name}: there is no such setting. {hint}"


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
