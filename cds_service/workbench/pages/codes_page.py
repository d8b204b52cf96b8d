"""What a feed holds: codes and words by frequency, and what became of each. No patient's data is on it."""

import json

from cds_service.facts.catalogue import PRINTED_SYSTEMS
from cds_service.terminology.seen import BECAME, OUTCOMES, CodeLine, SightingTable
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box, link, table
from cds_service.workbench.feeds import MIN_PATIENTS, SeenFeed
from cds_service.workbench.pages.layout import WorkbenchPlace, frame

_TITLE = "Codes seen"
_MOST_LINES = 200
_HEADINGS = ("Times", "Entry", "Code", "Words", "Unit, value", "Became", "Facts")


def choose_feed_page(desk: Desk, place: WorkbenchPlace) -> None:
    """Where a feed is chosen."""
    with frame(desk, place, _TITLE, _TITLE):
        Text(
            "p",
            "Which codes, words and units a feed holds, and what became of each: FHIR R4 as JSON, NDJSON or a bulk "
            "export, as it is, as gz or as zip. Only the table is kept, in this process's memory among the last 20, "
            "under an address that only this browser is given. No patient's data is in it: words are shown "
            f"where they are the rules' own or {MIN_PATIENTS} patients have the very same. For a large feed: "
            "cds-service codes seen FOLDER.",
            "lead",
        )
        target = place.to("survey-feed")
        # What is dropped on this page is a feed (upload.js).
        with box("div", "drop", data_feed=target):
            with box("label", "field"):
                Text("span", "Feed (JSON, NDJSON, gz, zip)")
                chooser = box("input", type="file")
            Text("span", "Or drop a file here.", "hint")
        chooser.on("change", js_handler=f"(e) => sendFeed(e.target.files[0], {json.dumps(target)})")


def codes_page(desk: Desk, place: WorkbenchPlace, seen: SeenFeed) -> None:
    """The table of a feed: what was not understood first."""
    with frame(desk, place, f"{_TITLE}: {seen.file}", _TITLE):
        _sums(seen)
        asked = [line for line in seen.table.lines if OUTCOMES[line.sighting.outcome] is False]
        rest = [line for line in seen.table.lines if OUTCOMES[line.sighting.outcome] is not False]
        for title, lines, more in (("Not understood", asked, ("Nearest facts",)), ("The rest", rest, ())):
            if lines:
                Text("h2", f"{title}: {len(lines):,}")
                _lines(title, lines, (*_HEADINGS, *more))
        link("Another feed", place.to("codes"))


def _sums(seen: SeenFeed) -> None:
    counted = seen.table
    several = (
        (seen.files, "file", "files"),
        (counted.patients, "patient", "patients"),
        (counted.entries, "entry", "entries"),
    )
    numbers = ", ".join(f"{number:,} {one if number == 1 else many}" for number, one, many in several)
    Text("p", f"{numbers}. {_share(counted)}", "lead")
    with box("ul", aria_label="What became of the entries"):
        for outcome, times in sorted(counted.outcomes.items(), key=lambda item: (-item[1], item[0])):
            Text("li", f"{times:,} {BECAME[outcome]}")
    if counted.is_full:
        Text("p", "There are more kinds of entries than can be told apart; the rest was counted together.")
    if seen.unread:
        with box("details", "others"):
            Text("summary", f"Files, lines or entries that could not be read: {seen.unread:,}")
            with box("ul"):
                for place, message in seen.problems:
                    Text("li", f"{place}: {message}")


def _share(counted: SightingTable) -> str:
    if counted.share is None:
        return "There was nothing that a rule could read."
    return f"Understood: {counted.understood:,} of {counted.judged:,} that a rule could read, {counted.share:.2f} %."


def _lines(title: str, lines: list[CodeLine], headings: tuple[str, ...]) -> None:
    with table(title, headings):
        for line in lines[:_MOST_LINES]:
            one = line.sighting
            system = PRINTED_SYSTEMS.get(one.system) or one.system
            texts = f" ({line.texts} texts)" if line.texts > 1 else ""
            value = f"“{one.value}”" if one.value else ""
            with box("tr"):
                Text("td", f"{line.times:,}")
                Text("td", one.kind)
                Text("td", " ".join(filter(None, (system, one.code))))
                Text("td", f"{one.words}{texts}")
                Text("td", " ".join(filter(None, (one.unit, value))))
                Text("td", BECAME[one.outcome])
                Text("td", _listed(one.facts))
                if headings != _HEADINGS:
                    Text("td", ", ".join(near.fact for near in line.nearest))
    if len(lines) > _MOST_LINES:
        Text("p", f"and {len(lines) - _MOST_LINES:,} more: cds-service codes seen --format tsv lists them.", "hint")


def _listed(facts: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(facts) - most} more" if len(facts) > most else ""
    return ", ".join(facts[:most]) + more
