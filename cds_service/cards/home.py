"""The place of a trial, seen from the clinic's country."""

from dataclasses import dataclass

from cds_service.trials import Site, Trial


@dataclass(frozen=True, slots=True)
class Home:
    """The clinic's country, ISO 3166-1 alpha-2. Where it is not known (None) no trial is nearer than another."""

    country: str | None = None

    def distance(self, trial: Trial) -> int:
        """0 for a trial with a site here, 2 for one that is known to have none, 1 where that is not known."""
        if self.country is None:
            return 0
        countries = {*trial.countries, *(site.country for site in trial.sites)}
        if self.country in countries:
            return 0
        return 2 if countries and None not in countries else 1

    def is_abroad(self, trial: Trial) -> bool:
        """Whether the trial is known to have no site here."""
        return self.distance(trial) == 2

    def nearest(self, trial: Trial) -> Site | None:
        """The first site here, else the first; None where the registry names none."""
        here = (site for site in trial.sites if site.country == self.country is not None)
        return next(here, trial.sites[0] if trial.sites else None)
