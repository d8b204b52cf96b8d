"""The zone in which a site's days begin and end: a name of the IANA database, and who gave it."""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, tzinfo

ENVIRONMENT, CLIENTS_FILE, SITE_FILE, NOBODY = "CDS_TIMEZONE", "clients file", "site.json", "not set"
"""Who may give it."""


@dataclass(frozen=True, slots=True)
class SiteZone:
    """A zone, and who gave it: one of the four above. Where nobody did it is UTC."""

    zone: tzinfo
    given_by: str

    @property
    def name(self) -> str:
        """As the IANA database calls it."""
        return str(self.zone)

    def __str__(self) -> str:
        return f"{self.name} ({self.given_by})"


def zone_of(name: str) -> tzinfo:
    """The zone of that name. Raises ValueError where the IANA database of this machine has none."""
    if name == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        if not zoneinfo.available_timezones():
            raise ValueError(
                f"whether {name!r} is a time zone can't be told: this machine has no time zones (package tzdata)"
            ) from None
        raise ValueError(f"{name!r} is no time zone of the IANA database, such as Europe/Berlin") from None


def zone_for(environment: str | None, client: str | None = None, site: str | None = None) -> SiteZone:
    """The zone of a client: the environment overrides the clients file, and that the site's. Raises ValueError."""
    for name, given_by in ((environment, ENVIRONMENT), (client, CLIENTS_FILE), (site, SITE_FILE)):
        if name is not None:
            return SiteZone(zone_of(name), given_by)
    return SiteZone(UTC, NOBODY)
