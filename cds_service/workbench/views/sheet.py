"""A patient's fact sheet: every fact that some rule reads, with its evidence, by subject."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.facts import PRESUMED, presumed_words
from cds_service.matching import Match

GROUPS: Mapping[str, str] = {
    "patient": "Person",
    "condition": "Conditions",
    "medication": "Medication",
    "procedure": "Procedures",
    "immunization": "Immunisations",
    "allergy": "Allergies",
    "device": "Devices",
    "lab": "Laboratory",
    "result": "Results",
    "vital": "Vital signs",
    "score": "Scores",
    "derived": "Computed",
    "genomics": "Genomics",
}


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One piece of what is known of a fact. `known` is false where `said` is the reason why it is not; `recorded` is
    false where it is not known, and where nothing on record is behind it."""

    name: str
    title: str
    said: str
    known: bool
    date: str
    source: str
    raw: str
    code: str
    recorded: bool = True


def sheet(result: Match) -> dict[str, tuple[SheetLine, ...]]:
    """The lines by subject; facts with something on record first, the others after them, each by title."""
    found: dict[str, list[SheetLine]] = {}
    for entry in result.sheet.as_json():
        subject = GROUPS.get(entry["name"].partition(".")[0], "Other")
        found.setdefault(subject, []).append(_line(entry))
    order = [*GROUPS.values(), "Other"]
    return {
        subject: tuple(sorted(found[subject], key=lambda line: (not telling(line), line.title.casefold(), line.date)))
        for subject in order
        if subject in found
    }


def telling(line: SheetLine) -> bool:
    """Whether something is on record; the others are presumed or not known."""
    return line.recorded


def _line(entry: Mapping[str, Any]) -> SheetLine:
    value, unit = entry["value"], entry["unit"]
    if value is None:
        said = str(entry["reason"]).replace("_", " ")
    elif entry.get("basis") == PRESUMED:
        said = presumed_words(value)
    elif isinstance(value, bool):
        said = "yes" if value else "no"
    else:
        # A converted value has more digits than the record had.
        text = f"{value:.4g}" if isinstance(value, float) and abs(value) < 10_000 else str(value)
        said = " ".join(filter(None, (text, "years" if unit == "a" else unit)))
    return SheetLine(
        entry["name"],
        entry["title"],
        said,
        value is not None,
        entry["date"] or "",
        entry["source"] or "",
        _together(entry.get("raw"), "value", "unit"),
        _together(entry.get("code"), "code", "display"),
        value is not None and entry.get("basis") != PRESUMED,
    )


def _together(part: Mapping[str, Any] | None, *keys: str) -> str:
    return " ".join(str(part[key]) for key in keys if part[key]) if part else ""
