"""Ports for the servers that tests start, so that test runs beside each other never get the same one."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

_FOLDER = Path(tempfile.gettempdir()) / f"cds-service-test-ports-{os.getuid()}"
_PORTS = range(10_000, 30_000)
"""Below those that the system gives to outgoing connections (32768 and up), of which one might come in between."""
_held: list[int] = []


def free_port() -> int:
    """A port that nothing listens on; it is this process's until it ends, though nothing is bound to it yet."""
    _FOLDER.mkdir(exist_ok=True)
    while True:
        port = random.SystemRandom().choice(_PORTS)
        lock = os.open(_FOLDER / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            continue
        _held.append(lock)
        return port
