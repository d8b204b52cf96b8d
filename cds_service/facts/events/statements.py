"""Several entries of one disease: the newest of them says whether it is active (docs/design.md).

The same disease is the same code, or an ancestor or descendant of it in a system whose codes tell that (ICD-10). Codes
that differ only in whether it is in remission or in relapse are one disease. An entry that says "resolved" or "in
remission" ends what was written before it; where it is not known which was written first, whether it is active is not
known either. A fact may be about a state of a disease (relapsed leukaemia): that disease is then looked at under all
of its codes, and a newer one that says "in remission" leaves open whether the state is still there.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cds_service.deadline import Deadline
from cds_service.facts.catalogue import PREFIX_SYSTEMS, Key
from cds_service.facts.fact import DaySpan, Event

_SHORTEST = 3
"""Characters of an ICD-10 category; what is shorter names no disease."""
_MOST = 20
"""Quiet statements that are looked at for each code: the newest."""


class DiseaseStatement(Struct, frozen=True, gc=False, eq=False):
    """An event of a fact with the disease it is of, how long ago it was written, and whether it says "not active"."""

    event: Event
    disease: Key | None
    written: DaySpan | None
    is_quiet: bool


class QuietStatement(Struct, frozen=True, gc=False):
    """An entry that says that a disease is not active. `is_gone`: that it is over, and when it `ended`."""

    disease: Key
    written: DaySpan | None
    is_sure: bool
    is_gone: bool
    ended: DaySpan


class QuietStatements:
    """All of a record, the newest first, by the codes of the same disease."""

    def __init__(self, every: Iterable[QuietStatement]) -> None:
        self._at: dict[Key, list[QuietStatement]] = {}
        self._below: dict[Key, list[QuietStatement]] = {}
        self._left: dict[int, tuple[DiseaseStatement, Event]] = {}
        for one in sorted(every, key=_newest_first):
            for key in (one.disease, *_ancestors(one.disease)):
                _keep(self._below.setdefault(key, []), one)
            _keep(self._at.setdefault(one.disease, []), one)

    def after(self, one: DiseaseStatement, deadline: Deadline) -> Event:
        """What they leave of an event. A statement is the same for all facts that its entry speaks of alike."""
        if one.is_quiet or one.disease is None or not self._at:
            return one.event
        found = self._left.get(id(one))
        if found is None:
            others = self._about(one.disease)
            deadline.spend(len(others))
            found = self._left[id(one)] = one, _after(one, others) if others else one.event
        return found[1]

    def _about(self, disease: Key) -> list[QuietStatement]:
        """Those about this disease, an ancestor or a descendant."""
        above = [one for key in _ancestors(disease) for one in self._at.get(key, ())]
        return [*self._below.get(disease, ()), *above]


def settled(
    statements: Sequence[DiseaseStatement],
    quiet: QuietStatements,
    deadline: Deadline,
    of_whole: Sequence[QuietStatement] = (),
) -> Iterator[Event]:
    """The events, each as the newest statement about its disease leaves it. `of_whole`: what says that the disease of
    which they are a state is not active, by whatever code."""
    newest = sorted(of_whole, key=_newest_first)[:_MOST]
    for one in deadline.each(statements):
        event = quiet.after(one, deadline)
        if newest and not one.is_quiet and event.active is not False:
            deadline.spend(len(newest))
            event = _left_open(one, event, newest)
        yield event


def _keep(listed: list[QuietStatement], one: QuietStatement) -> None:
    if len(listed) < _MOST:
        listed.append(one)


def _newest_first(one: QuietStatement) -> tuple[bool, int, int, bool, bool]:
    # An undated one may be the newest: it must not be among those that are not looked at.
    dated = one.written is not None
    days = one.written or DaySpan(0, 0)
    return dated, days.lo, days.hi, not one.is_gone, not one.is_sure


def _ancestors(disease: Key) -> list[Key]:
    system, code = disease
    return [(system, code[:n]) for n in range(_SHORTEST, len(code))] if system in PREFIX_SYSTEMS else []


def _after(one: DiseaseStatement, others: Iterable[QuietStatement]) -> Event:
    """What others that say "not active" leave of an event."""
    newest: QuietStatement | None = None
    is_doubtful = is_ended_perhaps = False
    for other in others:
        if other.is_gone and other.ended.lo > one.event.start.hi:
            continue  # it was over before this one began: another time that the patient had it
        order = _order(other.written, one.written)
        if order == "older":
            continue
        if order == "newer" and other.is_sure:
            newest = other if newest is None else min(newest, other, key=_newest_first)
        else:
            is_doubtful, is_ended_perhaps = True, is_ended_perhaps or other.is_gone
    event = one.event
    if newest is not None:
        return _ended(one, newest)
    if not is_doubtful:
        return event
    present = None if is_ended_perhaps and event.present is not False else event.present
    return replace(event, active=False if event.active is False else None, present=present, end=_until_now(event))


def _left_open(one: DiseaseStatement, event: Event, others: Iterable[QuietStatement]) -> Event:
    """What statements that may be newer and of the same disease leave of an event: whether it is active is open."""
    counting = [other for other in others if _may_end(other, one)]
    if not counting:
        return event
    present = None if any(other.is_gone for other in counting) and event.present is not False else event.present
    return replace(event, active=None, present=present, end=_until_now(event))


def _may_end(other: QuietStatement, one: DiseaseStatement) -> bool:
    if other.is_gone and other.ended.lo > one.event.start.hi:
        return False
    return _order(other.written, one.written) != "older"


def _order(other: DaySpan | None, one: DaySpan | None) -> str | None:
    """Whether the other was written before or after; `None` where that is not known."""
    if other is None or one is None:
        return None
    if other.hi < one.lo:
        return "newer"
    return "older" if other.lo > one.hi else None


def _ended(one: DiseaseStatement, newest: QuietStatement) -> Event:
    event = one.event
    present = False if newest.is_gone else event.present
    if event.start == event.end:  # an event: it was over on its own day
        return replace(event, active=False, present=present)
    # It was there when it was written that it is, and ended at some time since then.
    latest = event.start.hi if one.written is None or event.active is not True else min(one.written.hi, event.start.hi)
    lo = min(newest.ended.lo, latest) if newest.is_gone else 0
    hi = max(lo, min(latest, newest.ended.hi)) if newest.is_gone else latest
    return replace(event, active=False, present=present, end=DaySpan(lo, hi))


def _until_now(event: Event) -> DaySpan:
    return event.end if event.start == event.end else DaySpan(0, event.start.hi)
