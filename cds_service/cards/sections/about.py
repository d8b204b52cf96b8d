"""The trial in a few lines: whether it takes patients as far as is known, where, what it is, and whom to ask."""

from datetime import date

from cds_service.cards.home import Home
from cds_service.cards.sections.sentences import capped, counted_noun
from cds_service.cards.selection import out_of_date
from cds_service.trials import Contact, Trial

_RECRUITS = {
    "recruiting": "yes",
    "enrolling_by_invitation": "by invitation",
    "not_yet_recruiting": "not yet",
    "active_not_recruiting": "no longer",
    "unknown": "not known",
}
# Trials that are over get no card (`selection.OVER`).
_CLOSED = {
    "active_not_recruiting": ("the trial no longer recruits", "no longer recruits"),
    "unknown": ("it is not known whether the trial still recruits", "ask whether it recruits"),
}
"""By status: why no referral is suggested, and what stands in the title in place of something to do."""
MOST_SITES = 3


def recruiting(trial: Trial, as_of: date) -> str:
    """Whether the trial takes patients, how old that knowledge is, and what speaks against it."""
    text = f"{_RECRUITS[trial.status]} (registry, {trial.registry.last_updated or 'undated'})"
    completion, start = trial.dates.completion, trial.dates.start
    if out_of_date(trial, as_of):
        return f"{text}, but completion was planned for {completion}"
    if trial.status == "not_yet_recruiting" and start is not None:
        return f"{text}; start planned for {start}{', which has passed' if start < as_of else ''}"
    return text


def where(trial: Trial, home: Home) -> str:
    """The place to go to: the first site in the clinic's country, else the first; and how many others there are."""
    abroad = " (abroad)" if home.is_abroad(trial) else ""
    site = home.nearest(trial)
    if site is None:
        return f"{', '.join(capped(trial.countries, MOST_SITES)) or 'not known'}{abroad}; the registry names no site"
    # A site without a town has at least a name.
    place = _joined(site.city or site.name, site.country)
    more = len(trial.sites) - 1
    return f"{place}{abroad}" + (f"; {counted_noun(more, 'other site')}" if more else "")


def lines(trial: Trial, home: Home) -> tuple[str, ...]:
    """Its full name; its number, phase and size, who runs it; and a contact, of the place to go to first."""
    size = counted_noun(trial.enrollment, "participant") if trial.enrollment is not None else None
    nearest = home.nearest(trial)
    sites = [*filter(None, [nearest]), *(site for site in trial.sites if site is not nearest)]
    # Its town stands beside `where`. A sponsor that is one of the sites is named once.
    names = capped(list(dict.fromkeys(site.name for site in sites)), MOST_SITES)
    sponsor = trial.sponsor or ""
    if any(sponsor.split(",")[0] in site.name for site in sites):
        sponsor = ""
    contact = next((_contact(one) for site in sites for one in site.contacts), None)
    return tuple(
        filter(
            None,
            [
                trial.title,
                "; ".join(filter(None, [trial.id, trial.phase, size, sponsor, *names])),
                f"Contact: {contact}" if contact else "",
            ],
        )
    )


def gaps(trial: Trial) -> tuple[str, ...]:
    """What the trial's source does not say, each with where to look it up by hand."""
    return tuple(f"{gap.rstrip('.')}: look it up in the registry, or ask the study team" for gap in trial.gap_texts)


def why_closed(trial: Trial, as_of: date) -> str:
    """Why no referral is suggested for a trial that is shown for information."""
    if out_of_date(trial, as_of):
        return "the registry record is out of date"
    return _CLOSED[trial.status][0]


def closed_step(trial: Trial, as_of: date) -> str:
    """The same for the title: what to do, or that there is nothing to do."""
    if out_of_date(trial, as_of):
        return "ask whether it still recruits"
    return _CLOSED[trial.status][1]


def _joined(*parts: str | None) -> str:
    return ", ".join(filter(None, parts))


def _contact(contact: Contact) -> str:
    """Name and telephone; an address only in place of one, as it cannot stand in a card as it is written."""
    return _joined(contact.name, contact.phone or contact.email)
