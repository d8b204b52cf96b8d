"""The entries that keep a trial from being judged, and what is wrong with each."""

from collections.abc import Iterable, Mapping, Sequence

from cds_service.cards.mendable import MendableEntry
from cds_service.errors import Issue

_WHY: Mapping[str, str] = {
    "malformed_resource": "could not be read",
    "modifier": "changes the meaning in a way that is not understood",
    "unknown_status": "is none that FHIR has",
    "unknown_subject": "does not tell whose entry it is",
}
"""What is wrong with an element, by the code of the issue."""
MOST_LINES = 8


def lines(entries: Sequence[MendableEntry], issues: Iterable[Issue]) -> tuple[str, ...]:
    """Such as `Condition/123 ("Systemic lupus erythematosus"): onsetDateTime could not be read`."""
    faults: dict[str, dict[str, None]] = {entry.source: {} for entry in entries}
    for issue in issues:
        if issue.code in _WHY and issue.resource in faults:
            faults[issue.resource][f"{issue.element or 'it'} {_WHY[issue.code]}"] = None
    found = [f"{_named(entry)}: {'; '.join(faults[entry.source]) or _WHY['malformed_resource']}" for entry in entries]
    rest = len(found) - MOST_LINES
    return (*found[:MOST_LINES], f"{rest} more") if rest > 0 else tuple(found)


def _named(entry: MendableEntry) -> str:
    return f'{entry.source} ("{entry.words}")' if entry.words else entry.source
