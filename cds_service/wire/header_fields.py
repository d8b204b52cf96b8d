"""Header fields that others write: read here and nowhere else, with one error for those that cannot be read.

A server decodes them as Latin-1 (RFC 9110, 5.5), so any byte may come in them, and numbers of any length.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

from cds_service.errors import CdsError
from cds_service.wire.addresses import AddressProblem, parse_origin

_MOST_DIGITS = 18
"""Of a length that is still counted: nothing that large is ever read."""
_BASE64URL = re.compile(r"([A-Za-z0-9_-]*)={0,2}")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


class HeaderProblem(CdsError):  # noqa: N818 - it says what is the matter with a header field
    """A header field that cannot be read. The text holds nothing of it."""


class Repeated(Protocol):
    """Header fields of which one may come several times."""

    def getlist(self, key: str, /) -> list[str]:
        """Its values, in their order."""
        ...


def field(headers: Mapping[str, str], name: str) -> str:
    """The field of that name; empty where there is none."""
    return headers.get(name, "")


def is_there(headers: Mapping[str, str], name: str) -> bool:
    """Whether there is a field of that name."""
    return name in headers


def every(headers: Repeated, name: str) -> list[str]:
    """The values of all fields of that name, in their order."""
    return headers.getlist(name)


def announced_bytes(headers: Mapping[str, str]) -> int:
    """How long the body says it is; 0 where it does not. Raises HeaderProblem for what is no number."""
    length = field(headers, "content-length").strip()
    if not length:
        return 0
    if not (length.isascii() and length.isdigit()):
        raise HeaderProblem("Content-Length must be a number")
    digits = length.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MOST_DIGITS else int("9" * _MOST_DIGITS)


def media_type(headers: Mapping[str, str]) -> tuple[str, str]:
    """The media type of the body and its character set, in lower case; each empty where it is not said."""
    kind, *parameters = field(headers, "content-type").lower().split(";")
    charset = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            charset = value.strip().strip('"')
    return kind.strip(), charset


def content_coding(headers: Mapping[str, str]) -> str:
    """How the body is packed, in lower case: `identity` where it is not."""
    return field(headers, "content-encoding").strip().lower() or "identity"


def content_codings(headers: Repeated) -> str:
    """As `content_coding`, of a request, where several fields are one list."""
    return ",".join(headers.getlist("content-encoding")).strip().lower() or "identity"


def takes_pages(headers: Mapping[str, str]) -> bool:
    """Whether pages are among what is wanted, as a browser says and a program does not."""
    return "text/html" in field(headers, "accept").lower()


def bearer_token(headers: Repeated) -> str:
    """The token of a bearer. Raises HeaderProblem where there is not one, just one."""
    # Two headers could be read differently by what stands in front of the service.
    given = headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise HeaderProblem("there is no bearer token")
    return token.strip()


def basic_password(headers: Mapping[str, str]) -> str:
    """The password of basic authentication (RFC 7617). Raises HeaderProblem where there is none."""
    scheme, _, coded = field(headers, "authorization").partition(" ")
    if scheme.casefold() != "basic":
        raise HeaderProblem("there is no password")
    try:
        return b64decode(coded, validate=True).decode("utf-8").partition(":")[2]
    except ValueError as problem:  # also what base64 says of a character beyond ASCII
        raise HeaderProblem("the password cannot be read") from problem


def base64url(text: str) -> bytes:
    """What a part of a token holds (RFC 7515, 2). Raises HeaderProblem."""
    found = _BASE64URL.fullmatch(text)
    if found is None:
        raise HeaderProblem("a part of the token is not base64url")
    bare = found[1]
    try:
        return b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except ValueError as problem:
        raise HeaderProblem("a part of the token is not base64url") from problem


def cookie(headers: Mapping[str, str], name: str) -> str | None:
    """The cookie of that name. Raises HeaderProblem for what are no cookies."""
    try:
        morsel = SimpleCookie(field(headers, "cookie")).get(name)
    except CookieError as problem:
        raise HeaderProblem("the cookies cannot be read") from problem
    return None if morsel is None else morsel.value


def host_name(headers: Mapping[str, str]) -> str:
    """The name in `Host`, without its port. Raises HeaderProblem."""
    try:
        return parse_origin(f"http://{field(headers, 'host')}").host
    except AddressProblem as problem:
        raise HeaderProblem("Host names no host") from problem


def host_names(headers: Repeated) -> list[str]:
    """As `host_name`, where `Host` may come several times or not at all. Raises HeaderProblem."""
    return [host_name({"host": host}) for host in headers.getlist("host")]


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether the request comes from one of our own pages, as far as the browser says where it comes from.

    Raises HeaderProblem where it says so in no usable way.
    """
    if not is_there(headers, "origin"):
        return True
    return is_own_origin(field(headers, "origin"), headers)


def is_own_origin(origin: str, headers: Mapping[str, str]) -> bool:
    """Whether `origin`, of an `Origin`, is that of the address which the request came to. Raises HeaderProblem."""
    try:
        page = parse_origin(origin)
        # The scheme is that of the browser's side: what stands in front of the service may end TLS.
        return page.origin == parse_origin(f"{page.scheme}://{field(headers, 'host')}").origin
    except AddressProblem as problem:
        raise HeaderProblem("Origin or Host is none") from problem


def forwarded_prefix(headers: Mapping[str, str]) -> str:
    """The path below which what stands in front serves us; empty where it is not said. Raises HeaderProblem.

    Links of pages begin with it, so a path it must be, and not an address of somebody else (`//evil.example`).
    """
    prefix = field(headers, "x-forwarded-prefix")
    if not _PREFIX.fullmatch(prefix):
        raise HeaderProblem("X-Forwarded-Prefix is no path")
    return prefix.rstrip("/")


# Before there is a request, a server has its fields as bytes, the names in lower case.


def forwarded_for(fields: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """The parts of `X-Forwarded-For`, in their order: each is what the one who added it saw, or says."""
    values = (value.decode("latin-1") for name, value in fields if name == b"x-forwarded-for")
    return [part.strip() for value in values for part in value.split(",")]


def announces_body(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a body is to come."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0") for name, value in fields
    )
