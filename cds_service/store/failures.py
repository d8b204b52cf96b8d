"""What can go wrong with the store, as its users see it."""

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from cds_service.errors import CdsError


class StoreError(CdsError):
    """The database cannot be used as it is set up; the text says how to mend it and holds no password."""


class StoreUnavailable(CdsError):  # noqa: N818 - it names the situation that a client meets as 503
    """The database cannot be reached, is full, locked or broken: nothing was kept. `cause` is an exception's type."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"the database is unavailable ({cause})")


def is_outage(error: SQLAlchemyError) -> bool:
    """Whether trying again later may help, as against data that no database takes."""
    return not isinstance(error, DataError | IntegrityError)


def cause_of(error: SQLAlchemyError) -> str:
    """The driver's exception type, which says what happened without any of its text."""
    return type(getattr(error, "orig", None) or error).__name__
