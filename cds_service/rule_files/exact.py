"""Values of files that people edit, as JSON has them: `"yes"` is no truth value, and `"3"` and 3.0 are no number of
things, though pydantic would take them (https://docs.pydantic.dev/latest/concepts/conversion_table/)."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

YesNo = Annotated[bool, Field(strict=True)]
WholeNumber = Annotated[int, Field(strict=True)]


def _written(value: object) -> object:
    """A day as text. Pydantic would take a number for seconds since 1970."""
    if isinstance(value, str | date):
        return value
    raise PydanticCustomError("day_in_quotes", 'a day is a text such as "2026-11-24"')


Day = Annotated[date, BeforeValidator(_written)]
