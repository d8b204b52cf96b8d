"""The command line: the commands, and how results look in a terminal."""

from cds_service.cli.main import app

__all__ = [
    "app",
]
