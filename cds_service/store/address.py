"""Which database: an SQLAlchemy URL from the settings, or a file in the state folder."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cds_service.store.failures import StoreError

FILE = "cds-service.sqlite3"
_FORMS = "write sqlite:////folder/file.sqlite3 or postgresql://user:password@host/database"


def database_address(url: str | None, state_dir: Path) -> URL:
    """The URL to open, with the driver that is used here. Raises StoreError."""
    if url is None:
        return URL.create("sqlite", database=str(state_dir / FILE))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The exception quotes the URL, and that may hold a password.
        raise StoreError(f"CDS_DATABASE_URL is no SQLAlchemy URL: {_FORMS}") from None
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            if parsed.database in (None, "", ":memory:"):
                raise StoreError("CDS_DATABASE_URL: a database in memory would lose feedback that was acknowledged")
            return parsed
        case "postgresql" | "postgres" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise StoreError(f"CDS_DATABASE_URL: {other} is not supported: {_FORMS}")


def make_state_dir(folder: Path) -> None:
    """Make the folder, for its owner only. Raises StoreError where that can't be done.

    One that is there and can't be written is no error: cards are shown without, and `/readyz` says so.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise StoreError(f"{folder}: {problem.strerror}; set CDS_STATE_DIR to a folder that can be written") from None
