"""Charts on the screen, each with its thresholds in words and its results as a table."""

from collections.abc import Iterable

from nicegui import ui

from cds_service.cards import rounded
from cds_service.workbench.elements import Text, box, link, table
from cds_service.workbench.pages.layout import WorkbenchPlace
from cds_service.workbench.views import Point, Series, describe, on_scale, plot


def show_charts(found: Iterable[Series], place: WorkbenchPlace, patient: str) -> None:
    """Results over time, of facts with more than one result; nothing at all where there is none."""
    found = tuple(found)
    if not found:
        return
    Text("h2", "Results over time")
    Text(
        "p",
        "Facts with more than one result. Green: each result's own normal range. Dashed: thresholds of the trials "
        "whose diagnosis this patient has or may have. A bar: anywhere within it, ▼ or below, ▲ or above; a ring: "
        "preliminary; ✕: could not be read, so it has no place on the scale.",
        "lead",
    )
    with box("div", "charts"):
        for series in found:
            _chart(series, place, patient)


def _chart(series: Series, place: WorkbenchPlace, patient: str) -> None:
    with box("figure", "chart"):
        Text("figcaption", f"{series.title}, {series.unit}" if series.unit else series.title)
        with box("div", "plot-area", role="img", aria_label=describe(series)):
            # Made of numbers and escaped texts only.
            ui.html(plot(series), sanitize=False)
        _lines(series, place, patient)
        number = f"{len(series.points)} results"
        with box("details"):
            Text("summary", f"{number} of {series.title} as a table")
            _results(series)
            if series.undated:
                Text("p", f"{series.undated} more without a date.", "hint")


def _lines(series: Series, place: WorkbenchPlace, patient: str) -> None:
    """The thresholds in words: the picture has room for their numbers only."""
    if not series.lines:
        return
    with box("ul", "threshold-list", aria_label=f"Thresholds for {series.title}"):
        for line in series.lines:
            with box("li"):
                Text("strong", line.told or "no limit of normal")
                link(
                    f"{line.threshold.trial} {line.threshold.criterion}",
                    place.to("trials", line.threshold.trial, patient=patient),
                )
                Text("span", line.threshold.text)
                if line.at is not None and not on_scale(series, line):
                    Text("span", "outside of the picture", "hint")


def _results(series: Series) -> None:
    with table(f"Results of {series.title}", ["Date", "Value", "As recorded", "Normal"], "results"):
        for point in reversed(series.points):
            with box("tr"):
                Text("th", point.day, scope="row")
                with box("td"):
                    if point.value is None:
                        Text("span", f"not drawn: {point.unread}", "missing")
                    else:
                        Text("span", point.told)
                    if point.preliminary:
                        Text("span", "preliminary", "tag")
                Text("td", point.raw)
                Text("td", _normal(point))


def _normal(point: Point) -> str:
    low, high = point.low, point.high
    if low is None or high is None:
        return f"≥ {rounded(low)}" if low is not None else f"≤ {rounded(high)}" if high is not None else ""
    return f"{rounded(low)} to {rounded(high)}"
