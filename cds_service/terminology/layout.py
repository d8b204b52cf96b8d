"""How a definition is laid out: one include a line, phrases and lists wrapped, so that a person can review it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_WIDTH = 120
_WRAPPED = "concept"


def definition_text(content: Mapping[str, Any]) -> str:
    """A value-set file as text. The same content gives the same text."""
    parts = [f"  {_text(key)}: {_value(key, value)}" for key, value in content.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(key: str, value: Any) -> str:
    if key == "phrases" and isinstance(value, Mapping):
        languages = [f"    {_text(language)}: {_wrapped(listed, 6, 4)}" for language, listed in value.items()]
        return "{\n" + ",\n".join(languages) + "\n  }" if languages else "{}"
    if key == "lasts_reasons":
        return "{\n" + ",\n".join(f"    {_text(k)}: {_text(v)}" for k, v in value.items()) + "\n  }"
    if key == "compose":
        return "{\n" + ",\n".join(f"    {_text(k)}: {_parts(v)}" for k, v in value.items()) + "\n  }"
    return _text(value)


def _parts(value: Any) -> str:
    if not isinstance(value, list):
        return _text(value)
    return "[\n" + ",\n".join(f"      {_part(one)}" for one in value) + "\n    ]"


def _part(part: Mapping[str, Any]) -> str:
    line = _text(part)
    if len(line) + 7 <= _WIDTH or _WRAPPED not in part:
        return line
    rest = {key: value for key, value in part.items() if key != _WRAPPED}
    start = _text(rest)[:-1]
    return f'{start}{", " if rest else ""}"{_WRAPPED}": {_wrapped(part[_WRAPPED], 8, 6)}' + "}"


def _wrapped(items: Iterable[Any], inner: int, outer: int) -> str:
    lines = list(_lines(map(_text, items), _WIDTH - inner - 1))
    if not lines:
        return "[]"
    indent = "\n" + " " * inner
    return "[" + indent + ("," + indent).join(lines) + "\n" + " " * outer + "]"


def _lines(items: Iterable[str], width: int) -> Iterator[str]:
    line = ""
    for item in items:
        if line and len(line) + 2 + len(item) > width:
            yield line
            line = item
        else:
            line = f"{line}, {item}" if line else item
    if line:
        yield line


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
