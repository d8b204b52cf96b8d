"""From the settings to the store: which database, under which key, and what stands between it and the answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import URL
from structlog.typing import FilteringBoundLogger

from cds_service.cds_hooks.trust import Clients
from cds_service.server.answering import lasting
from cds_service.server.metrics import Metrics
from cds_service.settings import Settings
from cds_service.store import (
    Database,
    Policy,
    Pseudonyms,
    Recorder,
    SeenTokens,
    StoreError,
    Suppression,
    database_address,
    kept_key,
    make_state_dir,
)

_FLUSH_SECONDS = 5.0
"""At the end, for what is still queued."""
_START_SECONDS = 3.0
"""At the start, for the database; without it the service starts all the same."""


@dataclass(frozen=True, slots=True)
class Persistence:
    """The store of one application."""

    database: Database
    pseudonyms: Pseudonyms
    recorder: Recorder
    suppression: Suppression
    tokens: SeenTokens

    def start(self) -> None:
        """Connect, bring the schema up to date, begin to write. Returns within seconds whatever the database does."""
        self.recorder.start(_START_SECONDS)

    def stop(self) -> None:
        """Write what is queued and close the connections."""
        self.recorder.stop(_FLUSH_SECONDS)
        self.suppression.close()
        self.tokens.close()
        self.database.close()


def database_url(settings: Settings) -> URL:
    """The database's URL; the folder of the default one is created. Raises StoreError."""
    given = None if settings.database_url is None else settings.database_url.get_secret_value()
    url = database_address(given, settings.state_dir)
    if given is None:
        make_state_dir(settings.state_dir)
    return url


def pseudonyms(settings: Settings) -> Pseudonyms:
    """The pseudonyms: ids as keyed hashes. Raises StoreError.

    Behind a loopback address one machine has all there is, and a key made there will do. A service that others can
    reach may run on several, and a key of each one's own would make one patient into many.
    """
    if settings.hash_key is not None:
        return Pseudonyms(settings.hash_key.get_secret_value().encode())
    if not settings.on_loopback:
        raise StoreError(
            f"CDS_HOST={settings.host} needs CDS_HASH_KEY, the key under which patients are known in the database: "
            "for example `openssl rand -hex 32`, the same for every machine and kept as long as the database"
        )
    make_state_dir(settings.state_dir)
    return Pseudonyms(kept_key(settings.state_dir))


def check_store(settings: Settings) -> None:
    """Check that the store can be used. Raises StoreError for what has to be repaired before the service can start."""
    Database(database_url(settings)).close()
    pseudonyms(settings)


def open_persistence(
    settings: Settings, metrics: Metrics, now: Callable[[], datetime], log: FilteringBoundLogger
) -> Persistence:
    """The store, not yet started. Raises StoreError."""
    database = Database(database_url(settings))
    tokens = SeenTokens(
        database,
        now,
        lambda: metrics.database_failed("replay_guard"),
        fails_open=settings.replay_fail == "open",
    )
    return Persistence(
        database,
        pseudonyms(settings),
        Recorder(database, log, metrics, maintenance=tokens.forget_expired),
        Suppression(database, lasting, now, lambda: metrics.database_failed("suppression")),
        tokens,
    )


def suppression_policies(settings: Settings, clients: Clients | None) -> dict[str | None, Policy]:
    """The suppression policies by client id; None stands for a service without clients."""
    site = Policy(settings.suppress_days, settings.suppress_repeats)
    policies: dict[str | None, Policy] = {None: site}
    for client in clients or ():
        days = site.days if client.suppress_days is None else client.suppress_days
        once = site.once_per_encounter if client.suppress_repeats is None else client.suppress_repeats
        policies[client.id] = Policy(days, once)
    return policies
