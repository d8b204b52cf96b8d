"""Results under codes that only may mean a fact: another specimen, or another test, is as well possible.

They never count beside a result of the fact itself. Where there is none the fact is unknown because of them, so that
somebody looks instead of ordering what has been done.
"""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from cds_service.deadline import Deadline
from cds_service.facts.fact import Fact, unknown
from cds_service.facts.observations.answers import Unreadable
from cds_service.facts.observations.observations import Result
from cds_service.facts.observations.result_set import ResultSet, agreeing

UNCONFIRMED = Unreadable("unconfirmed")


def is_no_hint(measurement: Result) -> bool:
    return measurement.how != "hint"


def or_hinted(fact: Fact, measurements: Sequence[Result], as_of: date, deadline: Deadline) -> Fact:
    """The fact; where nothing is on record of it but hints, it is unknown because of the newest of these.

    Raises `OutOfTime`.
    """
    if fact.value is not None or (fact.evidence and fact.reason != "no_result"):
        return fact
    hints = [measurement for measurement in deadline.each(measurements) if measurement.how == "hint"]
    if not hints:
        return fact
    measured = ResultSet(fact.name, hints, (), "no_result", as_of=as_of, telling=lambda _: True, deadline=deadline)
    hinted = measured.fact(lambda measurement, day: UNCONFIRMED, agreeing)
    if not hinted.evidence:
        return fact
    reason = hinted.reason or "unconfirmed"
    parts = {name: unknown(part.name, reason, hinted.evidence) for name, part in fact.parts.items()}
    return replace(hinted, parts=parts)
