"""Observations of a search as far as it takes to tell which of them matter: one cheap pass over the whole Bundle.

A chart has thousands of results, and the facts read some dozens of them. A *head* has every element of the view
`Observation`, most of them undecoded, so a whole resource is made only of the few that are wanted (`interest`).
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.fhir.decode import FAULTS, UndecodedResource, decode_resource
from cds_service.fhir.references import ReferenceKind, Target, parse_reference
from cds_service.fhir.views import Observation, Resource

ABSENT = Raw()
"""An element that is not there."""


class ObservationHeader(Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """An Observation with its text decoded. What is read of it must be what `views.Observation` reads."""

    resource_type: Literal["Observation"]
    id: str | None = None
    meta: Raw = ABSENT
    implicit_rules: Raw = ABSENT
    modifier_extension: Raw = ABSENT
    contained: Raw = ABSENT
    status: str | None = None
    category: Raw = ABSENT
    code: Raw = ABSENT
    subject: Raw = ABSENT
    focus: Raw = ABSENT
    effective_date_time: str | None = None
    effective_period: Raw = ABSENT
    effective_instant: Raw = ABSENT
    effective_timing: Raw = ABSENT
    issued: str | None = None
    value_quantity: Raw = ABSENT
    value_codeable_concept: Raw = ABSENT
    value_string: Raw = ABSENT
    value_boolean: Raw = ABSENT
    value_integer: Raw = ABSENT
    value_range: Raw = ABSENT
    value_ratio: Raw = ABSENT
    value_date_time: Raw = ABSENT
    value_period: Raw = ABSENT
    value_time: Raw = ABSENT
    value_sampled_data: Raw = ABSENT
    data_absent_reason: Raw = ABSENT
    interpretation: Raw = ABSENT
    reference_range: Raw = ABSENT
    body_site: Raw = ABSENT
    method: Raw = ABSENT
    specimen: Raw = ABSENT
    has_member: Raw = ABSENT
    derived_from: Raw = ABSENT
    component: Raw = ABSENT
    # No elements of an Observation. One that has them all the same is not read here (`decode` looks at them).
    medication_reference: None = None
    reaction: None = None


class Link(Struct):
    """`Bundle.link`."""

    relation: str | None = None
    url: str | None = None


class EntrySearch(Struct):
    """`Bundle.entry.search`."""

    mode: str | None = None


class HeaderEntry(Struct, frozen=True, rename="camel", gc=False):
    """An entry that holds an Observation and is no answer to a request of its own."""

    resource: ObservationHeader
    full_url: str | None = None
    search: Raw = ABSENT
    request: None = None
    response: None = None


class HeaderBundle(Struct, frozen=True, rename="camel", gc=False):
    """A Bundle of nothing but such entries."""

    resource_type: Literal["Bundle"]
    type: str | None = None
    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: list[HeaderEntry] = []

    def modes(self) -> set[str | None] | None:
        """How the entries came into the search; `None` where one does not say so in the right form, so that the plain
        way has to be taken, and for a history, where the order of the entries counts."""
        searches = [entry.search for entry in self.entry]
        # Nearly always one text stands in all of them, which is told faster than it is decoded.
        alike = bool(searches) and searches.count(searches[0]) == len(searches)
        try:
            found = {_mode(raw) for raw in ({bytes(searches[0])} if alike else set(map(bytes, searches)))}
        except FAULTS:
            return None
        return None if self.type == "history" else found


class _Whole(Struct, gc=False):
    resource: Raw


class _WholeBundle(Struct, gc=False):
    entry: list[_Whole]


_SEARCH: msgspec.json.Decoder[EntrySearch | None] = msgspec.json.Decoder(EntrySearch | None)
_HEADS = msgspec.json.Decoder(HeaderBundle)
_WHOLE = msgspec.json.Decoder(_WholeBundle)
_OBSERVATION = msgspec.json.Decoder(Observation)
_encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


class HeaderPage:
    """One page of a search for Observations.

    `place` goes before the number of an entry ("prefetch.observations"); `text` gives the Bundle as it was sent.
    """

    __slots__ = ("_text", "_whole", "entries", "heads", "place")

    def __init__(self, place: str, text: Callable[[], bytes], entries: Sequence[HeaderEntry]) -> None:
        self.place = place
        self.entries = entries
        self.heads = [entry.resource for entry in entries]
        self._text = text
        self._whole: list[_Whole] | None = None

    def target(self, index: int) -> Target:
        """What the `fullUrl` of an entry points to."""
        url, id = self.entries[index].full_url, self.heads[index].id
        if id is None and url is not None:
            id = parse_reference(url).id or url
        return Target(ReferenceKind.RELATIVE, "Observation", id)

    def place_of(self, index: int) -> str:
        return f"{self.place} entry {index + 1}".lstrip()

    def resource(
        self, index: int, deadline: Deadline = NEVER, notes: list[Issue] | None = None
    ) -> tuple[bytes | Raw, Resource | UndecodedResource]:
        """The text of the resource of an entry, and what `decode_resource` makes of it."""
        head = self.heads[index]
        if head.modifier_extension is ABSENT and head.implicit_rules is ABSENT:
            text = _encode(head)
            try:
                return text, _OBSERVATION.decode(text)
            except FAULTS:
                pass
        # What is odd about it is told by its own text.
        if self._whole is None:
            self._whole = _WHOLE.decode(self._text()).entry
        raw = self._whole[index].resource
        return raw, decode_resource("Observation", raw, self.place_of(index), deadline, notes)


def read_heads(text: bytes) -> HeaderBundle | None:
    """A Bundle of heads; `None` for anything else, and where one is odd: then the plain way has to be taken."""
    try:
        return _HEADS.decode(text)
    except FAULTS:
        return None


def _mode(raw: bytes) -> str | None:
    search = _SEARCH.decode(raw) if raw else None
    return None if search is None else search.mode
