"""Which requests are let through where clients are configured: CDS Hooks 2.0, "Trusting CDS Clients", row by row."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks.trust import MemoryReplayGuard, ReplayGuardDown
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.tokens import (
    DISCOVERY,
    EC_KEY,
    EC_KID,
    HOOK,
    NOW,
    OTHER_KEY,
    PUBLIC,
    RSA_KEY,
    RSA_KID,
    SIGNER,
    Signer,
    bearer,
    claims,
    client,
    clients_file,
    key_set,
    raw_token,
    token,
)

Serve = Callable[..., AbstractContextManager[TestClient]]
ORIGIN = "https://sandbox.example.org"
SECONDS = int(NOW.timestamp())
EHR = client(audiences=["urn:cds-service"], tenants=["north", "south"], jku=["https://ehr.example.org/jwks"])


@pytest.fixture
def serve(library: Library, tmp_path: Path) -> Serve:
    """Start the service with these entries in its clients file; keywords are settings."""

    @contextmanager
    def start(
        *entries: dict[str, Any], now: Any = lambda: NOW, guard: Any = None, **settings: Any
    ) -> Iterator[TestClient]:
        made = {"clients_file": clients_file(tmp_path, *entries), "public_url": PUBLIC, **settings}
        app = create_app(Settings(**made), library, NOW.date, now=now, replay_guard=guard or MemoryReplayGuard(now))
        with TestClient(app) as client:
            yield client

    return start


@pytest.fixture
def trusted(serve: Serve) -> Iterator[TestClient]:
    """The service with one client, whose keys stand in the file."""
    with serve(EHR) as http:
        yield http


def discover(http: TestClient, text: str) -> int:
    """The status that a token for discovery is answered with."""
    return http.get(DISCOVERY, headers=bearer(text)).status_code


def reasons(err: str) -> list[str]:
    """Why tokens were refused, from the log."""
    lines = [json.loads(line) for line in err.splitlines()]
    return [line["reason"] for line in lines if line["event"] == "client_refused"]


def at_discovery(signer: Signer = SIGNER, **fields: Any) -> str:
    return token(DISCOVERY, signer, **{"tenant": "north", **fields})


ACCEPTED = {
    "ES384": at_discovery(),
    "RS384": at_discovery(Signer(RSA_KEY, RSA_KID, "RS384")),
    "the other tenant": at_discovery(tenant="south"),
    "an alias as audience": at_discovery(aud="urn:cds-service"),
    "several audiences, ours among them": at_discovery(aud=["https://other.example", PUBLIC + DISCOVERY]),
    "a jku that is listed": at_discovery(Signer(header=(("jku", "https://ehr.example.org/jwks"),))),
    "typ in lower case": at_discovery(Signer(header=(("typ", "jwt"),))),
    "no typ": at_discovery(Signer(header=(("typ", ""),))),
    "a fraction of a second": at_discovery(iat=SECONDS - 0.5, exp=SECONDS + 299.5),
    "a subject and other claims": at_discovery(sub="Practitioner/1", azp={"x": [1]}),
    # Clients round `iat` up, and clocks differ: 60 seconds either way, to the second.
    "iat at the edge": at_discovery(iat=SECONDS + 60),
    "nbf at the edge": at_discovery(nbf=SECONDS + 60),
    "exp at the edge": at_discovery(iat=SECONDS - 400, exp=SECONDS - 59),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_sound_token_is_let_through(trusted: TestClient, text: str) -> None:
    assert discover(trusted, text) == 200


def signed_with_public_key(algorithm: str = "HS256") -> str:
    """The old trick: the public key, which anybody has, taken for the secret of an HMAC."""
    secret = json.dumps(key_set()["keys"][0]).encode()
    unsigned = raw_token({"alg": algorithm, "kid": EC_KID, "typ": "JWT"}, claims(DISCOVERY, tenant="north"))
    signature = hmac.new(secret, unsigned.rpartition(".")[0].encode(), hashlib.sha256).digest()
    return raw_token({"alg": algorithm, "kid": EC_KID, "typ": "JWT"}, claims(DISCOVERY, tenant="north"), signature)


def with_other_claims(**fields: Any) -> str:
    """A sound token whose claims were changed afterwards."""
    header, _, signature = at_discovery().split(".")
    other = raw_token({}, claims(DISCOVERY, **{"tenant": "north", **fields})).split(".")[1]
    return ".".join([header, other, signature])


P256 = ec.generate_private_key(ec.SECP256R1())
HEAD = {"alg": "ES384", "kid": EC_KID, "typ": "JWT"}
REFUSED = {
    # what: (token, reason in the log)
    "alg none": (raw_token({**HEAD, "alg": "none"}, claims(DISCOVERY)), "algorithm"),
    "alg None": (raw_token({**HEAD, "alg": "None"}, claims(DISCOVERY)), "algorithm"),
    "alg HS256 with the public key": (signed_with_public_key(), "algorithm"),
    "alg HS384 with the public key": (signed_with_public_key("HS384"), "algorithm"),
    "alg ES256": (at_discovery(Signer(P256, EC_KID, "ES256")), "algorithm"),
    "alg RS256": (at_discovery(Signer(RSA_KEY, RSA_KID, "RS256")), "algorithm"),
    "alg PS384": (at_discovery(Signer(RSA_KEY, RSA_KID, "PS384")), "algorithm"),
    "alg missing": (raw_token({"kid": EC_KID}, claims(DISCOVERY)), "algorithm"),
    "alg a list": (raw_token({**HEAD, "alg": ["ES384"]}, claims(DISCOVERY)), "algorithm"),
    "kid missing": (at_discovery(Signer(kid=None)), "header"),
    "kid a number": (raw_token({**HEAD, "kid": 7}, claims(DISCOVERY)), "header"),
    "crit": (raw_token({**HEAD, "crit": ["b64"], "b64": False}, claims(DISCOVERY)), "header"),
    "typ of an access token": (at_discovery(Signer(header=(("typ", "at+jwt"),))), "header"),
    "iss missing": (at_discovery(iss=None), "issuer"),
    "iss unknown": (at_discovery(iss="https://evil.example"), "issuer"),
    "iss with a slash more": (at_discovery(iss="https://ehr.example.org/"), "issuer"),
    "iss a list": (raw_token(HEAD, claims(DISCOVERY, iss=["https://ehr.example.org"])), "issuer"),
    "jku elsewhere": (at_discovery(Signer(header=(("jku", "https://evil.example/jwks"),))), "jku"),
    "kid unknown": (at_discovery(Signer(kid="a+b/c")), "key"),
    "kid escaped": (at_discovery(Signer(kid="a%2Bb%2Fc%3D%3D")), "key"),
    "the other algorithm's kid": (at_discovery(Signer(kid=RSA_KID)), "key"),
    "another's key": (at_discovery(Signer(OTHER_KEY)), "signature"),
    "no signature": (at_discovery().rpartition(".")[0] + ".", "signature"),
    "claims changed": (with_other_claims(sub="Practitioner/2"), "signature"),
    "key in the header": (
        at_discovery(Signer(OTHER_KEY, header=(("jwk", key_set((OTHER_KEY, EC_KID))["keys"][0]),))),
        "signature",
    ),
    "aud of another endpoint": (at_discovery(aud=PUBLIC + HOOK), "audience"),
    "aud of another service": (at_discovery(aud="https://other.example/cds-services"), "audience"),
    "aud with a slash more": (at_discovery(aud=f"{PUBLIC}{DISCOVERY}/"), "audience"),
    "aud missing": (at_discovery(aud=None), "audience"),
    "aud empty": (at_discovery(aud=[]), "audience"),
    "exp past by the leeway": (at_discovery(iat=SECONDS - 400, exp=SECONDS - 60), "expired"),
    "exp long past": (at_discovery(iat=SECONDS - 4000, exp=SECONDS - 3700), "expired"),
    "exp in a year": (at_discovery(exp=SECONDS + 31_536_000), "lifetime"),
    "exp missing": (at_discovery(exp=None), "claims"),
    "exp text": (at_discovery(exp=str(SECONDS + 300)), "malformed or claims"),
    "exp not a number": (raw_token(HEAD, '{"iss": "x", "exp": NaN}'), "malformed"),
    "exp beyond all time": (at_discovery(exp=1e300), "claims"),
    "exp true": (at_discovery(exp=True), "claims"),
    "iat missing": (at_discovery(iat=None), "claims"),
    "iat beyond the leeway": (at_discovery(iat=SECONDS + 61), "issued_in_future"),
    "nbf beyond the leeway": (at_discovery(nbf=SECONDS + 61), "not_yet_valid"),
    "jti missing": (at_discovery(jti=None), "claims"),
    "jti empty": (at_discovery(jti=""), "claims"),
    "jti endless": (at_discovery(jti="x" * 513), "claims"),
    "tenant missing": (token(DISCOVERY), "tenant"),
    "tenant unknown": (at_discovery(tenant="east"), "tenant"),
    "tenant a list": (at_discovery(tenant=["north"]), "tenant"),
    "two parts": ("e30.e30", "malformed"),
    "four parts": (at_discovery() + ".e30", "malformed"),
    "no JSON": (raw_token("{", "}"), "malformed"),
    "a list": (raw_token("[]", "[]"), "malformed"),
    "nested without end": (raw_token(HEAD, '{"iss": ' + "[" * 3000 + "]" * 3000 + "}"), "malformed"),
    "too long": (at_discovery(pad="x" * 9000), "malformed"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_token_that_is_not_sound_is_refused_without_a_reason(
    serve: Serve, text: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(EHR) as http:
        response = http.get(DISCOVERY, headers=bearer(text))
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json() == {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "login", "diagnostics": "A valid token of a registered client is required."}
        ],
    }
    logged = capsys.readouterr().err
    assert reasons(logged)[0] in reason.split(" or ")
    assert not [part for part in text.split(".") if len(part) > 8 and part in logged], "no token in the log"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Basic dXNlcjpwYXNz")],
        [("Authorization", at_discovery())],
        [("Authorization", f"Bearer {at_discovery()}"), ("Authorization", f"Bearer {at_discovery()}")],
        [("Authorization", "Bearer \xff.\xff.\xff".encode("latin-1"))],
    ],
)
def test_without_one_bearer_token_there_is_no_answer(trusted: TestClient, headers: list[tuple[str, Any]]) -> None:
    assert trusted.get(DISCOVERY, headers=headers).status_code == 401


def test_the_scheme_is_read_in_any_case(trusted: TestClient) -> None:
    assert trusted.get(DISCOVERY, headers={"Authorization": f"bearer  {at_discovery()}"}).status_code == 200


def test_a_token_is_good_once(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    text = at_discovery()
    with serve(EHR) as http:
        assert [discover(http, text) for _ in range(3)] == [200, 401, 401]
    assert reasons(capsys.readouterr().err) == ["replayed", "replayed"]


def test_the_same_jti_is_used_up_whatever_else_the_token_says(trusted: TestClient) -> None:
    assert [discover(trusted, at_discovery(jti="x", sub=sub)) for sub in "ab"] == [200, 401]


def test_a_refused_token_does_not_use_up_its_jti(trusted: TestClient) -> None:
    refused, sound = at_discovery(Signer(OTHER_KEY), jti="mine"), at_discovery(jti="mine")
    assert [discover(trusted, text) for text in (refused, sound)] == [401, 200]


def test_two_clients_may_use_the_same_jti(serve: Serve) -> None:
    other = client(id="other", issuer="https://other.example", jwks=key_set((OTHER_KEY, "k")))
    texts = token(DISCOVERY, jti="1"), token(DISCOVERY, Signer(OTHER_KEY, "k"), iss="https://other.example", jti="1")
    with serve(client(), other) as http:
        assert [discover(http, text) for text in texts] == [200, 200]


def test_one_client_cannot_sign_for_another(serve: Serve) -> None:
    other = client(id="other", issuer="https://other.example", jwks=key_set((OTHER_KEY, EC_KID)))
    with serve(client(), other) as http:
        assert discover(http, token(DISCOVERY, Signer(OTHER_KEY))) == 401


def test_tenants_of_one_issuer_have_their_own_keys(serve: Serve) -> None:
    south = client(id="south", tenants=["south"], jwks=key_set((OTHER_KEY, EC_KID)))
    with serve(client(tenants=["north"]), south) as http:
        signed = [at_discovery(Signer(key), tenant=t) for key in (EC_KEY, OTHER_KEY) for t in ("north", "south")]
        assert [discover(http, text) for text in signed] == [200, 401, 401, 200]


def test_a_token_that_has_expired_is_not_taken_for_new_once_it_is_forgotten(serve: Serve) -> None:
    seconds = [0]
    text = at_discovery()
    answers = []
    with serve(client(), now=lambda: NOW + timedelta(seconds=seconds[0])) as http:
        for seconds[0] in (0, 0, 61, 299, 300, 359, 360, 361, 422, 9999):
            answers.append(discover(http, text))
    assert answers == [200, *[401] * 9]


def test_the_leeway_can_be_set(serve: Serve) -> None:
    with serve(client(), token_leeway=30) as http:
        assert [discover(http, token(DISCOVERY, iat=SECONDS + late)) for late in (30, 31)] == [200, 401]


def test_where_no_aud_is_known_but_an_alias_only_that_counts(serve: Serve) -> None:
    with serve(client(audiences=["cds"]), public_url=None) as http:
        assert [discover(http, token(DISCOVERY, aud=aud)) for aud in ("cds", DISCOVERY, f"None{DISCOVERY}")] == [
            200,
            401,
            401,
        ]


def test_the_audience_is_the_public_address_whatever_the_host_header_says(trusted: TestClient) -> None:
    text = at_discovery(aud="https://evil.example/cds-services")
    headers = {**bearer(text), "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert trusted.get(DISCOVERY, headers=headers).status_code == 401


def test_the_hook_asks_for_a_token_before_it_reads_anything(
    trusted: TestClient, hook_request: Callable[..., Any]
) -> None:
    assert trusted.post(HOOK, content=b"{", headers={"Content-Type": "text/html"}).status_code == 401
    assert trusted.post(HOOK, json=hook_request()).status_code == 401
    response = trusted.post(HOOK, json=hook_request(), headers=bearer(token(HOOK, tenant="north")))
    assert response.status_code == 200
    assert response.json()["cards"]


def test_what_holds_no_patient_needs_no_token(trusted: TestClient) -> None:
    assert [trusted.get(path).status_code for path in ("/healthz", "/readyz", "/version")] == [200, 200, 200]


def test_a_browser_gets_its_headers_on_401_and_needs_no_token_to_ask_first(serve: Serve) -> None:
    with serve(client(), cors_origins=(ORIGIN,)) as http:
        preflight = http.options(
            HOOK,
            headers={
                "Origin": ORIGIN,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, content-type",
            },
        )
        refused = http.get(DISCOVERY, headers={"Origin": ORIGIN})
    assert (preflight.status_code, refused.status_code) == (200, 401)
    assert [r.headers["access-control-allow-origin"] for r in (preflight, refused)] == [ORIGIN, ORIGIN]


def test_where_replay_cannot_be_told_it_is_503_with_a_time_to_come_back(serve: Serve) -> None:
    class Broken:
        def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
            raise ReplayGuardDown("the database is away")

    with serve(client(), guard=Broken()) as http:
        response = http.get(DISCOVERY, headers=bearer(token(DISCOVERY)))
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.json()["issue"][0]["code"] == "transient"


def test_the_guard_is_told_for_how_long_to_remember(serve: Serve) -> None:
    asked = []

    class Noting:
        def first_time(self, issuer: str, jti: str, expires: datetime) -> bool:
            asked.append((issuer, jti, expires))
            return True

    with serve(client(), guard=Noting()) as http:
        discover(http, token(DISCOVERY, jti="7", exp=SECONDS + 100))
    assert asked == [("https://ehr.example.org", "7", NOW + timedelta(seconds=160))]


def test_an_rsa_key_that_is_too_short_is_no_key(serve: Serve) -> None:
    short = rsa.generate_private_key(public_exponent=65_537, key_size=1024)
    with pytest.raises(Exception, match="2048 bits"), serve(client(jwks=key_set((short, "s")))):
        pass
