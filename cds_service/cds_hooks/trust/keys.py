"""The keys that tokens are verified with: JSON Web Keys to public keys (RFC 7517, RFC 7518).

Only what CDS Hooks asks for: P-384 for ES384, RSA of at least 2,048 bits for RS384. Anything else is no key here, so a
token can't choose a weaker one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cds_service.errors import CdsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Algorithm = Literal["ES384", "RS384"]
PublicKey: TypeAlias = "EllipticCurvePublicKey | RSAPublicKey"

_LEAST_RSA_BITS = 2_048
# The private parts of EC and RSA keys (RFC 7518, 6.2.2 and 6.3.2).
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth")


class KeyProblem(CdsError):  # noqa: N818 - it says what is the matter with one key
    """A JSON Web Key that tokens cannot be verified with; the text says why."""


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key with the id that tokens call it by and the one algorithm that it is for."""

    kid: str
    algorithm: Algorithm
    key: PublicKey


def read_key(jwk: Any) -> VerifyKey:
    """The key that a JSON Web Key holds. Raises KeyProblem."""
    if not isinstance(jwk, Mapping):
        raise KeyProblem("a key must be a JSON object")
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise KeyProblem("a key must have a `kid`")
    if any(part in jwk for part in _PRIVATE):
        raise KeyProblem("this is a private key: it belongs to the client alone, here goes the public one")
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        raise KeyProblem("the key is not for signatures (`use`, `key_ops`)")
    algorithm, key = _public(dict(jwk))
    if jwk.get("alg", algorithm) != algorithm:
        raise KeyProblem(f"`alg` must be {algorithm} for such a key")
    return VerifyKey(kid, algorithm, key)


def read_keys(document: Any) -> tuple[VerifyKey, ...]:
    """The usable keys of a JSON Web Key Set; others in it are passed over (RFC 7517, 5). Raises KeyProblem.

    A client publishes in one set what it uses elsewhere too, such as keys for encryption.
    """
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        raise KeyProblem("a JSON Web Key Set must be an object with a list `keys`")
    found = []
    for jwk in keys:
        try:
            found.append(read_key(jwk))
        except KeyProblem:
            continue
    return tuple(found)


def _public(jwk: dict[str, Any]) -> tuple[Algorithm, PublicKey]:
    # Where no clients are configured there are no keys, and nothing of this is needed.
    from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm  # noqa: PLC0415
    from jwt.exceptions import PyJWTError  # noqa: PLC0415

    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "EC", "P-384":
                key = ECAlgorithm.from_jwk(jwk)
                if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP384R1):
                    return "ES384", key
            case "RSA", _:
                rsa = RSAAlgorithm.from_jwk(jwk)
                if isinstance(rsa, RSAPublicKey):
                    if rsa.key_size < _LEAST_RSA_BITS:
                        raise KeyProblem(f"an RSA key must have at least {_LEAST_RSA_BITS} bits")
                    return "RS384", rsa
    except (PyJWTError, ValueError, TypeError, KeyError) as problem:
        raise KeyProblem("the key cannot be read") from problem
    raise KeyProblem("the key must be EC with P-384 (ES384) or RSA (RS384)")
