"""The client's side of a token: a key pair of its own, and tokens signed with it. For trying out a client."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cds_service.errors import CdsError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class KeyFileProblem(CdsError):  # noqa: N818 - it says what is the matter with a file
    """A private key that cannot be written or read; the text says why."""


def new_key(algorithm: str) -> PrivateKey:
    """A new private key for ES384 or RS384. Raises KeyFileProblem for another algorithm."""
    match algorithm:
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        case "RS384":
            return rsa.generate_private_key(public_exponent=65_537, key_size=3_072)
    raise KeyFileProblem(f"the algorithm is ES384 or RS384, not {algorithm!r}")


def write_new_key(file: Path, algorithm: str) -> None:
    """Write a new private key to `file`, for its owner alone to read. Raises KeyFileProblem, also where it exists."""
    pem = new_key(algorithm).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(pem)
    except OSError as problem:
        raise KeyFileProblem(f"{file}: {problem.strerror}") from problem


def public_keys(file: Path, kid: str) -> dict[str, Any]:
    """The JSON Web Key Set with the public part of the key in `file`. Raises KeyFileProblem."""
    return {"keys": [public_jwk(_read(file), kid)]}


def public_jwk(key: PrivateKey, kid: str) -> dict[str, Any]:
    """The JSON Web Key of its public part."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        jwk, algorithm = ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "ES384"
    else:
        jwk, algorithm = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "RS384"
        jwk.pop("key_ops", None)
    return {**jwk, "kid": kid, "alg": algorithm, "use": "sig"}


def sign(file: Path, kid: str, claims: Mapping[str, Any]) -> str:
    """A token with `claims`, signed with the key in `file`. Raises KeyFileProblem."""
    key = _read(file)
    algorithm = "ES384" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS384"
    return jwt.encode(dict(claims), key, algorithm, headers={"kid": kid})


def _read(file: Path) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except OSError as problem:
        raise KeyFileProblem(f"{file}: {problem.strerror}") from problem
    except (ValueError, TypeError) as problem:
        raise KeyFileProblem(f"{file} holds no private key in PEM without a password") from problem
    if isinstance(key, rsa.RSAPrivateKey) or (
        isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1)
    ):
        return key
    raise KeyFileProblem(f"{file}: the key must be EC with P-384 or RSA")
