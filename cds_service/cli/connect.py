"""Commands for integrators: the prefetch table, a check of the clients file, and tokens to try a client with."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.cli.output import command_group, is_json, must_exist, print_json, settings_or_stop, stop
from cds_service.errors import CdsError

if TYPE_CHECKING:
    from cds_service.cds_hooks.trust import Client, Clients

connect_app = command_group()
token_app = command_group("Act as a client, to try one before its EHR is there.")
connect_app.add_typer(token_app, name="token")

Format = Annotated[str, typer.Option("--format", help="json or text.")]
KeyFile = Annotated[Path, typer.Option("--key", help="The file with the client's private key (PEM).")]


@connect_app.command()
def prefetch(
    client: Annotated[str | None, typer.Option(help="A client's id: its own keys instead of the service's.")] = None,
    format: Format = "text",
) -> None:
    """Print the prefetch keys and queries, to be typed in where an EHR does not read discovery, and the scopes."""
    as_json, settings = is_json(format), settings_or_stop()

    from cds_service.cds_hooks import prefetch_templates, scopes
    from cds_service.library import load_library
    from cds_service.server import configured_clients

    try:
        library = load_library(settings.rules_dir, site_dir=settings.site_dir)
        aliases = {} if client is None else _client(client, configured_clients(settings)).prefetch_aliases
    except CdsError as problem:
        stop(str(problem))
    templates = prefetch_templates(library.catalogue, library.facts_read, library.facts.systems)
    needed = scopes(templates)
    templates = {_own_name(key, aliases): query for key, query in templates.items()}
    if as_json:
        print_json({"prefetch": templates, "scopes": needed})
        return
    width = max(map(len, templates))
    for key, query in templates.items():
        typer.echo(f"{key:{width}}  {query}")
    typer.echo(f"\nScopes: {' '.join(needed)}")


@connect_app.command()
def clients() -> None:
    """Check the clients file (CDS_CLIENTS_FILE) and list who may call. Exit code 2 when something is wrong."""
    from cds_service.server import configured_clients

    try:
        known = configured_clients(settings_or_stop())
    except CdsError as problem:
        stop(str(problem))
    if known is None:
        stop("There is no clients file: CDS_CLIENTS_FILE is not set.")
    for client in known:
        keys = client.jwks_url or f"{len(known.keys[client.id])} given"
        tenants = ", ".join(client.tenants) or "any"
        servers = ", ".join(client.fhir_servers) or "none"
        typer.echo(f"{client.id}\n  issuer       {client.issuer}\n  keys         {keys}")
        typer.echo(f"  tenants      {tenants}\n  FHIR servers {servers}")


@token_app.command("new-key")
def new_key(
    file: Annotated[Path, typer.Argument(help="Where to write the private key; it must not exist.")],
    algorithm: Annotated[str, typer.Option(help="ES384 or RS384.")] = "ES384",
    kid: Annotated[str | None, typer.Option(help="The key's id; by default one is made up.")] = None,
) -> None:
    """Make a key pair: the private key goes into FILE, the key set for the clients file is printed."""
    from cds_service.cds_hooks.trust.signing import KeyFileProblem, public_keys, write_new_key

    try:
        write_new_key(file, algorithm)
        print_json(public_keys(file, kid or secrets.token_urlsafe(9)))
    except KeyFileProblem as problem:
        stop(str(problem))


@token_app.command("sign")
def sign_token(
    key: KeyFile,
    kid: Annotated[str, typer.Option(help="The key's id, as the key set has it.")],
    issuer: Annotated[str, typer.Option(help="The client's `issuer`.")],
    audience: Annotated[str, typer.Option(help="The address of the endpoint to be called.")],
    tenant: Annotated[str | None, typer.Option(help="The `tenant`, where the client has several.")] = None,
    seconds: Annotated[int, typer.Option(help="How long the token is good, for one request.")] = 300,
) -> None:
    """Print a token for one request."""
    must_exist(key)

    from cds_service.cds_hooks.trust.signing import KeyFileProblem, sign

    issued = int(datetime.now().astimezone().timestamp())
    claims: dict[str, Any] = {"iss": issuer, "aud": audience, "iat": issued, "exp": issued + seconds}
    claims["jti"] = secrets.token_urlsafe(18)
    if tenant is not None:
        claims["tenant"] = tenant
    try:
        typer.echo(sign(key, kid, claims))
    except KeyFileProblem as problem:
        stop(str(problem))


def _own_name(key: str, aliases: Mapping[str, str]) -> str:
    return next((alias for alias, meant in aliases.items() if meant == key), key)


def _client(id: str, known: "Clients | None") -> "Client":
    found = next((client for client in known or () if client.id == id), None)
    if found is None:
        ids = ", ".join(client.id for client in known or ()) or "none"
        stop(f"There is no client {id!r}. Known: {ids}.")
    return found
