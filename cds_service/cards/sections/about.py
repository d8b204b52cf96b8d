"""The trial in a few lines: whether it takes patients as far as is known, where, what it is, and whom to ask."""

from datetime import date

from cds_service.cards.home import Home
from cds_service.cards.sections.sentences import capped, counted_noun
from cds_service.cards.selection import out_of_date
from cds_service.site import COUNTRIES
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
    "active_not_recruiting": ("it no longer recruits", "no longer recruits"),
    "unknown": ("it is not known whether it still recruits", "ask whether it recruits"),
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
        return f"{text}; start {'was ' if start < as_of else ''}planned for {start}"
    return text


def where(trial: Trial, home: Home) -> str:
    """The place to go to: the first site in the clinic's country, else the first; and how many others there are."""
    abroad = " (abroad)" if home.is_abroad(trial) else ""
    site = home.nearest(trial)
    if site is None:
        countries = capped([COUNTRIES.get(code, code) for code in trial.countries], MOST_SITES)
        return f"{', '.join(countries) or 'not known'}{abroad}; no site named"
    # A site without a town has at least a name.
    place = _joined(site.city or site.name, COUNTRIES.get(site.country or "", site.country))
    more = len(trial.sites) - 1
    return f"{place}{abroad}" + (f"; {counted_noun(more, 'other site')}" if more else "")


def line(trial: Trial, home: Home, *, named: bool) -> str:
    """Its number and phase, where it is or who runs it, and a contact, of the place to go to first; before that its
    full name, unless it is `named` elsewhere on the card."""
    nearest = home.nearest(trial)
    sites = [*filter(None, [nearest]), *(site for site in trial.sites if site is not nearest)]
    # Its town stands beside `where`.
    names = capped(list(dict.fromkeys(site.name for site in sites)), MOST_SITES) or [trial.sponsor or ""]
    contact = next((_contact(one) for site in sites for one in site.contacts), "")
    return "; ".join(filter(None, ("" if named else trial.title, trial.id, trial.phase, *names, contact)))


def gaps(trial: Trial) -> tuple[str, ...]:
    """The gaps of the trial's source, each with where to look it up by hand."""
    return tuple(f"{gap.rstrip('.')}: look it up" for gap in trial.gap_texts)


def why_closed(trial: Trial, as_of: date) -> str:
    """The reason why no referral is suggested for a trial that is shown for information."""
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
