"""A text that is meant to be JSON, as a list of signs, texts and words: however broken, each has its line."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<sign>[{}\[\],:])
      | (?P<text>"(?:[^"\\\r\n]|\\[^\r\n])*")
      | (?P<open>"(?:[^"\\\r\n]|\\[^\r\n])*\\?)
      | (?P<comment>//[^\r\n]*|\#[^\r\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?)
      | (?P<curly>[“”„‟«»]|[‘’‚‛])
      | (?P<single>'(?:[^'\r\n]*'|[^'"\r\n,:{}\[\]]*))
      | (?P<atom>[^\s{}\[\],:"'“”„‘’/#]+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_CONTROL = re.compile(r"[\x00-\x1f]")

TEXT, ATOM = "text", "atom"
SIGNS = frozenset("{}[],:")


@dataclass(frozen=True, slots=True)
class JsonToken:
    """A sign (`kind` is the sign itself), a text or another value, or what JSON does not have.

    `line` counts from 1; `indent` is how many blanks the line begins with, and `first` whether the token is its first.
    `fault` is the kind of what is wrong with the token itself, if anything is, and `shown` the part that is wrong.
    """

    kind: str
    text: str
    line: int
    indent: int
    first: bool
    fault: str = ""
    shown: str = ""


def tokens_of(text: str) -> list[JsonToken]:
    """Every token of a text in order, in time proportional to it."""
    found: list[JsonToken] = []
    line, start, first = 1, 0, True
    indent = 0
    for match in _TOKEN.finditer(text):
        part, kind = match[0], match.lastgroup
        if first and kind != "space":
            indent = match.start() - start
        if kind != "space":
            found.append(_token(str(kind), part, line, indent, first))
            first = False
        breaks = part.count("\n")
        if breaks:
            line += breaks
            start = match.start() + part.rindex("\n") + 1
            first = True
    return found


def _token(kind: str, part: str, line: int, indent: int, first: bool) -> JsonToken:
    if kind == "sign":
        return JsonToken(part, part, line, indent, first)
    if kind == "text":
        return JsonToken(TEXT, part, line, indent, first, *_text_fault(part))
    if kind == "atom":
        return JsonToken(ATOM, part, line, indent, first, *_atom_fault(part))
    fault = {"open": "open-text", "other": "character"}.get(kind, kind)
    return JsonToken(TEXT if kind in ("open", "single") else ATOM, part, line, indent, first, fault, part)


def _text_fault(part: str) -> tuple[str, str]:
    control = _CONTROL.search(part)
    if control is not None:
        return "control", "a tab" if control[0] == "\t" else f"U+{ord(control[0]):04X}"
    rest = _ESCAPE.sub("", part)
    if "\\" in rest:
        at = rest.index("\\")
        return "escape", rest[at : at + 2]
    return "", ""


def _atom_fault(part: str) -> tuple[str, str]:
    if part in ("true", "false", "null") or _NUMBER.fullmatch(part):
        return "", ""
    if part[0].isdigit() or (part[0] in "+-." and any(map(str.isdigit, part))):
        return "number", part
    return ("word" if part[0].isalpha() else "unquoted" if part[0] in "_$" else "character"), part
