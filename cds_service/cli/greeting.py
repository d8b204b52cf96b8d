"""What `serve` says when it is ready: one address to look at, and one line to try it with."""

import errno
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from cds_service.cli.output import address_of, stop

if TYPE_CHECKING:
    from fastapi import FastAPI

    from cds_service.settings import Settings

_HOOK, _STORY = "patient-view", "sle"
"""Of the sample that is offered."""
_LAST_PORT = 65_535


def must_be_free(settings: "Settings") -> None:
    """End the command, before anything is loaded, where something else listens at the address already."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server will ask for it: a port that is only waiting for late packets is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            stop(f"port {settings.port} is taken by another program; choose another: CDS_PORT={_beside(settings.port)}")
        stop(f"can't listen on {settings.host}, port {settings.port}: {problem.strerror}")


def _beside(port: int) -> int:
    return port + 1 if port < _LAST_PORT else port - 1


@contextmanager
def _sample_requests() -> Iterator[Path | None]:
    """The request of the offered sample, as of today; those of the others lie beside it. None where nothing can be
    written."""
    from cds_service.rule_tools import default_samples_dir, sample_people, sample_request

    samples, today = default_samples_dir(), datetime.now().astimezone().date()
    with ExitStack() as kept:
        try:
            made = Path(kept.enter_context(TemporaryDirectory(prefix="cds-service-", ignore_cleanup_errors=True)))
            for story in sample_people(samples):
                request = sample_request(samples, story, _HOOK, today)
                if request is not None:
                    path = made / f"{_HOOK}-{story}.json"
                    path.write_text(json.dumps(request, indent=2, ensure_ascii=False), encoding="utf-8")
            offered = made / f"{_HOOK}-{_STORY}.json"
        except OSError:  # a full or read-only disk is no reason not to serve
            offered = None
        yield offered if offered is not None and offered.is_file() else None


def when_ready(app: "FastAPI", say: Callable[[Path | None], None], *, offered: bool) -> None:
    """Have `say` called when `app` is about to answer: where one is `offered`, with a sample's request that is there
    until `app` ends."""
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def saying(app: "FastAPI") -> AsyncIterator[Any]:
        async with lifespan(app) as state:
            with _sample_requests() if offered else nullcontext() as sample:
                say(sample)
                yield state

    app.router.lifespan_context = saying


def greet(settings: "Settings", trials: int, sample: Path | None = None) -> None:
    """Say where the service is and how to try it, with `sample`, the file of a request, where no token is needed."""
    from cds_service.cds_hooks import service_for
    from cds_service.rule_tools import default_samples_dir, sample_people
    from cds_service.server import PATH, workbench_on

    address = address_of(settings.host, settings.port)
    typer.echo(f"\ncds-service: {trials} trials from {settings.rules_dir}; CDS Hooks at {address}/cds-services")
    if settings.clients_file is not None:
        typer.echo("Requests need a token of a registered client; docs/integration.md, step 4, tries one.\n")
        return
    if workbench_on(settings):
        saving = "" if settings.workbench_edit else "; nothing is saved without CDS_WORKBENCH_EDIT=true"
        person = sample_people(default_samples_dir()).get(_STORY, _STORY)
        typer.echo(f"\nOpen a chart in the browser ({person[:1].lower()}{person[1:]}{saving}):\n")
        typer.echo(f"  {address}{PATH}/ehr?patient={_STORY}\n")
    if sample is not None:
        typer.echo("Or ask as an EHR does, from another terminal:\n")
        asked = f"curl -s {quote(address + service_for(_HOOK).path)} -H 'Content-Type: application/json'"
        typer.echo(f"  {asked} -d @{quote(str(sample))} | python3 -m json.tool --no-ensure-ascii\n")
    sys.stdout.flush()
