"""The clients file (`CDS_CLIENTS_FILE`): who may call, how each proves it, and what each is served with.

Every fault in it is told with its place, as an RFC 6901 JSON pointer, and none of it is ever guessed at.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cds_service.cds_hooks.prefetch import resource_type
from cds_service.cds_hooks.trust.key_ring import MOST_OF_ONE_ID, KeyRing
from cds_service.cds_hooks.trust.keys import KeyProblem, VerifyKey, read_key
from cds_service.cds_hooks.trust.tokens import MOST_TENANT_CHARACTERS
from cds_service.errors import CdsError, Finding
from cds_service.rule_files import invalid, pointer, read_json
from cds_service.wire import base_url, is_private_way

# Without control characters: what no token or database can hold would be refused with every request.
_TEXT = r"^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$"
Text = Annotated[str, Field(min_length=1, pattern=_TEXT)]
Tenant = Annotated[str, Field(min_length=1, max_length=MOST_TENANT_CHARACTERS, pattern=_TEXT)]


class ClientsError(CdsError):
    """The clients file cannot be used; `findings` says why, place by place."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        lines = (
            f"{f.file}{f':{f.pointer}' if f.pointer else ''}: {f.message}{f' ({f.hint})' * bool(f.hint)}"
            for f in findings
        )
        super().__init__("\n".join(lines))


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CardChoices(_Model):
    """The options of this client's cards; one that is not given is as in the settings."""

    min_decided: int | None = Field(default=None, ge=0)
    closed_trials: Literal["inform", "hide"] | None = None
    near_miss: bool | None = None


