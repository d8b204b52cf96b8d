"""The cards of an answer in a narrow panel, and what the clinician does with them: accept, dismiss."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from nicegui import ui

from cds_service.workbench.elements import Text, box, choice, link
from cds_service.workbench.views import accepted, done_words, folded, overridden, reasons_of

Send = Callable[[Mapping[str, Any]], Awaitable[str]]
"""Sends feedback; gives why it was not taken, empty where it was."""
_ONCE = """(e) => {
  const button = e.currentTarget;
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const bar = button.closest(".dismissal");
  if (bar) bar.style.minHeight = `${bar.offsetHeight}px`;
  emit();
}"""
"""A second click finds the button disabled before the first has reached the service. It keeps the focus, which a button
that is `disabled` would lose, and its bar keeps its height when the choice of reasons goes."""


class CardView:
    """One card. It stays as it is while feedback is sent: only what was pressed changes, in its place."""

    def __init__(self, card: Mapping[str, Any], send: Send, now: Callable[[], datetime]) -> None:
        self.card = card
        self.send = send
        self.now = now
        self.taken: set[str] = set()
        """The ids of suggestions that were accepted, or whose feedback is on its way."""
        self.dismissed = False
        self.reason: Mapping[str, Any] | None = None
        self.buttons: dict[str, ui.element] = {}

    def build(self) -> None:
        """Put it on the screen."""
        card = self.card
        summary = str(card["summary"])
        classes = f"card {card.get('indicator', 'info')}"
        with box("article", classes, id=f"card-{card.get('uuid', '')}", tabindex="-1", aria_label=summary) as self.box:
            Text("h3", summary)
            self._detail(str(card.get("detail") or ""))
            self.status = Text("p", "", "unseen", role="status")
            for suggestion in card.get("suggestions", ()):
                self._suggestion(suggestion)
            for target in card.get("links", ()):
                link(str(target["label"]), str(target["url"])).props["rel"] = "noreferrer"
            if card.get("uuid"):
                self._dismissal()

    def _detail(self, detail: str) -> None:
        source = self.card["source"]
        first, rest = folded(detail)
        if first:
            ui.markdown(first)
        else:
            Text("p", str(source.get("label", "")), "hint")
        if rest:
            with box("details"):
                Text("summary", f"More about {source.get('topic', {}).get('code', 'this card')}")
                ui.markdown(rest)

    def _suggestion(self, suggestion: Mapping[str, Any]) -> None:
        label = str(suggestion["label"])
        # Its place is as large as the longer of the two texts, so that nothing moves when one becomes the other.
        other = {"data-before": label, "data-after": done_words(suggestion)}
        with box("button", "suggestion", type="button", **other) as made:
            told = Text("span", label)
        problem = Text("p", "", "problem", role="alert")

        async def accept() -> None:
            await self._accept(suggestion, made, told, problem)

        made.on("click", accept, args=[], js_handler=_ONCE)
        self.buttons[str(suggestion["uuid"])] = made

    async def _accept(self, suggestion: Mapping[str, Any], made: ui.element, told: Text, problem: Text) -> None:
        name = str(suggestion["uuid"])
        if name in self.taken or self.dismissed:
            return
        self.taken.add(name)
        made.props["aria-disabled"] = "true"
        problem.text = ""
        refused = await self.send(accepted(self.card, suggestion, self.now()))
        if refused:
            self.taken.discard(name)
            made.props["aria-disabled"] = "false"
            problem.text = f"Not accepted: {refused} Try again."
            return
        told.text = done_words(suggestion)
        made.classes(add="done")
        self._heard()

    def _dismissal(self) -> None:
        reasons = list(self.card.get("overrideReasons", ()))

        def choose(place: str) -> None:
            self.reason = reasons[int(place)] if place else None

        with box("div", "bar dismissal") as bar:
            field = choice("Reason", reasons_of(self.card), "", choose) if reasons else None
            with box("button", "dismiss", type="button") as made:
                told = Text("span", "Dismiss")
        problem = Text("p", "", "problem", role="alert")

        async def dismiss() -> None:
            if self.dismissed:
                return
            self.dismissed = True
            reason = self.reason
            made.props["aria-disabled"] = "true"
            problem.text = ""
            refused = await self.send(overridden(self.card, reason, "", self.now()))
            if refused:
                self.dismissed = False
                made.props["aria-disabled"] = "false"
                problem.text = f"Not dismissed: {refused} Try again."
                return
            told.text = "Dismissed" + (f": {reason['display']}" if reason else "")
            bar.classes(add="over")
            if field is not None:
                field.parent_slot.parent.classes(add="gone")  # type: ignore[union-attr]  # it stands in its field
            self._put_away()

        made.on("click", dismiss, args=[], js_handler=_ONCE)

    def _put_away(self) -> None:
        self.box.classes(add="away")
        for name, button in self.buttons.items():
            if name not in self.taken:
                button.props["aria-disabled"] = "true"
        self._heard()

    def _heard(self) -> None:
        # With the time, so that it is another text, which is read aloud, each time.
        self.status.text = f"The service took the feedback of {self.now():%H:%M:%S}."
