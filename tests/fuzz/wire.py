"""A body as bytes, and the headers beside it: sound, odd and broken."""

import gzip
import json
from random import Random
from typing import Any

Headers = dict[str, bytes]

_CONTENT_TYPES = (b"application/json", b"application/fhir+json", b"application/json; charset=utf-8")
_ODD_HEADERS: tuple[tuple[str, bytes], ...] = (
    ("Content-Type", b"text/html"),
    ("Content-Type", b"application/json; charset=utf-16"),
    ("Content-Type", b"application/json;;;=;charset"),
    ("Content-Type", b"\xff\xfe"),
    ("Content-Encoding", b"gzip"),
    ("Content-Encoding", b"br, gzip"),
    ("Origin", b"null"),
    ("Origin", b"http://["),
    ("Authorization", b"Basic \xc3\xa9"),
    ("Authorization", b"Bearer"),
    ("Accept", b"text/html;q=x"),
    ("X-Forwarded-For", b"x" * 4_000),
    ("Expect", b"100-continue"),
    ("Range", b"bytes=0-"),
    ("If-None-Match", b"*"),
)


def sound(random: Random, body: Any) -> tuple[bytes, Headers]:
    """The same body in one of the ways that it may be written."""
    indent = random.choice([None, None, 2])
    text = json.dumps(body, ensure_ascii=random.random() < 0.5 or _has_surrogates(body), indent=indent)
    return text.encode(), {"Content-Type": random.choice(_CONTENT_TYPES)}


def any_way(random: Random, body: Any) -> tuple[bytes, Headers]:
    """The body in a way that may be none."""
    data, headers = sound(random, body)
    if random.random() < 0.25:
        data = random.choice(_BREAKING)(random, data)
    if random.random() < 0.15:
        name, value = random.choice(_ODD_HEADERS)
        headers[name] = value
        if (name, value) == ("Content-Encoding", b"gzip") and random.random() < 0.7:
            data = gzip.compress(random.choice([data, data, data[:-5], bytes(30_000_000)]))
    return data, headers


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data))]


def _other_byte(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _number(random: Random, data: bytes) -> bytes:
    """A number, or a word that JSON does not have, in place of a text."""
    at = data.rfind(b'": "', 0, random.randrange(len(data)))
    end = data.find(b'"', at + 4)
    odd = random.choice([b"NaN", b"-Infinity", b"1e999", b"-0", b"0001", b"9" * 5_000, b"1E400", b"undefined"])
    return data if at < 0 or end < 0 else data[: at + 3] + odd + data[end + 1 :]


def _twice(random: Random, data: bytes) -> bytes:
    """A key that stands there twice."""
    key = random.choice([b"resourceType", b"code", b"status", b"patientId", b"prefetch", b"subject"])
    return data.replace(b'"%s":' % key, b'"%s": "x", "%s":' % (key, key))


def _framed(random: Random, data: bytes) -> bytes:
    return random.choice([b"\xef\xbb\xbf" + data, data + b"x", b"[" + data + b"]", data * 2, b"\0" + data, b""])


def _deep(random: Random, data: bytes) -> bytes:
    levels = random.choice([90, 900, 5_000, 100_000])
    deep = b'{"extension": ' * levels + b"1" + b"}" * levels
    return data[:-1] + b', "extension": ' + deep + b"}"


def _utf16(_random: Random, data: bytes) -> bytes:
    return data.decode().encode("utf-16")


_BREAKING = (_cut, _other_byte, _other_byte, _number, _number, _twice, _framed, _deep, _utf16)


def _has_surrogates(body: Any) -> bool:
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
