"""Addresses in settings and requests: compared in one spelling, and only those that a token may travel to."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


def base_url(url: str) -> str | None:
    """The address of a server in one spelling: scheme and host in lower case, no default port, no `/` at the end.

    None for what is no http(s) address, or holds a user name, a query or a fragment.
    """
    parts = _split(url)
    if parts is None or parts.query or parts.fragment or any(step in (".", "..") for step in parts.path.split("/")):
        return None
    return _origin(parts) + parts.path.rstrip("/")


def is_private_way(url: str) -> bool:
    """Whether nobody can listen on the way: https, or this machine itself."""
    parts = _split(url)
    return parts is not None and (parts.scheme.lower() == "https" or _is_this_machine(parts.hostname or ""))


def is_below(url: str, base: str) -> bool:
    """Whether `url` is an address on the server at `base` (as `base_url` gives it): same origin, path at or below."""
    parts = _split(url)
    if parts is None or any(
        step in (".", "..") for step in parts.path.replace("%2e", ".").replace("%2E", ".").split("/")
    ):
        return False
    address = _origin(parts) + parts.path
    return address.rstrip("/") == base or address.startswith(f"{base}/")


def _split(url: str) -> SplitResult | None:
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() in _PORTS and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return None
    return parts if usable else None


def _origin(parts: SplitResult) -> str:
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS[scheme]) else f":{parts.port}"
    return f"{scheme}://{host}{port}"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
