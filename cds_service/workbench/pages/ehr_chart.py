"""A chart as an EHR shows it: problems, drugs, allergies, results, and what else is on record."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cds_service.workbench.elements import Text, box, button
from cds_service.workbench.views import ChartDrug, ChartEntry, ChartResult, Disease, PatientChart, ResultSection

_AT_ONCE = 12
"""Entries of a list that are shown without a click."""
_WHOLE = 10
"""Characters of a value or of limits of normal that stand in one line in any window: `141 ×10⁹/L`, `150–400`."""
_STEP = 200
"""Lines that are added at a time: a chart may have thousands."""


def _behind(summary: str, lines: Sequence[Any], show: Callable[[Sequence[Any]], None]) -> None:
    """Lines that are shown when somebody opens them, so many at a time."""
    shown = 0

    def more() -> None:
        nonlocal shown
        step, shown = lines[shown : shown + _STEP], shown + _STEP
        with place:
            show(step)
        rest.set_visibility(shown < len(lines))

    with box("details") as details:
        Text("summary", f"{summary} ({len(lines)})")
        place = box("div")
        rest = button(f"{_STEP} more", more)
    details.on("toggle", lambda: None if shown else more(), args=[])


def show_banner(who: str, chart: PatientChart) -> None:
    """Who it is."""
    Text("h2", who)
    with box("p"):
        for place, part in enumerate(chart.banner.split(" · ")):
            if place:
                Text("span", " · ")
            Text("span", part, "whole")


def show_chart(chart: PatientChart) -> None:
    """All below the banner."""
    with box("div", "chart-columns"):
        with box("div"):
            _problems(chart)
            _drugs(chart)
            if chart.allergies:
                _entries("Allergies", chart.allergies)
        with box("div"):
            for section in chart.results:
                _results(section)
            if not chart.results:
                Text("h3", "Results")
                Text("p", "None on record.", "hint")
    for title, entries in chart.others:
        _entries(title, entries)
    if chart.unread:
        _entries("On record, but not readable for the service", chart.unread)


def _line(words: str, told: str) -> None:
    with box("li"):
        Text("span", words, "words")
        if told:
            Text("span", f" {told}", "told")


def _problems(chart: PatientChart) -> None:
    Text("h3", "Problems")
    if not chart.problems:
        Text("p", "None on record.", "hint")
    current = [problem for problem in chart.problems if not problem.past]
    past = [problem for problem in chart.problems if problem.past]
    _problem_lines(current)
    if past and len(past) <= _AT_ONCE:
        Text("h4", "Past and ruled out")
        _problem_lines(past)
    elif past:
        _behind("Past and ruled out", past, _problem_lines)


def _problem_lines(found: Iterable[Disease]) -> None:
    with box("ul", "entries"):
        for problem in found:
            also = f"also: {'; '.join(problem.also)}" if problem.also else ""
            _line(problem.words, " · ".join(filter(None, (problem.told, also))))


def _drugs(chart: PatientChart) -> None:
    Text("h3", "Medication")
    if not chart.drugs:
        Text("p", "None on record.", "hint")
    current = [drug for drug in chart.drugs if not drug.past]
    past = [drug for drug in chart.drugs if drug.past]
    _drug_lines(current)
    if past:
        _behind("Past medication and single doses", past, _drug_lines)


def _drug_lines(drugs: Iterable[ChartDrug]) -> None:
    with box("ul", "entries"):
        for drug in drugs:
            with box("li"):
                Text("span", drug.words, "words")
                if drug.dose:
                    Text("span", f" {drug.dose}", "dose")
                if drug.told:
                    Text("span", f" {drug.told}", "told")


def _entries(title: str, entries: Sequence[ChartEntry]) -> None:
    Text("h3", title)
    _entry_lines(entries[:_AT_ONCE])
    if entries[_AT_ONCE:]:
        _behind("Further entries", entries[_AT_ONCE:], _entry_lines)


def _entry_lines(entries: Iterable[ChartEntry]) -> None:
    with box("ul", "entries"):
        for entry in entries:
            _line(entry.words, entry.told)


def _results(section: ResultSection) -> None:
    Text("h3", section.title)
    for panel in section.panels:
        title = " · ".join(filter(None, (panel.title, panel.day or "undated")))
        _rows(f"{section.title}, {title}", title, panel.results, dated=False)
    if section.older:
        _behind("Older results", section.older, lambda older: _rows(f"{section.title}, older", "", older, dated=True))


def _rows(caption: str, heading: str, results: Iterable[ChartResult], *, dated: bool) -> None:
    """The lines of a sheet. `heading` is what is read above it; the caption is for those who only hear it."""
    if heading:
        Text("h4", heading)
    columns = ("Test", "Value", "Normal", *(("Day",) if dated else ()))
    with box("table", "results-sheet dated" if dated else "results-sheet"):
        Text("caption", caption)
        with box("colgroup"):
            for title in columns:
                box("col", f"of-{title.casefold()}")
        with box("thead"), box("tr"):
            for title in columns:
                Text("th", title, scope="col")
        with box("tbody"):
            for result in results:
                with box("tr"):
                    with box("th", scope="row"):
                        Text("span", result.words)
                        if result.note:
                            Text("span", f" {result.note}", "told")
                    with box("td", f"value {'marked' if result.flag else ''}".strip()):
                        Text("span", result.value, "whole" if len(result.value) <= _WHOLE else "")
                        if result.flag:
                            Text("span", f" {result.flag}", "flag")
                    Text("td", result.normal, "normal whole" if len(result.normal) < _WHOLE else "normal")
                    if dated:
                        Text("td", result.day)
