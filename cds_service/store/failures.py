"""What can go wrong with the store, as its users see it."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from cds_service.errors import CdsError

REFUSED = (SQLAlchemyError, ArithmeticError, RecursionError, TypeError, ValueError)
"""What comes of a row that the database or its driver does not take, besides StoreUnavailable. UnicodeError is one."""
_LIMIT_EXCEEDED = "54"
"""Class of PostgreSQL's codes for a row, an index entry or a document that is too large; psycopg counts it as one of
the outages. https://www.postgresql.org/docs/current/errcodes-appendix.html"""


class StoreError(CdsError):
    """The database cannot be used as it is set up; the text says how to mend it and holds no password."""


class StoreUnavailable(CdsError):  # noqa: N818 - it names the situation that a client meets as 503
    """The database cannot be reached, is full, locked or broken: nothing was kept. `cause` is an exception's type."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"the database is unavailable ({cause})")


def is_outage(error: SQLAlchemyError) -> bool:
    """Whether trying again later may help, as against data that no database takes."""
    if isinstance(error, DataError | IntegrityError):
        return False
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return False  # a value that was not even sent
    code = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return not code.startswith(_LIMIT_EXCEEDED)


def cause_of(error: BaseException) -> str:
    """The driver's exception type, and SQLite's name for the error: what happened, without any of its text."""
    origin = getattr(error, "orig", None) or error
    name = getattr(origin, "sqlite_errorname", None)
    return type(origin).__name__ if name is None else f"{type(origin).__name__} {name}"
