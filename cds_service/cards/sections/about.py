"""The trial in two or three lines: what it is, whether it takes patients as far as is known, and whom to ask."""

from datetime import date

from cds_service.cards.sections.sentences import capped, counted_noun, sentence
from cds_service.cards.selection import out_of_date
from cds_service.trials import Contact, Trial

STATUS = {
    "recruiting": "recruiting",
    "enrolling_by_invitation": "enrolling by invitation",
    "not_yet_recruiting": "not yet recruiting",
    "active_not_recruiting": "active, no longer recruiting",
    "unknown": "recruiting status not known",
}
_CLOSED = {
    "active_not_recruiting": "the trial no longer recruits",
    "unknown": "it is not known whether the trial still recruits",
}
MOST_CONTACTS = 2
MOST_SITES = 3


def brief(trial: Trial, as_of: date) -> str:
    """The trial at a glance: number, status, phase, where."""
    places = [", ".join(filter(None, (site.city, site.country))) or site.name for site in trial.sites]
    where = list(dict.fromkeys(places)) or list(trial.countries)
    told = status_words(trial) + (" (out of date)" if out_of_date(trial, as_of) else "")
    return "; ".join(filter(None, [trial.id, told, trial.phase, *capped(where, MOST_SITES)]))


def lines(trial: Trial, as_of: date) -> tuple[str, ...]:
    """Status and dates, who runs it and where, contacts."""
    size = counted_noun(trial.enrollment, "participant") if trial.enrollment is not None else None
    sites = [", ".join(filter(None, (site.name, site.city))) for site in trial.sites]
    # A sponsor that is one of the sites is named once.
    sponsor = trial.sponsor or ""
    if any(sponsor.split(",")[0] in site.name for site in trial.sites):
        sponsor = ""
    found = [status(trial, as_of), "; ".join(filter(None, [size, sponsor, *capped(sites, MOST_SITES)]))]
    contacts = list(dict.fromkeys(_contact(c) for site in trial.sites for c in site.contacts))
    if contacts:
        found.append(f"Contact: {'; or '.join(contacts[:MOST_CONTACTS])}")
    return tuple(filter(None, found))


def gaps(trial: Trial) -> tuple[str, ...]:
    """What the trial's source does not say, each with where to look it up by hand."""
    how = "look it up by hand in the registry record, or ask the study team"
    return tuple(f"{gap.rstrip('.')}: {how}" for gap in trial.gap_texts)


def status(trial: Trial, as_of: date) -> str:
    """Whether the trial takes patients, how old that knowledge is, and what speaks against it."""
    text = f"{sentence(status_words(trial))} (registry, {trial.registry.last_updated or 'undated'})"
    completion, start = trial.dates.completion, trial.dates.start
    if out_of_date(trial, as_of):
        return f"{text}, but completion was planned for {completion}: the record is out of date"
    if trial.status == "not_yet_recruiting" and start is not None:
        passed = ", which has passed: ask whether it is open" if start < as_of else ""
        return f"{text}; start planned for {start}{passed}"
    return text


def status_words(trial: Trial) -> str:
    """The recruiting status as a card says it."""
    return STATUS.get(trial.status, trial.status.replace("_", " "))


def why_closed(trial: Trial, as_of: date) -> str:
    """Why no referral is suggested for a trial that is shown for information."""
    if out_of_date(trial, as_of):
        return "the registry record is out of date"
    return _CLOSED.get(trial.status, f"the trial is {status_words(trial)}")


def _contact(contact: Contact) -> str:
    """Name and telephone; an address only in place of one, as it cannot stand in a card as it is written."""
    return ", ".join(filter(None, (contact.name, contact.phone or contact.email)))
