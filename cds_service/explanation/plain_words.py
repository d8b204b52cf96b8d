"""What is known of facts, and why a criterion comes out as it does, as people say it."""

from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.durations import UNITS
from cds_service.explanation.reason_words import reason_words
from cds_service.explanation.standings import CriterionStanding
from cds_service.facts import PRESUMED, presumed_words
from cds_service.facts.fact import Age
from cds_service.logic import Reason, reasons_of
from cds_service.logic.words import age_words, apart, day_words, limit_of_normal, rounded, title_of
from cds_service.logic.words import unit as printed_unit
from cds_service.matching import Match
from cds_service.trials import Outcome

Json = Mapping[str, Any]

OUTCOME_WORDS: Mapping[str, Mapping[Outcome, str]] = {
    "inclusion": {"pass": "met", "fail": "not met", "unknown": "open", "review": "to be judged"},
    "exclusion": {"pass": "not excluded", "fail": "excluded by", "unknown": "open", "review": "to be judged"},
}
"""An exclusion that is absent is a pass, and nobody says so of a disease."""
VERDICT_WORDS: Mapping[str, str] = {
    "likely_eligible": "likely fits",
    "possibly_eligible": "may fit",
    "undetermined": "undetermined",
    "not_eligible": "does not fit",
}
_EVENTS = "events"
_ABSENT = presumed_words(False)
_AGE = "patient.age"
_ENDLESS = 1e300
"""An end that large is no end: the fact document has no infinities."""
_MOST_EVENTS = 3


class PlainWords:
    """Says what a match found, with the catalogue's names and units."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self._titles = match.library.titles()
        self._catalogue = match.library.catalogue

    def title(self, name: str) -> str:
        """What a fact is called in the middle of a sentence."""
        return title_of(name if name in self._titles else self._catalogue.fact_of(name) or name, self._titles)

    def facts(self, entries: Iterable[Json]) -> list[str]:
        """A line for each entry of a criterion (see `explain`), one for all of which nothing is on record."""
        lines: dict[str, None] = {}
        absent: dict[str, None] = {}
        for entry in entries:
            if entry.get("basis") == PRESUMED and presumed_words(entry["value"]) == _ABSENT:
                absent[self.title(entry["name"])] = None
            else:
                lines[self.fact(entry)] = None
        if absent:
            lines[f"nothing on record, presumed absent: {'; '.join(absent)}"] = None
        return list(lines)

    def fact(self, entry: Json) -> str:
        """Such as `haemoglobin 112 g/L, 2026-11-25, Observation/sle-07`."""
        name, title = entry["name"], self.title(entry["name"])
        said = [f"{title} {self._value(entry)}" if self._is_measured(name) else f"{title}: {self._value(entry)}"]
        if entry["value"] is None:
            said[0] = f"{title}: {reason_words(entry['reason'] or 'no_result')}"
            said.append(_as_sent(entry))
        elif entry.get("reason"):
            said.append(reason_words(entry["reason"]))
        said += [_day(entry), entry["source"] or ""]
        return ", ".join(filter(None, said))

    def why(self, judged: CriterionStanding) -> str:
        """What decides a criterion, in short: `78 g/L, needs ≥ 80 g/L`, `prednisolone since 2026-05-10`, `no result`.

        Empty where a person judges, and where a rule says no more than the criterion.
        """
        if judged.step is None or judged.result.outcome == "review":
            return ""
        reasons = reasons_of(judged.step, self.match.sheet.for_rules("closed"), self.match.as_of)
        return next(filter(None, map(self._reason, reasons)), "")

    def _reason(self, reason: Reason) -> str:
        if reason.value is None:
            return self._unknown(reason)
        entries = [entry for name in reason.facts for entry in self._described(reason, name)]
        if reason.flip is not None and all(entry.get("basis") != PRESUMED for entry in entries):
            flip = reason.flip
            ends = dict.fromkeys(apart(end, flip.limit) for end in (flip.low, flip.high) if abs(end) < _ENDLESS)
            value = f"{' to '.join(ends)} {self._unit(flip.fact)}".rstrip()
            if flip.unit in UNITS:
                value = self._age() if flip.fact == _AGE else flip.text().partition(", needs ")[0]
            return f"{self.title(flip.fact)} {value}, needs {flip.said} {flip.written}"
        told = [entry for entry in entries if entry.get("basis") != PRESUMED and entry["value"] is not None]
        if not told:
            absent = dict.fromkeys(self.title(entry["name"]) for entry in entries)
            return f"nothing on record of {' or '.join(absent)}" if absent else ""
        said = dict.fromkeys(self._in_short(entry) for entry in told)
        return "; ".join(list(said)[-_MOST_EVENTS:])

    def _unknown(self, reason: Reason) -> str:
        for name in reason.facts:
            for entry in self._described(reason, name):
                if entry["reason"] is not None:
                    sent = ", ".join(filter(None, (_as_sent(entry), _day(entry))))
                    return f"{self.title(name)}: {reason_words(entry['reason'])}" + (f" ({sent})" if sent else "")
        return ""

    def _described(self, reason: Reason, name: str) -> list[dict[str, Any]]:
        limits = [ref.limit for ref in reason.step.part.facts if ref.name == name and ref.limit is not None]
        return self.match.sheet.describe(name, limits[0].span(self.match.as_of) if limits else None)

    def _in_short(self, entry: Json) -> str:
        title, day = self.title(entry["name"]), _day(entry)
        if self._kind(entry["name"]) != _EVENTS:
            return " ".join(filter(None, (title, self._value(entry), f"of {day}" if day else "")))
        lasts = entry["value"] == "current" and day and not day.startswith(("since", "until"))
        since = f"since {day}" if lasts else day
        return " ".join(filter(None, (_coded(entry) or title, since)))

    def _kind(self, name: str) -> str:
        entry = self._catalogue.lookup(name)
        return "" if entry is None else entry.kind

    def _is_measured(self, name: str) -> bool:
        return name == _AGE or self._kind(name) in {"quantity", "score", "titer", "result"}

    def _value(self, entry: Json) -> str:
        name, value = entry["name"], entry["value"]
        if value is None:
            return "unknown"
        if entry.get("basis") == PRESUMED:
            return presumed_words(value)
        if name == _AGE:
            return self._age()
        kind = self._kind(name)
        if kind == _EVENTS:
            return ", ".join(filter(None, (_coded(entry), str(value))))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str) and not any(letter.isdigit() for letter in value):
            return value.replace("_", " ")
        text = rounded(value)
        if kind == "titer" and limit_of_normal(name) is None:
            return f"1:{text}"
        return f"{text} {self._unit(name)}".rstrip()

    def _unit(self, name: str) -> str:
        entry = self._catalogue.lookup(name)
        if entry is None:
            return ""
        return "years" if entry.type == "age" else "days" if entry.display_unit == "d" else entry.display_unit

    def _age(self) -> str:
        value = self.match.sheet[_AGE].value
        return age_words(value.years, value.months) if isinstance(value, Age) else "unknown"


def _coded(entry: Json) -> str:
    """What the record calls it."""
    return str((entry.get("code") or {}).get("display") or entry.get("text") or "")


def _as_sent(entry: Json) -> str:
    """The value as it was sent."""
    raw = entry.get("raw") or {}
    return f"{raw.get('value') or ''} {printed_unit(raw['unit']) if raw.get('unit') else ''}".strip()


def _day(entry: Json) -> str:
    return day_words(entry.get("date"))
