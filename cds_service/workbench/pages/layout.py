"""What every page has: style, navigation, the day that counts, and word of rules that could not be loaded."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlencode

from nicegui import ui

from cds_service.as_of import AsOf
from cds_service.wire import forwarded_prefix
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box, field, link

_HERE = Path(__file__).resolve().parents[1]
_SHEETS = ("colours", "style", "charts", "narrow", "paper")
STYLE = "".join((_HERE / f"{name}.css").read_text(encoding="utf-8") for name in _SHEETS)
THEME = (_HERE / "theme.js").read_text(encoding="utf-8")
EDITOR = (_HERE / "editor.js").read_text(encoding="utf-8")
EHR = (_HERE / "ehr.js").read_text(encoding="utf-8")
EHR_STYLE = (_HERE / "ehr.css").read_text(encoding="utf-8")
THEME_COOKIE = "cds-desk-theme"
_ISO_DAY = {
    "pattern": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "title": "A day such as 2026-11-24",
    "maxlength": "10",
    "size": "10",
    "inputmode": "numeric",
    "autocomplete": "off",
}
THEMES = {"": "system", "light": "light", "dark": "dark"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the workbench is mounted, and the day that counts on its pages."""

    prefix: str
    as_of: date
    given: bool

    def to(self, *steps: str, **query: str) -> str:
        """The address of a page. The day goes along where one was chosen."""
        asked = {**query, **({"as_of": self.as_of.isoformat()} if self.given else {})}
        path = "/".join(quote(step, safe="") for step in steps)
        return f"{self.prefix}/{path}" + (f"?{urlencode(asked)}" if asked else "")


def place_of(desk: Desk, as_of: str | None, patient: str | None = None) -> Place:
    """The place of the page that is being built."""
    request = ui.context.client.request
    prefix = forwarded_prefix(request.headers) + str(request.scope.get("root_path", ""))
    try:
        return Place(prefix, AsOf.of(date.fromisoformat(as_of or ""), desk.zone), True)
    except ValueError:
        return Place(prefix, desk.day(patient), False)


@contextmanager
def frame(desk: Desk, place: Place, title: str, here: str = "") -> Iterator[None]:
    """The page around its content. `here` is the navigation's entry that it belongs to."""
    ui.page_title(f"{title} · rule author's desk")
    ui.add_css(STYLE)
    ui.add_head_html(f"<script>{THEME}</script>")
    link("Skip to the content", "#content", "skip")
    with box("header", "top"):
        Text("span", "Rule author's desk", "brand")
        with box("nav", aria_label="Pages"):
            for text, href in (
                ("Patients × trials", place.to()),
                ("Trials", place.to("trials")),
                ("EHR view", place.to("ehr")),
                ("Upload", place.to("upload")),
            ):
                entry = link(text, href)
                if text == here:
                    entry.props["aria-current"] = "page"
        _choose_day(place)
        _choose_theme(place)
    # The page itself is the main landmark: the library puts one around everything.
    with box("div", "page", id="content", tabindex="-1"):
        _trouble(desk)
        Text("h1", title)
        yield


def _choose_day(place: Place) -> None:
    """The day that counts, as ISO 8601 writes it: a native date field would write it as the browser's country does."""
    day = field("As of", "text", place.as_of.isoformat(), _to_day)
    day.classes("day")
    day.props.update(_ISO_DAY)


def _to_day(day: str) -> None:
    """The same page on another day."""
    try:
        date.fromisoformat(day)
    except ValueError:
        return
    ui.run_javascript(f"const u = new URL(location); u.searchParams.set('as_of', '{day}'); location = u;")


def _choose_theme(place: Place) -> None:
    """The switch between light and dark: the browser does it, and remembers it for this machine (theme.js)."""
    chosen = ui.context.client.request.cookies.get(THEME_COOKIE, "")
    with box("div", "field theme"):
        told = Text("label", "Theme")
        made = box("select")
        told.props["for"] = made.html_id
        made.on("change", js_handler=f"(e) => desk.choose(e.target.value, {json.dumps(place.prefix or '/')})")
        with made:
            for value, text in THEMES.items():
                option = Text("option", text, value=value)
                if value == chosen:
                    option.props["selected"] = True


def _trouble(desk: Desk) -> None:
    found = desk.trouble()
    if found:
        with box("div", "notice bad", role="alert"):
            Text("strong", "The rules on disk can't be used; those from before are still in use.")
            with box("ul"):
                for text in found:
                    Text("li", text)


def not_found(desk: Desk, place: Place, what: str) -> None:
    """The page for something that is not there."""
    with frame(desk, place, "Not found"):
        Text("p", what)
        link("All patients and trials", place.to())
