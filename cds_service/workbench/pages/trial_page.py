"""A trial: its criteria in plain words with one patient's outcomes, beside the editor that changes them."""

import asyncio
import json
from collections.abc import Mapping
from functools import partial

from anyio.to_thread import run_sync
from nicegui import ui

from cds_service.rule_files import PlaceError
from cds_service.rule_tools import TRIAL_FILE
from cds_service.trials import coverage_of
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box, button, choice
from cds_service.workbench.pages.criteria import show_criteria
from cds_service.workbench.pages.findings import show_effect, show_findings
from cds_service.workbench.pages.layout import EDITOR, UNSAVED, WorkbenchPlace, frame, not_found
from cds_service.workbench.pages.leaving import leaving_dialog
from cds_service.workbench.saving import FILES, ConflictError, TrialFiles, open_files, save_files
from cds_service.workbench.views import DraftCheck, check, completions, criteria_views

_PAUSE = 0.3
"""Seconds without a keystroke before the text is checked."""


async def trial_page(desk: Desk, place: WorkbenchPlace, trial_id: str, patient: str | None) -> None:
    """The page of one trial, for one patient."""
    if desk.library().trial(trial_id) is None:
        not_found(desk, place, f"There is no trial {trial_id!r} in the rules in use.")
        return
    records = desk.samples()
    chosen = patient if patient is not None and desk.record(patient) is not None else next(iter(records), "")
    page = _TrialPage(desk, place, trial_id, chosen, open_files(desk.rules_dir, trial_id))
    await page.check()
    page.build()


