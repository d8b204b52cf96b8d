"""Header fields that others write: what is read of them, and that nothing but one error comes of the rest."""

from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from cds_service.wire import (
    HeaderProblem,
    announced_bytes,
    announces_body,
    base64url,
    basic_password,
    bearer_token,
    content_coding,
    content_codings,
    cookie,
    forwarded_for,
    forwarded_prefix,
    host_name,
    host_names,
    is_same_origin,
    media_type,
    takes_pages,
)


def fields(**given: str | bytes) -> Headers:
    """Header fields as a server hands them on: bytes, decoded as Latin-1."""
    raw = [(name.replace("_", "-").encode(), _bytes(value)) for name, value in given.items()]
    return Headers(raw=raw)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8")


@pytest.mark.parametrize(
    ("length", "bytes_said"),
    [
        ("", 0),
        ("0", 0),
        ("000012", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 5_000, 10**18 - 1),
        ("0" * 5_000 + "7", 7),
        *((odd, None) for odd in ("-1", "+1", "1.0", "0x1f", "1,1", "1 1", "one", "١٢", "\u00b2", "1_000")),
    ],
)
def test_a_length_is_a_number_of_any_size(length: str, bytes_said: int | None) -> None:
    if bytes_said is None:
        with pytest.raises(HeaderProblem):
            announced_bytes(fields(content_length=length))
    else:
        assert announced_bytes(fields(content_length=length)) == bytes_said


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ("", "")),
        ("application/json", ("application/json", "")),
        (' Application/FHIR+JSON ;fhirVersion=4.0; CharSet="UTF-8"', ("application/fhir+json", "utf-8")),
        (";;=;charset", ("", "")),
    ],
)
def test_a_media_type_is_read_with_its_character_set(written: str, read: tuple[str, str]) -> None:
    assert media_type(fields(content_type=written)) == read


def test_a_body_is_as_it_is_unless_said_otherwise() -> None:
    assert [content_coding(fields(**given)) for given in ({}, {"content_encoding": ""})] == ["identity", "identity"]
    assert content_coding(fields(content_encoding=" GZip")) == "gzip"


@pytest.mark.parametrize(
    ("authorization", "password"),
    [
        (b"Basic " + b64encode(b"me:a:b"), "a:b"),
        (b"bAsIc " + b64encode("me:pässword".encode()), "pässword"),
        (b"Basic " + b64encode(b"nobody"), ""),
        *(
            (odd, None)
            for odd in (
                "",
                "Basic é",
                "Basic ???",
                "Basic A",
                "Bearer x",
                b"Basic \xe9",
                b"Basic " + b64encode(b"\xff"),
            )
        ),
    ],
)
def test_a_password_is_read_or_there_is_none(authorization: str | bytes, password: str | None) -> None:
    if password is None:
        with pytest.raises(HeaderProblem):
            basic_password(fields(authorization=authorization))
    else:
        assert basic_password(fields(authorization=authorization)) == password


def test_a_bearer_gives_one_token() -> None:
    assert bearer_token(fields(authorization="bearer  a.b.c ")) == "a.b.c"
    twice = Headers(raw=[(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")])
    for none in (fields(), fields(authorization="Bearer "), fields(authorization="Basic x"), twice):
        with pytest.raises(HeaderProblem):
            bearer_token(none)


@pytest.mark.parametrize(("part", "read"), [("e30", b"{}"), ("e30=", b"{}"), ("-_-_", b"\xfb\xff\xbf"), ("", b"")])
def test_a_part_of_a_token_is_base64url(part: str, read: bytes) -> None:
    assert base64url(part) == read


@pytest.mark.parametrize("part", ["é", "e3\n0", "e 30", "+/+/", "e", "e=30"])
def test_other_characters_in_it_are_not_passed_over(part: str) -> None:
    with pytest.raises(HeaderProblem):
        base64url(part)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        *(("127.0.0.1:8000", "127.0.0.1"), ("[::1]:8000", "::1"), ("LocalHost", "localhost")),
        *((odd, None) for odd in ("", "[", "a/b", "a?b", "a#b", "user@a", "a b", "a:port", "a:0", "a\\b", "é/")),
    ],
)
def test_a_host_is_a_name_and_a_port(host: str, name: str | None) -> None:
    if name is None:
        with pytest.raises(HeaderProblem):
            host_name(fields(host=host))
    else:
        assert host_name(fields(host=host)) == name


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        (None, "127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("https://Desk.example", "desk.example", True),
        ("https://desk.example", "desk.example:443", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("https://desk.example.evil.example", "desk.example", False),
        *((odd, "127.0.0.1:8000", None) for odd in ("null", "", "http://[", "http://", "127.0.0.1:8000", "http://a/")),
    ],
)
def test_a_page_is_ours_or_somebody_elses(origin: str | None, host: str, same: bool | None) -> None:
    given = fields(host=host) if origin is None else fields(host=host, origin=origin)
    if same is None:
        with pytest.raises(HeaderProblem):
            is_same_origin(given)
    else:
        assert is_same_origin(given) is same


@pytest.mark.parametrize(("prefix", "path"), [("", ""), ("/", ""), ("/cds", "/cds"), ("/a/b.c/", "/a/b.c")])
def test_a_prefix_is_a_path(prefix: str, path: str) -> None:
    assert forwarded_prefix(fields(x_forwarded_prefix=prefix)) == path


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "https://evil.example", "javascript:x", "/a b", '/"><script>', "a"]
)
def test_what_is_no_path_is_no_prefix(prefix: str) -> None:
    with pytest.raises(HeaderProblem):
        forwarded_prefix(fields(x_forwarded_prefix=prefix))


# Whatever bytes come: a value, or the one error.

READERS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "length": ("content-length", announced_bytes),
    "media type": ("content-type", media_type),
    "coding": ("content-encoding", content_coding),
    "codings": ("content-encoding", content_codings),
    "bearer": ("authorization", bearer_token),
    "basic": ("authorization", basic_password),
    "cookie": ("cookie", lambda headers: cookie(headers, "cds_workbench")),
    "host": ("host", host_name),
    "origin": ("origin", is_same_origin),
    "hosts": ("host", host_names),
    "forwarded": ("x-forwarded-for", lambda headers: forwarded_for(headers.raw)),
    "body": ("content-length", lambda headers: announces_body(headers.raw)),
    "pages": ("accept", takes_pages),
    "prefix": ("x-forwarded-prefix", forwarded_prefix),
}
BEGINNINGS = st.sampled_from(
    [b"", b"Basic ", b"Bearer ", b"cds_workbench=", b'a="\\4', b"http://[", b"http://", b"9" * 5_000]
)


@pytest.mark.parametrize(("name", "read"), READERS.values(), ids=READERS.keys())
@settings(max_examples=500)
@given(beginning=BEGINNINGS, rest=st.binary(max_size=60))
@example(beginning=b"Basic ", rest=b"\xe9")
@example(beginning=b"Basic ", rest=b"\xc3\xa9")
@example(beginning=b"9" * 5_000, rest=b"")
@example(beginning=b"http://[", rest=b"")
def test_any_bytes_are_a_value_or_the_one_error(
    name: str, read: Callable[[Any], object], beginning: bytes, rest: bytes
) -> None:
    headers = Headers(raw=[(name.encode(), beginning + rest)])
    with suppress(HeaderProblem):
        read(headers)


@settings(max_examples=500)
@given(st.text())
def test_any_part_of_a_token_is_bytes_or_the_one_error(part: str) -> None:
    with suppress(HeaderProblem):
        assert isinstance(base64url(part), bytes)
