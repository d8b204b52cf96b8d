"""A first, quick choice among many results of one fact: those that may be the newest. `selection` decides among them.

It compares dates as text, which is in the order of the days where all have the same form.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache

from cds_service.as_of import AsOf
from cds_service.facts.observations.observations import Result
from cds_service.fhir import Observation

_DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
_TIMES = frozenset({"", *(f"T{hour:02}:{minute:02}" for hour in range(24) for minute in range(60))})
_SECONDS_AND_ZONE = re.compile(r"(?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-](?:(?:0[0-9]|1[0-3]):?[0-5][0-9]|14:?00))?")
# By the zones, what was made on one day may be later than what was made on the next, and on the one after that.
_OVERLAP = timedelta(days=2)
_ONE_DAY = timedelta(days=1)


def newest_of(
    measurements: Sequence[Result],
    counting: frozenset[str],
    has_value: Callable[[Result], bool],
    as_of: date,
    *,
    whole_day: bool = False,
) -> Sequence[Result]:
    """The measurements without those that lie days before another one that counts and has a value.

    Only those of a `counting` status are left out, and only where the date is plain: a day, or a time of a day. In
    which zone that was does not matter: the other one was made two days before `as_of` ends, by the day of Greenwich.
    `whole_day`: what may be of the same day of some zone stays too.
    """
    observations = [measurement.observation for measurement in measurements]
    dates = [observation.effective_date_time or "" for observation in observations]
    if not (counting.issuperset([observation.status for observation in observations]) and _are_plain(dates)):
        dates = [_plain(observation, counting) for observation in observations]
    day_before = (max(AsOf.of(as_of).end.date(), date.min + _ONE_DAY) - _ONE_DAY).isoformat()
    newest = max([text for text in dates if text < day_before], default="")
    if newest and not has_value(measurements[dates.index(newest)]):
        told = zip(dates, measurements, strict=True)
        newest = max([text for text, m in told if text and text < day_before and has_value(m)], default="")
    if not newest:
        return measurements
    since = (date.fromisoformat(newest[:10]) - (_OVERLAP + _ONE_DAY if whole_day else _OVERLAP)).isoformat()
    return [m for text, m in zip(dates, measurements, strict=True) if not text or since <= text]


def _are_plain(dates: Sequence[str]) -> bool:
    return (
        all(map(_is_day, {text[:10] for text in dates}))
        and _TIMES.issuperset([text[10:16] for text in dates])
        and all(map(_SECONDS_AND_ZONE.fullmatch, {text[16:] for text in dates}))
    )


def _plain(observation: Observation, counting: frozenset[str]) -> str:
    """The date of an observation; empty where it is not plain, or the status does not certainly count."""
    text = observation.effective_date_time
    return text if text and observation.status in counting and _are_plain((text,)) else ""


@lru_cache(maxsize=16_384)
def _is_day(text: str) -> bool:
    if _DAY.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
