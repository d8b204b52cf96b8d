"""What is wrong with a value in a file that people edit, in the words of JSON and not of a program."""

import difflib
from collections.abc import Mapping

from pydantic_core import ErrorDetails

from cds_service.rule_files.json_text import shown

_TAKES: Mapping[str, str] = {
    "tuple_type": "a list [ ]",
    "list_type": "a list [ ]",
    "frozen_set_type": "a list [ ]",
    "set_type": "a list [ ]",
    "dict_type": "an object { }",
    "mapping_type": "an object { }",
    "model_type": "an object { }",
    "model_attributes_type": "an object { }",
    "string_type": 'a text in quotes ""',
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "day_in_quotes": 'a day in quotes, such as "2026-11-24"',
}
"""By what pydantic calls the error (https://docs.pydantic.dev/latest/errors/validation_errors/): what belongs there."""


def bad_value(error: ErrorDetails) -> tuple[str, str]:
    """The message, with the key and what it takes, and the hint. In pydantic's words where nothing better is known."""
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, "), ""
    key = error["loc"][-1]
    place = f"item {key + 1} of the list" if isinstance(key, int) else shown(key)
    if error["type"] == "literal_error":
        expected = error.get("ctx", {}).get("expected", "")
        return f"{place} takes {expected}, not {_given(error['input'])}", _meant(error["input"], expected)
    takes = _TAKES.get(error["type"])
    if takes is None:
        return error["msg"].removeprefix("Value error, "), ""
    return f"{place} takes {takes}, not {_given(error['input'])}", ""


def _given(value: object) -> str:
    if isinstance(value, str):
        return shown(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "an object { }"
    return "a list [ ]" if isinstance(value, list | tuple) else str(value)


def _meant(value: object, expected: str) -> str:
    """`did you mean ...?` by the expected texts, which stand in single quotes."""
    if not isinstance(value, str):
        return ""
    choices = expected.split("'")[1::2]
    close = difflib.get_close_matches(value.strip().casefold().replace(" ", "_"), choices, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
