"""Which day a date of the record is of, and whether it counts yet, in the zone of the site.

The server's own clock is in UTC. At each hour of the day, and for sites far to the east and the west of it, what was
done a minute ago counts, is of today, and is the newest; what is to be done in a minute does not count.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.as_of import AsOf
from cds_service.facts import FactReaders, FactSheet, build_sheet
from cds_service.facts.fact import Events
from tests.facts.records import Json, condition, lab, patient, procedure, record, request, statement

ZONES = ["UTC", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Honolulu"]
HOURS = range(24)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

everywhere = pytest.mark.parametrize("zone", ZONES)
always = pytest.mark.parametrize("hour", HOURS)


def moment(hour: int) -> datetime:
    return datetime(2026, 11, 24, hour, 30, tzinfo=UTC)


def written(at: datetime, zone: str) -> str:
    """As the site's own system writes it, with the offset of its zone."""
    return at.astimezone(ZoneInfo(zone)).isoformat()


def haemoglobin(value: int, date: str) -> Json:
    return lab("718-7", value, "g/L", date, id=f"h{value}")


def as_of(hour: int, zone: str) -> AsOf:
    return AsOf.at(moment(hour), ZoneInfo(zone))


@pytest.fixture
def at(knowledge: FactReaders) -> Callable[..., FactSheet]:
    def make(hour: int, zone: str, *resources: Json) -> FactSheet:
        return build_sheet(record(*resources), knowledge, as_of(hour, zone))

    return make


@always
@everywhere
def test_a_result_of_a_minute_ago_decides(hour: int, zone: str, at: Callable[..., FactSheet]) -> None:
    now = moment(hour)
    older = [haemoglobin(100 + days, written(now - days * DAY, zone)) for days in range(1, 9)]
    ago, ahead = haemoglobin(60, written(now - MINUTE, zone)), haemoglobin(50, written(now + MINUTE, zone))
    sheet = at(hour, zone, *older, ago, ahead)
    fact = sheet["lab.hemoglobin"]
    assert (fact.value.closed(), fact.age) == ((60.0, 60.0), 0)  # type: ignore[union-attr]
    [evidence] = fact.evidence
    assert evidence.date == str(as_of(hour, zone)), "it is shown under the site's today"
    assert [(issue.code, issue.resource) for issue in sheet.issues] == [("planned_result", "Observation/h50")]


@always
@everywhere
def test_nobody_set_the_zone_and_the_result_has_its_offset(hour: int, zone: str, at: Callable[..., FactSheet]) -> None:
    """The site writes in its own zone; the server, without a zone, reads in UTC. No result is lost."""
    now = moment(hour)
    sheet = at(
        hour, "UTC", haemoglobin(112, written(now - 14 * DAY, zone)), haemoglobin(60, written(now - MINUTE, zone))
    )
    assert sheet["lab.hemoglobin"].value.closed() == (60.0, 60.0)  # type: ignore[union-attr]
    assert sheet.issues == ()


@always
@everywhere
def test_a_date_without_a_time_is_of_the_sites_calendar(hour: int, zone: str, at: Callable[..., FactSheet]) -> None:
    today = as_of(hour, zone)
    sheet = at(hour, zone, haemoglobin(60, str(today)), haemoglobin(50, str(today + DAY)))
    fact = sheet["lab.hemoglobin"]
    assert (fact.value.closed(), fact.age) == ((60.0, 60.0), 0)  # type: ignore[union-attr]
    assert [issue.resource for issue in sheet.issues] == ["Observation/h50"]


