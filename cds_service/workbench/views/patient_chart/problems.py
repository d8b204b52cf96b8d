"""The problem list: each disease once, whatever number of entries and codes it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cds_service.fhir import Condition, codes_of
from cds_service.workbench.views.patient_chart.wording import (
    all_words,
    amount,
    day_of,
    folded,
    joined,
    lasting,
    names_of,
    period_words,
    span_of,
    when,
    words_of,
)

_OPEN = ("relapse", "recurrence", "active", "")
"""Clinical statuses of what the patient has, the most telling first; an entry without one counts here."""
_DOUBTED = ("provisional", "differential", "unconfirmed")
_RULED_OUT = "refuted"
_RETRACTED = "entered-in-error"


_EPISODES = 2
"""Of those that are over, so many are told with their days."""


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease. `told`: since when, until when, its status; `also`: what other entries call it; `past`: it is over, or
    was ruled out."""

    words: str
    told: str
    also: tuple[str, ...]
    past: bool


def problems(conditions: Iterable[Condition]) -> tuple[Disease, ...]:
    """Every disease of the record, what the patient has first, each by how recent it is."""
    kept = [c for c in conditions if _RETRACTED not in codes_of(c.verification_status)]
    found = [(_problem(same), _began(same)) for same in _by_disease(kept)]
    found.sort(key=lambda pair: pair[1], reverse=True)
    return tuple(problem for problem, _ in sorted(found, key=lambda pair: pair[0].past))


def _began(same: Sequence[Condition]) -> datetime:
    return max(when(_since(entry)[0] or entry.recorded_date) for entry in same)


def _by_disease(conditions: Sequence[Condition]) -> list[list[Condition]]:
    """The entries of each disease: those that share a code or their words, as surely stated. What was ruled out is not
    what somebody has."""
    groups: list[tuple[set[str], list[Condition]]] = []
    for entry in conditions:
        doubt = _doubt(entry)
        names = {f"{doubt}:{name}" for name in names_of(entry.code)} or {f"alone:{len(groups)}:{id(entry)}"}
        near = [group for group in groups if group[0] & names]
        groups = [group for group in groups if not group[0] & names]
        groups.append((names.union(*(g[0] for g in near)), [*(c for g in near for c in g[1]), entry]))
    return [entries for _, entries in groups]


def _doubt(entry: Condition) -> str:
    stated = codes_of(entry.verification_status)
    if _RULED_OUT in stated:
        return "ruled out"
    return "suspected" if stated & set(_DOUBTED) else ""


def _status(entry: Condition) -> str:
    return next(iter(sorted(codes_of(entry.clinical_status))), "") or words_of(entry.clinical_status).casefold()


def _since(entry: Condition) -> tuple[str, str]:
    """When it began, as a day, and in words where it is none."""
    start = day_of(entry.onset_date_time) or period_words(entry.onset_period)[0]
    age = amount(entry.onset_age) or span_of(entry.onset_range)
    return start, f"since the age of {age}" if age else entry.onset_string or ""


def _until(entry: Condition) -> tuple[str, str]:
    end = day_of(entry.abatement_date_time) or period_words(entry.abatement_period)[1]
    age = amount(entry.abatement_age) or span_of(entry.abatement_range)
    own_end = period_words(entry.onset_period)[1]
    return end or own_end, f"until the age of {age}" if age else entry.abatement_string or ""


def _is_open(entry: Condition) -> bool:
    return _status(entry) in _OPEN and not any(_until(entry))


def _problem(same: Sequence[Condition]) -> Disease:
    current, over = [c for c in same if _is_open(c)], [c for c in same if not _is_open(c)]
    spells = [_now(current)] if current else []
    # An entry that gives no time says nothing that a dated one of the same status does not say.
    dated = [spell for entry in sorted(over, key=_ended, reverse=True) if (spell := _spell(entry))]
    earlier = [s for s in dict.fromkeys(dated) if not any(o != s and o.startswith(s) for o in dated)]
    spells += earlier[:_EPISODES]
    if earlier[_EPISODES:]:
        spells.append(f"{len(earlier) - _EPISODES} earlier")
    names = list(dict.fromkeys(words_of(entry.code) for entry in sorted(same, key=_has_own_words) if entry.code))
    names = [name for name in names if name] or ["Problem without a name"]
    also = {folded(name): name for name in reversed(names) if folded(name) != folded(names[0])}
    more = joined(*dict.fromkeys(_more(entry) for entry in same), by="; ")
    doubt = _doubt(same[0])
    told = joined(doubt, *spells, more, by="; ")
    return Disease(names[0], told, tuple(reversed(also.values())), not current or doubt == "ruled out")


def _ended(entry: Condition) -> datetime:
    return when(_until(entry)[0] or _since(entry)[0])


def _has_own_words(entry: Condition) -> bool:
    return not (entry.code and entry.code.text)


def _now(entries: Sequence[Condition]) -> str:
    """What the patient has, from all entries that say so: since the earliest day that one gives."""
    status = next(status for status in _OPEN if any(_status(entry) == status for entry in entries))
    days = sorted((day for entry in entries if (day := _since(entry)[0])), key=when)
    said = next((said for entry in entries if (said := _since(entry)[1])), "")
    recorded = sorted((day_of(entry.recorded_date) for entry in entries if entry.recorded_date), key=when)
    began = lasting(days[0], "") if days else said or (f"recorded {recorded[0]}" if recorded else "")
    return joined(status, began)


def _spell(entry: Condition) -> str:
    (since, began), (until, ended) = _since(entry), _until(entry)
    status = _status(entry)
    if status in _OPEN:
        status = "over"
    return joined(status, joined(began if not since else "", lasting(since, until), ended if not until else ""))


def _more(entry: Condition) -> str:
    stages = [words_of(stage.summary) for stage in entry.stage]
    return joined(words_of(entry.severity), all_words(entry.body_site), *stages)
