"""The entries of a patient that were not understood, each with the answer that mends every chart."""

import shlex
from collections.abc import Awaitable, Callable

from anyio.to_thread import run_sync
from nicegui import ui

from cds_service.errors import CdsError
from cds_service.matching import Match
from cds_service.rule_tools import AnswerReport, EntryAnswer
from cds_service.workbench.desk import Desk
from cds_service.workbench.elements import Text, box, button, choice, field
from cds_service.workbench.views import UnreadQuestion, map_draft, objections, questions, read_by_words


class UnreadEntries:
    """The part of a page. `answered` is called when an answer is in use, to show the page anew."""

    def __init__(self, desk: Desk, answered: Callable[[], Awaitable[None]]) -> None:
        self.desk = desk
        self.answered = answered
        self.result: Match | None = None
        self.busy = False
        self.told = ""
        self.against: tuple[str, ...] = ()

    def build(self) -> None:
        """Put it on the screen. `show` fills it."""
        # Outside of what is drawn anew, so that a screen reader hears what changes.
        self._status = Text("p", "", "told", role="status")
        self._list = ui.refreshable(self._show)
        self._list()

    def show(self, result: Match) -> None:
        """Show the entries of a match."""
        self.result = result
        self._refresh()

    def _refresh(self) -> None:
        self._status.text = self.told
        self._list.refresh()

    def _show(self) -> None:
        if self.result is None:
            return
        if self.against:
            with box("ul", "findings", aria_label="Why it was not written"):
                for line in self.against:
                    Text("li", line, "finding error")
        asked = questions(self.result)
        if asked:
            Text("h2", f"Entries that could not be read: {len(asked)}")
            Text("p", self._lead(), "lead")
            with box("ul", "unread", aria_label="Entries that could not be read"):
                for question in asked:
                    with box("li", "criterion"):
                        self._question(question)
        read = read_by_words(self.result)
        if read:
            with box("details", "others"):
                Text("summary", f"{len(read)} read by their words: something else than what no code says")
                with box("ul"):
                    for line in read:
                        Text("li", line)

    def _lead(self) -> str:
        if self.desk.site_dir is None:
            return (
                "What they may mean is unknown. To answer them here, once for all charts, set CDS_SITE_DIR to a folder "
                "of your own and start the service again."
            )
        if not self.desk.editable:
            return (
                "What they may mean is unknown. This workbench is read-only (CDS_WORKBENCH_EDIT=true allows answers); "
                "the command beside each does the same."
            )
        return (
            "What they may mean is unknown. An answer mends every chart with the same words: they are written into "
            "phrases/site.json as they stand here. EntryAnswer nothing that names a person."
        )

    def _question(self, question: UnreadQuestion) -> None:
        entry = question.entry
        with box("div", "bar"):
            Text("strong", question.said)
            if question.code:
                Text("code", question.code)
            Text("span", entry.source, "tag")
            if not entry.source.startswith(entry.kind):
                Text("span", entry.kind, "tag")
        Text("p", question.waits, "text")
        if not question.can_be_answered:
            _needs_a_map(question)
        elif self.desk.editable and self.desk.site_dir is not None:
            self._answers(question)
        elif self.desk.site_dir is not None:
            texts = " ".join(map(shlex.quote, entry.texts))
            Text(
                "pre", f"cds-service site answer {texts} --is VALUESET (or --none)", tabindex="0", aria_label="Command"
            )

    def _answers(self, question: UnreadQuestion) -> None:
        chosen = {"title": "", "language": question.languages[0]}
        with box("div", "bar answers"):
            entered = field("It is", "text", "", lambda title: chosen.update(title=title), "input")
            with box("datalist") as known:
                for title in question.choices:
                    box("option", value=title)
            entered.props["list"] = known.html_id
            entered.props["placeholder"] = "search by title"
            tags = [(tag, tag) for tag in question.languages]
            choice("Language", tags, chosen["language"], lambda tag: chosen.update(language=tag))

            async def it_is() -> None:
                title = " ".join(chosen["title"].split()).casefold()
                named = [set_id for known, set_id in question.choices.items() if known.casefold() == title]
                if named:
                    await self._answer(question, chosen["language"], named[0])
                else:
                    self._say("Choose what it is from the list, or say that it is none of these.")

            async def none() -> None:
                await self._answer(question, chosen["language"], "")

            button("It is that", it_is, "primary", aria_label=f"It is that: {question.said}")
            button("None of these", none, aria_label=f"None of these: {question.said}")

    def _say(self, text: str, against: tuple[str, ...] = ()) -> None:
        redrawn = against != self.against
        self.told, self.against = text, against
        self._status.text = text
        if redrawn:
            self._list.refresh()

    async def _answer(self, question: UnreadQuestion, language: str, value_set: str) -> None:
        if self.busy:
            return
        self.busy = True
        try:
            self._say(f"Trying it on the sample patients and the test cases: {question.said} …")
            answer = EntryAnswer(question.entry.texts, language, value_set)
            try:
                report = await run_sync(self.desk.answer, answer)
            except (CdsError, OSError) as problem:
                self._say(f"Not written: {problem}")
                return
            if report.path is None:
                self._say("Not written: it would change what is read already.", objections(report))
                return
            self._say(_written(report, question))
            await self.answered()
            if self.result is not None and any(q.entry == question.entry for q in questions(self.result)):
                trouble = "; ".join(self.desk.trouble()) or "it has not read its folder again"
                self._say(f"{self.told} The service doesn't use it yet: {trouble}.")
        finally:
            self.busy = False


def _written(report: AnswerReport, question: UnreadQuestion) -> str:
    titles = {set_id: title for title, set_id in question.choices.items()}
    answer = report.answer
    said = titles.get(answer.value_set, answer.value_set) or "none of these"
    return f"Answered for every chart: {question.said} is {said}. It stands in {report.path}."


def _needs_a_map(question: UnreadQuestion) -> None:
    draft = map_draft(question.entry)
    if draft:
        Text(
            "p",
            "It has no words that a phrase could be made of. Its code needs a ConceptMap (docs/site.md): a file in "
            "conceptmaps/ of the site's folder, with the standard code filled in.",
            "text",
        )
        Text("pre", draft, tabindex="0", aria_label="Draft of a ConceptMap")
    else:
        Text("p", "It has neither words nor a code of a known system: it can be mended in the record only.", "text")
