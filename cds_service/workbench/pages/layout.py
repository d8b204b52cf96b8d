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
_SHEETS = ("colours", "style", "desk", "charts", "narrow", "paper")
STYLE = "".join((_HERE / f"{name}.css").read_text(encoding="utf-8") for name in _SHEETS)
THEME = (_HERE / "theme.js").read_text(encoding="utf-8")
EDITOR = (_HERE / "editor.js").read_text(encoding="utf-8")
EHR = (_HERE / "ehr.js").read_text(encoding="utf-8")
EHR_STYLE = (_HERE / "ehr.css").read_text(encoding="utf-8")
UNSAVED = (_HERE / "unsaved.js").read_text(encoding="utf-8")
_UPLOAD = (_HERE / "upload.js").read_text(encoding="utf-8")
THEME_COOKIE = "cds-desk-theme"
_ISO_DAY = {
    "pattern": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "title": "A day such as 2026-11-24",
    "placeholder": "YYYY-MM-DD",
    "maxlength": "10",
    "size": "10",
    "inputmode": "numeric",
    "autocomplete": "off",
}
THEMES = {"": "system", "light": "light", "dark": "dark"}


@dataclass(frozen=True, slots=True)
class WorkbenchPlace:
    """Where the workbench is mounted, and the day that counts on its pages."""

    prefix: str
    as_of: date
    given: bool

    def to(self, *steps: str, **query: str) -> str:
        """The address of a page. The day goes along where one was chosen."""
        asked = {**query, **({"as_of": self.as_of.isoformat()} if self.given else {})}
        path = "/".join(quote(step, safe="") for step in steps)
        return f"{self.prefix}/{path}" + (f"?{urlencode(asked)}" if asked else "")


def place_of(desk: Desk, as_of: str | None, patient: str | None = None) -> WorkbenchPlace:
    """The place of the page that is being built."""
    request = ui.context.client.request
    prefix = forwarded_prefix(request.headers) + str(request.scope.get("root_path", ""))
    try:
        return WorkbenchPlace(prefix, AsOf.of(date.fromisoformat(as_of or ""), desk.zone), True)
    except ValueError:
        return WorkbenchPlace(prefix, desk.day(patient), False)


@contextmanager
def frame(desk: Desk, place: WorkbenchPlace, title: str, here: str = "", *, of_a_day: bool = True) -> Iterator[None]:
    """The page around its content. `here` is the navigation's entry that it belongs to; `of_a_day`: whether what it
    shows is as of the day that is chosen at its top."""
    ui.page_title(f"{title} · rule author's desk")
    ui.add_css(STYLE)
    ui.add_head_html(f"<script>{THEME}</script>")
    ui.add_head_html(f"<script>{_UPLOAD}</script>")
    link("Skip to the content", "#content", "skip")
    with box("header", "top"):
        Text("span", "Rule author's desk", "brand")
        with box("nav", aria_label="Pages"):
            for text, href in (
                ("Patients × trials", place.to()),
                ("Trials", place.to("trials")),
                ("EHR view", place.to("ehr")),
                ("Codes seen", place.to("codes")),
                ("Upload", place.to("upload")),
            ):
                entry = link(text, href)
                if text == here:
                    entry.props["aria-current"] = "page"
        if of_a_day:
            _choose_day(place)
        _choose_theme(place)
    # The page itself is the main landmark: the library puts one around everything.
    with box("div", "page", id="content", tabindex="-1"):
        _trouble(desk)
        Text("h1", title)
        # A record may be dropped on any page.
        box("div", "upload-told notice open", id="upload-told", role="status", data_url=place.to("upload-record"))
        yield


def _choose_day(place: WorkbenchPlace) -> None:
    """The day that counts, as ISO 8601 writes it: a native date field would write it as the browser's country does."""

    def to_day(text: str) -> None:
        """The same page on another day."""
        try:
            day = date.fromisoformat(text.strip()).isoformat()
        except ValueError:
            wrong.text = f"“{text}” is no date. Write it as {place.as_of.isoformat()}."
            return
        wrong.text = ""
        ui.run_javascript(f"const u = new URL(location); u.searchParams.set('as_of', '{day}'); location = u;")

    day = field("As of", "text", place.as_of.isoformat(), to_day)
    day.classes("day")
    day.props.update(_ISO_DAY)
    wrong = Text("span", "", "wrong", role="status")


def _choose_theme(place: WorkbenchPlace) -> None:
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


def not_found(desk: Desk, place: WorkbenchPlace, what: str) -> None:
    """The page for something that is not there, with status 404."""
    ui.context.client.status_code = 404
    with frame(desk, place, "Not found"):
        Text("p", what)
        Text("p", "Go on from one of these:")
        with box("ul"):
            for text, href in (
                ("All patients and trials", place.to()),
                ("The trials of the rules in use", place.to("trials")),
                ("The sample patients as an EHR shows them", place.to("ehr")),
                ("Upload a record", place.to("upload")),
            ):
                with box("li"):
                    link(text, href)
