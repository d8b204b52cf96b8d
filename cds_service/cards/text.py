"""Text for cards: escaping what comes from outside, and cutting at a word."""

import re

_ENTITIES = {c: f"&#{ord(c)};" for c in "\\`*_[]()#|~!{}"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_SPECIAL = re.compile("|".join(map(re.escape, _ENTITIES)))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

SUMMARY_LIMIT = 139
"""Code points that CDS Hooks allows in `summary`: fewer than 140."""


def plain(text: str, limit: int = 200) -> str:
    """Text from outside on one line, without control or direction characters, at most `limit` code points."""
    return cut(re.sub(r"\s+", " ", _CONTROL.sub(" ", text)).strip(), limit)


def escaped(text: str, limit: int = 200) -> str:
    """Text from outside made safe for Markdown and HTML: entities stand for every character with a meaning there."""
    return _SPECIAL.sub(lambda m: _ENTITIES[m[0]], plain(text, limit))


def cut(text: str, limit: int) -> str:
    """The text cut at a word to at most `limit` code points, with an ellipsis where something is gone."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    at_word = kept.rsplit(" ", 1)[0]
    # A single word longer than the limit has no place to cut at.
    return (at_word if len(at_word) > limit // 2 else kept).rstrip(" ,;:–-") + "…"
