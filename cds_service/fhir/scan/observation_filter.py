"""A filter of Observations: those that have to be read for certain facts.

Two sorts are left out. *Immaterial* ones have a code of which nothing is asked. *Superseded* ones are older than
another of the same topics that certainly counts and has a value, so they cannot decide anything. Whatever is unusual is
read: one with components of which anything is asked, or with contained resources, one that came twice, one of whose
subject nothing is known yet.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

import msgspec
from msgspec import Raw, Struct

from cds_service.as_of import AsOf
from cds_service.deadline import NEVER, Deadline
from cds_service.fhir.dates import parse_date
from cds_service.fhir.decode import try_decode
from cds_service.fhir.headers import ABSENT, ObservationHeader
from cds_service.fhir.views import CodeableConcept, Reference

Topics = frozenset[str]

_MOST_REMEMBERED = 10_000
_LONGEST = 500
_FINAL = frozenset({"final", "amended", "corrected"})
# Too few to be worth looking for the newest.
_FEW = 2
_ONE_DAY = timedelta(days=1)
# From the end of a day in Greenwich it has ended everywhere 14 hours later; from its begin that is 38.
_ANY_ZONE = timedelta(hours=38)
# A day of the calendar, with or without a time, in the form that nearly everybody writes. Text that this takes is a
# date for `parse_date` too, of that very day in its own zone. It leaves out 29 February.
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-3]):?[0-5][0-9])?"
_PLAIN_DATE = re.compile(
    r"[12][0-9]{3}-"
    r"(?:(?:0[13578]|1[02])-(?:[012][1-9]|[123]0|31)|(?:0[469]|11)-(?:[012][1-9]|[123]0)|02-(?:[01][1-9]|[12]0|2[1-8]))"
    r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
    rf"{_ZONE})?"
)
_is_plain = _PLAIN_DATE.fullmatch
_END = re.compile(rf"(?:\.[0-9]{{1,9}})?{_ZONE}")
_DAY_ONLY = len("2026-05-20")
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_DAYS = msgspec.json.Decoder(list[date])
_TIMES = msgspec.json.Decoder(list[datetime])
# What certainly is a value, understood or not; a number's own extension (`_value`) is none.
_NUMBER = re.compile(rb'\{.*?"value"\s*:\s*["0-9-]', re.DOTALL)
_TELLING = {
    "value_quantity": _NUMBER,
    "value_codeable_concept": re.compile(
        rb'\{(?!.*(?:data-absent-reason|NullFlavor|5\.1008))(?=.*"(?:code|text|display)"\s*:\s*"[^"])', re.DOTALL
    ),
    "value_range": _NUMBER,
    "value_ratio": _NUMBER,
    "value_boolean": re.compile(rb"true|false"),
    "value_integer": re.compile(rb"-?[0-9]"),
    "value_string": re.compile(rb'"[A-Za-z0-9+<>]'),
    "value_date_time": re.compile(rb'"[0-9]'),
}


_CODE, _SUBJECT = attrgetter("code"), attrgetter("subject")
_COMPONENT, _CONTAINED = attrgetter("component"), attrgetter("contained")


class _Part(Struct, gc=False):
    code: Raw = ABSENT


@dataclass(frozen=True, slots=True)
class ObservationFilter:
    """What is asked of Observations.

    * `topics_of`: what an Observation with this code, and without components, may tell of. Empty where nothing is asked
      of it; `None` where it has to be read whatever its date. Of several with the same topics only the newest that
      counts and has a value may decide.
    * `asks_components`: whether anything is asked of one with this code and components of these codes.
    * `day`: gives an as-of that does not end after the one that will be asked about, in whatever zone. Without it
      nothing is superseded.
    """

    topics_of: Callable[[CodeableConcept], Topics | None]
    asks_components: Callable[[CodeableConcept, Sequence[CodeableConcept]], bool]
    day: Callable[[], date] | None = None
    _remembered: dict[bytes, Topics | None] = field(default_factory=dict, repr=False)
    _panels: dict[tuple[bytes, ...], bool] = field(default_factory=dict, repr=False)

    def on(self, day: Callable[[], date]) -> "ObservationFilter":
        """The same, asked about what `day` gives whenever a record is read."""
        return replace(self, day=day)

    def sift(
        self, heads: Sequence[ObservationHeader], repeated: Container[str | None], deadline: Deadline = NEVER
    ) -> list[int]:
        """The indexes, in order, of those that have to be read; of each subject at least one.

        `repeated`: the ids that the record has more than once. Raises `OutOfTime`.
        """
        if not heads:
            return []
        # Attribute by attribute, not head by head: of thousands nearly all are alike, and so it is told at once.
        compound = _compound(heads)
        immaterial = {index for index in deadline.each(compound) if not self._is_asked(heads[index], deadline)}
        kept = compound - immaterial
        if repeated:
            kept.update(index for index, head in enumerate(heads) if head.id in repeated)
        subjects = list(map(_SUBJECT, heads))
        whose = None if subjects.count(subjects[0]) == len(subjects) else list(map(bytes, subjects))
        first = {b"": 0} if whose is None else dict(zip(reversed(whose), reversed(range(len(whose))), strict=True))
        # It is found out of the first of each whose it is. What cannot be read as a subject is looked at one by one.
        kept.update(first.values())
        odd = {subject for subject, index in deadline.each(first.items()) if not _is_reference(subjects[index])}
        if odd:
            kept.update(index for index in range(len(heads)) if whose is None or whose[index] in odd)
        groups: defaultdict[tuple[Topics, bytes], list[int]] = defaultdict(list)
        for index, topics in enumerate(deadline.each(self._topics(heads, deadline))):
            if topics is None:
                kept.add(index)
            elif topics and index not in compound:
                groups[topics, b"" if whose is None else whose[index]].append(index)
        end = None if self.day is None else AsOf.of(self.day()).end
        kept.update(_not_superseded(groups.values(), heads, end, deadline))
        return sorted(kept)

    def _is_asked(self, head: ObservationHeader, deadline: Deadline) -> bool:
        """Whether anything may be asked of one with components or contained resources."""
        if head.contained is not ABSENT:
            return True
        parts = try_decode(head.component, tuple[_Part, ...])
        if parts is None:
            return True
        codes = (bytes(head.code), *[bytes(part.code) for part in parts])
        asked = self._panels.get(codes)
        if asked is None:
            concepts = [try_decode(code, CodeableConcept) for code in deadline.each(codes)]
            read = [concept for concept in concepts if concept is not None and (concept.coding or concept.text)]
            asked = len(read) < len(codes) or self.asks_components(read[0], list(deadline.each(read[1:])))
            if sum(map(len, codes)) <= _LONGEST * 4 and len(self._panels) < _MOST_REMEMBERED:
                self._panels[codes] = asked
        return asked

    def _topics(self, heads: Sequence[ObservationHeader], deadline: Deadline) -> Iterable[Topics | None]:
        codes = list(map(bytes, map(_CODE, heads)))
        known = {
            code: self._remembered[code] if code in self._remembered else self._look_up(code)
            for code in deadline.each({*codes})
        }
        return map(known.__getitem__, codes)

    def _look_up(self, code: bytes) -> Topics | None:
        concept = try_decode(code, CodeableConcept)
        # Without any code that can be read it may be anything.
        topics = None if concept is None or not (concept.coding or concept.text) else self.topics_of(concept)
        if len(code) <= _LONGEST and len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[code] = topics
        return topics


def _not_superseded(
    groups: Iterable[list[int]], heads: Sequence[ObservationHeader], end: datetime | None, deadline: Deadline
) -> Iterator[int]:
    """Of each group, heads of the same topics and subject, those not certainly older than one that counts."""
    older: list[int] = []
    dates: list[str] = []
    for group in deadline.each(groups):
        deadline.spend(len(group))
        by_date = [heads[index].effective_date_time or "" for index in group]
        told = [] if end is None or len(group) <= _FEW else [heads[index] for index in group]
        limit = _limit(by_date, told, end, deadline) if told and end is not None else ""
        for index, text in zip(group, by_date, strict=True):
            if text < limit:
                older.append(index)
                dates.append(text)
            else:
                yield index
    if not _are_plain(dates):
        yield from (index for index, text in zip(older, dates, strict=True) if not _is_plain(text))


def _limit(dates: Sequence[str], heads: Sequence[ObservationHeader], end: datetime, deadline: Deadline) -> str:
    """The day before which all are older than one that certainly counts; empty where none does."""
    newest_first = sorted(range(len(dates)), key=dates.__getitem__, reverse=True)
    newest = next((index for index in deadline.each(newest_first) if _counts(heads[index], end)), None)
    if newest is None:
        return ""
    span = parse_date(dates[newest])
    # The other one may be of any zone: its day may end 14 hours later than the same day here, and where this one names
    # no zone it may be 14 hours earlier than it says.
    return (span.earliest.date() - (_ONE_DAY if span.starts_at_instant else 2 * _ONE_DAY)).isoformat()


def _counts(head: ObservationHeader, end: datetime) -> bool:
    """Whether it is certain to count by `end` and to have a value, understood or not."""
    text = head.effective_date_time
    return (
        head.status in _FINAL
        and head.focus is ABSENT
        and text is not None
        and _is_plain(text) is not None
        and _is_before(text, end)
        and any(pattern.match(getattr(head, name)) for name, pattern in _TELLING.items())
    )


def _is_before(text: str, end: datetime) -> bool:
    """Whether what was made at a plain date was made by `end`, whatever zone a date without one is in."""
    if text[:_DAY_ONLY] <= (end - min(_ANY_ZONE, end - _EARLIEST)).date().isoformat():
        return True
    span = parse_date(text)
    return span.ends_at_instant and span.latest <= end


def _compound(heads: Sequence[ObservationHeader]) -> set[int]:
    """Those with components or contained resources, which have codes of their own."""
    found: set[int] = set()
    for part in (_COMPONENT, _CONTAINED):
        parts = list(map(part, heads))
        if parts.count(ABSENT) < len(parts):
            found.update(index for index, raw in enumerate(parts) if raw is not ABSENT)
    return found


def _is_reference(raw: Raw) -> bool:
    return raw is ABSENT or try_decode(raw, Reference) is not None


def _are_plain(texts: Sequence[str]) -> bool:
    """Whether all are plain dates, told at once; one may be even if not."""
    timed = [text for text in texts if len(text) != _DAY_ONLY]
    try:
        days = _DAYS.decode(_listed([text for text in texts if len(text) == _DAY_ONLY]))
        times = _TIMES.decode(_listed(timed))
    except msgspec.MsgspecError:
        return False
    # What this takes beyond plain dates: other letters than `T`, and any offset.
    if len(days) + len(times) != len(texts) or "".join(timed).count("T") != len(timed):
        return False
    return all(map(_END.fullmatch, {text[19:] for text in timed}))


def _listed(texts: Sequence[str]) -> str:
    return '["' + '","'.join(texts) + '"]' if texts else "[]"
