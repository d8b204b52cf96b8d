"""`code regex` where the beginning of a code says all: `0D[BT]([1-7]|[D-H])0.*` is every code that begins so.

In systems whose codes say what is below them (`PREFIX_SYSTEMS`) such a pattern is many `is-a` filters in one line. It
needs no release, as they don't: it is read as its beginnings. A pattern that asks for more (an end, a repetition, any
other character) stays a filter that a release has to answer.
"""

import re
from collections.abc import Iterator

_ANY_END = ".*"
_MOST = 5_000
"""Beginnings of one pattern: the longest that is shipped has a few hundred."""
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What codes of these systems are written with, beside their point."""
_PIECE = re.compile(r"(?P<one>[0-9A-Z])|\\(?P<point>\.)|\[(?P<several>(?:[0-9A-Z](?:-[0-9A-Z])?)+)\]|(?P<mark>[(|)])")
_SEVERAL = re.compile(r"([0-9A-Z])(?:-([0-9A-Z]))?")


class _OtherwiseError(Exception):
    """The pattern asks for more than a beginning."""


def beginnings(pattern: str) -> tuple[str, ...] | None:
    """The beginnings of the codes that a regular expression means, in order; None where it asks for anything else.

    Read are letters, digits, `\\.`, characters in brackets, alternatives in parentheses, and `.*` at the end.
    """
    body = pattern.removeprefix("^").removesuffix("$")
    if not body.endswith(_ANY_END):
        return None
    try:
        pieces = list(_pieces(body.removesuffix(_ANY_END)))
        found, end = _alternatives(pieces, 0, depth=0)
    except _OtherwiseError:
        return None
    # What ends with the point leaves out the code before it, which no beginning says.
    whole = end == len(pieces) and all(one and not one.endswith(".") for one in found)
    return tuple(sorted(found)) if whole else None


def _pieces(body: str) -> Iterator[str | frozenset[str]]:
    """The parts of a pattern in order: characters of which one is meant, and the marks of alternatives."""
    at = 0
    while at < len(body):
        piece = _PIECE.match(body, at)
        if piece is None:
            raise _OtherwiseError
        at = piece.end()
        if piece["mark"]:
            yield piece["mark"]
        else:
            yield frozenset(_characters(piece["several"])) if piece["several"] else frozenset(piece["one"] or ".")


def _characters(several: str) -> Iterator[str]:
    for first, last in _SEVERAL.findall(several):
        yield from (one for one in _CHARACTERS if first <= one <= (last or first))


def _alternatives(pieces: list[str | frozenset[str]], at: int, depth: int) -> tuple[set[str], int]:
    """What is meant from a place on up to the end of the parentheses it stands in, and where they end."""
    done: set[str] = set()
    found = {""}
    while at < len(pieces):
        piece = pieces[at]
        if piece == ")":
            break
        if piece == "|":
            if not depth:  # `A|B.*` is A alone, or what begins with B
                raise _OtherwiseError
            done |= found
            found, added = {""}, {""}
        elif isinstance(piece, str):
            added, at = _alternatives(pieces, at + 1, depth + 1)
            if at == len(pieces):
                raise _OtherwiseError
        else:
            added = set(piece)
        at += 1
        if len(found) * len(added) + len(done) > _MOST:
            raise _OtherwiseError
        found = {begin + end for begin in found for end in added}
    return done | found, at
