"""The entries of a record that were not understood, what waits for each, and those that were read by their words alone.

Told wherever a person looks: `explain`, cards, workbench. Log and metrics have their number, never their words.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cds_service.deadline import NEVER, Deadline
from cds_service.facts import FactSheet
from cds_service.facts.catalogue import PRINTED_SYSTEMS, EventResource
from cds_service.facts.events import NotCoded
from cds_service.facts.fact import Events
from cds_service.matching import Match

REASON = "unread_entry"
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class UnreadEntry:
    """An entry as it was sent. `facts`: those that are unknown because it may be about them; none where its words were
    understood and it is something else. `texts`: of its words the texts that are not surely understood, each whole:
    what a site's phrase is to be made of (docs/site.md)."""

    source: str
    kind: EventResource
    words: str
    system: str
    code: str
    facts: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """`source`, `kind`, `words`, `texts`, `code` (`system` and `code`, or null) and `facts`."""
        code = {"system": self.system, "code": self.code} if self.code else None
        found: dict[str, Any] = {
            "source": self.source,
            "kind": self.kind,
            "words": self.words,
            "texts": list(self.texts),
        }
        return found | {"code": code, "facts": list(self.facts)}


def unread_entries(match: Match, deadline: Deadline = NEVER) -> tuple[UnreadEntry, ...]:
    """The entries for which facts wait that this match rests on, in the order of their references. Raises `OutOfTime`.

    An entry that nothing waits for is not told: whatever it is, it changes no answer.
    """
    return unread_in(match.sheet, deadline)


def unread_in(sheet: FactSheet, deadline: Deadline = NEVER) -> tuple[UnreadEntry, ...]:
    """The same of one sheet of facts."""
    entries = [one for one in deadline.each(sheet.reader.not_coded()) if one.is_unread or one.facts]
    if not entries:
        return ()  # nearly always
    waiting: dict[str, list[str]] = defaultdict(list)
    for name in sheet:
        for source in _sources(sheet, name, deadline):
            waiting[source].append(name)
    return tuple(
        replace(_as_sent(one), facts=tuple(waiting[one.source]), texts=one.open_texts)
        for one in deadline.each(entries)
        if one.source in waiting
    )


def unread_counts(match: Match, deadline: Deadline = NEVER) -> Mapping[tuple[EventResource, str], int]:
    """How many entries were not understood, by their kind and by what people call the code system of each (`none`,
    `other` where it has none or an unknown one): nothing of the record. Raises `OutOfTime`."""
    systems = match.library.facts.systems
    found: Counter[tuple[EventResource, str]] = Counter()
    for one in deadline.each(match.sheet.reader.not_coded()):
        if one.is_unread or one.facts:
            found[one.kind, PRINTED_SYSTEMS.get(systems.canonical(one.system), "other") if one.system else "none"] += 1
    return found


def by_words(match: Match) -> tuple[UnreadEntry, ...]:
    """The entries without a code that is known which are something else, as their words say."""
    return tuple(_as_sent(one) for one in match.sheet.reader.not_coded() if not one.is_unread and not one.facts)


def _as_sent(one: NotCoded) -> UnreadEntry:
    return UnreadEntry(one.source, one.kind, one.words[:_LONGEST], one.system, one.code)


def _sources(sheet: FactSheet, name: str, deadline: Deadline) -> Iterable[str]:
    value = sheet[name].value
    if not isinstance(value, Events):
        return ()
    return dict.fromkeys(item.evidence.source for item in deadline.each(value.items) if item.hint == REASON)
