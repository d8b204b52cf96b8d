"""The one line that a clinician sees first: which trial, whether it fits, and what is missing."""

from collections.abc import Sequence

from cds_service.cards.text import SUMMARY_LIMIT, plain
from cds_service.trials import Trial

SOURCE_GAP = "criteria that the registry leaves out"


def likely(trial: Trial, met: int) -> str:
    """A trial whose every computed criterion passes."""
    return plain(f"Trial likely fits: {_named(trial)} – all {met} computed criteria met", SUMMARY_LIMIT)


def possible(trial: Trial, undecided: int, missing: Sequence[str]) -> str:
    """A trial with open criteria, and as many of the missing facts as there is room for."""
    start = f"Trial may fit: {_named(trial)}"
    if not missing:
        return plain(f"{start} – {undecided} {'criterion' if undecided == 1 else 'criteria'} open", SUMMARY_LIMIT)
    for count in range(len(missing), 0, -1):
        more = f" + {len(missing) - count} more" if count < len(missing) else ""
        text = f"{start} – missing: {', '.join(missing[:count])}{more}"
        if len(text) <= SUMMARY_LIMIT:
            return plain(text, SUMMARY_LIMIT)
    return plain(f"{start} – {len(missing)} results missing", SUMMARY_LIMIT)


def closed(trial: Trial, why: str, *, certain: bool) -> str:
    """A trial that would fit and takes no more patients, as far as is known."""
    fits = "would fit" if certain else "might fit"
    return plain(f"For information: {name_of(trial)} {fits}, but {why}", SUMMARY_LIMIT)


def later(trial: Trial, change: str) -> str:
    """A near miss."""
    return plain(f"Trial may fit later: {_named(trial)} – {change}", SUMMARY_LIMIT)


def unread(trial: Trial, entries: int) -> str:
    """A trial that cannot be judged before the record is mended."""
    what = "an entry" if entries == 1 else f"{entries} entries"
    return plain(f"Record to check: {what} could not be read; {_named(trial)} may depend on it", SUMMARY_LIMIT)


def name_of(trial: Trial) -> str:
    """What a trial is called in a line: its short title, or its number where that shows nothing."""
    return plain(trial.short_title) or trial.id


def _named(trial: Trial) -> str:
    return name_of(trial) + (" (not yet recruiting)" if trial.status == "not_yet_recruiting" else "")
