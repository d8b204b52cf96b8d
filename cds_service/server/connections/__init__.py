"""What a connection may cost before anything is known of who opened it: bytes, seconds, and how many at once.

Headers come before any ASGI code, so this is a protocol of the server's (`uvicorn.run(http=…)`).
"""

from cds_service.server.connections.limits import TICK, ConnectionLimits, counted_as, most_connections, networks
from cds_service.server.connections.protocol import BoundedProtocol, bounded_protocol
from cds_service.server.connections.register import Register

__all__ = [
    "TICK",
    "BoundedProtocol",
    "ConnectionLimits",
    "Register",
    "bounded_protocol",
    "counted_as",
    "most_connections",
    "networks",
]
