"""Values that a treatment has raised: what they would be without it is not known, except that it is no more.

Blood counts within two weeks of a transfusion or of a growth factor do not show what the marrow makes by itself. Such a
value is an upper end: one that is too low even so is certainly too low, one that is high enough is not known to be.
"""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from cds_service.facts.catalogue import Unsettled
from cds_service.facts.fact import AtMost, Event, Events, Fact
from cds_service.facts.intervals import Interval


def unsettled(fact: Fact, spec: Unsettled, given: Iterable[Events], as_of: date) -> Fact:
    """The fact, or, where a treatment that is `given` may have raised its value, what is left of that.

    A treatment counts that may overlap the days from `spec.within` before the evidence to `as_of`. One that is only
    mentioned counts as well, as it may have been given; of one of which nothing is on record nothing is known here.
    """
    if not isinstance(fact.value, Interval):
        return fact
    before = fact.age + spec.within.span(as_of)
    if not any(_may_overlap(item, before) for events in given for item in events.items):
        return fact
    parts = {word: _at_most(part) for word, part in fact.parts.items()}
    return replace(_at_most(fact), parts=parts)


def _may_overlap(item: Event, days: int) -> bool:
    return item.end.lo <= days


def _at_most(fact: Fact) -> Fact:
    if not isinstance(fact.value, Interval) or not isinstance(fact.measured, Interval):
        return fact
    at_most = AtMost("after_transfusion", fact.measured)
    return replace(fact, value=Interval(None, fact.value.hi, False, fact.value.hi_open), at_most=at_most)
