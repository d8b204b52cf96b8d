"""Digests that are the same for the same content, whatever its spacing and the order of its keys."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Raw, json

_WITHOUT = "fhirAuthorization"
"""What a request holds besides its content: the access token is never kept, not even as part of a digest."""
_PIECE = 32_768
_LEVELS = 6

# Numbers stay as they are written: 1.0 and 1.00 say different things of a measurement.
_decoder = json.Decoder(float_hook=lambda written: Raw(written.encode()))


def canonical(content: Any) -> bytes:
    """JSON with sorted keys and without spaces."""
    return json.encode(content, order="sorted")


def digest_of(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def request_digest(body: bytes) -> str:
    """SHA-256 of a hook request in canonical JSON, without its token. Raises msgspec.DecodeError for no JSON object."""
    fields = json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Raw])
    fields.pop(_WITHOUT, None)
    total = hashlib.sha256()
    for piece in _object(fields, _LEVELS):
        total.update(piece)
    return total.hexdigest()


def _pieces(value: bytes, levels: int) -> Iterator[bytes]:
    """Canonical JSON piece by piece: to decode a large record at one go would keep all other threads waiting."""
    start = value[:1]
    if len(value) <= _PIECE or levels == 0 or start not in (b"{", b"["):
        yield canonical(_decoder.decode(value))
    elif start == b"{":
        yield from _object(json.decode(value, type=dict[str, Raw]), levels)
    else:
        yield b"["
        for n, part in enumerate(json.decode(value, type=list[Raw])):
            yield b"," if n else b""
            yield from _pieces(bytes(part), levels - 1)
        yield b"]"


def _object(fields: Mapping[str, Raw], levels: int) -> Iterator[bytes]:
    yield b"{"
    for n, name in enumerate(sorted(fields)):
        yield (b"," if n else b"") + json.encode(name) + b":"
        yield from _pieces(bytes(fields[name]), levels - 1)
    yield b"}"
