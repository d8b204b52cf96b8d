"""`docs/settings.md`, written from `Settings`: `cds-service settings > docs/settings.md`; a test keeps it current."""

from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from cds_service.settings import PREFIX, Settings

_HEAD = """\
# Settings

Environment variables, read once when the service starts; the command line reads them too. An unknown `CDS_` name, or a
value that does not fit, stops the start, and the nearest name is told. An empty variable counts as not set.

This page is written from the code: `cds-service settings > docs/settings.md`.
"""


def settings_page() -> str:
    """The page, as Markdown: one heading per setting, so that each can be linked to."""
    parts = [_HEAD]
    for name, field in Settings.model_fields.items():
        facts = [f"Default: {_default(field)}."]
        limits = _limits(field)
        if limits:
            facts.append(f"Values: {limits}.")
        parts.append(f"## `{PREFIX}{name.upper()}`\n\n{field.description}\n\n{' '.join(facts)}\n")
    return "\n".join(parts)


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.default_factory is not None:
        return "see above"
    match value:
        case None | ():
            return "not set"
        case bool():
            return f"`{str(value).lower()}`"
        case str() | int() | float():
            return f"`{value}`"
    # A client profile is known by its name.
    return f"`{value.name}`"


def _limits(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "`true`, `false`"
    if field.annotation is SecretStr or SecretStr in get_args(field.annotation):
        return "a secret; no log or error shows it"
    bounds: list[str] = []
    words: dict[str, str] = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for limit in field.metadata:
        bounds += [f"{word} {_number(getattr(limit, key))}" for key, word in words.items() if hasattr(limit, key)]
    return ", ".join(bounds)


def _number(value: Any) -> str:
    return f"{value:_}".replace("_", ",")