class Client(_Model):
    """One client: an EHR, or one tenant of an EHR that serves several."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="What the log and reports call it.")
    issuer: Text = Field(description="Its tokens' `iss`.")
    jwks_url: str | None = Field(default=None, description="Where its public keys are published.")
    jwks: Mapping[str, Any] | None = Field(default=None, description="Its public keys, as a JSON Web Key Set.")
    jwks_file: Path | None = Field(default=None, description="A file with them, relative to this one.")
    jku: tuple[Text, ...] = Field(default=(), description="What its tokens' `jku` may be, besides `jwks_url`.")
    audiences: tuple[Text, ...] = Field(
        default=(), description="What its tokens' `aud` may be, besides the public address of the endpoint."
    )
    tenants: tuple[Tenant, ...] = Field(default=(), description="What its tokens' `tenant` must be; any, unless given.")
    fhir_servers: tuple[str, ...] = Field(default=(), description="FHIR servers that may be asked on its behalf.")
    profile: Text | None = Field(
        default=None, description="What it can show: standard, epic, cerner or a .json file; else CDS_CLIENT_PROFILE."
    )
    prefetch_aliases: Mapping[Text, Text] = Field(
        default={}, description="The keys under which it sends prefetch, each with the service's own name for it."
    )
    max_cards: int | None = Field(default=None, ge=1, description="Instead of CDS_MAX_CARDS.")
    cards: CardChoices = CardChoices()
    suppress_days: int | None = Field(default=None, ge=0, description="Instead of CDS_SUPPRESS_DAYS.")
    time_zone: Text | None = Field(
        default=None, description="Where its days begin and end, such as Asia/Shanghai, unless CDS_TIMEZONE is set."
    )
    suppress_repeats: bool | None = Field(default=None, description="Instead of CDS_SUPPRESS_REPEATS.")

    @field_validator("jwks_url")
    @classmethod
    def _keys_come_safely(cls, value: str | None) -> str | None:
        if value is not None and not is_private_way(value):
            raise ValueError("must be an https address (http only on this machine)")
        return value

    @field_validator("fhir_servers")
    @classmethod
    def _tokens_travel_safely(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bases = [base_url(url) for url in value]
        for url, base in zip(value, bases, strict=True):
            if base is None or not is_private_way(url):
                raise ValueError(f"{url!r} must be an https address without query (http only on this machine)")
        return tuple(base for base in bases if base is not None)

    @field_validator("prefetch_aliases")
    @classmethod
    def _known_keys(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for alias, key in value.items():
            if resource_type(key) is None:
                raise ValueError(f"{alias!r} stands for {key!r}, which is no prefetch key (see `cds-service prefetch`)")
        return value

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> Self:
        if sum(source is not None for source in (self.jwks_url, self.jwks, self.jwks_file)) != 1:
            raise ValueError("give exactly one of `jwks_url`, `jwks` and `jwks_file`")
        return self


class _File(_Model):
    clients: tuple[Client, ...]

    @field_validator("clients")
    @classmethod
    def _somebody(cls, value: tuple[Client, ...]) -> tuple[Client, ...]:
        if not value:
            raise ValueError("there is no client in it: nobody could call")
        return value


class Clients:
    """The clients of one file, with the keys that the file itself gives."""

    def __init__(self, clients: tuple[Client, ...], keys: Mapping[str, tuple[VerifyKey, ...]]) -> None:
        """`keys`: by client id, for each client whose keys are not published at an address."""
        self.all = clients
        self.keys = keys

    def __iter__(self) -> Iterator[Client]:
        return iter(self.all)

    def find(self, issuer: str, tenant: str | None) -> Client | None:
        """The client with this issuer; where several share it, the one with this tenant, else any of them."""
        having = [client for client in self.all if client.issuer == issuer]
        return next((client for client in having if tenant in client.tenants), having[0] if having else None)


def load_clients(path: Path) -> Clients:
    """Read a clients file. Raises ClientsError."""
    content, findings = read_json(path, str(path))
    if findings:
        raise ClientsError(tuple(findings))
    try:
        clients = _File.model_validate(content).clients
    except ValidationError as problem:
        raise ClientsError(tuple(invalid(problem, str(path), _File))) from None
    keys: dict[str, tuple[VerifyKey, ...]] = {}
    findings = list(_clashes(clients, str(path)))
    for number, client in enumerate(clients):
        if client.jwks_url is None:
            keys[client.id] = tuple(_own_keys(client, ("clients", number), path, findings))
            if KeyRing(keys[client.id]).left_out:
                place, message = pointer(("clients", number)), f"more than {MOST_OF_ONE_ID} keys have the same `kid`"
                findings.append(Finding(str(path), place, "bad-value", "error", message, "give each an id of its own"))
    if findings:
        raise ClientsError(tuple(findings))
    return Clients(clients, keys)


def _own_keys(client: Client, at: tuple[str | int, ...], path: Path, findings: list[Finding]) -> Iterator[VerifyKey]:
    """The keys given in the file or in one beside it; unlike a published set it must hold nothing else."""
    name, content, place = str(path), client.jwks, (*at, "jwks")
    if client.jwks_file is not None:
        file = path.parent / client.jwks_file
        content, found = read_json(file, str(file))
        findings += found
        name, place = str(file), ()
        if found:
            return
    keys = content.get("keys") if isinstance(content, Mapping) else None
    if not isinstance(keys, list) or not keys:
        findings.append(Finding(name, pointer(place), "bad-value", "error", "must be an object with a list `keys`"))
        return
    for number, jwk in enumerate(keys):
        try:
            yield read_key(jwk)
        except KeyProblem as problem:
            findings.append(Finding(name, pointer((*place, "keys", number)), "bad-value", "error", str(problem)))


def _clashes(clients: tuple[Client, ...], name: str) -> Iterator[Finding]:
    """The clashes between clients: the same id, or the same issuer without tenants that tell them apart."""
    ids: set[str] = set()
    tenants: dict[str, list[tuple[str, ...]]] = {}
    for number, client in enumerate(clients):
        if client.id in ids:
            yield _clash(name, number, "id", f"another client is called {client.id!r}")
        others = tenants.setdefault(client.issuer, [])
        if others and (not client.tenants or not all(others)):
            yield _clash(name, number, "issuer", "another client has this issuer: give each its `tenants`")
        elif {tenant for other in others for tenant in other}.intersection(client.tenants):
            yield _clash(name, number, "tenants", "another client with this issuer has one of these tenants")
        ids.add(client.id)
        others.append(client.tenants)


def _clash(name: str, number: int, key: str, message: str) -> Finding:
    return Finding(name, pointer(("clients", number, key)), "clash", "error", message)
