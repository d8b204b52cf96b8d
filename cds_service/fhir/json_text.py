"""Text that is nearly JSON: byte-order marks, NDJSON, and the tokens that lax writers let through."""

import codecs
import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from cds_service.errors import RecordError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_INTEGER = 18
# A pair of surrogates, a lone one (text cut off in the middle of an emoji), any other escape.
_ESCAPE = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.S
)


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
    try:
        msgspec.json.decode(lines[0], type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return []
    return lines


def lenient(text: bytes) -> bytes | None:
    """Strict JSON for text with `NaN` or `Infinity`, or with control characters or half an emoji within strings.

    `None` where it has any other fault.

    A NaN becomes the text "NaN", which no numeric element accepts: the resource that holds it is malformed, the others
    count. The digits of numbers are kept.
    """
    whole = _ESCAPE.sub(lambda found: b"\\ufffd" if found[2] else found[0], text).decode(errors="replace")
    try:
        document = json.loads(whole, strict=False, parse_constant=str, parse_float=_fraction, parse_int=_integer)
        return msgspec.json.Encoder(decimal_format="number").encode(document)
    except (ValueError, RecursionError, ArithmeticError):
        return None


def _fraction(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except ArithmeticError:  # an exponent that Decimal cannot hold
        return digits


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else Decimal(digits)
