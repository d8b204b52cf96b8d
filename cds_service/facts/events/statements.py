"""Several entries of one disease: the newest of them says whether it is active (docs/design.md).

The same disease is the same code, or an ancestor or descendant of it in a system whose codes tell that (ICD-10). Codes
that differ only in whether it is in remission or in relapse are one disease. An entry that says "resolved" or "in
remission" ends what was written before it; where it is not known which was written first, whether it is active is not
known either.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cds_service.deadline import Deadline
from cds_service.facts.catalogue import PREFIX_SYSTEMS, Key
from cds_service.facts.fact import Days, Event

_SHORTEST = 3
"""Characters of an ICD-10 category; what is shorter names no disease."""
_MOST = 20
"""Quiet statements that are looked at for each code: the newest."""


class Statement(Struct, frozen=True, gc=False, eq=False):
    """An event with the disease it is of, how long ago it was written, and whether it says that it is not active."""

    event: Event
    disease: Key | None
    written: Days | None
    is_quiet: bool


def settled(statements: Sequence[Statement], deadline: Deadline) -> Iterator[Event]:
    """The events, each as the newest statement about its disease leaves it."""
    quiet = [one for one in statements if one.is_quiet and one.disease is not None]
    if not quiet:
        yield from (one.event for one in statements)
        return
    index = _Index(quiet)
    for one in deadline.each(statements):
        event = one.event
        if not one.is_quiet and one.disease is not None and not event.only_past:
            others = index.about(one.disease)
            deadline.spend(len(others))
            event = _after(one, others)
        yield event


class _Index:
    """The statements that a disease is not active, the newest first, by the codes of the same disease."""

    def __init__(self, quiet: Iterable[Statement]) -> None:
        self._at: dict[Key, list[Statement]] = {}
        self._below: dict[Key, list[Statement]] = {}
        for one in sorted(quiet, key=_newest_first):
            assert one.disease is not None
            for key in (one.disease, *_ancestors(one.disease)):
                _keep(self._below.setdefault(key, []), one)
            _keep(self._at.setdefault(one.disease, []), one)

    def about(self, disease: Key) -> list[Statement]:
        """Those about this disease, an ancestor or a descendant."""
        above = [one for key in _ancestors(disease) for one in self._at.get(key, ())]
        return [*self._below.get(disease, ()), *above]


def _keep(listed: list[Statement], one: Statement) -> None:
    if len(listed) < _MOST:
        listed.append(one)


def _newest_first(one: Statement) -> tuple[bool, int, int]:
    # An undated one may be the newest: it must not be among those that are not looked at.
    return (False, 0, 0) if one.written is None else (True, one.written.lo, one.written.hi)


def _ancestors(disease: Key) -> list[Key]:
    system, code = disease
    return [(system, code[:n]) for n in range(_SHORTEST, len(code))] if system in PREFIX_SYSTEMS else []


def _after(one: Statement, others: Iterable[Statement]) -> Event:
    """What others that say "not active" leave of an event."""
    newest: Statement | None = None
    is_doubtful = is_ended_perhaps = False
    for other in others:
        said = other.event
        if said.present is False and said.end.lo > one.event.start.hi:
            continue  # it was over before this one began: another time that the patient had it
        order = _order(other.written, one.written)
        if order == "older":
            continue
        if order == "newer" and said.sure:
            if newest is None or _newest_first(other) < _newest_first(newest):
                newest = other
        else:
            is_doubtful, is_ended_perhaps = True, is_ended_perhaps or said.present is False
    event = one.event
    if newest is not None:
        return _ended(one, newest)
    if not is_doubtful:
        return event
    present = None if is_ended_perhaps and event.present is not False else event.present
    return replace(event, active=False if event.active is False else None, present=present, end=_until_now(event))


def _order(other: Days | None, one: Days | None) -> str | None:
    """Whether the other was written before or after; `None` where that is not known."""
    if other is None or one is None:
        return None
    if other.hi < one.lo:
        return "newer"
    return "older" if other.lo > one.hi else None


def _ended(one: Statement, newest: Statement) -> Event:
    event, said = one.event, newest.event
    present = False if said.present is False else event.present
    if event.start == event.end:  # an event: it was over on its own day
        return replace(event, active=False, present=present)
    # It was there when it was written that it is, and ended at some time since then.
    latest = event.start.hi if one.written is None or event.active is not True else min(one.written.hi, event.start.hi)
    lo = min(said.end.lo, latest) if said.present is False else 0
    return replace(event, active=False, present=present, end=Days(lo, min(latest, said.end.hi) if lo else latest))


def _until_now(event: Event) -> Days:
    return event.end if event.start == event.end else Days(0, event.start.hi)
