"""The few HTML elements that the pages are made of: native ones, so that keyboard and screen readers know them."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from cds_service.workbench.views import SIGNS, TONES, word


class Text(TextElement):
    """An element with a text, which the browser never reads as HTML."""

    def __init__(self, tag: str, text: str = "", classes: str = "", **attributes: str) -> None:
        super().__init__(tag=tag, text=text)
        if classes:
            self.classes(classes)
        for name, value in attributes.items():
            self.props[name.rstrip("_").replace("_", "-")] = value


def box(tag: str = "div", classes: str = "", **attributes: str) -> ui.element:
    """An element that holds others."""
    made = ui.element(tag)
    if classes:
        made.classes(classes)
    for name, value in attributes.items():
        made.props[name.rstrip("_").replace("_", "-")] = value
    return made


def badge(value: str | None) -> Text:
    """A verdict or an outcome: sign, word and colour."""
    tone = TONES.get(value or "none", "open")
    return Text("span", f"{SIGNS[tone]} {word(value)}", f"badge {tone}")


def link(text: str, href: str, classes: str = "") -> Text:
    """A link to another page."""
    return Text("a", text, classes, href=href)


def button(text: str, on_click: Callable[..., Any], classes: str = "", **attributes: str) -> Text:
    """A push button."""
    made = Text("button", text, classes, type="button", **attributes)
    made.on("click", on_click, args=[])
    return made


def choice(
    label: str, options: Iterable[tuple[str, str]], value: str | None, on_change: Callable[[str], Any]
) -> ui.element:
    """A labelled drop-down list of (value, text)."""
    with box("div", "field"):
        told = Text("label", label)
        made = box("select")
        told.props["for"] = made.html_id
        made.on("change", lambda e: on_change(str(e.args)), js_handler="(e) => emit(e.target.value)")
        with made:
            for key, text in options:
                option = Text("option", text, value=key)
                if key == value:
                    option.props["selected"] = True
    return made


def field(label: str, kind: str, value: str, on_change: Callable[[str], Any], event: str = "change") -> ui.element:
    """A labelled input. `event`: `change` when it is left or Enter is pressed, `input` while typing."""
    with box("div", "field"):
        told = Text("label", label)
        made = box("input", type=kind)
        # As an attribute (the sign says so): as a property it would be set again, over what is being typed, whenever
        # something else on the page changes.
        made.props["^value"] = value
        told.props["for"] = made.html_id
        made.on(event, lambda e: on_change(str(e.args)), js_handler="(e) => emit(e.target.value)")
    return made


def table(caption: str, headings: Iterable[str], classes: str = "") -> ui.element:
    """A table with its caption and column headings; the rows go into what is returned.

    The style is told the headings, for small windows where each value stands under its own (narrow.css).
    """
    headings = tuple(headings)
    told = {f"--column-{number}": json.dumps(text) for number, text in enumerate(headings, 1)}
    with box("div", "scroll", tabindex="0", role="region", aria_label=caption), box("table", classes) as made:
        made.style.update(told)
        Text("caption", caption)
        with box("thead"), box("tr"):
            for heading in headings:
                Text("th", heading, scope="col")
        return box("tbody")
