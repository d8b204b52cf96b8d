"""The help of commands in words for people: `--trial TEXT` in place of `<str>`, and arguments without a type."""

import re
from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand

_WORDS: Mapping[str, str] = {
    "str": "text",
    "int": "number",
    "int range": "number",
    "float": "number",
    "float range": "number",
    "path": "path",
    "file": "file",
    "directory": "folder",
    "bool": "yes or no",
}
"""What a program calls a type, and what people do."""
_TYPE = re.compile(r" ?<(?P<list>list\[)?(?P<name>[a-z ]+)\]?>")


def plain(record: str) -> str:
    """The names of an argument or option with its type in plain words. An argument says by its own name what it is."""
    if record.startswith("-"):
        return _TYPE.sub(lambda found: f" {_WORDS.get(found['name'], found['name']).upper()}", record)
    return _TYPE.sub("", record)


class PlainCommand(TyperCommand):
    """A command whose help names no types of a program."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments, then the options."""
        records: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                kind = "Arguments" if param.param_type_name == "argument" else "Options"
                records[kind].append((plain(record[0]), record[1]))
        for kind, told in records.items():
            if told:
                with formatter.section(kind):
                    formatter.write_dl(told)
