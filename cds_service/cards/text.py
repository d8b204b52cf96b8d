"""Text for cards: one line, cut at a word, and escaped for Markdown.

A card's detail is read in three ways: as GitHub-flavoured Markdown, as HTML made from it, and as it stands in a panel
that shows plain text. So as little as possible is escaped, with a backslash, and only where the character would mean
something (https://spec.commonmark.org/0.31.2/, https://github.github.com/gfm/). Where no escape is safe everywhere, the
text itself changes a little: GFM makes links of bare addresses after all escapes are gone, and some clients of HTML.
"""

import html
import re
import unicodedata

SUMMARY_LIMIT = 139
"""Code points that CDS Hooks allows in `summary`: fewer than 140."""

_DROPPED = "Cf"
"""Unicode's category of characters that show nothing or turn the direction of what follows."""
_BLANKED = {"Cc", "Cs", "Co", "Zl", "Zp"}

# What only looks like a tag keeps its bracket: "<5" is no tag in Markdown nor in HTML.
_TAG = re.compile(r"<(?=[A-Za-z/!?]|$)")
_ENTITY = re.compile(r"&(?=#|[A-Za-z])")
_LONGEST_ENTITY = 40
_ALWAYS = re.compile(r"[\\`\[~]")
_STAR = re.compile(r"(?<!\s)\*|\*(?!\s)")
_UNDERSCORE = re.compile(r"_")

# A space in an address leaves it readable and is no link to anybody: "http: // example. org", "me (at) example. org".
_SLASHES = re.compile(r"(:?)(/{2,})( ?)")
_AT = re.compile(r"\s*@\s*")
_WWW = re.compile(r"(?i)(www)\.(?=\S)")
_HOST_DOT = re.compile(r"\.(?<=\S\.)(?=[^\W\d_]{2})")

_BLOCK_START = re.compile(r"(?P<sign>[-+=#>|:*])|(?P<number>\d{1,9})(?P<stop>[.)])")


def plain(text: str, limit: int = 200) -> str:
    """The text on one line, without characters that show nothing, at most `limit` code points."""
    if text.isprintable():
        # The only blank that counts as printable is the space.
        return cut(" ".join(text.split()) if "  " in text else text.strip(), limit)
    categories = ((c, unicodedata.category(c)) for c in text)
    kept = "".join(" " if kind in _BLANKED else c for c, kind in categories if kind != _DROPPED)
    return cut(" ".join(kept.split()), limit)


def cut(text: str, limit: int) -> str:
    """The text cut at a word to at most `limit` code points, with an ellipsis where something is gone."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    at_word = kept.rsplit(" ", 1)[0]
    # A single word longer than the limit has no place to cut at.
    return (at_word if len(at_word) > limit // 2 else kept).rstrip(" ,;:–-(") + "…"


def unlinked(text: str) -> str:
    """The text without anything that a reader of plain text or Markdown makes a link of."""
    # Most lines have none of this, and to look for a character is much cheaper than for a pattern.
    if "@" in text:
        text = _AT.sub(" (at) ", text)
    if "//" in text:
        text = _SLASHES.sub(lambda m: f"{m[1]}{' ' * bool(m[1])}{m[2]} ", text)
    if "." in text:
        text = _HOST_DOT.sub(". ", _WWW.sub(r"\1. ", text) if "w." in text.lower() else text)
    return text.strip()


def untagged(text: str) -> str:
    """The text without anything that HTML takes for a tag, also where it is put into a page without any escape."""
    return _TAG.sub("‹", text) if "<" in text else text


def escaped(text: str) -> str:
    """One line of text that shows as it is in Markdown: no tag, link, emphasis, code or entity comes out of it.

    The line may stand anywhere but at the start of a block, for which there is `as_block`.
    """
    text = untagged(unlinked(text))
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if "\\" in text or "`" in text or "[" in text or "~" in text:
        text = _ALWAYS.sub(r"\\\g<0>", text)
    if "*" in text:
        text = _STAR.sub(r"\\*", text)
    return _UNDERSCORE.sub(_underscore, text) if "_" in text else text


def as_block(markdown: str) -> str:
    """Markdown for one line so that it starts a paragraph and nothing else: no heading, list, quotation or table."""
    found = _BLOCK_START.match(markdown)
    if found is None:
        return markdown
    at = found.end("number") if found["number"] else 0
    return f"{markdown[:at]}\\{markdown[at:]}"


def _entity(found: re.Match[str]) -> str:
    """The ampersand, escaped where it starts a character reference, of which HTML knows some without a semicolon."""
    rest = found.string[found.start() : found.start() + _LONGEST_ENTITY]
    return "&" if html.unescape(rest) == rest else "&amp;"


def _underscore(found: re.Match[str]) -> str:
    """The underscore, escaped unless it stands inside a word, where it never is emphasis."""
    text, at = found.string, found.start()
    inside = 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
    return "_" if inside else "\\_"
