"""The time zone of each client's patients, and the as-of of its requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cds_service.as_of import AsOf
from cds_service.cds_hooks.trust import Clients
from cds_service.settings import Settings
from cds_service.time_zones import SiteZone, zone_for


def client_zones(settings: Settings, clients: Clients | None, site: str | None = None) -> dict[str | None, SiteZone]:
    """The zone by client id; under None what holds without clients. `site`: the `time_zone` of the site's `site.json`.

    Raises ValueError for a name that is none; those of settings and clients file are checked when they are read.
    """
    zones: dict[str | None, SiteZone] = {None: zone_for(settings.timezone, site=site)}
    for client in clients or ():
        zones[client.id] = zone_for(settings.timezone, client.time_zone, site)
    return zones


@dataclass(frozen=True, slots=True)
class Calendar:
    """Gives the as-of of a client's request.

    `clock` gives the day that counts as today, the whole of it, or an as-of. Without it, it is the moment of `now`.
    """

    zones: Mapping[str | None, SiteZone]
    now: Callable[[], datetime]
    clock: Callable[[], date] | None = None

    def as_of(self, client: str | None) -> AsOf:
        """The as-of of a request of this client that is answered now."""
        zone = self.zones[client].zone
        return AsOf.at(self.now(), zone) if self.clock is None else AsOf.of(self.clock(), zone)

    def earliest(self) -> AsOf:
        """The day that ends first among those of all clients."""
        return min(map(self.as_of, self.zones), key=lambda as_of: as_of.end)

    def zone_names(self) -> dict[str, str]:
        """The zone and who gave it, by client, for the log; `*` stands for a service without clients."""
        return {client or "*": str(zone) for client, zone in self.zones.items()}