class _TrialPage:
    def __init__(self, desk: Desk, place: WorkbenchPlace, trial_id: str, patient: str, files: TrialFiles) -> None:
        self.desk = desk
        self.place = place
        self.trial_id = trial_id
        self.patient = patient
        self.files = files
        self.texts: dict[str, str] = dict(files.texts)
        self.shown = TRIAL_FILE
        self.open: set[str] = set()
        self.edits = 0
        self.checked: DraftCheck | None = None
        self.editors: dict[str, ui.codemirror] = {}

    async def check(self) -> None:
        """Check the texts as they are. Heavy enough for a thread: a tenth of a second."""
        record = self.desk.record(self.patient)
        records = self.desk.samples() | ({} if record is None else {self.patient: record})
        checking = partial(
            check,
            self.desk.library(),
            self.trial_id,
            dict(self.texts),
            records=records,
            patient=self.patient,
            as_of=self.place.as_of,
            read_sample=self.desk.read_sample(),
        )
        self.checked = await run_sync(checking)

    def build(self) -> None:
        """Put the page on the screen."""
        trial = self.desk.library().trial(self.trial_id)
        assert trial is not None
        with frame(self.desk, self.place, f"{self.trial_id}: {trial.trial.short_title}", "Trials"):
            status = trial.trial.status.replace("_", " ")
            Text("p", f"{trial.trial.title}. {status}; rules {trial.rules_version}, {trial.state}.", "lead")
            Text("p", coverage_of(trial.trial).text(), "lead")
            for gap in trial.trial.gap_texts:
                Text("p", f"Source gap: {gap}. The trial fits no better than possibly.", "notice open")
            with box("div", "columns"):
                with box("section", "criteria", aria_label="Criteria"):
                    self._choose_patient()
                    self._criteria = ui.refreshable(self._show_criteria)
                    self._criteria()
                with box("section", "desk", aria_label="Editor"):
                    self._show_editor()
                    self._show_bar()
                    leaving_dialog(self.trial_id)
                    self._findings = ui.refreshable(self._show_findings)
                    self._findings()

    def _choose_patient(self) -> None:
        names = list(self.desk.samples())
        if self.patient not in names:
            names.append(self.patient)
        choice("Patient", [(name, self.desk.called(name)) for name in names], self.patient, self._other_patient)

    async def _other_patient(self, name: str) -> None:
        self.patient = name
        ui.run_javascript("deskChecking()")
        await self._again()

    def _show_criteria(self) -> None:
        library, checked = self.desk.library(), self.checked
        trial = library.trial(self.trial_id)
        assert checked is not None
        assert trial is not None
        draft = checked.draft
        if draft.trial is None:
            Text("p", "The text has an error: shown are the rules in use.", "notice open")
        shown = draft.library if draft.library is not None else library
        views = criteria_views(draft.trial or trial, shown, self.desk.rules_dir, draft.cases)
        show_criteria(views, {o.place: o for o in checked.outcomes}, self.open)

    def _show_editor(self) -> None:
        with box("div", "bar"):
            Text("h2", "Rules and test cases")
            self._tabs = {
                name: button(
                    name, lambda name=name: self._turn_to(name), "tab", aria_pressed=_truth(name == self.shown)
                )
                for name in FILES
            }
        offers = completions(self.desk.library())
        ui.add_head_html(f"<script>{EDITOR}{UNSAVED}</script>")
        for name in FILES:
            made = ui.codemirror(
                self.texts[name], language="JSON", theme="githubLight", indent="  ", line_wrapping=True
            )
            made.on_value_change(lambda event, name=name: self._typed(name, event.value))
            made.classes("editor")
            made.visible = name == self.shown
            if not self.desk.editable:
                made.props["aria-readonly"] = "true"
            self.editors[name] = made
            label = f"{name} of {self.trial_id}"
            ui.timer(0.05, lambda made=made, label=label: _enrich(made, label, offers), once=True)
        note = "Ctrl+Space completes. Escape, then Tab leaves the editor."
        if not self.desk.editable:
            note += (
                " This workbench is read-only: try what you like, nothing is saved (CDS_WORKBENCH_EDIT=true allows it)."
            )
        Text("p", note, "hint")

    def _turn_to(self, name: str) -> None:
        self.shown = name
        for other, made in self.editors.items():
            made.visible = other == name
            self._tabs[other].props["aria-pressed"] = _truth(other == name)

    async def _typed(self, name: str, text: str) -> None:
        if text == self.texts[name]:
            return
        self.texts[name] = text
        self.edits += 1
        turn = self.edits
        await asyncio.sleep(_PAUSE)
        if turn == self.edits:
            await self._again()

    async def _again(self) -> None:
        turn = self.edits
        await self.check()
        if turn != self.edits:
            return  # there is a newer text, which is checked in its turn
        self._update_bar()
        self._criteria.refresh()
        self._findings.refresh()
        self._tell_checked()

    def _tell_checked(self) -> None:
        # In the units of a browser's text, UTF-16.
        lengths = [len(text.encode("utf-16-le")) // 2 for text in self.texts.values()]
        ui.run_javascript(f"deskChecked({_truth(self.edited)}, {json.dumps(lengths)})")

    def _show_bar(self) -> None:
        """Made once and then only changed, so that whoever works by keyboard does not lose the place."""
        with box("div", "bar"):
            self._saves = button("Save", self._save, "primary") if self.desk.editable else None
            self._undoes = button("Undo all edits", self._revert)
            self._told = Text("span", "", "told", role="status")
            Text("span", "checking …", "checking", id="checking", role="status", hidden="true")
        self._update_bar()

    def _update_bar(self) -> None:
        checked = self.checked
        assert checked is not None
        # Disabled in word only: the buttons stay reachable, and say why nothing happens.
        if self._saves is not None:
            self._saves.props["aria-disabled"] = _truth(not (self.edited and checked.can_save))
        self._undoes.props["aria-disabled"] = _truth(not self.edited)
        self._told.text = _summary(checked, edited=self.edited)

    @property
    def edited(self) -> bool:
        """Whether the texts differ from those on disk."""
        return self.texts != dict(self.files.texts)

    def _show_findings(self) -> None:
        checked = self.checked
        assert checked is not None
        if self.edited:
            show_effect(checked, self.place, self.desk.people())
        if checked.problems:
            Text("h2", "To mend")
        show_findings(checked.problems, self._go_to)

    def _go_to(self, file: str, line: int) -> None:
        self._turn_to(file)
        self.editors[file].reveal_line(line)

    def _revert(self) -> None:
        for name, made in self.editors.items():
            made.value = self.files.texts[name]

    async def _save(self) -> None:
        if not self.desk.editable:
            return
        ui.run_javascript("deskChecking()")
        try:
            await self._write()
        finally:
            self._tell_checked()

    async def _write(self) -> None:
        # The button shows what was so a moment ago; what is written is checked now.
        await self.check()
        checked = self.checked
        if checked is None or not checked.can_save or not self.edited:
            ui.notify("Not saved: mend what is listed first.", type="warning")
            return
        texts: Mapping[str, str] = dict(self.texts)
        try:
            self.files = await run_sync(save_files, self.files, texts)
        except (ConflictError, PlaceError) as problem:
            ui.notify(str(problem), type="negative")
            return
        except OSError as problem:
            ui.notify(f"Not saved: {problem.strerror}", type="negative")
            return
        await run_sync(self.desk.reload)
        await self._again()
        ui.notify(f"Saved. The service now runs these rules of {self.trial_id}.", type="positive")


async def _enrich(editor: ui.codemirror, label: str, offers: Mapping[str, object]) -> None:
    ui.run_javascript(f"enrichEditor({editor.id}, {json.dumps(label)}, {json.dumps(offers)})")


def _summary(checked: DraftCheck, *, edited: bool) -> str:
    errors = sum(p.severity == "error" for p in checked.problems)
    if errors and checked.can_save:
        return f"{errors} to mend before it can be active; as {_article(checked)} it can be saved"
    if errors:
        return f"{errors} to mend before it can be saved"
    if not edited:
        return "As on disk; all checks pass"
    flips = sum(f.flips for f in checked.flips)
    return f"All checks pass; {flips} verdict{'s' if flips != 1 else ''} flip{'' if flips != 1 else 's'}"


def _article(checked: DraftCheck) -> str:
    assert checked.draft.trial is not None
    return "a draft" if checked.draft.trial.state == "draft" else f"a {checked.draft.trial.state} trial"


def _truth(value: bool) -> str:
    return "true" if value else "false"
