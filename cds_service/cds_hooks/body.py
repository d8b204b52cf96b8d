"""Reading the bytes of a request body: the media type first, and never more bytes than allowed."""

from collections.abc import AsyncIterator

from starlette.requests import Request

from cds_service.cds_hooks.leniency import GZIP, Leniency
from cds_service.cds_hooks.outcome import HookError, RequestProblem
from cds_service.cds_hooks.packed import ENCODINGS, PackingError, Unpacker
from cds_service.wire import HeaderProblem, announced_bytes, content_codings, media_type

# The last is what FHIR's drafts before R3 said, and some clients still say.
_MEDIA_TYPES = ("application/json", "application/fhir+json", "application/json+fhir")


async def read_body(request: Request, max_bytes: int, leniency: Leniency, *, typed: bool) -> bytes:
    """Return the body of `request`, unpacked. `typed`: whether it must say its media type.

    A page of any origin may send a body without one, and no browser asks first; a token it could not send so.
    Raises HookError: 415 for a media type, character set or encoding that is not read, 413 for more than `max_bytes` as
    sent or unpacked, 400 for a length that is no number and for what cannot be unpacked.
    """
    _check_media_type(request, typed)
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


def _check_media_type(request: Request, typed: bool) -> None:
    kind, charset = media_type(request.headers)
    if kind not in (_MEDIA_TYPES if typed else ("", *_MEDIA_TYPES)):
        raise _unsupported(f"Content-Type must be {' or '.join(_MEDIA_TYPES[:2])}.")
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise _unsupported("The character set must be UTF-8.")


def _is_packed(request: Request, leniency: Leniency) -> bool:
    encoding = content_codings(request.headers)
    if encoding == "identity":
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
        problem = RequestProblem("structure", "The body is not what its Content-Encoding says: damaged, or cut off.")
        raise HookError(400, (problem,)) from error


def _announced_bytes(request: Request) -> int:
    try:
        return announced_bytes(request.headers)
    except HeaderProblem as problem:
        raise HookError(400, (RequestProblem("structure", f"{problem}."),), {"Connection": "close"}) from problem


def _unsupported(message: str) -> HookError:
    return HookError(415, (RequestProblem("not-supported", message),))


def _too_large(max_bytes: int) -> HookError:
    # The rest of the body stays unread, so the connection is of no further use.
    problem = RequestProblem("too-long", f"The body is larger than {max_bytes} bytes.")
    return HookError(413, (problem,), {"Connection": "close"})
