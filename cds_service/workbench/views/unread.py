"""The entries of a record that were not understood, and what a person may say that each of them is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.explanation import UnreadEntry, by_words, unread_entries
from cds_service.facts.catalogue import PRINTED_SYSTEMS
from cds_service.library import Library
from cds_service.matching import Match
from cds_service.rule_tools import AnswerReport, choices, languages

_MOST_FACTS = 4
_MOST_CHANGES = 8


@dataclass(frozen=True, slots=True)
class UnreadQuestion:
    """An entry that was not understood. `waiting`: the titles of the facts that wait for it. `choices`: by title the
    value sets that it may be said to be; `languages`: those that its texts may be in, the likeliest first."""

    entry: UnreadEntry
    said: str
    code: str
    waiting: tuple[str, ...]
    choices: Mapping[str, str]
    languages: tuple[str, ...]

    @property
    def can_be_answered(self) -> bool:
        """Whether it has words, which a phrase is made of."""
        return bool(self.entry.texts)

    @property
    def waits(self) -> str:
        """How many facts wait, and which."""
        number, named = len(self.waiting), ", ".join(self.waiting[:_MOST_FACTS])
        more = f" and {number - _MOST_FACTS} more" if number > _MOST_FACTS else ""
        return f"{number} fact{' waits' if number == 1 else 's wait'} for it: {named}{more}."


def questions(result: Match) -> tuple[UnreadQuestion, ...]:
    """The entries for which facts wait."""
    return tuple(_question(entry, result.library) for entry in unread_entries(result))


def read_by_words(result: Match) -> tuple[str, ...]:
    """The entries without a known code that are something else, as their words say: reference and words."""
    return tuple(f"{entry.source}: {entry.words}" for entry in by_words(result))


def map_draft(entry: UnreadEntry) -> str:
    """A ConceptMap for the entry's code, its target to be filled in; empty where the entry has no code of a system."""
    if not (entry.code and entry.system):
        return ""
    element = {"code": entry.code, "target": [{"code": "", "equivalence": "equivalent"}]}
    group = {"source": entry.system, "target": "", "element": [element]}
    return json.dumps({"resourceType": "ConceptMap", "status": "active", "group": [group]}, ensure_ascii=False)


def objections(report: AnswerReport) -> tuple[str, ...]:
    """Why an answer was not written, a line each."""
    lines = [f"{f.message}. {f.hint}" for f in report.findings]
    lines += [
        f"Sample {flip.patient}, {flip.trial}: {_word(flip.old)} → {_word(flip.new)} "
        f"({', '.join(f'{c.place[1]} {c.old} → {c.new}' for c in flip.because)})"
        for flip in report.samples
    ]
    lines += [f"Case “{c.case}” of {c.trial}: {c.what} {c.old} → {c.new}" for c in report.cases]
    more = len(lines) - _MOST_CHANGES
    return (*lines[:_MOST_CHANGES], *([f"and {more} more"] if more > 0 else []))


def _word(verdict: str | None) -> str:
    return "no trial" if verdict is None else verdict.replace("_", " ")


def _question(entry: UnreadEntry, library: Library) -> UnreadQuestion:
    titles = library.titles()
    code = ""
    if entry.code:
        system = PRINTED_SYSTEMS.get(library.facts.systems.canonical(entry.system), entry.system) or "no system"
        code = f"{entry.code} ({system})"
    return UnreadQuestion(
        entry,
        ", ".join(f"“{text}”" for text in entry.texts) or "no words",
        code,
        tuple(titles.get(name, name) for name in entry.facts),
        {title: set_id for set_id, title in choices(library, entry.kind).items()},
        languages(library, entry.texts),
    )
