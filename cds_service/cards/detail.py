"""The detail of a card as structure, and the two ways to write it: Markdown, and text without any markup.

Every text in it is plain: what is markup is written here, and all text is escaped here, whoever wrote it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cds_service.cards.text import as_block, escaped, plain, unlinked, untagged

DETAIL_LIMIT = 6_000
"""Code points. A panel shows a tenth of this at a time."""
LINE_LIMIT = 1_000
_SHORTENED = "Shortened."


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph that begins with a word in bold."""

    lead: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A list under a title in bold."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """What a card says below its summary. Empty parts are left out."""

    heading: str
    paragraphs: tuple[Paragraph, ...] = ()
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()


def as_markdown(detail: Detail) -> str:
    """The detail as GitHub-flavoured Markdown without HTML, tables and links, at most `DETAIL_LIMIT` code points."""
    return _fitted(detail, _markdown)


def as_plain(detail: Detail) -> str:
    """The detail as text that shows as it is, at most `DETAIL_LIMIT` code points."""
    return _fitted(detail, _plain)


def _markdown(detail: Detail) -> str:
    parts = [f"**{_marked(detail.heading)}**"]
    parts += [f"**{_marked(p.lead)}:** {_marked(p.text)}" for p in detail.paragraphs if p.text]
    parts += [
        f"**{_marked(section.title)}**\n" + "\n".join(f"- {as_block(_marked(line))}" for line in section.lines)
        for section in detail.sections
        if section.lines
    ]
    parts += [as_block(_marked(note)) for note in detail.notes if note]
    return "\n\n".join(parts)


def _plain(detail: Detail) -> str:
    parts = [_shown(detail.heading)]
    parts += [f"{_shown(p.lead)}: {_shown(p.text)}" for p in detail.paragraphs if p.text]
    parts += [
        f"{_shown(section.title).upper()}\n" + "\n".join(f"• {_shown(line)}" for line in section.lines)
        for section in detail.sections
        if section.lines
    ]
    parts += [_shown(note) for note in detail.notes if note]
    return "\n\n".join(parts)


def _marked(text: str) -> str:
    return escaped(plain(text, LINE_LIMIT))


def _shown(text: str) -> str:
    return untagged(unlinked(plain(text, LINE_LIMIT)))


def _fitted(detail: Detail, write: Callable[[Detail], str]) -> str:
    """The detail written so that it is not over-long: the longest sections give up lines from their ends."""
    text = write(detail)
    sections = list(detail.sections)
    while len(text) > DETAIL_LIMIT and any(section.lines for section in sections):
        at = max(range(len(sections)), key=lambda i: len(sections[i].lines))
        sections[at] = replace(sections[at], lines=sections[at].lines[:-1])
        text = write(replace(detail, sections=tuple(sections), notes=(*detail.notes, _SHORTENED)))
    return text
