"""From the settings: the authenticator of requests, and the options of each client's cards."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from cds_service.cards import CardOptions, ClientProfile, ProfileError, load_profile
from cds_service.cds_hooks import Outbound
from cds_service.cds_hooks.trust import Authenticator, Clients, ClientsError, NoAuthenticator, ReplayGuard, load_clients
from cds_service.errors import Finding
from cds_service.settings import Settings
from cds_service.settings import card_options as site_options
from cds_service.time_zones import zone_for


def configured_clients(settings: Settings) -> Clients | None:
    """The clients of `CDS_CLIENTS_FILE`, checked; None where there is none. Raises ClientsError."""
    if settings.clients_file is None:
        return None
    clients = load_clients(settings.clients_file)
    name, findings = str(settings.clients_file), []
    for number, client in enumerate(clients):
        if settings.public_url is None and not client.audiences:
            message = "set CDS_PUBLIC_URL, or give `audiences`: without them no token of this client is for anybody"
            findings.append(Finding(name, f"/clients/{number}", "missing-key", "error", message))
        try:
            _profile(client.profile or "standard", settings.clients_file)
        except ProfileError as problem:
            findings.append(Finding(name, f"/clients/{number}/profile", "bad-value", "error", str(problem)))
        try:
            zone_for(None, client.time_zone)
        except ValueError as problem:
            findings.append(Finding(name, f"/clients/{number}/time_zone", "bad-value", "error", str(problem)))
    if findings:
        raise ClientsError(tuple(findings))
    return clients


def authenticator_for(
    settings: Settings,
    clients: Clients | None,
    *,
    guard: ReplayGuard,
    now: Callable[[], datetime],
    outbound: Outbound,
    log: FilteringBoundLogger,
    desk: bool,
) -> Authenticator | NoAuthenticator:
    """The authenticator: by tokens of `clients`; without clients anybody may call. `desk`: the workbench is served."""
    if clients is None:
        return NoAuthenticator(frozenset(settings.fhir_servers), desk=desk)
    return Authenticator(
        clients,
        public_url=settings.public_url,
        leeway=settings.token_leeway,
        guard=guard,
        now=now,
        outbound=outbound,
        log=log,
    )


def card_options(settings: Settings, clients: Clients | None) -> dict[str | None, CardOptions]:
    """The card options by client id; None stands for a service without clients. Raises ProfileError."""
    site = site_options(settings)
    options: dict[str | None, CardOptions] = {None: site}
    for client in clients or ():
        given = client.cards.model_dump(exclude_none=True)
        if client.max_cards is not None:
            given["max_cards"] = client.max_cards
        if client.profile is not None:
            given["profile"] = _profile(client.profile, settings.clients_file)
        options[client.id] = replace(site, **given)
    return options


def _profile(name: str, clients_file: Path | None) -> ClientProfile:
    if name.endswith(".json") and clients_file is not None:
        name = str(clients_file.parent / name)
    return load_profile(name)
