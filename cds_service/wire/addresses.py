"""Addresses (URLs) that others write: taken apart here and nowhere else, with one error for those that are none.

They come from requests (`fhirServer`, `Origin`, `Host`), from servers that are asked (next pages, redirects), from the
clients file and from settings. They are compared in one spelling, and a token travels only where `follow` leads.
https://www.rfc-editor.org/rfc/rfc3986
"""

import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes, urljoin, urlsplit

from cds_service.errors import CdsError

_PORTS = {"http": 80, "https": 443}
_MOST_ROUNDS = 8
"""How often a path may be percent-encoded over itself. Once is usual; a proxy may add one more."""
_HISTORY = "_history"
"""Gives what a record held once, where what it holds now was asked for: https://hl7.org/fhir/R4/http.html#history"""


class AddressProblem(CdsError):  # noqa: N818 - it says what is the matter with an address
    """A text that is no http(s) address, or not one that may be asked. It holds nothing of the text."""


@dataclass(frozen=True, slots=True)
class Address:
    """An http(s) address taken apart. `origin`: scheme and host in lower case, no default port. `path` as written.

    `port` is that of the scheme where none is written.
    """

    scheme: str
    host: str
    port: int
    origin: str
    path: str
    query: str
    fragment: str


def parse_address(text: str) -> Address:
    """Take an absolute address apart. Raises AddressProblem, also where there is a user name in it."""
    _only_plain(text)
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port
    except ValueError as problem:  # a port that is no number, half an IPv6 address
        raise AddressProblem("it is no address") from problem
    # `[v1.x]` would be an address of a kind that there is not yet, and is nobody's name.
    unknown_kind = "[" in parts.netloc and ":" not in host
    if scheme not in _PORTS or not host or "@" in parts.netloc or port == 0 or unknown_kind:
        raise AddressProblem("it is no http(s) address with a host and without a user name")
    name = f"[{host}]" if ":" in host else host
    origin = f"{scheme}://{name}" + ("" if port in (None, _PORTS[scheme]) else f":{port}")
    return Address(
        scheme, host, _PORTS[scheme] if port is None else port, origin, parts.path, parts.query, parts.fragment
    )


def base_url(url: str) -> str | None:
    """The address of a server in one spelling: scheme and host in lower case, no default port, no `/` at the end.

    None for what is no http(s) address, or holds a user name, a query or a fragment.
    """
    try:
        address = parse_address(url)
        for segment in address.path.split("/"):
            _only_below(segment)
    except AddressProblem:
        return None
    return None if address.query or address.fragment else address.origin + address.path.rstrip("/")


def is_private_way(url: str) -> bool:
    """Whether nobody can listen on the way: https, or this machine itself."""
    try:
        address = parse_address(url)
    except AddressProblem:
        return False
    return address.scheme == "https" or _is_this_machine(address.host)


def host_of(url: str) -> str | None:
    """The name of the server at `url`; None for what is no http(s) address."""
    try:
        return parse_address(url).host
    except AddressProblem:
        return None


def parse_origin(text: str) -> Address:
    """An `Origin`: scheme, host and port, nothing else. Raises AddressProblem.

    https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
    """
    address = parse_address(text)
    if address.path or "?" in text or "#" in text:
        raise AddressProblem("it is no origin: scheme, host and port alone")
    return address


def follow(link: str, current: str, base: str) -> str:
    """Where a `link` leads that an answer from `current` holds: a next page or a redirect.

    Raises AddressProblem unless that is on the server at `base`, below its path in whatever way the path is read, and
    no operation: a server may name its pages as it likes, and a token is given to no other and for nothing else.
    """
    _only_plain(link)
    try:
        address = urljoin(current, link)
    except ValueError as problem:
        raise AddressProblem("it is no address") from problem
    _check_below(address, base)
    return address


def parameters(query: str, most: int | None = None) -> list[tuple[str, str]]:
    """The parameters of a query, decoded. Raises AddressProblem where there are more than `most`."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=most)
    except ValueError as problem:
        raise AddressProblem("the query has too many parameters") from problem


def file_named(address: str) -> str:
    """The path of the file that a `file:` address names in a setting: https://sqlite.org/uri.html"""
    return unquote(address.removeprefix("file:").partition("?")[0])


def in_path(segment: str) -> str:
    """`segment` encoded to stand in a path or query."""
    return quote(segment, safe="")


def _check_below(url: str, base: str) -> None:
    address, root = parse_address(url), parse_address(base)
    above, path = root.path.split("/"), address.path.split("/")
    if address.origin != root.origin or path[: len(above)] != above:
        raise AddressProblem("it is not below the server's address")
    # A `/` at the end is usual where the page is named by the query alone.
    below = path[len(above) : -1] if path[-1] == "" else path[len(above) :]
    if not all(below):
        raise AddressProblem("a segment of its path is empty")
    for segment in below:
        _only_below(segment)


def _only_below(segment: str) -> None:
    """Raise AddressProblem where a server, or a proxy in front of it, could read a segment of a path as another one.

    Decoded until nothing changes, and in the plainest form of each character, for these may be done twice on the way:
    `..%2f`, `%252e%252e`, `..;`, full-width dots. https://owasp.org/www-community/attacks/Path_Traversal
    """
    plain = unicodedata.normalize("NFKC", _decoded(segment))
    if any(c in "\\;%" or not c.isprintable() for c in plain):
        raise AddressProblem("a segment of its path can be read in more than one way")
    for part in plain.split("/"):
        name = part.strip()
        if plain and not name.strip("."):
            raise AddressProblem("its path leads elsewhere")
        if name.startswith("$") or name.casefold() == _HISTORY:
            raise AddressProblem("it is an operation")


def _decoded(text: str) -> str:
    for _ in range(_MOST_ROUNDS):
        try:
            once = unquote_to_bytes(text).decode("utf-8")
        except UnicodeError as problem:
            raise AddressProblem("a segment of its path is not UTF-8") from problem
        if once == text:
            return text
        text = once
    raise AddressProblem("a segment of its path is encoded over and over")


def _only_plain(text: str) -> None:
    # Some parsers drop or turn round what is refused here, so that one checks another address than the next one asks.
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in text):
        raise AddressProblem("it holds a space, a control character or a backslash")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
