"""JSON's grammar as a machine that reads one token after the other, from any place on.

Beside what is right it counts what is *odd*: a line that is not indented as what it stands in. People and programs
indent what they nest, so the first odd line is where a bracket is missing or too many, long before the grammar notices.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cds_service.rule_files.json_tokens import ATOM, TEXT, JsonToken

CLOSES = {"{": "}", "[": "]"}
OPENS = {"}": "{", "]": "["}
_AFTER_COMMA = {"{": "key", "[": "value"}


class Opened(NamedTuple):
    """An open bracket and those around it. `place` is that of its token."""

    kind: str
    indent: int
    line: int
    place: int
    outer: "Opened | None"


class State(NamedTuple):
    """What may come next, in what, and how much was odd so far.

    `awaits`: `value`, `item` (a value or the end), `key`, `entry` (a key or the end), `colon`, `comma` (or the end),
    `end` of the file.
    """

    awaits: str
    within: Opened | None
    odd: int


START = State("value", None, 0)


def step(state: State, token: JsonToken, place: int) -> State | None:
    """The state after a token; None where it may not come."""
    awaits, within, odd = state
    kind = token.kind
    if token.first and within is not None:
        apart = token.indent - within.indent
        odd += apart != 0 if kind in OPENS else apart <= 0
    if kind in OPENS:
        if within is None or within.kind != OPENS[kind] or awaits not in ("comma", "item", "entry"):
            return None
        if (awaits == "item" and kind != "]") or (awaits == "entry" and kind != "}"):
            return None
        return State("comma" if within.outer else "end", within.outer, odd)
    if kind == ",":
        return State(_AFTER_COMMA[within.kind], within, odd) if awaits == "comma" and within else None
    if kind == ":":
        return State("value", within, odd) if awaits == "colon" else None
    if kind == TEXT and awaits in ("key", "entry"):
        return State("colon", within, odd)
    if awaits not in ("value", "item"):
        return None
    if kind in CLOSES:
        return State("entry" if kind == "{" else "item", Opened(kind, token.indent, token.line, place, within), odd)
    if kind in (TEXT, ATOM):
        return State("comma" if within else "end", within, odd)
    return None


def run(tokens: Sequence[JsonToken], state: State, start: int) -> tuple[int, State]:
    """How far the tokens from `start` on can be read (their number where to the end), and the state then."""
    for place in range(start, len(tokens)):
        after = step(state, tokens[place], place)
        if after is None:
            return place, state
        state = after
    return len(tokens), state
