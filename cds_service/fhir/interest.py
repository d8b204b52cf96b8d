"""Which Observations of a record have to be read, for somebody who only asks certain things of it.

Two sorts are left out. *Immaterial* ones have a code of which nothing is asked. *Superseded* ones are older than
another of the same topics that certainly counts and has a value, so they cannot decide anything. Whatever is unusual is
read: one with components or contained resources, one that came twice, one of whose subject nothing is known yet.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from msgspec import Raw

from cds_service.fhir.dates import parse_date
from cds_service.fhir.decode import try_decode
from cds_service.fhir.heads import ABSENT, Head, HeadEntry
from cds_service.fhir.views import CodeableConcept, Reference

Topics = frozenset[str]

_MOST_REMEMBERED = 10_000
_LONGEST = 500
_FINAL = frozenset({"final", "amended", "corrected"})
# Too few to be worth looking for the newest.
_FEW = 2
_ONE_DAY = timedelta(days=1)
# A day of the calendar, with or without a time, in the form that nearly everybody writes. Text that this takes is a
# date for `parse_date` too, of that very day in its own zone. It leaves out 29 February.
_PLAIN_DATE = re.compile(
    r"[12][0-9]{3}-"
    r"(?:(?:0[13578]|1[02])-(?:[012][1-9]|[123]0|31)|(?:0[469]|11)-(?:[012][1-9]|[123]0)|02-(?:[01][1-9]|[12]0|2[1-8]))"
    r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-](?:0[0-9]|1[0-3]):?[0-5][0-9])?)?"
)
_OBJECT = re.compile(rb"\{")
_TELLING = {
    "value_quantity": _OBJECT,
    "value_codeable_concept": _OBJECT,
    "value_range": _OBJECT,
    "value_ratio": _OBJECT,
    "value_boolean": re.compile(rb"true|false"),
    "value_integer": re.compile(rb"-?[0-9]"),
    "value_string": re.compile(rb'"[A-Za-z0-9+<>]'),
    "value_date_time": re.compile(rb'"[0-9]'),
}


@dataclass(frozen=True, slots=True)
class Interest:
    """What is asked of Observations.

    * `topics_of`: what an Observation with this code, and without components, may tell of. Empty where nothing is asked
      of it; `None` where it has to be read whatever its date. Of several with the same topics only the newest that
      counts and has a value may decide.
    * `as_of`: a day that is not after the one that will be asked about. Without it nothing is superseded.
    """

    topics_of: Callable[[CodeableConcept], Topics | None]
    as_of: date | None = None
    _remembered: dict[bytes, Topics | None] = field(default_factory=dict, repr=False)

    def on(self, as_of: date) -> "Interest":
        """The same, asked about this day."""
        return replace(self, as_of=as_of)

    def sift(self, entries: Sequence[HeadEntry], ids: Container[str | None], urls: Container[str | None]) -> list[int]:
        """The indexes, in order, of the entries that have to be read; of each subject at least one.

        `ids` and `urls` (`fullUrl`) are those that the record has more than once.
        """
        kept: list[int] = []
        groups: defaultdict[tuple[Topics, bytes], list[int]] = defaultdict(list)
        remembered = self._remembered
        subjects: dict[bytes, bool] = {}
        last, subject, usual = None, b"", False
        any_twice = bool(ids) or bool(urls)
        for index, entry in enumerate(entries):
            head = entry.resource
            if last is None or head.subject != last:
                last, subject = head.subject, bytes(head.subject)
                if subject not in subjects:
                    # The first of each subject is read, so that it is found out whose it is.
                    subjects[subject] = last is ABSENT or try_decode(last, Reference) is not None
                    kept.append(index)
                    usual = subjects[subject]
                    continue
                usual = subjects[subject]
            code = bytes(head.code)
            topics = remembered[code] if code in remembered else self._look_up(code, head.code)
            if (
                topics is None
                or not usual
                or head.component is not ABSENT
                or head.contained is not ABSENT
                or (any_twice and (head.id in ids or entry.full_url in urls))
            ):
                kept.append(index)
            elif topics:
                groups[topics, subject].append(index)
        for group in groups.values():
            kept += group if len(group) <= _FEW else self._newest(group, entries)
        kept.sort()
        return kept

    def _look_up(self, code: bytes, raw: Raw) -> Topics | None:
        concept = try_decode(raw, CodeableConcept)
        # Without any code that can be read it may be anything.
        topics = None if concept is None or not (concept.coding or concept.text) else self.topics_of(concept)
        if len(code) <= _LONGEST and len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[code] = topics
        return topics

    def _newest(self, group: Iterable[int], entries: Sequence[HeadEntry]) -> list[int]:
        """Those of one code that are not certainly older than one that counts."""
        kept = []
        by_date = [(entries[index].resource.effective_date_time or "", index) for index in group]
        by_date.sort(reverse=True)
        limit = ""
        for text, index in by_date:
            if text < limit and _PLAIN_DATE.fullmatch(text):
                continue
            kept.append(index)
            if not limit:
                limit = self._limit(entries[index].resource)
        return kept

    def _limit(self, head: Head) -> str:
        """The day before which all are older than this one; empty where it is not certain to count."""
        text = head.effective_date_time or ""
        if self.as_of is None or head.status not in _FINAL or head.focus is not ABSENT or not _is_telling(head):
            return ""
        if not _PLAIN_DATE.fullmatch(text):
            return ""
        span = parse_date(text)
        if span.first > self.as_of:
            return ""
        # The other one may be of any zone: its day may end 14 hours later than the same day here.
        return (span.earliest.date() - _ONE_DAY).isoformat()


def _is_telling(head: Head) -> bool:
    """Whether it has a value for certain, understood or not."""
    return any(pattern.match(getattr(head, name)) for name, pattern in _TELLING.items())
