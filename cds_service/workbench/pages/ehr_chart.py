"""A chart as an EHR shows it: problems, drugs, allergies, results, and what else is on record."""

from collections.abc import Iterable

from cds_service.workbench.elements import Text, box
from cds_service.workbench.views import Drug, Entry, PatientChart, Result, ResultSection


def show_banner(who: str, chart: PatientChart) -> None:
    """Who it is."""
    Text("h2", who)
    Text("p", chart.banner)


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
    for past in (False, True):
        found = [problem for problem in chart.problems if problem.past is past]
        if not found:
            continue
        if past:
            Text("h4", "Past and ruled out")
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
        with box("details"):
            Text("summary", f"Past medication and single doses ({len(past)})")
            _drug_lines(past)


def _drug_lines(drugs: Iterable[Drug]) -> None:
    with box("ul", "entries"):
        for drug in drugs:
            with box("li"):
                Text("span", drug.words, "words")
                if drug.dose:
                    Text("span", f" {drug.dose}", "dose")
                if drug.told:
                    Text("span", f" {drug.told}", "told")


def _entries(title: str, entries: Iterable[Entry]) -> None:
    Text("h3", title)
    with box("ul", "entries"):
        for entry in entries:
            _line(entry.words, entry.told)


def _results(section: ResultSection) -> None:
    Text("h3", section.title)
    for panel in section.panels:
        title = " · ".join(filter(None, (panel.title, panel.day or "undated")))
        _rows(f"{section.title}, {title}", title, panel.results, dated=False)
    if section.older:
        with box("details"):
            Text("summary", f"Older results ({len(section.older)})")
            _rows(f"{section.title}, older", "", section.older, dated=True)


def _rows(caption: str, heading: str, results: Iterable[Result], *, dated: bool) -> None:
    """The lines of a sheet. `heading` is what is read above it; the caption is for those who only hear it."""
    if heading:
        Text("h4", heading)
    columns = ("Test", "Value", "Normal", *(("Day",) if dated else ()))
    with box("table", "results dated" if dated else "results"):
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
                        Text("span", result.value)
                        if result.flag:
                            Text("span", f" {result.flag}", "flag")
                    Text("td", result.normal, "normal")
                    if dated:
                        Text("td", result.day)
