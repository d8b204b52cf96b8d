"""As-of: a day of a site, with its end as an instant. And who says which zone the site is in."""

import copy
import pickle
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cds_service.as_of import AsOf
from cds_service.cds_hooks.trust import Client, Clients
from cds_service.server import Calendar, client_zones
from cds_service.settings import Settings
from cds_service.time_zones import zone_for

NIGHT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "why"),
    [
        ("UTC", date(2026, 11, 24), "late in the evening"),
        ("Asia/Shanghai", date(2026, 11, 25), "06:30 of the next day"),
        ("Asia/Tokyo", date(2026, 11, 25), "07:30 of the next day"),
        ("Australia/Sydney", date(2026, 11, 25), "09:30 of the next day, in summer time"),
        ("Pacific/Honolulu", date(2026, 11, 24), "12:30 of the same day"),
        ("Pacific/Kiritimati", date(2026, 11, 25), "12:30 of the next day, as far east as can be"),
    ],
)
def test_a_moment_is_of_the_sites_day(zone: str, day: date, why: str) -> None:
    as_of = AsOf.at(NIGHT, ZoneInfo(zone))
    assert (as_of, as_of.end) == (day, NIGHT), why


def test_a_moment_without_an_offset_is_of_the_sites_clock() -> None:
    as_of = AsOf.at(datetime.fromisoformat("2026-11-25T06:30"), ZoneInfo("Asia/Shanghai"))
    assert (as_of, as_of.end) == (date(2026, 11, 25), NIGHT)


@pytest.mark.parametrize(
    ("zone", "day", "last", "why"),
    [
        ("UTC", "2026-11-24", "2026-11-24T23:59:59.999999+00:00", "midnight in Greenwich"),
        ("Asia/Shanghai", "2026-11-24", "2026-11-24T15:59:59.999999+00:00", "midnight comes earlier in the east"),
        ("Pacific/Honolulu", "2026-11-24", "2026-11-25T09:59:59.999999+00:00", "and later in the west"),
        ("America/Havana", "2026-10-31", "2026-11-01T03:59:59.999999+00:00", "the day before clocks are set back"),
        ("America/Santiago", "2026-04-04", "2026-04-05T03:59:59.999999+00:00", "23 to 24 o'clock comes twice"),
    ],
)
def test_a_day_counts_to_its_end_in_the_sites_zone(zone: str, day: str, last: str, why: str) -> None:
    assert AsOf.of(date.fromisoformat(day), ZoneInfo(zone)).end.isoformat() == last, why


def test_it_is_a_date_and_what_is_computed_from_it_is_a_plain_one() -> None:
    as_of = AsOf.at(NIGHT, ZoneInfo("Asia/Shanghai"))
    assert (as_of, str(as_of), hash(as_of)) == (date(2026, 11, 25), "2026-11-25", hash(date(2026, 11, 25)))
    assert AsOf.of(as_of) is as_of, "it keeps the end and the zone that it has"
    for computed in (as_of - timedelta(days=1), as_of + timedelta(days=1), as_of.replace(day=1), as_of.plain()):
        assert type(computed) is date
    assert as_of - date(2026, 11, 20) == timedelta(days=5)


def test_a_copy_has_the_end_and_the_zone_too() -> None:
    as_of = AsOf.at(NIGHT, ZoneInfo("Asia/Shanghai"))
    for again in (copy.deepcopy(as_of), pickle.loads(pickle.dumps(as_of))):
        assert (again, again.end, str(again.zone)) == (as_of, as_of.end, "Asia/Shanghai")


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_calendar_has_ends(day: date) -> None:
    assert AsOf.of(day, ZoneInfo("Asia/Shanghai")) == AsOf.of(day, ZoneInfo("Pacific/Honolulu")) == day


@pytest.mark.parametrize(
    ("environment", "client", "site", "said"),
    [
        ("Asia/Tokyo", "Asia/Shanghai", "Europe/Berlin", "Asia/Tokyo (CDS_TIMEZONE)"),
        (None, "Asia/Shanghai", "Europe/Berlin", "Asia/Shanghai (clients file)"),
        (None, None, "Europe/Berlin", "Europe/Berlin (site.json)"),
        (None, None, None, "UTC (not set)"),
    ],
)
def test_who_says_the_zone(environment: str | None, client: str | None, site: str | None, said: str) -> None:
    assert str(zone_for(environment, client, site)) == said


def test_each_client_has_its_zone() -> None:
    keys = {"jwks_url": "https://ehr.example/jwks"}
    given = (
        Client(id="east", issuer="https://a.example", time_zone="Asia/Shanghai", **keys),
        Client(id="plain", issuer="https://b.example", **keys),
    )
    clients = Clients(given, {})
    calendar = Calendar(client_zones(Settings(), clients), lambda: NIGHT)
    assert calendar.zone_names() == {
        "*": "UTC (not set)",
        "east": "Asia/Shanghai (clients file)",
        "plain": "UTC (not set)",
    }
    assert {client: str(calendar.as_of(client)) for client in (None, "east", "plain")} == {
        None: "2026-11-24",
        "east": "2026-11-25",
        "plain": "2026-11-24",
    }
    everywhere = client_zones(Settings(timezone="Asia/Tokyo"), clients, "Europe/Berlin")
    assert {zone.name for zone in everywhere.values()} == {"Asia/Tokyo"}


def test_a_day_that_is_given_ends_in_each_clients_zone() -> None:
    zones = {None: zone_for(None), "east": zone_for("Asia/Shanghai"), "west": zone_for("Pacific/Honolulu")}
    calendar = Calendar(zones, lambda: NIGHT, lambda: date(2026, 11, 24))
    assert {calendar.as_of(client).plain() for client in zones} == {date(2026, 11, 24)}
    assert calendar.earliest().end == calendar.as_of("east").end, "no record may be sifted as of a later moment"
