"""Text around JSON: byte-order marks and NDJSON."""

import codecs

import msgspec

from cds_service.errors import RecordError
from cds_service.fhir.damaged_json import isolated

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_JSON = msgspec.json.Decoder(msgspec.Raw)


def as_utf8(data: bytes | str) -> bytes:
    """The document as UTF-8, without byte-order mark or outer white space. Raises `RecordError` where it has none."""
    try:
        if isinstance(data, str):
            return data.lstrip("\ufeff").strip().encode()
        for mark, encoding in _MARKS:
            if data.startswith(mark):
                text = data[len(mark) :]
                return (text if encoding == "utf-8" else text.decode(encoding).encode()).strip()
    except UnicodeError as error:
        raise RecordError("the record is not UTF-8 text") from error
    return data.strip()


def lines_of(text: bytes) -> list[bytes]:
    """The lines of NDJSON (https://hl7.org/fhir/R4/nd-json.html), or none where the text is not that."""
    lines = [line for line in (line.strip() for line in text.split(b"\n")) if line]
    if len(lines) < 2 or not lines[0].startswith(b"{"):
        return []
    return lines if is_json(lines[0]) or isolated(lines[0]) is not None else []


def is_json(text: bytes) -> bool:
    """Whether the text is one JSON value. What stands within its strings is not looked at."""
    try:
        _JSON.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
