"""The service as an EHR sees it: a chart is opened, the hook is called, cards stand in a narrow panel."""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from nicegui import ui

from cds_service.cds_hooks import service_for
from cds_service.cds_hooks.trust import Desk as Wish
from cds_service.matching import match
from cds_service.workbench.desk import HOOK, Desk
from cds_service.workbench.elements import Text, box, button, choice, link
from cds_service.workbench.pages.layout import EHR, Place, frame
from cds_service.workbench.views import (
    Answer,
    accepted,
    answer_of,
    hook_request,
    overridden,
    reasons_of,
    sheet,
    telling,
    who,
)

_SECONDS = 120.0


def ehr_page(desk: Desk, place: Place, service: str, patient: str | None, now: Callable[[], datetime]) -> None:
    """The page. `service` is the path in front of `/cds-services`."""
    names = list(desk.samples())
    if patient is not None and patient not in names and desk.request(patient) is not None:
        names.append(patient)
    chosen = patient if patient in names else next(iter(names), "")
    page = _Ehr(desk, service, chosen, now)
    with frame(desk, place, "EHR view", "EHR view"):
        ui.add_head_html(f"<script>{EHR}</script>")
        Text(
            "p",
            f"Opening a chart sends the real {HOOK} request of the sample to this service, for today "
            f"({desk.today().isoformat()}), and shows its cards as a narrow panel of an EHR would. What is accepted or "
            "dismissed here is kept apart from real feedback, and hides nothing from anybody else.",
            "lead",
        )
        page.build(names)


class _Ehr:
    def __init__(self, desk: Desk, service: str, patient: str, now: Callable[[], datetime]) -> None:
        self.desk = desk
        self.service = service + service_for(HOOK).path
        self.patient = patient
        self.now = now
        self.answer: Answer | None = None
        self.told: dict[str, str] = {}

    def build(self, names: list[str]) -> None:
        """Put the page on the screen."""
        with box("div", "bar"):
            choice("Sample patient", [(name, self.desk.called(name)) for name in names], self.patient, self._other)
            button("Open the chart", self._open, "primary")
        with box("div", "ehr"):
            with box("section", "chart-area", aria_label="Chart"):
                self._chart = ui.refreshable(self._show_chart)
                self._chart()
            with box("aside", "panel cards", aria_label="Decision support", aria_live="polite"):
                self._panel = ui.refreshable(self._show_panel)
                self._panel()

    async def _other(self, name: str) -> None:
        self.patient = name
        self.answer = None
        self._chart.refresh()
        self._panel.refresh()

    async def _open(self) -> None:
        await self._ask("usual")

    async def _show_all(self) -> None:
        await self._ask("everything")
        # The button is gone: whoever works by keyboard goes on at what it brought.
        ui.run_javascript("document.querySelector('article.card')?.focus()")

    async def _ask(self, wish: Wish) -> None:
        sample = self.desk.request(self.patient)
        if sample is None:
            return
        self.told = {}
        self.answer = await self._post(self.service, hook_request(sample, str(uuid.uuid4())), wish)
        self._panel.refresh()

    async def _post(self, path: str, body: Mapping[str, Any], wish: Wish = "usual") -> Answer:
        call = f"return await postJson({json.dumps(path)}, {json.dumps(body)}, {json.dumps(wish)})"
        try:
            found = await ui.run_javascript(call, timeout=_SECONDS)
        except TimeoutError:
            return answer_of(0, "the page did not answer in time")
        return answer_of(int(found["status"]), str(found["text"]), str(found["setAside"]))

    def _show_chart(self) -> None:
        record = self.desk.record(self.patient)
        Text("h2", self.desk.called(self.patient))
        if record is None:
            return
        result = match(record, self.desk.library(), self.desk.today())
        Text("p", who(result), "told")
        for subject, lines in sheet(result).items():
            there = [line for line in lines if telling(line)]
            if there and subject != "Person":
                Text("h3", subject)
                with box("ul"):
                    for line in there:
                        Text("li", ", ".join(filter(None, (line.title, line.said, line.date))))

    def _show_panel(self) -> None:
        Text("h2", "Clinical trials")
        if self.answer is None:
            Text("p", "No chart is open.", "hint")
            return
        if self.answer.problem:
            Text("p", f"The service refused: {self.answer.problem}", "notice bad")
        if self.answer.undetermined:
            Text("p", self.answer.undetermined, "notice")
        if self.answer.nothing:
            Text("p", self.answer.nothing, "hint")
        for card in self.answer.cards:
            classes, id = f"card {card.get('indicator', 'info')}", _id_of(card)
            with box("article", classes, id=id, tabindex="-1", aria_label=str(card["summary"])):
                self._card(card)
        if self.answer.away:
            with box("p", "hint"):
                Text("span", f"{self.answer.away}: ")
                button("show", self._show_all)

    def _card(self, card: Mapping[str, Any]) -> None:
        Text("h3", str(card["summary"]))
        Text("p", str(card["source"].get("label", "")), "hint")
        if card.get("detail"):
            with box("details"):
                Text("summary", f"Details of {card['source'].get('topic', {}).get('code', 'this card')}")
                ui.markdown(str(card["detail"]))
        told = self.told.get(card.get("uuid", ""))
        if told:
            Text("p", told, "told", role="status")
        for suggestion in card.get("suggestions", ()):
            button(str(suggestion["label"]), lambda s=suggestion: self._accept(card, s), "suggestion")
        for target in card.get("links", ()):
            link(str(target["label"]), str(target["url"])).props["rel"] = "noreferrer"
        reasons = list(card.get("overrideReasons", ()))
        chosen: dict[str, Any] = {"reason": None}
        if not card.get("uuid"):
            return

        def choose(place: str) -> None:
            chosen["reason"] = reasons[int(place)] if place else None

        with box("div", "bar"):
            if reasons:
                choice("Reason", reasons_of(card), "", choose)
            button("Dismiss", lambda: self._override(card, chosen["reason"]))

    async def _accept(self, card: Mapping[str, Any], suggestion: Mapping[str, Any]) -> None:
        await self._tell(card, accepted(card, suggestion, self.now()), f"Accepted: {suggestion['label']}")

    async def _override(self, card: Mapping[str, Any], reason: Mapping[str, Any] | None) -> None:
        said = "Dismissed" + (f": {reason['display']}" if reason else "")
        await self._tell(card, overridden(card, reason, "", self.now()), said)

    async def _tell(self, card: Mapping[str, Any], feedback: Mapping[str, Any], said: str) -> None:
        problem = (await self._post(f"{self.service}/feedback", feedback)).problem
        self.told[card["uuid"]] = f"{said}. " + (problem or "The service took the feedback.")
        self._panel.refresh()
        # The button that was pressed is drawn anew: whoever works by keyboard goes on at its card.
        ui.run_javascript(f"document.getElementById({json.dumps(_id_of(card))})?.focus()")


def _id_of(card: Mapping[str, Any]) -> str:
    return f"card-{card.get('uuid', '')}"
