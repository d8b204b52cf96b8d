"""The limits of connections, and which address a connection is counted under."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

TICK = 0.25
"""Seconds between two looks at all connections; no limit of seconds is finer."""
MOST_HEADERS = 100
"""Header fields of a request, as Apache's `LimitRequestFields`: each costs more memory than its bytes."""
MOST_PIPELINED = 8
"""Requests that one connection may send ahead of their answers. No known client sends any."""
RATE_AFTER = 2.0
"""Seconds after which a body must have come at the least rate: the first ones say nothing of a line."""
STUCK_SECONDS = 5.0
"""For a client to take what is written to it, and to close after a refusal."""
_FILES = 128
"""File descriptors that are not for connections: database, rules, log, key sets, FHIR servers."""
_FEWEST = 16


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """For each worker by itself. `body_rate` is in bytes a second.

    `proxies`: networks of reverse proxies, whose connections are of many clients.
    """

    header_bytes: int
    header_seconds: float
    body_seconds: float
    body_rate: int
    connections: int
    connections_per_address: int
    bodies: int
    bodies_per_address: int
    proxies: tuple[Network, ...] = ()

    def from_proxy(self, address: str) -> bool:
        """Whether it is a reverse proxy's."""
        try:
            parsed = _plain(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.proxies)

    def client_behind(self, forwarded: Sequence[str]) -> str | None:
        """Whom a proxy says that it asks for: the last address of `X-Forwarded-For` that is no proxy of ours.

        What stands before it is the client's own word. None where the header does not say.
        """
        for address in reversed(forwarded):
            if not self.from_proxy(address):
                return counted_as(address)
        return None


def counted_as(address: str) -> str | None:
    """What connections from `address` are counted under; None where it is no address.

    An IPv6 network of 64 bits is what one subscriber gets (RFC 6177), so its 2^64 addresses are one.
    """
    try:
        parsed = _plain(address)
    except ValueError:
        return None
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def most_connections(wanted: int, files: int) -> int:
    """`wanted`, or as many as the process may have `files` open for: one more and it could accept nothing."""
    return min(wanted, max(_FEWEST, files - _FILES))


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks or single addresses. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def _plain(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
