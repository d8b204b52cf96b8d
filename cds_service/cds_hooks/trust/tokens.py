"""A client's token: a JSON Web Token, read, verified and checked (CDS Hooks 2.0, "Trusting CDS Clients"; RFC 7519).

The order matters: nothing is fetched for a token whose algorithm or issuer is not allowed, and no claim but the issuer
and the tenant, which choose the key, is looked at before the signature is verified.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from msgspec import DecodeError, json

from cds_service.cds_hooks.trust.keys import Algorithm, VerifyKey
from cds_service.errors import CdsError
from cds_service.wire import HeaderProblem, base64url

if TYPE_CHECKING:
    from jwt.api_jws import PyJWS

Reason = Literal[
    "no_token",
    "malformed",
    "algorithm",
    "header",
    "issuer",
    "jku",
    "key",
    "signature",
    "claims",
    "audience",
    "expired",
    "lifetime",
    "not_yet_valid",
    "issued_in_future",
    "tenant",
    "replayed",
]
"""Why a token is refused: for the service's own log, never for the client."""

_MOST_CHARACTERS = 8_192
_MOST_JTI_CHARACTERS = 512
MOST_TENANT_CHARACTERS = 255
"""As many as a column for names has (`cds_service.store`): records are kept by it."""
# Any text that can be read: control characters and halves of surrogate pairs are in no name of a hospital.
_TENANT = re.compile(rf"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{0,{MOST_TENANT_CHARACTERS}}}")
MOST_SECONDS = 3_600
"""A token that lives longer would have to be remembered for as long. CDS Hooks recommends five minutes."""
_ALGORITHMS: frozenset[str] = frozenset(get_args(Algorithm))


class Refused(CdsError):  # noqa: N818 - a token is refused; the service is all right
    """A token that is not trusted. The text is the reason and nothing of the token."""

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token as read, with nothing verified. `claims` are what it says."""

    algorithm: Algorithm
    kid: str
    jku: str | None
    claims: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)

    @property
    def issuer(self) -> str:
        return str(self.claims["iss"])

    @property
    def tenant(self) -> str | None:
        tenant = self.claims.get("tenant")
        return tenant if isinstance(tenant, str) else None


def read_token(text: str) -> SignedToken:
    """Take a token apart. Raises Refused: malformed, algorithm, header, issuer."""
    parts = text.split(".")
    if len(text) > _MOST_CHARACTERS or len(parts) != 3:
        raise Refused("malformed")
    header, claims = _object(parts[0]), _object(parts[1])
    algorithm, kid, jku = header.get("alg"), header.get("kid"), header.get("jku")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise Refused("algorithm")
    # `crit` asks for extensions of JWS, of which none is known here (RFC 7515, 4.1.11).
    if not isinstance(kid, str) or not isinstance(jku, str | None) or "crit" in header or not _is_jwt(header):
        raise Refused("header")
    if not isinstance(claims.get("iss"), str):
        raise Refused("issuer")
    return SignedToken("ES384" if algorithm == "ES384" else "RS384", kid, jku, claims, text)


def verify_signature(token: SignedToken, keys: Iterable[VerifyKey]) -> None:
    """Check that the token was signed with one of `keys`. Raises Refused: signature."""
    from jwt.exceptions import PyJWTError  # noqa: PLC0415 (only where clients are configured)

    for key in keys:
        if key.algorithm == token.algorithm and key.kid == token.kid:
            try:
                _jws().decode_complete(token.text, key.key, algorithms=[token.algorithm])
            except (PyJWTError, ValueError, TypeError):
                continue
            return
    raise Refused("signature")


def check_claims(token: SignedToken, audiences: Iterable[str], now: datetime, leeway: int) -> tuple[str, datetime]:
    """Check whom the token is for and when it is valid, give or take `leeway` seconds.

    Returns its `jti`, and until when nobody else may use it. Raises Refused: claims, audience, expired, lifetime,
    not_yet_valid, issued_in_future, tenant.
    """
    claims, instant = token.claims, now.timestamp()
    audience = claims.get("aud")
    given = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(one, str) and one in set(audiences) for one in given):
        raise Refused("audience")
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if instant >= expires + leeway:
        raise Refused("expired")
    if expires > instant + leeway + MOST_SECONDS:
        raise Refused("lifetime")
    if "nbf" in claims and _seconds(claims, "nbf") > instant + leeway:
        raise Refused("not_yet_valid")
    if issued > instant + leeway:
        raise Refused("issued_in_future")
    if not _TENANT.fullmatch(token.tenant or ""):
        raise Refused("tenant")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MOST_JTI_CHARACTERS:
        raise Refused("claims")
    return jti, datetime.fromtimestamp(math.ceil(expires) + leeway, UTC)


@cache
def _jws() -> "PyJWS":
    from jwt.api_jws import PyJWS  # noqa: PLC0415

    return PyJWS(algorithms=sorted(_ALGORITHMS))


def _object(part: str) -> dict[str, Any]:
    try:
        return json.decode(base64url(part), type=dict[str, Any])
    except (HeaderProblem, DecodeError, ValueError, RecursionError) as problem:
        raise Refused("malformed") from problem


def _is_jwt(header: dict[str, Any]) -> bool:
    # Other kinds of token, such as `at+jwt`, are signed with the same keys and mean something else (RFC 8725, 3.11).
    kind = header.get("typ", "JWT")
    return isinstance(kind, str) and kind.upper() == "JWT"


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise Refused("claims")
    return float(value)
