"""Tokens as clients make them, sound and otherwise, and the clients file that goes with them."""

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt

from cds_service.cds_hooks.trust.signing import PrivateKey, new_key, public_jwk

NOW = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)
PUBLIC = "https://cds.example.org"
DISCOVERY = "/cds-services"
HOOK = "/cds-services/clinical-trial-match"
ISSUER = "https://ehr.example.org"

# Made once: RSA keys take their time. The ids are awkward on purpose.
EC_KEY, RSA_KEY, OTHER_KEY = new_key("ES384"), new_key("RS384"), new_key("ES384")
EC_KID, RSA_KID = "a+b/c==", "rsa key/2026"


def key_set(*keys: tuple[PrivateKey, str]) -> dict[str, Any]:
    """A JSON Web Key Set of the public parts."""
    return {"keys": [public_jwk(key, kid) for key, kid in keys or ((EC_KEY, EC_KID), (RSA_KEY, RSA_KID))]}


def client(**fields: Any) -> dict[str, Any]:
    """An entry of the clients file; a field that is `None` is left out."""
    entry = {"id": "ehr", "issuer": ISSUER, "jwks": key_set(), **fields}
    return {name: value for name, value in entry.items() if value is not None}


def clients_file(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write a clients file."""
    path = folder / "clients.json"
    path.write_text(json.dumps({"clients": list(entries) or [client()]}))
    return path


def claims(path: str = HOOK, **fields: Any) -> dict[str, Any]:
    """The claims of a sound token for the endpoint at `path`; a field that is `None` is left out."""
    now = int(NOW.timestamp())
    made = {"iss": ISSUER, "aud": PUBLIC + path, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4()), **fields}
    return {name: value for name, value in made.items() if value is not None}


@dataclass(frozen=True)
class Signer:
    """Who signs, and with which header."""

    key: Any = EC_KEY
    kid: str | None = EC_KID
    algorithm: str = "ES384"
    header: tuple[tuple[str, Any], ...] = ()

    def sign(self, payload: dict[str, Any]) -> str:
        """A token with these claims."""
        header = {name: value for name, value in (("kid", self.kid), *self.header) if value is not None}
        return jwt.encode(payload, self.key, self.algorithm, headers=header)


SIGNER = Signer()


def token(path: str = HOOK, signer: Signer = SIGNER, **fields: Any) -> str:
    """A token for the endpoint at `path`, sound but for what is said."""
    return signer.sign(claims(path, **fields))


def raw_token(header: dict[str, Any] | str, payload: dict[str, Any] | str, signature: bytes = b"") -> str:
    """A token put together by hand."""
    parts = (part if isinstance(part, str) else json.dumps(part) for part in (header, payload))
    encoded = [base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


def bearer(text: str) -> dict[str, str]:
    """The header that brings a token."""
    return {"Authorization": f"Bearer {text}"}
