"""`--as-of`: a day, which counts to its end, or an instant; and what it is where it isn't given."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.as_of import AsOf
from cds_service.cli.output import settings_or_stop
from cds_service.time_zones import SiteZone, zone_for

if TYPE_CHECKING:
    from cds_service.settings import Settings

_FORMS = "a day, such as 2026-11-24, or an instant, such as 2026-11-24T22:30:00Z"


def _read(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-24") else datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not {_FORMS}") from None


AsOfOption = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=_read,
        metavar="DAY|INSTANT",
        help=f"What counts as now: {_FORMS}. Without an offset it is in the site's time zone.",
    ),
]


def site_zone(settings: "Settings", site: str | None = None) -> SiteZone:
    """The zone of whoever uses the command line, who is none of the clients. `site`: the `time_zone` of `site.json`."""
    return zone_for(settings.timezone, site=site)


def as_of(given: date | None, settings: "Settings | None" = None, site: str | None = None) -> AsOf:
    """What was given, else this moment, in the site's zone (see `site_zone`)."""
    zone = site_zone(settings or settings_or_stop(), site).zone
    if given is None:
        return AsOf.at(datetime.now(zone), zone)
    return AsOf.at(given, zone) if isinstance(given, datetime) else AsOf.of(given, zone)


def when(document: Mapping[str, Any]) -> str:
    """As of when an explanation is, in words."""
    said = [f"up to {document['as_of_instant']}"] if "as_of_instant" in document else []
    said += [f"time zone {document['time_zone']}"] if "time_zone" in document else []
    return f"{document['as_of']} ({', '.join(said)})" if said else str(document["as_of"])
