"""The keys that tokens are verified with: JSON Web Keys to public keys (RFC 7517, RFC 7518).

Only what CDS Hooks asks for: P-384 for ES384, RSA of at least 2,048 bits for RS384. Anything else is no key here, so a
token can't choose a weaker one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from msgspec import DecodeError, Meta, Raw, Struct, ValidationError, convert, json

from cds_service.errors import CdsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Algorithm = Literal["ES384", "RS384"]
PublicKey: TypeAlias = "EllipticCurvePublicKey | RSAPublicKey"

_LEAST_RSA_BITS = 2_048
_MOST_RSA_BITS = 16_384
"""OpenSSL verifies with no larger one (OPENSSL_RSA_MAX_MODULUS_BITS)."""
_NO_KEY = "a key must be a JSON object whose members are as RFC 7517 and RFC 7518 have them"
# The private parts of EC and RSA keys (RFC 7518, 6.2.2 and 6.3.2).
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth")


class KeyProblem(CdsError):  # noqa: N818 - it says what is the matter with one key
    """A JSON Web Key that tokens cannot be verified with; the text says why."""


Member = Annotated[str, Meta(max_length=4_096)]
"""Longer than that of any key that is taken: 16,384 bits are 2,731 characters."""


class _Jwk(Struct):
    """The members of a JSON Web Key that are read. `null` is as if it were not there: some libraries write it so."""

    kty: str | None = None
    kid: str | None = None
    use: str | None = None
    alg: str | None = None
    key_ops: list[str] | None = None
    crv: str | None = None
    x: Member | None = None
    y: Member | None = None
    n: Member | None = None
    e: Member | None = None
    d: Any = None
    p: Any = None
    q: Any = None
    dp: Any = None
    dq: Any = None
    qi: Any = None
    oth: Any = None


class _KeySet(Struct):
    keys: list[Raw]


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key with the id that tokens call it by and the one algorithm that it is for."""

    kid: str
    algorithm: Algorithm
    key: PublicKey


def read_key(jwk: Any) -> VerifyKey:
    """The key that a JSON Web Key holds. Raises KeyProblem, and nothing else, whatever it is given."""
    try:
        return _verify_key(convert(jwk, _Jwk))
    except (ValidationError, RecursionError) as problem:
        raise KeyProblem(_NO_KEY) from problem


def read_keys(document: bytes) -> tuple[VerifyKey, ...]:
    """The usable keys of a JSON Web Key Set; others in it are passed over (RFC 7517, 5). Raises KeyProblem, and nothing
    else, for what is no such set.

    A client publishes in one set what it uses elsewhere too, such as keys for encryption. Each key is decoded by
    itself, so that none can spoil another one.
    """
    try:
        document.decode()  # what is not looked into is not decoded either
        keys = json.decode(document, type=_KeySet).keys
    except (DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise KeyProblem("a JSON Web Key Set must be an object with a list `keys`") from problem
    found = []
    for raw in keys:
        try:
            found.append(_verify_key(json.decode(raw, type=_Jwk)))
        except (KeyProblem, DecodeError, RecursionError):
            continue
    return tuple(found)


def _verify_key(jwk: _Jwk) -> VerifyKey:
    if not jwk.kid:
        raise KeyProblem("a key must have a `kid`")
    if any(getattr(jwk, part) is not None for part in _PRIVATE):
        raise KeyProblem("this is a private key: it belongs to the client alone, here goes the public one")
    if jwk.use not in (None, "sig") or (jwk.key_ops is not None and "verify" not in jwk.key_ops):
        raise KeyProblem("the key is not for signatures (`use`, `key_ops`)")
    algorithm, key = _public(jwk)
    if jwk.alg not in (None, algorithm):
        raise KeyProblem(f"`alg` must be {algorithm} for such a key")
    return VerifyKey(jwk.kid, algorithm, key)


def _public(jwk: _Jwk) -> tuple[Algorithm, PublicKey]:
    # Where no clients are configured there are no keys, and nothing of this is needed.
    from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm  # noqa: PLC0415

    key: object = None
    try:
        match jwk.kty, jwk.crv:
            case "EC", "P-384":
                key = ECAlgorithm.from_jwk({"kty": jwk.kty, "crv": jwk.crv, "x": jwk.x, "y": jwk.y})
            case "RSA", _:
                key = RSAAlgorithm.from_jwk({"kty": jwk.kty, "n": jwk.n, "e": jwk.e})
    except Exception as problem:
        # Two libraries read these numbers, and each has errors of its own for odd ones, of no common kind.
        raise KeyProblem("the key cannot be read") from problem
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP384R1):
        return "ES384", key
    if isinstance(key, RSAPublicKey):
        if not _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS:
            raise KeyProblem(f"an RSA key must have at least {_LEAST_RSA_BITS} bits, and at most {_MOST_RSA_BITS}")
        return "RS384", key
    raise KeyProblem("the key must be EC with P-384 (ES384) or RSA (RS384)")
