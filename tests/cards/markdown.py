"""What becomes of Markdown in a client, by a real Markdown library and by GFM's rule for bare links."""

import html
import re

from markdown_it import MarkdownIt

# Everything on that GitHub-flavoured Markdown has, but for bare links, which need a package that is not a dependency.
_GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_COMMONMARK = MarkdownIt("commonmark", {"html": True})

# https://github.github.com/gfm/#autolinks-extension-
_AUTOLINK = re.compile(
    r"(?i:(?:^|[\s*_~(])www\.[\w-])|(?i:(?:^|[^a-z])(?:https?|ftp)://[\w-])|[\w.+-]+@[\w-]+\.|(?i:mailto|xmpp):\S+@",
    re.MULTILINE,
)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*|[!?])")


def rendered(markdown: str) -> list[str]:
    """The HTML that two renderers make of it."""
    return [renderer.render(markdown) for renderer in (_GFM, _COMMONMARK)]


def tags(markdown: str) -> set[str]:
    """The names of all elements that come out of it."""
    return {tag.lower() for page in rendered(markdown) for tag in _TAG.findall(page)}


def shown(markdown: str) -> str:
    """The text that a reader sees, each block on a line of its own."""
    page = _GFM.render(markdown)
    return html.unescape(re.sub(r"<[^>]*>", "", page)).strip()


def bare_links(markdown: str) -> list[str]:
    """What GFM would make a link of in the text that is shown."""
    return _AUTOLINK.findall(shown(markdown))
