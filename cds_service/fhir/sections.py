"""The lists that say of themselves why they are empty: the sections of a document, and List resources.

Of a Composition nothing else is read: what its sections list is read from the Bundle
(https://hl7.org/fhir/R4/composition.html, https://hl7.org/fhir/R4/list.html).
"""

import html
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds_service.deadline import NEVER, Deadline
from cds_service.fhir.lists import decode_listed
from cds_service.fhir.statuses import codes_of, word_of
from cds_service.fhir.views import CodeableConcept, Element, Reference

_DEEPEST = 8
_LONGEST = 2_000
_TAG = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"\s+")
# Lists that are not what is known now (https://hl7.org/fhir/R4/valueset-list-status.html).
_NOT_CURRENT = frozenset({"retired", "entered-in-error"})


class ListedSection(Struct, frozen=True):
    """A list of one kind of entries: a section of a document, or a List.

    `place`: how issues call it. `code`: what it lists. `empty_reason`: the codes (or the words) of its reason for being
    empty; `None` where it gives none. `is_empty`: there is no entry, in its subsections neither. `text`: what it says
    in words, where it is empty.
    """

    place: str
    code: CodeableConcept | None
    empty_reason: frozenset[str] | None
    is_empty: bool
    text: str = ""
    subject: Reference | None = None


class _Narrative(Element, frozen=True):
    div: str | None = None


class _Section(Element, frozen=True):
    code: CodeableConcept | None = None
    text: Raw = Raw()
    entry: tuple[Raw, ...] = ()
    empty_reason: CodeableConcept | None = None
    section: tuple[Raw, ...] = ()


class _Composition(Element, frozen=True):
    id: str | None = None
    subject: Reference | None = None
    section: tuple[Raw, ...] = ()


class _List(Element, frozen=True):
    id: str | None = None
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    empty_reason: CodeableConcept | None = None


def sections_of(raw: bytes | Raw, place: str, deadline: Deadline = NEVER) -> tuple[ListedSection, ...]:
    """The sections of a Composition, also those within others. Raises msgspec's errors on one that cannot be read, and
    `OutOfTime`."""
    composition: _Composition = decode_listed(raw, _Composition)
    return tuple(_sections(composition.section, place, composition.subject, deadline, 1))


def empty_list(raw: bytes | Raw, place: str) -> ListedSection | None:
    """A List that says why it is empty; `None` for any other. Raises msgspec's errors on one that cannot be read."""
    found: _List = decode_listed(raw, _List)
    if found.empty_reason is None or word_of(found.status) in _NOT_CURRENT:
        return None
    return ListedSection(place, found.code, _reason(found.empty_reason), is_empty=True, subject=found.subject)


def _sections(
    raws: tuple[Raw, ...], place: str, subject: Reference | None, deadline: Deadline, depth: int
) -> Iterator[ListedSection]:
    for number, raw in enumerate(deadline.each(raws), 1):
        section: _Section = decode_listed(raw, _Section)
        own = f"{place} section {number}"
        inner: list[ListedSection] = []
        if depth < _DEEPEST:
            inner = list(_sections(section.section, own, subject, deadline, depth + 1))
        is_empty = not section.entry and all(one.is_empty for one in inner)
        yield ListedSection(
            own,
            section.code,
            _reason(section.empty_reason),
            is_empty,
            _words(section.text) if is_empty else "",
            subject,
        )
        yield from inner


def _reason(concept: CodeableConcept | None) -> frozenset[str] | None:
    return None if concept is None else codes_of(concept)


def _words(raw: Raw) -> str:
    """The words of a narrative, without its tags."""
    try:
        found: Any = msgspec.json.decode(raw, type=_Narrative) if bytes(raw) else None
    except msgspec.MsgspecError:
        return ""
    if found is None or found.div is None:
        return ""
    return _BLANKS.sub(" ", html.unescape(_TAG.sub(" ", found.div[:_LONGEST]))).strip()
