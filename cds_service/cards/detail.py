"""The detail of a card as structure, and the two ways to write it: Markdown, and text without any markup.

Every text in it is plain: what is markup is written here, and all text is escaped here, whoever wrote it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cds_service.cards.text import as_block, escaped, plain, unlinked, untagged

DETAIL_LIMIT = 6_000
"""Code points. A panel shows a tenth of this at a time."""
LINE_LIMIT = 1_000
_MOST_LINES = DETAIL_LIMIT // len("- a")
"""So many lines of a section are longer than a detail may be."""
_SHORTENED = "Shortened."
FOLD = "---"
"""The line of its own, alone on it and once in a detail, below which a client may fold: above it stand why, what next,
recruiting or not, and where. In Markdown it is a thematic break; no other text of a detail can look like it."""
MOST_KEPT = 4_096
"""Fixed lines that are kept as they were written."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph that begins with a word in bold. For `fixed` see `DetailSection`."""

    lead: str
    text: str
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class DetailSection:
    """A list under a title in bold.

    `fixed`: every line of it stands in a trial's file or follows from it, so that it is the same for other patients.
    Only what is fixed is kept as it was written.
    """

    title: str
    lines: tuple[str, ...]
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """The text of a card below its summary: paragraphs that are read at once, and below the fold (`FOLD`) lists,
    closing paragraphs and notes. Empty parts are left out, and with nothing below it the fold."""

    paragraphs: tuple[Paragraph, ...] = ()
    sections: tuple[DetailSection, ...] = ()
    notes: tuple[str, ...] = ()
    closing: tuple[Paragraph, ...] = ()


def as_markdown(detail: Detail) -> str:
    """The detail as GitHub-flavoured Markdown without HTML, tables and links, at most `DETAIL_LIMIT` code points."""
    return _fitted(detail, _MARKDOWN)


def as_plain(detail: Detail) -> str:
    """The detail as text that shows as it is, at most `DETAIL_LIMIT` code points."""
    return _fitted(detail, _PLAIN)


@dataclass(frozen=True, slots=True, eq=False)
class _Style:
    """How text, what is bold, the title of a list, what stands between it and the list, a line of the list and a
    paragraph are written."""

    text: Callable[[str], str]
    bold: Callable[[str], str]
    title: Callable[[str], str]
    under: str
    bullet: str
    block: Callable[[str], str]


# Only CommonMark lets a list interrupt a paragraph. Elsewhere, as in the original Markdown
# (https://daringfireball.net/projects/markdown/syntax), a list needs a blank line before it, or it is one long line.
_NO_FOLD = {FOLD: f"({FOLD})"}
"""What looks like the fold, and how it is written in plain text."""
_MARKDOWN = _Style(escaped, "**{}**".format, "**{}**".format, "\n\n", "- ", as_block)
_PLAIN = _Style(
    lambda text: untagged(unlinked(text)), str, str.upper, "\n", "• ", lambda text: _NO_FOLD.get(text, text)
)


def _line(style: _Style, text: str) -> str:
    return style.text(plain(text, LINE_LIMIT))


@lru_cache(MOST_KEPT)
def _fixed_line(style: _Style, text: str) -> str:
    return _line(style, text)


def _paragraphs(paragraphs: Sequence[Paragraph], style: _Style) -> Iterator[str]:
    for paragraph in paragraphs:
        said = (_fixed_line if paragraph.fixed else _line)(style, paragraph.text)
        if said:
            yield f"{style.bold(_fixed_line(style, paragraph.lead) + ':')} {said}"


def _written(detail: Detail, style: _Style) -> str:
    parts = list(_paragraphs(detail.paragraphs, style))
    above = len(parts)
    for section in detail.sections:
        written = _fixed_line if section.fixed else _line
        lines = [style.bullet + style.block(said) for line in section.lines if (said := written(style, line))]
        if lines:
            parts.append(style.title(_fixed_line(style, section.title)) + style.under + "\n".join(lines))
    parts += _paragraphs(detail.closing, style)
    parts += [style.block(said) for note in detail.notes if note and (said := _line(style, note))]
    if 0 < above < len(parts):
        parts.insert(above, FOLD)
    return "\n\n".join(parts)


def _fitted(detail: Detail, style: _Style) -> str:
    """The detail written so that it is not over-long: the longest sections give up lines from their ends."""
    # What is beyond this finds no room, whatever it says, and there may be thousands of lines of it.
    detail = replace(detail, sections=tuple([replace(s, lines=s.lines[:_MOST_LINES]) for s in detail.sections]))
    text = _written(detail, style)
    sizes = [len(section.lines) for section in detail.sections]
    if len(text) <= DETAIL_LIMIT or not any(sizes):
        return text

    def with_lines(kept: int) -> str:
        sections = [
            replace(section, lines=section.lines[:size])
            for section, size in zip(detail.sections, _shortened(sizes, kept), strict=True)
        ]
        return _written(replace(detail, sections=tuple(sections), notes=(*detail.notes, _SHORTENED)), style)

    # The more lines, the longer: the most that fit are found by halving.
    return with_lines(bisect_right(range(sum(sizes)), DETAIL_LIMIT, lo=1, key=lambda kept: len(with_lines(kept))) - 1)


def _shortened(sizes: Sequence[int], kept: int) -> list[int]:
    """How many lines of each section are left when the longest gives up one, again and again, until `kept` are."""
    level = bisect_left(range(max(sizes, default=0)), kept, key=lambda most: sum(min(size, most) for size in sizes))
    left = [min(size, level) for size in sizes]
    for at, size in enumerate(left):
        if sum(left) > kept and size == level:
            left[at] -= 1
    return left
