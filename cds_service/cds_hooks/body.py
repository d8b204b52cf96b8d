"""Reading the bytes of a request body: the media type first, and never more bytes than allowed."""

from collections.abc import AsyncIterator

from starlette.requests import Request

from cds_service.cds_hooks.leniency import GZIP, Leniency
from cds_service.cds_hooks.outcome import HookError, Problem
from cds_service.cds_hooks.packed import ENCODINGS, PackingError, Unpacker

_MEDIA_TYPES = ("application/json", "application/fhir+json")


async def read_body(request: Request, max_bytes: int, leniency: Leniency) -> bytes:
    """Return the body of `request`, unpacked.

    Raises HookError: 415 for a media type, character set or encoding that is not read, 413 for more than `max_bytes` as
    sent or unpacked, 400 for what cannot be unpacked.
    """
    _check_media_type(request)
    is_packed = _is_packed(request, leniency)
    if _announced_bytes(request) > max_bytes:
        raise _too_large(max_bytes)
    chunks, size = [], 0
    # Counted as it comes: a chunked body announces no length, and a packed one not what comes of it.
    async for chunk in _unpacked(request, max_bytes) if is_packed else request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_media_type(request: Request) -> None:
    media_type, *parameters = request.headers.get("content-type", "").lower().split(";")
    if media_type.strip() not in ("", *_MEDIA_TYPES):
        raise _unsupported(f"Content-Type must be {' or '.join(_MEDIA_TYPES)}.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise _unsupported("The character set must be UTF-8.")


def _is_packed(request: Request, leniency: Leniency) -> bool:
    encoding = ",".join(request.headers.getlist("content-encoding")).strip().lower()
    if encoding in ("", "identity"):
        return False
    if encoding in ENCODINGS and leniency.forgives(GZIP):
        return True
    allowed = "" if leniency.is_strict else " or in gzip"
    raise _unsupported(f"Content-Encoding is not supported: send the body as it is{allowed}.")


async def _unpacked(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    unpacker, size = Unpacker(), 0
    try:
        async for chunk in request.stream():
            size += len(chunk)  # of parts in which nothing is packed nothing comes, however many there are
            if size > max_bytes:
                raise _too_large(max_bytes)
            for piece in unpacker.pieces(chunk):
                yield piece
        unpacker.finish()
    except PackingError as error:
        problem = Problem("structure", "The body is not what its Content-Encoding says: damaged, or cut off.")
        raise HookError(400, (problem,)) from error


def _announced_bytes(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def _unsupported(message: str) -> HookError:
    return HookError(415, (Problem("not-supported", message),))


def _too_large(max_bytes: int) -> HookError:
    # The rest of the body stays unread, so the connection is of no further use.
    problem = Problem("too-long", f"The body is larger than {max_bytes} bytes.")
    return HookError(413, (problem,), {"Connection": "close"})
