"""What if one fact were different: which verdicts flip, and what is near to flipping by itself."""

from anyio.to_thread import run_sync
from nicegui import ui

from cds_service.errors import CdsError
from cds_service.explanation import unread_entries
from cds_service.fhir import Record
from cds_service.matching import Match, match
from cds_service.rule_tools.cases import said
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, badge, box, choice, field, link, table
from cds_service.workbench.pages.layout import WorkbenchPlace, frame
from cds_service.workbench.views import TrialFlip, Turn, changeable, flips, nearest, stated, statement, today


async def what_if_page(desk: Desk, place: WorkbenchPlace, patient: str, record: Record) -> None:
    """The page of one patient."""
    result = await run_sync(match, record, desk.library(), place.as_of)
    page = _WhatIf(place, record, result)
    with frame(desk, place, f"What if: {desk.called(patient)}"):
        with box("p", "links"):
            link("Back to the patient", place.to("patients", patient), "action")
        waiting = len(unread_entries(result))
        if waiting:
            number = "1 entry" if waiting == 1 else f"{waiting} entries"
            text = (
                f"{number} could not be read, so facts that they may tell of are unknown. Answer on the patient's page."
            )
            Text("p", text, "notice open")
        page.build()


class _WhatIf:
    def __init__(self, place: WorkbenchPlace, record: Record, result: Match) -> None:
        self.place = place
        self.record = record
        self.result = result
        self.facts = {fact.name: fact for fact in changeable(result.library)}
        self.fact = next(iter(self.facts.values()))
        self.text = ""
        self.unit = ""
        self.found: tuple[TrialFlip, ...] | None = None
        self.problem = ""

    def build(self) -> None:
        """Put the page on the screen."""
        with box("section", "panel", aria_label="Change a fact"):
            Text("h2", "Change one fact")
            options = [(name, f"{fact.title} ({name})") for name, fact in self.facts.items()]
            choice("Fact", options, self.fact.name, self._other_fact)
            self._entry = ui.refreshable(self._show_entry)
            self._entry()
            self._answer = ui.refreshable(self._show_answer)
            self._answer()
        Text("h2", "What keeps a trial from fitting")
        Text("p", "By how little it fails, and what clears by itself on which day.", "lead")
        self._nearest("fail", ["Trial", "Criterion", "Why it fails", "Clears by itself", "Criteria that fail"])
        Text("h2", "What a trial fits by")
        Text("p", "The limits that are nearest, and what time turns on which day.", "lead")
        self._nearest("pass", ["Trial", "Criterion", "Why it passes", "Turns by itself", "Criteria that fail"])

    async def _other_fact(self, name: str) -> None:
        self.fact = self.facts[name]
        self.text = self.unit = ""
        self.found, self.problem = None, ""
        self._entry.refresh()
        self._answer.refresh()

    def _show_entry(self) -> None:
        fact = self.fact
        Text("p", f"Now: {today(self.result, fact)}", "told")
        with box("div", "bar"):
            if fact.ask == "choice":
                choice("Instead", [("", "choose"), *((a, a) for a in fact.answers)], "", self._entered)
            else:
                entry = field("Instead", "text", "", self._entered, "input")
                if fact.ask == "date":
                    entry.props["placeholder"] = "YYYY-MM-DD"
            if fact.units:
                self.unit = fact.units[0]
                choice("Unit", [(u, u) for u in fact.units], self.unit, self._other_unit)

    async def _entered(self, text: str) -> None:
        self.text = text
        await self._ask()

    async def _other_unit(self, unit: str) -> None:
        self.unit = unit
        await self._ask()

    async def _ask(self) -> None:
        self.found, self.problem = None, ""
        try:
            if self.text:
                changed = stated(self.result, self.fact.name, statement(self.fact, self.text, self.unit))
                self.found = await run_sync(flips, self.record, self.result, changed)
        except (ValueError, CdsError) as problem:
            self.problem = str(problem)
        self._answer.refresh()

    def _show_answer(self) -> None:
        with box("div", "answer", role="status"):
            if self.problem:
                Text("p", self.problem, "notice open")
            if self.found is None:
                return
            verdicts = [f for f in self.found if f.old != f.new]
            Text("p", f"{len(verdicts)} of {len(self.result.trials)} verdicts flip.")
            with box("ul", "flips", aria_label="Flipped verdicts"):
                for flip in self.found:
                    with box("li"):
                        link(flip.trial, self.place.to("trials", flip.trial))
                        Text("span", flip.title)
                        badge(flip.old)
                        if flip.old != flip.new:
                            Text("span", "→", "arrow", aria_label="becomes", role="img")
                            badge(flip.new)
                        because = ", ".join(f"{said(c.place)} {c.old} → {c.new}" for c in flip.because)
                        Text("span", because, "told")

    def _nearest(self, outcome: Turn, headings: list[str]) -> None:
        found = nearest(self.result, outcome)
        if not found:
            Text("p", "Nothing here is a matter of degree or of time.")
            return
        with table(headings[2], headings):
            for near in found:
                with box("tr"):
                    with box("th", scope="row"):
                        link(near.trial, self.place.to("trials", near.trial))
                        Text("span", near.title, "who")
                    Text("td", said(near.place))
                    Text("td", near.text)
                    Text("td", "" if near.clears is None else near.clears.isoformat())
                    Text("td", str(near.failing))
