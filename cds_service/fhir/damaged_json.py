"""JSON in which single values are none that JSON has: each is told apart, so that it costs what holds it and no more.

Half an emoji (`\\ud800`), bytes that are not UTF-8, `NaN`, `Infinity`, `007`, nesting without end: strict JSON refuses
the whole text for one of them. Here each such value is put in as `[[]]`, a list of lists, which FHIR has nowhere: where
the element is read its resource is malformed, with the element's path; where it is not read it does no harm. Nothing
else is changed, digits least of all. It is looked for where strict reading failed, so it costs nothing elsewhere.
"""

import re

import msgspec

from cds_service.deadline import NEVER, Deadline

UNREADABLE = "[[]]"
"""In place of a value. No element of FHIR, of a hook or of feedback is a list of lists."""
_CONTAINERS = frozenset({"Bundle", "Parameters"})
_DEEPEST = 200
"""Levels. FHIR's own come to some 30; msgspec gives up at 1,000, less what the caller has used up."""
_MOST_SKIPPED = 1_000_000
"""Runs of brackets within what is nested too deeply: half a second."""

_MOST_TOKENS = 4_000_000
"""Brackets and the runs between them: two seconds. 20 MB of FHIR come to three millions."""

_BLANK = r"[ \t\r\n]"
_PIECE = r"""
    \\["\\/bfnrt] | \\u(?![dD][89a-fA-F])[0-9a-fA-F]{4} | \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
"""
# Bytes that are not UTF-8 are lone surrogates by now (`surrogateescape`).
_SOUND = rf'"(?: [^"\\\x00-\x1f\ud800-\udfff]++ | {_PIECE} )*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
_SCALAR = rf'(?:{_NUMBER}|true|false|null)(?![^ \t\r\n,:"{{}}\[\]])'
_TYPE = rf'"resourceType"{_BLANK}*+:'
_TOKEN = re.compile(
    rf"""
    (?P<plain> (?: (?!{_TYPE}) {_SOUND} | {_SCALAR} | [ \t\r\n,:]++ )++ )
    | {_TYPE}{_BLANK}*+"(?P<type>[A-Za-z]{{1,64}})"
    | (?P<open>[{{\[])
    | (?P<close>[}}\]])
    | (?P<text>"(?:[^"\\]|\\.)*+") (?P<key>(?={_BLANK}*+:))?
    | (?P<word>[^ \t\r\n,:"{{}}\[\]]++)
    """,
    re.VERBOSE | re.DOTALL,
)
_WITH_CONTROLS = re.compile(rf'"(?: [^"\\\ud800-\udfff]++ | {_PIECE} )*+"', re.VERBOSE)
_CONTROL = re.compile(r"[\x00-\x1f]")
_NESTED = re.compile(r'(?:[^"{}\[\]]++|"(?:[^"\\]|\\.)*+")*+([{\[]++|[}\]]++)', re.DOTALL)
_JSON = msgspec.json.Decoder(msgspec.Raw)


class _Open:
    """An object or a list that has begun. `start`: where in the output; `is_damaged`: it holds a value of no sort;
    `nested`: where in the output those of its values are in which something is nested too deeply."""

    __slots__ = ("is_damaged", "lost_a_name", "nested", "start", "type")

    def __init__(self, start: int) -> None:
        self.start = start
        self.type: str | None = None
        self.is_damaged = False
        self.lost_a_name = False
        self.nested: list[slice] = []


def isolated(text: bytes, deadline: Deadline = NEVER, *, level: int | None = None) -> bytes | None:
    """Strict JSON, in which what was none is `UNREADABLE`; `None` where it cannot be told what it costs.

    That is where the brackets or the quotes do not match, where it would take too long to tell, and where such a value
    stands outside of every object with a `resourceType`, or of those of so many `level`s: in `{"a": [NaN]}` it is in
    one of level 2. Control characters within strings are escaped, and cost nothing. Raises `OutOfTime`.
    """
    try:
        found = _Isolation(text.decode("utf-8", "surrogateescape"), deadline, level).result()
        if found is None:
            return None
        strict = found.encode()
        _JSON.decode(strict)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return strict


class _Isolation:
    def __init__(self, text: str, deadline: Deadline, level: int | None) -> None:
        self._text = text.removeprefix("\ufeff")
        self._deadline = deadline
        self._level = level
        self._out: list[str] = []
        self._opened = [_Open(0)]

    def result(self) -> str | None:
        position = 0
        for _ in range(_MOST_TOKENS):
            if position == len(self._text):
                break
            self._deadline.spend()
            token = _TOKEN.match(self._text, position)
            end = None if token is None else self._take(token)
            if end is None:  # a string that does not end, a bracket too many
                return None
            position = end
        root, *inner = self._opened
        if position < len(self._text) or inner or root.is_damaged:
            return None
        return "".join(self._out)

    def _take(self, token: re.Match[str]) -> int | None:
        """Put out what the token comes to. Gives where the next one begins; `None` where nothing can be told."""
        match token.lastgroup:
            case "open" if len(self._opened) > _DEEPEST:
                self._damage()
                self._opened[-1].nested.append(slice(len(self._out) - 1, len(self._out)))
                return self._end_of_nested(token.start())
            case "open":
                self._opened.append(_Open(len(self._out)))
                self._out.append(token[0])
            case "close" if len(self._opened) == 1:
                return None
            case "close":
                self._close(token[0])
            case "text" | "key":
                self._text_token(token["text"], is_name=token["key"] is not None)
            case "word":
                self._damage()
            case "type":
                self._opened[-1].type = token["type"]
                self._out.append(token[0])
            case _:
                self._out.append(token[0])
        return token.end()

    def _damage(self) -> None:
        self._opened[-1].is_damaged = True
        self._out.append(UNREADABLE)

    def _text_token(self, text: str, *, is_name: bool) -> None:
        if _WITH_CONTROLS.fullmatch(text):
            self._out.append(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
        elif is_name:
            # Which element this is cannot be told, so nothing is known of the object.
            self._opened[-1].lost_a_name = self._opened[-1].is_damaged = True
            self._out.append('""')
        else:
            self._damage()

    def _close(self, bracket: str) -> None:
        closed = self._opened.pop()
        self._out.append(bracket)
        if closed.lost_a_name:
            # Of a Bundle it may have been the entries; a resource without a readable id does not count in any case.
            is_known = closed.type is not None and closed.type not in _CONTAINERS
            kept = f'{{"resourceType":"{closed.type}","id":{UNREADABLE}}}' if is_known else UNREADABLE
            self._out[closed.start :] = [kept]
        elif closed.nested and closed.type is None:
            self._opened[-1].nested.append(slice(closed.start, len(self._out)))
        elif closed.type not in _CONTAINERS:
            # An element of a resource counts as a whole: `{"a": {"a": …}}` must not pass for an empty code.
            for place in reversed(closed.nested):
                self._out[place] = [UNREADABLE]
        is_told_apart = closed.type is not None or (self._level is not None and len(self._opened) >= self._level)
        if closed.is_damaged and not is_told_apart:
            self._opened[-1].is_damaged = True

    def _end_of_nested(self, start: int) -> int | None:
        """Where the value that begins there with a bracket ends."""
        depth, position = 0, start
        for _ in range(_MOST_SKIPPED):
            self._deadline.spend()
            found = _NESTED.match(self._text, position)
            if found is None:
                return None
            run, position = found[1], found.end()
            if run[0] in "{[":
                depth += len(run)
            elif len(run) < depth:
                depth -= len(run)
            else:
                return found.start(1) + depth
        return None
