"""The service as an EHR sees it: a chart is opened, the hook is called, cards stand in a narrow panel."""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from anyio.to_thread import run_sync
from nicegui import ui

from cds_service.cds_hooks import service_for
from cds_service.cds_hooks.trust import Desk as Wish
from cds_service.workbench.desk import HOOK, Desk, OpenChart
from cds_service.workbench.elements import Text, box, button
from cds_service.workbench.pages.ehr_cards import CardView
from cds_service.workbench.pages.ehr_chart import show_banner, show_chart
from cds_service.workbench.pages.layout import EHR, EHR_STYLE, WorkbenchPlace, frame
from cds_service.workbench.uploads import UPLOADED
from cds_service.workbench.views import HookAnswer, PatientChart, answer_of, hook_request, patient_chart

_SECONDS = 120.0
_PICKED = """(e) => {
  const field = e.target, typed = field.value.trim().toLowerCase(), people = [...field.list.options];
  const found = people.filter(it => it.value.toLowerCase() === typed);
  const near = e.type === "change" && typed ? people.filter(it => it.value.toLowerCase().includes(typed)) : [];
  const one = found[0] ?? (near.length === 1 ? near[0] : undefined);
  if (!one) return;
  field.value = "";
  emit(one.dataset.story);
}"""
"""Whoever is picked from the list, or is the only one that what was typed fits, is opened.

Then the field is free again: its list holds only those who fit what stands in it."""


async def ehr_page(
    desk: Desk, place: WorkbenchPlace, service: str, patient: str | None, now: Callable[[], datetime]
) -> None:
    """The page. `service` is the path in front of `/cds-services`."""
    page = _Ehr(desk, service, now)
    if patient is not None:
        await page.read(patient)
    # The hook is called as an EHR calls it, which knows no other day than today.
    with frame(desk, place, "EHR view", "EHR view", of_a_day=False):
        ui.add_css(EHR_STYLE)
        ui.add_head_html(f"<script>{EHR}</script>")
        page.build(patient)


class _Ehr:
    def __init__(self, desk: Desk, service: str, now: Callable[[], datetime]) -> None:
        self.desk = desk
        self.service = service + service_for(HOOK).path
        self.now = now
        self.opened: OpenChart | None = None
        self.chart: PatientChart | None = None
        self.answer: HookAnswer | None = None
        self.asking = 0
        """How often the service was asked: what comes to an earlier question is not shown."""

    async def read(self, patient: str) -> None:
        """Read the chart of a person; nothing is open where there is no such person."""
        self.opened = await run_sync(self.desk.open_chart, patient)
        today = self.desk.today()
        self.chart = None if self.opened is None else await run_sync(patient_chart, self.opened.record, today)
        self.answer = None

    def build(self, patient: str | None) -> None:
        """Put the page on the screen, and ask the hook as soon as somebody sees it."""
        self.people = self.desk.people()
        self._choice()
        if patient is not None and self.opened is None:
            missing = "This upload is no longer in memory." if patient.startswith(UPLOADED) else "No such person here."
            Text("p", missing, "notice bad", role="alert")
        with box("div", "ehr"):
            with box("section", "banner", aria_label="Patient", aria_live="polite"):
                self._banner = ui.refreshable(self._show_banner)
                self._banner()
            with box("aside", "panel cards", aria_label="Decision support"):
                self.heard = Text("p", "", "unseen", role="status")
                self._panel = ui.refreshable(self._show_panel)
                self._panel()
            with box("section", "chart-area", aria_label="Chart"):
                self._chart = ui.refreshable(self._show_chart)
                self._chart()
        Text(
            "p",
            f"Choosing a person sends the real {HOOK} request of the sample to this service, all its dates moved to "
            f"today ({self.desk.today().isoformat()}), and shows its cards as an EHR would. What is accepted or "
            "dismissed here is kept apart from real feedback, and hides nothing from anybody else.",
            "hint",
        )
        if self.opened is not None:
            ui.timer(0, self._ask_usual, once=True)

    def _choice(self) -> None:
        with box("div", "field opener"):
            told = Text("label", "Open the chart of")
            people = box("datalist")
            with people:
                for story, who in self.people.items():
                    Text("option", "", value=who, data_story=story)
            found = box("input", type="search", list=people.html_id, autocomplete="off")
            found.props["placeholder"] = f"Search {len(self.people)} people: lupus, boy, 41 …"
            told.props["for"] = found.html_id
            for event in ("input", "change"):
                found.on(event, lambda e: self._open(str(e.args)), js_handler=_PICKED)

    async def _open(self, patient: str) -> None:
        self.asking += 1
        await self.read(patient)
        self._banner.refresh()
        self._chart.refresh()
        self._panel.refresh()
        address = f"const u = new URL(location); u.searchParams.set('patient', {json.dumps(patient)});"
        ui.run_javascript(f"{address} history.replaceState(history.state, '', u);")
        await self._ask("usual")

    async def _ask_usual(self) -> None:
        await self._ask("usual")

    async def _show_all(self) -> None:
        await self._ask("everything")
        # The button is gone: whoever works by keyboard goes on at what it brought.
        ui.run_javascript("document.querySelector('article.card')?.focus()")

    async def _ask(self, wish: Wish) -> None:
        if self.opened is None or self.opened.request is None:
            return
        self.asking += 1
        asked = self.asking
        request = hook_request(self.opened.request, str(uuid.uuid4()))
        answer = await self._post(self.service, request, wish)
        if asked == self.asking:
            self.answer = answer
            count = len(answer.cards)
            self.heard.text = f"{count} {'card' if count == 1 else 'cards'} about clinical trials"
            self._panel.refresh()

    async def _post(self, path: str, body: Mapping[str, Any], wish: Wish = "usual") -> HookAnswer:
        call = f"return await postJson({json.dumps(path)}, {json.dumps(body)}, {json.dumps(wish)})"
        try:
            found = await ui.run_javascript(call, timeout=_SECONDS)
        except TimeoutError:
            return answer_of(0, "the page did not answer in time")
        return answer_of(int(found["status"]), str(found["text"]), str(found["setAside"]))

    async def _send(self, feedback: Mapping[str, Any]) -> str:
        return (await self._post(f"{self.service}/feedback", feedback)).problem

    def _show_banner(self) -> None:
        if self.opened is None or self.chart is None:
            Text("h2", "No chart is open")
            Text("p", "Search above, or choose somebody.")
        else:
            show_banner(self.opened.who, self.chart)

    def _show_chart(self) -> None:
        if self.chart is not None:
            show_chart(self.chart)
            return
        with box("ul", "people", aria_label="People"):
            for story, who in self.people.items():
                with box("li"):
                    button(who, lambda story=story: self._open(story), "plain")

    def _show_panel(self) -> None:
        Text("h2", "Clinical trials")
        if self.answer is None:
            self._show_waiting()
            return
        if self.answer.problem:
            Text("p", f"The service refused: {self.answer.problem}", "notice bad", role="alert")
        if self.answer.undetermined:
            Text("p", self.answer.undetermined, "notice")
        if self.answer.nothing:
            Text("p", self.answer.nothing, "hint")
        for card in self.answer.cards:
            CardView(card, self._send, self.now).build()
        if self.answer.away:
            with box("p", "hint"):
                Text("span", f"{self.answer.away}: ")
                button("show", self._show_all)

    def _show_waiting(self) -> None:
        if self.opened is None:
            Text("p", "Cards appear when a chart is opened.", "hint")
        elif self.opened.request is None:
            Text("p", "There is no hook request of this record, so the service was not asked.", "notice")
        else:
            Text("p", "Asking the service …", "hint")
