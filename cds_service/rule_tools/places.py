"""From the place that a finding names to the line of the text that an author sees, and to the criterion there."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from json import JSONDecoder
from typing import Any

from cds_service.errors import Finding
from cds_service.rule_files import Layers, read_file

_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"[^,\]}\s]+")
_DECODER = JSONDecoder()
_MOST_OF_A_FILE = 50
"""Findings of one file whose line is looked up: each is a walk through the file."""


def line_of(text: str, pointer: str) -> int | None:
    """The line, counted from 1, of a JSON pointer; of its nearest part that is there. None for text that is no JSON."""
    try:
        place = _Reader(text).find([_unescaped(step) for step in pointer.split("/")[1:]])
    except (ValueError, IndexError, RecursionError):
        return None
    return text.count("\n", 0, place) + 1


def placed(findings: Iterable[Finding], text_of: Callable[[str], str]) -> tuple[Finding, ...]:
    """The findings with line and criterion, those of one kind together, in the order of files, codes and lines.

    `text_of` gives the text of a file by the name that findings call it; empty where nobody can read it.
    """
    by_file: dict[str, list[Finding]] = {}
    for one in findings:
        by_file.setdefault(one.file, []).append(one)
    return tuple(one for file, found in by_file.items() for one in _placed(found, text_of(file)))


def placed_in(findings: Iterable[Finding], layers: Layers) -> tuple[Finding, ...]:
    """As `placed`, of the files of a rules folder and a site's."""

    def text_of(name: str) -> str:
        with suppress(OSError, UnicodeDecodeError, ValueError):
            return read_file(layers.path(name))[0].decode("utf-8")
        return ""

    return placed(findings, text_of)


def _placed(findings: list[Finding], text: str) -> Iterator[Finding]:
    """The findings of one file; kinds in the order in which they come first."""
    content: Any = None
    with suppress(ValueError, RecursionError):
        content = json.loads(text)
    looked = [_looked_up(one, text, content) for one in findings[:_MOST_OF_A_FILE]] + findings[_MOST_OF_A_FILE:]
    kinds: dict[tuple[bool, str], list[Finding]] = {}
    for one in looked:
        kinds.setdefault((one.severity != "error", one.code), []).append(one)
    for _, kind in sorted(kinds.items(), key=lambda item: item[0][0]):
        yield from sorted(kind, key=lambda one: one.line or 0) if all(one.line for one in kind) else kind


def _looked_up(one: Finding, text: str, content: Any) -> Finding:
    line = one.line
    if line is None and content is not None and (one.pointer or one.file.endswith(".json")):
        line = line_of(text, one.pointer)
    return replace(one, line=line, criterion=one.criterion or _criterion(content, one.pointer))


def _criterion(content: Any, pointer: str) -> str | None:
    """The id of the criterion that a place of a trial's file is in."""
    steps = [_unescaped(step) for step in pointer.split("/")[1:]]
    for i, step in enumerate(steps):
        if isinstance(content, list) and step.isdigit() and int(step) < len(content):
            content = content[int(step)]
        elif isinstance(content, dict):
            content = content.get(step)
        else:
            return None
        if i and steps[i - 1] == "criteria":
            id = content.get("id") if isinstance(content, dict) else None
            return id if isinstance(id, str) else None
    return None


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
