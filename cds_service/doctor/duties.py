"""How a client does its duties, as far as one request shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cds_service.cds_hooks import SERVICES
from cds_service.doctor.report import Duty, NotArrived, RequestFault, Scopes
from cds_service.wire import base_url

_NEEDED = ("access_token", "token_type", "scope", "subject")


@dataclass(frozen=True, slots=True)
class Known:
    """What the service is told of the client. `id`: None where no client is chosen; `own`: what it calls each prefetch
    key, where it has names of its own."""

    id: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    fhir_servers: frozenset[str] = frozenset()

    @property
    def own(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for alias, key in self.aliases.items():
            names.setdefault(key, alias)
        return names


def request_duty(faults: Sequence[RequestFault]) -> Duty:
    """The form of the request itself."""
    refused = [one for one in faults if one.kind == "refused"]
    if refused:
        return Duty("request", "red", "The service refuses it: " + "; ".join(_said(one) for one in refused) + ".")
    forgiven = len(faults)
    more = f" {forgiven} deviation(s) from FHIR were forgiven, see below." if forgiven else ""
    return Duty("request", "green", f"It is a hook request as CDS Hooks 2.0 has it.{more}")


def hook_duty(hook: object) -> Duty:
    """A request whose hook no service answers."""
    known = ", ".join(f"{one.hook} at {one.path}" for one in SERVICES)
    what = "There is no `hook`" if not hook else "No service answers this hook"
    return Duty("registration", "red", f"{what}; register one of: {known}.")


def prefetch_duty(lacking: Sequence[NotArrived], known: bool, can_ask: bool) -> Duty:
    """`known`: the prefetch could be looked at. `can_ask`: the service may ask the FHIR server in its place."""
    if not known:
        return Duty("prefetch", "not seen", "The request can't be read so far.")
    waiting = [one for one in lacking if not one.counts_as_none]
    if not waiting:
        none = f" As none counts what is null: {', '.join(one.key for one in lacking)}." if lacking else ""
        return Duty("prefetch", "green", f"Every key that the rules need came whole.{none}")
    keys = ", ".join(dict.fromkeys(one.key for one in waiting))
    if can_ask:
        says = f"Not whole: {keys}. The service asks the FHIR server for it; doctor asks nobody, so try that."
        return Duty("prefetch", "not seen", says)
    return Duty("prefetch", "red", f"Not whole: {keys}. The lines to paste stand below.")


def fhir_duty(fields: Mapping[str, Any], scopes: Scopes, known: Known, *, is_needed: bool) -> Duty:
    """The access to the FHIR server that the request gives. `is_needed`: prefetch brought less than was asked for."""
    server, authorization = fields.get("fhirServer"), fields.get("fhirAuthorization")
    if not server and not authorization:
        if is_needed:
            return _fhir("red", "The request has no `fhirServer`, and prefetch did not bring all: nobody can be asked.")
        return _fhir("not seen", "The request has no `fhirServer`; prefetch brought all.")
    base = base_url(server) if isinstance(server, str) else None
    if base is None:
        return _fhir("red", "`fhirServer` is missing or no http(s) address.")
    if base not in known.fhir_servers:
        where = "CDS_FHIR_SERVERS" if known.id is None else f"`fhir_servers` of the client {known.id}"
        return _fhir("red", f"`fhirServer` is none of the servers that may be asked: add it to {where}.")
    if not isinstance(authorization, dict):
        return _fhir("red", "The request has no `fhirAuthorization`: the FHIR server is asked without a token.")
    missing = [name for name in _NEEDED if not authorization.get(name)]
    if missing:
        return _fhir("red", f"`fhirAuthorization` lacks {', '.join(missing)}.")
    if str(authorization["token_type"]).lower() != "bearer":
        return _fhir("red", "`fhirAuthorization.token_type` is not Bearer.")
    if scopes.missing:
        return _fhir("red", f"The token lacks scopes: {' '.join(scopes.missing)}.")
    told = "Its scopes suffice." if scopes.missing == () else "Its scopes aren't written as SMART does: compare them."
    return _fhir(
        "green", f"Server and token are there, and the server may be asked. {told} Whether it answers: try it."
    )


def _fhir(state: Any, says: str) -> Duty:
    return Duty("fhir_access", state, says)


def _said(fault: RequestFault) -> str:
    return f"{fault.place}: {fault.says}" if fault.place else fault.says.rstrip(".")
