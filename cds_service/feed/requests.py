"""What of a feed is the body of a hook request, which is no FHIR: it holds FHIR as prefetch."""

import msgspec
from msgspec import Raw

_MARKS = (b"\xef\xbb\xbf",)
_NOTHING = Raw()


class _Request(msgspec.Struct, rename="camel"):
    resource_type: Raw = _NOTHING
    hook: Raw = _NOTHING
    hook_instance: Raw = _NOTHING
    context: Raw = _NOTHING
    prefetch: Raw = _NOTHING


_DECODER = msgspec.json.Decoder(_Request)


def is_request(data: bytes) -> bool:
    """Whether a document is the body of a hook request, whole or not: a JSON object with a `hook`, `hookInstance` or
    `prefetch`, and no `resourceType` (https://cds-hooks.hl7.org/2.0/#http-request_1)."""
    for mark in _MARKS:
        data = data.removeprefix(mark)
    if not data.lstrip().startswith(b"{"):
        return False
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    asked = (found.hook, found.hook_instance, found.prefetch)
    return found.resource_type is _NOTHING and any(part is not _NOTHING for part in asked)
