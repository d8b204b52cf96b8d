"""Patients and encounters in the database: a keyed hash in place of the id.

Without the key nobody can tell from the database whose row it is, not even by trying all ids; with another key the
same patient is somebody else, and what was known of them is no longer found.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cds_service.store.failures import StoreError

FILE = "hash.key"
LEAST_BYTES = 32


class Pseudonyms:
    """Keyed hashes (HMAC-SHA-256) of ids. An id is unique within a client's records only, so the client is part."""

    def __init__(self, key: bytes) -> None:
        """`key` has at least 32 bytes. Raises StoreError for a shorter one."""
        if len(key) < LEAST_BYTES:
            raise StoreError(f"CDS_HASH_KEY needs at least {LEAST_BYTES} bytes: for example `openssl rand -hex 32`")
        self._key = key

    def patient(self, client: str, patient_id: str) -> str:
        """64 hexadecimal digits for a patient of that client."""
        return self._hash("patient", client, patient_id)

    def encounter(self, client: str, encounter_id: str) -> str:
        """64 hexadecimal digits for an encounter of that client."""
        return self._hash("encounter", client, encounter_id)

    def _hash(self, *parts: str) -> str:
        # The lengths keep ("a", "bc") and ("ab", "c") apart. An id may hold half of a surrogate pair, and is hashed so.
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()


def kept_key(folder: Path) -> bytes:
    """The key in the folder's `hash.key`, made at the first use. Raises StoreError."""
    path = folder / FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_bytes().strip()
    except OSError as problem:
        raise StoreError(f"{path}: {problem.strerror}; set CDS_HASH_KEY or CDS_STATE_DIR") from None


def _make(path: Path) -> None:
    """Several workers start at once: whoever links first has made the key, and it is never seen half-written."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(LEAST_BYTES).encode())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
