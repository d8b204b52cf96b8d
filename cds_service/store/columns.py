"""The types of columns: each takes any value and bounds it, so that no database ever refuses what comes from outside.

What PostgreSQL and SQLite take is not the same: NUL, lone surrogates, long texts, numbers beyond 32 or 64 bits and
moments outside the calendar are kept by the one and refused by the other, for good and with all that is in the same
transaction. What a type changes it changes the same way when it is looked for. Nothing here is a check of meaning:
that is done where a value enters the service.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Integer, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

_REPLACEMENT = "\ufffd"
# PostgreSQL keeps no NUL in a text, and neither database a half of a surrogate pair, for which UTF-8 has no bytes.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MOST_INTEGER = 2**31 - 1
_JSON_BITS = 63
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def storable(text: str) -> str:
    """The text with U+FFFD in the place of what no database keeps."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def bounded(text: str, most: int) -> str:
    """The text itself where a column of `most` characters keeps it, else its beginning and a digest of the whole.

    Two texts that differ stay two: the digest is SHA-256, of which as many digits count as there is room for.
    """
    clean = storable(text)
    if clean == text and len(text) <= most:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:most]
    return clean[: most - len(digest)] + digest


def document(content: Any) -> Any:
    """JSON that every database keeps: clean texts; numbers that JSON has not, or beyond 64 bits, as texts."""
    match content:
        case str():
            return storable(content)
        case bool() | None:
            return content
        case int():
            # In hexadecimal: Python refuses to write more than some thousand decimal digits.
            return content if content.bit_length() <= _JSON_BITS else hex(content)
        case float():
            return content if math.isfinite(content) else str(content)
        case Mapping():
            return {storable(str(name)): document(value) for name, value in content.items()}
        case list() | tuple():
            return [document(value) for value in content]
    return content


class BoundedText(TypeDecorator[str]):
    """A text of at most so many characters; a longer one is kept as `bounded` makes it."""

    impl = String
    cache_ok = True

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else bounded(value, self.most)


class FreeText(TypeDecorator[str]):
    """A text of any length."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class SmallInteger(TypeDecorator[int]):
    """A whole number of 32 bits; a larger one is kept as the largest."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None else max(-_MOST_INTEGER, min(value, _MOST_INTEGER))


class JsonColumn(TypeDecorator[Any]):
    """JSON; in PostgreSQL JSONB, whose dialect is imported there only."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415

            return dialect.type_descriptor(JSONB())
        return super().load_dialect_impl(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return document(value)


class Instant(TypeDecorator[datetime]):
    """A moment, always with its zone in Python; SQLite keeps it as UTC without one.

    One that in UTC lies before the year 1 or after the year 9999 is kept as the first or the last moment of these.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        try:
            moment = value.astimezone(UTC)
        except OverflowError:
            moment = _FIRST if value.year == 1 else _LAST
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
