"""`doctor`: what of a client's hook requests did not arrive or was not understood, and which of its duties it does."""

import ipaddress
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.cli.as_of import AsOfOption
from cds_service.cli.as_of import as_of as day_asked
from cds_service.cli.output import address_of, command_group, is_json, print_json, settings_or_stop, stop
from cds_service.errors import CdsError

if TYPE_CHECKING:
    from cds_service.as_of import AsOf
    from cds_service.cds_hooks.trust import Clients
    from cds_service.doctor import Duty, Examiner, Known, RequestReport, Summary
    from cds_service.settings import Settings

doctor_app = command_group()

_IS_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_FAULT, _UNREADABLE = 1, 2


@doctor_app.command()
def doctor(
    what: Annotated[
        str,
        typer.Argument(
            metavar="REQUEST.json|URL",
            help="A hook request ('-' is standard input); or an address of this machine, such as "
            "http://127.0.0.1:9000, at which doctor stands in for the service until Ctrl-C.",
        ),
    ],
    client: Annotated[
        str | None, typer.Option(help="Of a request: the id of the client in CDS_CLIENTS_FILE that sent it.")
    ] = None,
    as_of: AsOfOption = None,
    fetch_keys: Annotated[
        bool, typer.Option("--fetch-keys", help="Ask a client's `jwks_url` for its keys, to check signatures.")
    ] = False,
    format: Annotated[str, typer.Option("--format", help="json or text.")] = "text",
) -> None:
    """Say what of a hook request did not arrive or was not understood, and which duties of a client are done.

    For integrators. Nothing leaves the machine and nothing is kept. Exit code 0: every duty that can be judged is done;
    1: one is not; 2: the request or the address can't be used.
    """
    as_json, settings = is_json(format), settings_or_stop()
    if _IS_ADDRESS.match(what):
        _listen(what, settings, as_of, fetch_keys=fetch_keys, as_json=as_json)
        return
    body = _read(what)

    from cds_service.doctor import NoRequest, Summary

    clients = _clients(settings)
    known = _chosen(client, clients, settings, body)
    try:
        report = _examiner(settings, clients, as_of).examine(body, known).report
    except NoRequest as problem:
        stop(f"{what} can't be read as a hook request: {problem}.")
    summary = Summary()
    summary.add(report.duties)
    if as_json:
        print_json(report.as_json() | {"duties": [duty.as_json() for duty in summary.duties()]})
    else:
        from cds_service.cli.show_doctor import show_report

        show_report(report, summary.duties())
    if not summary.is_well():
        raise typer.Exit(_FAULT)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as problem:
        stop(f"{file}: {problem.strerror}")


def _clients(settings: "Settings") -> "Clients | None":
    from cds_service.server import configured_clients

    try:
        return configured_clients(settings)
    except CdsError as problem:
        stop(str(problem))


def _chosen(id: str | None, clients: "Clients | None", settings: "Settings", body: bytes) -> "Known":
    """The client that is named; else the one whose FHIR server the request has, or the only one there is."""
    from cds_service.doctor import Known, known_as, server_of

    if id is not None:
        found = [one for one in clients or () if one.id == id]
        if not found:
            known = ", ".join(one.id for one in clients or ()) or "none"
            stop(f"There is no client {id!r}. Known: {known}.")
        return known_as(found[0])
    everybody = list(clients or ())
    having = [one for one in everybody if server_of(body) in one.fhir_servers]
    chosen = having if len(having) == 1 else everybody
    return known_as(chosen[0]) if len(chosen) == 1 else Known(None, {}, frozenset(settings.fhir_servers))


def _examiner(settings: "Settings", clients: "Clients | None", given: Any) -> "Examiner":
    from cds_service.doctor import Examiner
    from cds_service.library import load_library
    from cds_service.server import card_options

    try:
        library = load_library(settings.rules_dir, site_dir=settings.site_dir)
        options = card_options(settings, clients)
    except CdsError as problem:
        stop(str(problem))

    def now() -> "AsOf":
        return day_asked(given, settings, library.site.settings.time_zone)

    return Examiner(library, now, options)


def _listen(address: str, settings: "Settings", given: Any, *, fetch_keys: bool, as_json: bool) -> None:
    """Stand in for the service at `address` until somebody ends it, then say what was seen."""
    host, port = _own_address(address)
    listening = _bound(host, port)
    base = address_of(host, listening.getsockname()[1])
    settings = settings.model_copy(update={"public_url": settings.public_url or base})

    from cds_service.cds_hooks import DISCOVERY_PATH, Outbound
    from cds_service.doctor import Callers, StandIn, Unconnected

    clients = _clients(settings)
    callers = Callers(
        clients,
        frozenset(settings.fhir_servers),
        address=settings.public_url or base,
        leeway=settings.token_leeway,
        now=lambda: datetime.now(UTC),
        outbound=Outbound() if fetch_keys else Unconnected(),
    )
    say = partial(_say, as_json=as_json)
    stand_in = StandIn(_examiner(settings, clients, given), callers, say, max_body_bytes=settings.max_body_bytes)
    typer.echo(f"cds-service doctor: point the client at {base}{DISCOVERY_PATH}; Ctrl-C ends it.", err=True)
    _serve(stand_in.app(settings.cors_origins), listening)
    _sum_up(stand_in.summary, as_json=as_json)
    if not stand_in.summary.is_well():
        raise typer.Exit(_FAULT)


def _own_address(address: str) -> tuple[str, int]:
    """Host and port of an address of this machine. Ends the command for any other."""
    from cds_service.wire import AddressProblem, parse_address

    try:
        parts = parse_address(address)
    except AddressProblem as problem:
        stop(f"{address} can't be used ({problem}): give one such as http://127.0.0.1:9000")
    if parts.scheme != "http" or parts.path.strip("/") or parts.query or parts.fragment:
        stop(f"{address}: give http, a host of this machine and a port, such as http://127.0.0.1:9000")
    if not _is_loopback(parts.host):
        stop(
            f"{address} is not of this machine. doctor listens where only this machine can call (127.0.0.1), since "
            "what it is sent is about patients; a client elsewhere reaches it through a tunnel (docs/integration.md)."
        )
    return parts.host, parts.port


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(where)
        # Whoever calls as soon as the address is told waits, and is not refused.
        listening.listen()
    except OSError as problem:
        stop(f"can't listen on {host}, port {port}: {os.strerror(problem.errno) if problem.errno else problem}")
    return listening


def _serve(application: Any, listening: socket.socket) -> None:
    import uvicorn

    # Whoever ends it by a signal is told what was seen, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config = uvicorn.Config(application, log_level="critical", access_log=False, server_header=False, ws="none")
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        return


def _say(request: str, report: "RequestReport | None", duties: "tuple[Duty, ...]", *, as_json: bool) -> None:
    told: Callable[[], None]
    if as_json:
        document: dict[str, Any] = {"request": request} | ({} if report is None else report.as_json())
        typer.echo(json.dumps(document | {"duties": [duty.as_json() for duty in duties]}, ensure_ascii=False))
    else:
        from cds_service.cli.show_doctor import show_duties, show_report

        told = partial(show_duties, duties) if report is None else partial(show_report, report, duties)
        typer.echo(f"\n{request}")
        told()
    sys.stdout.flush()


def _sum_up(summary: "Summary", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"summary": [duty.as_json() for duty in summary.duties()]}, ensure_ascii=False))
    else:
        from cds_service.cli.show_doctor import show_duties

        typer.echo("\nAll that was seen")
        show_duties(summary.duties())
