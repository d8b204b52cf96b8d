"""Diseases that a result bears out or speaks against, such as lupus nephritis and the protein in urine.

Who coded the disease may have looked at other results than these, so that a result decides nothing: it only leaves open
what the entries alone would settle.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from cds_service.facts.fact import DaySpan, Event, Events, Fact
from cds_service.facts.intervals import Interval


def borne_out(events: Events, results: Sequence[tuple[Fact, Decimal]]) -> Events:
    """The events as they count beside results, each with the limit from which on it bears the disease out.

    Below the limits it is not known whether a disease that is active by its entries is so; from a limit on the disease
    may be there though no entry says so. Results are as they count on the day (`Fact.at`); unknown ones say nothing.
    """
    known = [(fact, fact.value, limit) for fact, limit in results if isinstance(fact.value, Interval)]
    high = [fact for fact, value, limit in known if value.lo is not None and value.lo >= limit]
    low = [fact for fact, value, limit in known if value.hi is not None and value.hi < limit]
    if high:
        return events if events.items else replace(events, items=tuple(map(_may_be, high)))
    if low:
        items = tuple([replace(item, active=None) if item.active else item for item in events.items])
        return replace(events, items=items)
    return events


def _may_be(fact: Fact) -> Event:
    """The disease that a result points to: it may have begun at any time."""
    return Event(False, None, None, DaySpan(), DaySpan(), DaySpan(), fact.evidence[0], hint="unconfirmed")
