"""How an explanation looks in a terminal: the verdicts first, then each trial, or one criterion whole."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cds_service.cli.as_of import when
from cds_service.cli.layout import columns, cut, show, width, wrapped
from cds_service.cli.output import stop
from cds_service.cli.show_results import unread_lines
from cds_service.explanation import (
    OUTCOME_WORDS,
    VERDICT_WORDS,
    CriterionStanding,
    PlainWords,
    TrialStanding,
    in_the_way,
    reason_words,
    sentence,
    standings,
)
from cds_service.matching import Match

Json = Mapping[str, Any]
COLOURS = {
    "likely_eligible": "green",
    "possibly_eligible": "yellow",
    "undetermined": "cyan",
    "not_eligible": "red",
}
_OUTCOME_COLOURS = {"fail": "red", "unknown": "yellow"}
_VERDICT, _ID, _OUTCOME = 12, 8, 12
_SHORTEST = 20
"""Characters of a title that stay."""


class PrintedExplanation:
    """An explanation to print: the document that `explain` makes, and the match that it tells of."""

    def __init__(self, document: Json, match: Match, trial_id: str | None = None) -> None:
        self.document = document
        self.words = PlainWords(match)
        self.standings = standings(match, trial_id)
        trials = {trial["id"]: trial for trial in document["trials"]}
        self._criteria: dict[tuple[str, str, str], Json] = {}
        for id, trial in trials.items():
            for cohort in ({"id": "", "criteria": trial["criteria"]}, *trial["cohorts"]):
                for criterion in cohort["criteria"]:
                    self._criteria[id, cohort["id"], criterion["id"]] = criterion

    def all(self) -> None:
        """The verdicts, then every criterion of every trial."""
        self._head()
        self._verdicts(self._nothing)
        self._notes()
        for standing in self.standings:
            self._trial(standing)

    def short(self) -> None:
        """The verdicts, each with what is open."""
        self._head()
        self._verdicts(self._open)
        self._notes()

    def criterion(self, id: str) -> None:
        """One criterion of each trial that has it, whole. Ends the command where none has."""
        found = [
            (standing, cohort, judged)
            for standing in self.standings
            for cohort, group in (("", standing.own), *((c.cohort.id, own) for c, own in standing.cohorts))
            for judged in group
            if judged.id == id
        ]
        if not found:
            known = dict.fromkeys(judged.id for standing in self.standings for judged in standing.own)
            stop(f"there is no criterion {id!r}; known: {', '.join(known)}")
        self._head()
        for standing, cohort, judged in found:
            self._whole(standing, cohort, judged)

    def _head(self) -> None:
        show(wrapped(f"Patient {self.document['patient']} as of {when(self.document)}"))
        if self.document.get("deceased"):
            show("The patient has died: no cards are shown.", bold=True)

    def _verdicts(self, more: Callable[[TrialStanding], None]) -> None:
        show()
        for standing in self.standings:
            trial, verdict = standing.result.trial, standing.result.verdict
            state = "" if trial.state == "active" else f" ({trial.state})"
            tail = _counts(standing)
            wide = max(len(one.result.trial.id) for one in self.standings)
            rest = width() - _VERDICT - wide - 4
            title = cut(f"{trial.short_title}{state}", max(_SHORTEST, rest - len(tail) - 2))
            line = "; ".join(filter(None, (title, tail)))
            show(columns((VERDICT_WORDS[verdict], trial.id, line), (_VERDICT, wide, rest)), colour=COLOURS[verdict])
            more(standing)

    def _nothing(self, standing: TrialStanding) -> None:
        pass

    def _open(self, standing: TrialStanding) -> None:
        if standing.result.verdict == "not_eligible":
            show(wrapped(in_the_way(standing, self.words), 6, "    "))
            return
        for judged in standing.having("unknown"):
            why = self.words.why(judged)
            text = judged.result.criterion.text + (f" ({why})" if why else "")
            show(columns(("", judged.id, text), (2, _ID, width() - _ID - 6)))
        for gap in standing.result.trial.gap_texts:
            show(wrapped(gap, 4, "    source gap: "))
        review = [judged.id for judged in standing.having("review")]
        if review:
            show(wrapped(f"to be judged by a person: {', '.join(review)}", 6, "    "))

    def _notes(self) -> None:
        """What is wrong with the record, and what was not understood of it."""
        said = []
        for issue in self.document["issues"]:
            place = " ".join(filter(None, (issue["resource"], issue["element"])))
            said.append(f"{issue['severity']}: {place}: {issue['message']}")
        said += unread_lines(self.document)
        if "undetermined" in self.document:
            said.append(sentence(self.document["undetermined"]))
        if said:
            show()
        for line in said:
            show(wrapped(line, 2, ""), colour="yellow")

    def _trial(self, standing: TrialStanding) -> None:
        trial, result = standing.result.trial, standing.result
        show()
        show(wrapped(f"{trial.id} {trial.short_title}: {VERDICT_WORDS[result.verdict]}", 2, ""), bold=True)
        for judged in standing.own:
            self._line(trial.id, "", judged)
        for gap in trial.gap_texts:
            show(wrapped(f"source gap: {gap}", 4, "  "), colour="yellow")
        for cohort, group in standing.cohorts:
            head = f"  cohort {cohort.cohort.id}, {cohort.cohort.title}: {VERDICT_WORDS[cohort.verdict]}"
            show(wrapped(head, 4, "  "), bold=True)
            for judged in group:
                self._line(trial.id, cohort.cohort.id, judged)

    def _line(self, trial: str, cohort: str, judged: CriterionStanding) -> None:
        result = judged.result
        outcome = OUTCOME_WORDS[result.criterion.kind][result.outcome]
        cells = ("", judged.id, outcome, result.criterion.text)
        widths = (0, _ID, _OUTCOME, width() - _ID - _OUTCOME - 6)
        show(columns(cells, widths), colour=_OUTCOME_COLOURS.get(result.outcome))
        start = _ID + _OUTCOME + 6
        for line in self._rests_on(self._criteria[trial, cohort, judged.id]):
            show(wrapped(line, start + 2, " " * start + "· "))

    def _rests_on(self, criterion: Json) -> list[str]:
        lines = self.words.facts(criterion["facts"])
        if criterion.get("screen"):
            lines.insert(0, f"{criterion['screen']}, for a person to judge")
        if criterion.get("reason"):
            lines.append(reason_words(criterion["reason"]))
        return lines

    def _whole(self, standing: TrialStanding, cohort: str, judged: CriterionStanding) -> None:
        trial, criterion, result = standing.result.trial, judged.result.criterion, judged.result
        entry = self._criteria[trial.id, cohort, judged.id]
        where = f", cohort {cohort}" if cohort else ""
        show()
        show(wrapped(f"{trial.id} {trial.short_title}{where}", 2, ""), bold=True)
        kind = criterion.kind + (", a gate: the trial is not mentioned without it" if criterion.gate else "")
        basis = ", presumed: the record says nothing of it" if result.basis == "presumed" else ""
        said = [
            (judged.id, f"{criterion.text} ({kind})"),
            ("outcome", OUTCOME_WORDS[criterion.kind][result.outcome] + basis),
            ("why", self.words.why(judged)),
            ("judge", criterion.review or ""),
            ("exception", "" if criterion.exception is None else criterion.exception.text),
            ("counts for", criterion.lookback or ""),
            ("in words", "" if judged.step is None else judged.step.words),
        ]
        for name, text in said:
            if text:
                show(columns(("", name, text), (0, 10, width() - 14)))
        for entry_of in entry["facts"]:
            show(wrapped(self.words.fact(entry_of), 16, "  fact        "))
            for line in _evidence(entry_of):
                show(wrapped(line, 18, " " * 16))
        if criterion.has_logic or criterion.has_screen:
            show("  rule")
            logic = criterion.logic if criterion.has_logic else criterion.screen
            for line in json.dumps(logic, indent=1, ensure_ascii=False).splitlines():
                show(f"    {line}")
        show(wrapped(f"{trial.registry.url}{_spans(criterion.source)}", 14, "  source      "))


def _counts(standing: TrialStanding) -> str:
    """How many criteria fail, are open or wait for a person."""
    fails = standing.having("fail")
    if fails:
        more = f" and {len(fails) - 1} more" if len(fails) > 1 else ""
        return f"fails {fails[0].id}{more}"
    unknown, review = len(standing.having("unknown")), len(standing.having("review"))
    gap = ["source gap"] if standing.result.trial.source_gaps else []
    return ", ".join([*([f"{unknown} open"] if unknown else []), *([f"{review} to judge"] if review else []), *gap])


def _evidence(entry: Json) -> list[str]:
    """What the record says in its own words: the value as sent, the code, a note."""
    raw, code = entry.get("raw"), entry.get("code")
    said = []
    if raw is not None:
        said.append(f"as sent: {' '.join(filter(None, (raw['value'], raw['unit'])))}")
    if code is not None:
        said.append(f"code {code['system']} {code['code']} {code['display'] or ''}".rstrip())
    if entry.get("text"):
        said.append(f"in words: {entry['text']}")
    if entry.get("note"):
        said.append(str(entry["note"]).replace("_", " "))
    return said


def _spans(spans: Sequence[Any]) -> str:
    places = ", ".join(f"{span.start}–{span.end}" for span in spans)
    return f", characters {places} of its text" if places else ""
