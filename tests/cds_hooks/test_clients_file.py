"""The clients file: what is taken, and for each fault the place that it is told with."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.cds_hooks.trust import ClientsError, load_clients
from cds_service.cds_hooks.trust.signing import new_key
from cds_service.server import card_options, configured_clients
from cds_service.settings import Settings
from tests.cds_hooks.tokens import client, clients_file, key_set


def test_a_client_needs_no_more_than_a_name_an_issuer_and_keys(tmp_path: Path) -> None:
    [found] = load_clients(clients_file(tmp_path, client()))
    assert (found.id, found.issuer) == ("ehr", "https://ehr.example.org")
    assert (found.tenants, found.fhir_servers, found.prefetch_aliases) == ((), (), {})


def test_keys_may_stand_in_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "ehr.jwks.json").write_text(json.dumps(key_set()))
    clients = load_clients(clients_file(tmp_path, client(jwks=None, jwks_file="ehr.jwks.json")))
    assert [key.algorithm for key in clients.keys["ehr"]] == ["ES384", "RS384"]


def test_fhir_servers_are_compared_in_one_spelling(tmp_path: Path) -> None:
    servers = ["HTTPS://EHR.Example.org:443/fhir/R4/", "http://127.0.0.1:8080/fhir", "http://localhost/fhir"]
    [found] = load_clients(clients_file(tmp_path, client(fhir_servers=servers)))
    assert found.fhir_servers == (
        "https://ehr.example.org/fhir/R4",
        "http://127.0.0.1:8080/fhir",
        "http://localhost/fhir",
    )


PRIVATE = {**key_set()["keys"][0], "d": "c2VjcmV0"}
FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    # what: (fields, place, message)
    "id missing": ({"id": None}, "/clients/0/id", "the key 'id' is missing"),
    "id with a space": ({"id": "our ehr"}, "/clients/0/id", "should match pattern"),
    "issuer missing": ({"issuer": None}, "/clients/0/issuer", "the key 'issuer' is missing"),
    "issuer empty": ({"issuer": ""}, "/clients/0/issuer", "at least 1 character"),
    "a misspelt key": ({"audience": ["x"]}, "/clients/0/audience", "did you mean 'audiences'?"),
    "no keys": ({"jwks": None}, "/clients/0", "exactly one of `jwks_url`, `jwks` and `jwks_file`"),
    "keys twice": (
        {"jwks_url": "https://e.example"},
        "/clients/0",
        "exactly one of `jwks_url`, `jwks` and `jwks_file`",
    ),
    "keys in the clear": ({"jwks": None, "jwks_url": "http://e.example"}, "/clients/0/jwks_url", "https address"),
    "no key set": ({"jwks": {"key": []}}, "/clients/0/jwks", "a list `keys`"),
    "an empty key set": ({"jwks": {"keys": []}}, "/clients/0/jwks", "a list `keys`"),
    "five keys of one id": (
        {"jwks": {"keys": key_set()["keys"][:1] * 5}},
        "/clients/0",
        "more than 4 keys have the same `kid`",
    ),
    "a private key": ({"jwks": {"keys": [PRIVATE]}}, "/clients/0/jwks/keys/0", "private key"),
    "an odd key": ({"jwks": {"keys": [{**key_set()["keys"][0], "key_ops": 5}]}}, "/clients/0/jwks/keys/0", "RFC 7517"),
    "half an address of keys": ({"jwks": None, "jwks_url": "http://["}, "/clients/0/jwks_url", "https address"),
    "half an address of a server": ({"fhir_servers": ["https://["]}, "/clients/0/fhir_servers", "https address"),
    "a server with dots": ({"fhir_servers": ["https://e.example/%2e%2e"]}, "/clients/0/fhir_servers", "https address"),
    "a short key": (
        {"jwks": {"keys": [{"kid": "1", "kty": "RSA", "n": "wP8", "e": "AQAB"}]}},
        "/clients/0/jwks/keys/0",
        "",
    ),
    "a key without id": (
        {"jwks": {"keys": [*key_set()["keys"], {"kty": "EC"}]}},
        "/clients/0/jwks/keys/2",
        "must have a `kid`",
    ),
    "a symmetric key": ({"jwks": {"keys": [{"kty": "oct", "kid": "k", "k": "eA"}]}}, "/clients/0/jwks/keys/0", "P-384"),
    "a key for encryption": (
        {"jwks": {"keys": [{**key_set()["keys"][0], "use": "enc"}]}},
        "/clients/0/jwks/keys/0",
        "not for signatures",
    ),
    "a key for another algorithm": (
        {"jwks": {"keys": [{**key_set()["keys"][1], "alg": "RS256"}]}},
        "/clients/0/jwks/keys/0",
        "`alg` must be RS384",
    ),
    "a FHIR server in the clear": ({"fhir_servers": ["http://f.example"]}, "/clients/0/fhir_servers", "https address"),
    "a FHIR server with a query": (
        {"fhir_servers": ["https://f.example?a"]},
        "/clients/0/fhir_servers",
        "without query",
    ),
    "a FHIR server with a name": ({"fhir_servers": ["https://u:p@f.example"]}, "/clients/0/fhir_servers", "https"),
    "an alias for nothing": ({"prefetch_aliases": {"x": "labs"}}, "/clients/0/prefetch_aliases", "no prefetch key"),
    "an unknown profile": ({"profile": "epik"}, "/clients/0/profile", "no client profile 'epik'"),
    "no time zone": ({"time_zone": "Asia/Peking"}, "/clients/0/time_zone", "no time zone of the IANA database"),
    "no cards": ({"max_cards": 0}, "/clients/0/max_cards", "greater than or equal to 1"),
    "an unknown choice": ({"cards": {"near_mis": True}}, "/clients/0/cards/near_mis", "did you mean 'near_miss'?"),
}


@pytest.mark.parametrize(("fields", "place", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_its_place(tmp_path: Path, fields: dict[str, Any], place: str, message: str) -> None:
    path = clients_file(tmp_path, client(**fields))
    with pytest.raises(ClientsError) as caught:
        configured_clients(Settings(clients_file=path, public_url="https://cds.example.org"))
    [finding] = caught.value.findings
    assert (finding.file, finding.pointer) == (str(path), place)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:{place}: ")


CLASHES = {
    "the same id": (client(issuer="https://b.example"), "/clients/1/id"),
    "the same issuer": (client(id="b"), "/clients/1/issuer"),
    "the same issuer, one without tenants": (client(id="b", tenants=["b"]), "/clients/1/issuer"),
}


@pytest.mark.parametrize(("second", "place"), CLASHES.values(), ids=CLASHES.keys())
def test_two_clients_that_cannot_be_told_apart_are_a_fault(tmp_path: Path, second: dict[str, Any], place: str) -> None:
    with pytest.raises(ClientsError) as caught:
        load_clients(clients_file(tmp_path, client(), second))
    assert [finding.pointer for finding in caught.value.findings] == [place]


def test_one_tenant_belongs_to_one_client(tmp_path: Path) -> None:
    with pytest.raises(ClientsError) as caught:
        load_clients(clients_file(tmp_path, client(tenants=["a", "b"]), client(id="b", tenants=["b"])))
    assert [finding.pointer for finding in caught.value.findings] == ["/clients/1/tenants"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON: { of line 1 is not closed"),
        ("[]", "valid dictionary"),
        ("{}", "the key 'clients' is missing"),
        ('{"clients": []}', "nobody could call"),
        ('{"clients": [{"id": "a", "id": "b"}]}', "the key 'id' stands here more than once"),
    ],
)
def test_a_file_that_is_no_clients_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "clients.json"
    path.write_text(text)
    with pytest.raises(ClientsError, match=r"clients\.json") as caught:
        load_clients(path)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClientsError, match="can't be read"):
        load_clients(tmp_path / "nowhere.json")


def test_a_key_file_has_its_own_places(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"keys": [{"kid": "a"}]}')
    with pytest.raises(ClientsError) as caught:
        load_clients(clients_file(tmp_path, client(jwks=None, jwks_file="keys.json")))
    assert str(caught.value).startswith(f"{tmp_path / 'keys.json'}:/keys/0: ")


def test_no_key_is_ever_quoted(tmp_path: Path) -> None:
    with pytest.raises(ClientsError) as caught:
        load_clients(clients_file(tmp_path, client(jwks={"keys": [PRIVATE]}, secret="c2VjcmV0")))
    assert "c2VjcmV0" not in str(caught.value)


def test_without_a_public_address_a_client_needs_audiences(tmp_path: Path) -> None:
    with pytest.raises(ClientsError, match="CDS_PUBLIC_URL"):
        configured_clients(Settings(clients_file=clients_file(tmp_path, client())))
    assert configured_clients(Settings(clients_file=clients_file(tmp_path, client(audiences=["cds"]))))


def test_each_client_has_cards_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "site.json").write_text('{"extends": "epic"}')
    first = client(profile="cerner", max_cards=2, cards={"near_miss": True, "closed_trials": "hide", "min_decided": 3})
    second = client(id="b", issuer="https://b.example", profile="site.json", jwks=key_set((new_key("ES384"), "b")))
    settings = Settings(clients_file=clients_file(tmp_path, first, second), public_url="https://cds.example.org")
    options = card_options(settings, configured_clients(settings))
    assert options.keys() == {None, "ehr", "b"}
    ehr, other = options["ehr"], options["b"]
    assert (ehr.profile.detail, ehr.max_cards, ehr.near_miss, ehr.closed_trials, ehr.min_decided) == (
        "plain",
        2,
        True,
        "hide",
        3,
    )
    assert (other.profile.site_codes_only, other.max_cards, other.near_miss) == (True, 5, False)
