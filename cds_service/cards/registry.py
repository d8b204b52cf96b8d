"""The link to a trial's record in its registry."""

from typing import Any

from cds_service.cards.profiles import ClientProfile
from cds_service.cards.text import plain
from cds_service.trials import Trial
from cds_service.wire import host_of


def host(trial: Trial) -> str:
    """The registry by its host's name."""
    return host_of(trial.registry.url) or "registry"


def record_link(trial: Trial, profile: ClientProfile) -> dict[str, Any] | None:
    """The link under a card, which bears the trial's full name and number; None where the client does not go there."""
    if not profile.opens(host(trial)):
        return None
    return {"label": f"{plain(trial.title)} ({trial.id})", "url": trial.registry.url, "type": "absolute"}