@always
@everywhere
def test_how_many_days_ago_is_counted_in_the_sites_days(hour: int, zone: str, at: Callable[..., FactSheet]) -> None:
    """Whatever zone a date is written in: here that of another laboratory, half a world away."""
    midnight = datetime.combine(as_of(hour, zone), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    for other in ZONES:
        before = at(hour, zone, haemoglobin(60, written(midnight - MINUTE, other)))
        after = at(hour, zone, haemoglobin(60, written(midnight + MINUTE, other)))
        assert (before["lab.hemoglobin"].age, after["lab.hemoglobin"].age) == (1, 0)


EVENTS: dict[str, tuple[str, Callable[[str], Json]]] = {
    "a Condition's onset": ("condition.sle", lambda date: condition(onsetDateTime=date)),
    "a Condition's onset as a period": (
        "condition.sle",
        lambda date: condition(onsetPeriod={"start": date, "end": date}),
    ),
    "an order": ("medication.glucocorticoid", lambda date: request(authored=date)),
    "a drug that is taken since": (
        "medication.glucocorticoid",
        lambda date: statement(effectivePeriod={"start": date}),
    ),
    "a procedure": ("procedure.major_surgery", lambda date: procedure(performedDateTime=date)),
}


@always
@everywhere
@pytest.mark.parametrize(("name", "entry"), EVENTS.values(), ids=EVENTS.keys())
def test_an_entry_counts_from_its_moment_on(
    hour: int, zone: str, name: str, entry: Callable[[str], Json], at: Callable[..., FactSheet]
) -> None:
    now = moment(hour)
    yesterday = datetime.combine(as_of(hour, zone) - DAY, datetime.min.time(), ZoneInfo(zone))
    for date, days in ((now - MINUTE, 0), (now + MINUTE, None), (yesterday, 1)):
        events = at(hour, zone, entry(written(date, zone)))[name].value
        assert isinstance(events, Events)
        assert [event.start.hi for event in events.items] == ([] if days is None else [days])


@always
@everywhere
def test_what_ended_yesterday_is_over_and_what_ends_today_is_not(
    hour: int, zone: str, at: Callable[..., FactSheet]
) -> None:
    today = datetime.combine(as_of(hour, zone), datetime.min.time(), ZoneInfo(zone))
    for end, active in ((today - MINUTE, False), (today + MINUTE, True)):
        taken = statement(effectivePeriod={"start": "2026-01-01", "end": written(end, "UTC")})
        events = at(hour, zone, taken)["medication.glucocorticoid"].value
        assert isinstance(events, Events)
        assert [event.active for event in events.items] == [active]


@always
@everywhere
def test_the_age_is_completed_on_the_sites_birthday(hour: int, zone: str, knowledge: FactReaders) -> None:
    today = as_of(hour, zone)
    for born, years in ((today.replace(year=1980), 46), ((today + DAY).replace(year=1980), 45)):
        held = record(about=patient(birthDate=born.isoformat()))
        age: Any = build_sheet(held, knowledge, today)["patient.age"].value
        assert age.years == (years, years)


@everywhere
def test_clocks_that_are_set_back_leave_open_which_of_two_was_first(zone: str, knowledge: FactReaders) -> None:
    """02:30 came twice in Sydney on 5 April 2026; without an offset it may be either, so both results may be newest."""
    first, second = haemoglobin(60, "2026-04-05T02:30:00"), haemoglobin(90, "2026-04-05T02:40:00")
    asked = AsOf.of(datetime(2026, 4, 6, tzinfo=UTC).date(), ZoneInfo(zone))
    fact = build_sheet(record(first, second), knowledge, asked)["lab.hemoglobin"]
    assert fact.value.closed() == ((60.0, 90.0) if zone == "Australia/Sydney" else (90.0, 90.0))  # type: ignore[union-attr]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("many", [2, 40])
def test_a_partial_date_reaches_to_the_moment_that_is_asked_about(
    zone: str, many: int, at: Callable[..., FactSheet]
) -> None:
    older = [haemoglobin(100 + n, f"2025-0{1 + n % 9}-01") for n in range(many)]
    fact = at(12, zone, *older, haemoglobin(60, "2026-11"))["lab.hemoglobin"]
    assert (fact.value.closed(), fact.least_age) == ((60.0, 60.0), 0)  # type: ignore[union-attr]
    assert fact.age == int(str(as_of(12, zone))[-2:]) - 1
