"""Parts of the record that did not come: on the card, where what is not known of it matters to the trial."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from cds_service.cards.sections.sentences import listed
from cds_service.fhir import Gap

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def note(gaps: Mapping[str, Gap], read: Collection[str]) -> str:
    """Such as `The record came incomplete: observations were not sent.`; empty where all came that the trial reads.

    `read` are the resource types that the trial's rules rest on.
    """
    missing = {name: gap for name, gap in sorted(gaps.items()) if name in read}
    absent = [_plural(name) for name, gap in missing.items() if gap == "not_supplied"]
    partial = [_plural(name) for name, gap in missing.items() if gap == "incomplete_record"]
    parts = [f"{listed(absent)} were not sent"] if absent else []
    parts += [f"{listed(partial)} were sent in part"] if partial else []
    return f"The record came incomplete: {'; '.join(parts)}." if parts else ""


@lru_cache(64)
def _plural(resource: str) -> str:
    """`MedicationRequest` is `medication requests`."""
    words = " ".join(_WORD.split(resource)).lower()
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
