"""Reading the JSON files that people edit: every fault becomes a finding with its place, and the rest still loads."""

import difflib
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from cds_service.errors import Finding


class _Duplicates(dict[str, Any]):
    """A JSON object that remembers which of its keys stood there twice."""

    repeated: tuple[str, ...] = ()


def pointer(steps: Iterable[str | int]) -> str:
    """An RFC 6901 JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or an empty text where no known name is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def read_json(path: Path, name: str, *, decimals: bool = False) -> tuple[Any, list[Finding]]:
    """The decoded content of a JSON file, and findings about it.

    `name` is what findings call the file. With `decimals`, fractions are read as `Decimal`, exactly as written.
    The content is None where the file can't be read at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        return None, [Finding(name, "", "unreadable-file", "error", f"can't be read: {reason}")]

    def pairs(items: list[tuple[str, Any]]) -> _Duplicates:
        made = _Duplicates(items)
        if len(made) != len(items):
            keys = [key for key, _ in items]
            made.repeated = tuple(sorted({key for key in keys if keys.count(key) > 1}))
        return made

    def constant(word: str) -> Any:
        raise ValueError(f"{word} is not a JSON number")

    try:
        content = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_float=Decimal if decimals else float
        )
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        return None, [Finding(name, "", "not-json", "error", f"not JSON at {place}: {problem.msg}")]
    except (ValueError, RecursionError) as problem:
        return None, [Finding(name, "", "not-json", "error", f"not JSON: {problem}")]
    return content, list(_duplicate_keys(content, name, ()))


def _duplicate_keys(value: Any, name: str, steps: tuple[str | int, ...]) -> Iterable[Finding]:
    if isinstance(value, _Duplicates):
        for key in value.repeated:
            message = f"the key {key!r} stands here more than once; only the last would count"
            yield Finding(name, pointer((*steps, key)), "duplicate-key", "error", message, "keep one of them")
        for key, inner in value.items():
            yield from _duplicate_keys(inner, name, (*steps, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _duplicate_keys(inner, name, (*steps, i))


def invalid(problem: ValidationError, name: str, model: type[BaseModel], at: Sequence[str | int] = ()) -> list[Finding]:
    """Findings for what pydantic says against a file or a part of it, which stands at `at`."""
    findings = []
    for error in problem.errors(include_url=False):
        steps = (*at, *error["loc"])
        match error["type"]:
            case "extra_forbidden":
                key = str(error["loc"][-1])
                hint = nearest(key, _keys(model))
                findings.append(Finding(name, pointer(steps), "unknown-key", "error", f"unknown key {key!r}", hint))
            case "missing":
                key = str(error["loc"][-1])
                findings.append(Finding(name, pointer(steps), "missing-key", "error", f"the key {key!r} is missing"))
            case _:
                findings.append(Finding(name, pointer(steps), "bad-value", "error", error["msg"]))
    return findings


def _keys(model: type[BaseModel]) -> set[str]:
    """Every key of a model and of the models inside it."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}
