"""Digests that are the same for the same content, however it is written down."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from msgspec import DecodeError, Raw, json

from cds_service.fhir import isolated

_WITHOUT = "fhirAuthorization"
"""What a request holds besides its content: the access token is never kept, not even as part of a digest."""
_SORTED_LEVELS = 2
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOT_ASCII = re.compile("[^\x00-\x7f]")

# Numbers stay as they are written: 1.0 and 1.00 say different things of a measurement.
_decoder = json.Decoder(float_hook=lambda written: Raw(written.encode()))


def canonical(content: Any) -> bytes:
    """JSON with sorted keys and without spaces."""
    return json.encode(content, order="sorted")


def digest_of(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def request_digest(body: bytes) -> str:
    """SHA-256 of a hook request without its token, whatever its spacing and the order of its fields and prefetch keys.

    Within a resource the order of fields and the way in which characters are escaped count: to decode and sort a
    record takes longer than to answer it. `is_request` looks through the escapes. Single values that JSON does not have
    count as unreadable, whichever they are: such a request is answered, so its decision is logged. Raises
    msgspec.DecodeError for no JSON object.
    """
    fields = _fields(body.removeprefix(_BYTE_ORDER_MARK))
    fields.pop(_WITHOUT, None)
    total = hashlib.sha256()
    for piece in _object(fields, _SORTED_LEVELS):
        total.update(piece)
    return total.hexdigest()


def _fields(body: bytes) -> dict[str, Raw]:
    try:
        return json.decode(body, type=dict[str, Raw])
    except (DecodeError, UnicodeError, RecursionError):
        strict = isolated(body)
        if strict is None:
            raise
    return json.decode(strict, type=dict[str, Raw])


def is_request(body: bytes, digest: str) -> bool:
    """Whether that is the digest of this request, also where either was written with characters escaped."""
    if request_digest(body) == digest:
        return True
    try:
        plain = json.encode(_decoder.decode(body.removeprefix(_BYTE_ORDER_MARK)))
        escaped = _NOT_ASCII.sub(_escape, plain.decode()).encode()
    except (DecodeError, UnicodeError, RecursionError):
        return False
    return digest in (request_digest(plain), request_digest(escaped))


def _escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be").hex()
    return "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))


def _object(fields: dict[str, Raw], levels: int) -> Iterator[bytes]:
    """A JSON object without spaces, its fields sorted, and those of the objects in it down to as many `levels`."""
    yield b"{"
    for n, name in enumerate(sorted(fields)):
        yield (b"," if n else b"") + json.encode(name) + b":"
        value = fields[name]
        if levels > 1 and bytes(memoryview(value)[:1]) == b"{":
            yield from _object(json.decode(value, type=dict[str, Raw]), levels - 1)
        else:
            yield json.format(bytes(value), indent=-1)
    yield b"}"
