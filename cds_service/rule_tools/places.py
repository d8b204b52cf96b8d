"""From the place that a finding names to the line of the text that an author sees."""

import re
from collections.abc import Iterator
from json import JSONDecoder

_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"[^,\]}\s]+")
_DECODER = JSONDecoder()
_NOT_JSON = re.compile(r"at line (\d+), column \d+")


def line_of(text: str, pointer: str) -> int | None:
    """The line, counted from 1, of a JSON pointer; of its nearest part that is there. None for text that is no JSON."""
    try:
        place = _Reader(text).find([_unescaped(step) for step in pointer.split("/")[1:]])
    except (ValueError, IndexError, RecursionError):
        return None
    return text.count("\n", 0, place) + 1


def line_in_message(message: str) -> int | None:
    """The line that a finding about text that is no JSON names."""
    found = _NOT_JSON.search(message)
    return int(found[1]) if found else None


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


class _Reader:
    """Walks JSON text by position, decoding no more than it must."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def find(self, steps: list[str]) -> int:
        """The position of the value, or of its key where it has one."""
        self._space()
        shown = self.at
        for step in steps:
            found = self._enter(step)
            if found is None:
                break
            shown = found
        return shown

    def _enter(self, step: str) -> int | None:
        """Go to the part `step` of the value at hand; where it is shown, or None where there is no such part."""
        for key, place in self._parts():
            if key == step:
                return place
            self._skip()
        return None

    def _parts(self) -> Iterator[tuple[str, int]]:
        """The key or index of each part and where it is shown, while the position is at its value.

        Whoever asks for the next one has to have gone over the value.
        """
        opened = self.text[self.at]
        if opened not in "{[":
            return
        self.at += 1
        closing = "}" if opened == "{" else "]"
        index = 0
        while not self._next(closing):
            place, key = self.at, str(index)
            if opened == "{":
                key = self._string()
                self._next(":")
            yield key, place
            self._next(",")
            index += 1

    def _skip(self) -> None:
        """Over the value at hand."""
        opened = self.text[self.at]
        if opened == '"':
            self._string()
        elif opened in "{[":
            for _ in self._parts():
                self._skip()
        else:
            found = _ATOM.match(self.text, self.at)
            if found is None:
                raise ValueError("no value")
            self.at = found.end()

    def _string(self) -> str:
        value, self.at = _DECODER.raw_decode(self.text, self.at)
        return str(value)

    def _next(self, sign: str) -> bool:
        """Step over `sign` if it comes next, and over blanks in any case."""
        self._space()
        there = self.text[self.at] == sign
        self.at += there
        self._space()
        return there

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
