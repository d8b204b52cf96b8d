"""Decoding JSON that people write: what a decoder lets pass, or what breaks whoever reads it later, is a fault.

Every step takes time in proportion to the text, whatever it holds.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isinf
from typing import Any

from cds_service.rule_files.json_faults import why_not_json

MOST_DEPTH = 200
"""Levels of arrays and objects. The deepest file that comes with this service has 19."""
_MOST_DIGITS = 300
"""Of a whole number: with more it is no number to whoever computes with it."""
_MOST_SHOWN = 100
"""Code points of somebody's text in a message."""
_ODD_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""Only so can half a surrogate pair, or U+0000, come into a text that was read as UTF-8."""
_ODD = re.compile("[\0\ud800-\udfff]")

Steps = tuple[str | int, ...]


class NotJsonError(ValueError):
    """A text that is no JSON, or none that can be worked with; the message says why, `hint` how to mend it."""

    def __init__(self, message: str, line: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.hint = hint


@dataclass(frozen=True, slots=True)
class JsonFault:
    """Something wrong with a decoded text, at `steps` from its top."""

    steps: Steps
    code: str
    message: str
    hint: str = ""


def decode(text: str, *, decimals: bool = False) -> tuple[Any, Iterator[JsonFault]]:
    """What a JSON text says, and the faults of it. Raises NotJsonError.

    With `decimals`, fractions are read as `Decimal`, exactly as written.
    """
    repeated = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        made = dict(items)
        if len(made) != len(items):
            repeated = True
            return _Repeated(items)
        return made

    try:
        content = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=_constant,
            parse_float=_decimal if decimals else _float,
            parse_int=_int,
        )
    except json.JSONDecodeError as problem:
        raise _in_words(text, problem) from problem
    except RecursionError as problem:
        raise _too_deep() from problem
    except ValueError as problem:
        raise NotJsonError(f"not JSON: {problem}") from problem
    if text.count("[") + text.count("{") > MOST_DEPTH:
        _check_depth(content)
    odd = _ODD_ESCAPE.search(text) is not None
    return content, _faults(content, ()) if repeated or odd else iter(())


def _in_words(text: str, problem: json.JSONDecodeError) -> NotJsonError:
    """As an author of trials says it; in the decoder's words where nothing better is known."""
    broken = why_not_json(text)
    if broken is None:
        return NotJsonError(f"not JSON at line {problem.lineno}: {problem.msg}", problem.lineno)
    return NotJsonError(f"not JSON: {broken.message}", broken.line, broken.hint)


def shown(text: str) -> str:
    """Somebody's text within a message: quoted, and not longer than a message may be."""
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


class _Repeated(dict[str, Any]):
    """A JSON object some of whose keys stood there twice."""

    def __init__(self, items: list[tuple[str, Any]]) -> None:
        super().__init__(items)
        self.repeated = tuple(sorted(key for key, times in Counter(key for key, _ in items).items() if times > 1))


def _faults(value: Any, steps: Steps) -> Iterator[JsonFault]:
    """Keys that stand there twice, and texts that hold what is no text."""
    if isinstance(value, dict):
        for key in value.repeated if isinstance(value, _Repeated) else ():
            message = f"the key {shown(key)} stands here more than once; only the last would count"
            yield JsonFault((*steps, key), "duplicate-key", message, "keep one of them")
        for key, inner in value.items():
            if _ODD.search(key):
                yield _bad_text((*steps, key), key)
            yield from _faults(inner, (*steps, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _faults(inner, (*steps, i))
    elif isinstance(value, str) and _ODD.search(value):
        yield _bad_text(steps, value)


def _bad_text(steps: Steps, text: str) -> JsonFault:
    [odd] = _ODD.findall(text)[:1]
    what = "the character U+0000" if odd == "\0" else f"half of a surrogate pair, U+{ord(odd):04X}"
    return JsonFault(steps, "bad-text", f"this text holds {what}, which no file and no page can show", "leave it out")


def _check_depth(content: Any) -> None:
    """Raises NotJsonError where it is nested deeper than whoever reads it can follow."""
    level = [content]
    for _ in range(MOST_DEPTH + 1):
        below = [inner for value in level for inner in _inside(value) if isinstance(inner, dict | list)]
        if not below:
            return
        level = below
    raise _too_deep()


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _too_deep() -> NotJsonError:
    return NotJsonError(f"nested deeper than {MOST_DEPTH} levels")


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits is too large")
    return int(digits)


def _finite(make: Callable[[str], Any]) -> Callable[[str], Any]:
    def number(digits: str) -> Any:
        if isinf(float(digits)):
            raise ValueError(f"the number {shown(digits)} is too large")
        return make(digits)

    return number


_float, _decimal = _finite(float), _finite(Decimal)
