"""The contents of a card: its title and its detail."""

from collections.abc import Sequence

from cds_service.cards.detail import Detail, DetailSection, Paragraph
from cds_service.cards.mendable import MendableEntries
from cds_service.cards.near_miss import NearMiss
from cds_service.cards.needs import MissingData
from cds_service.cards.registry import record_link
from cds_service.cards.sections import (
    UNREAD,
    EvidenceLines,
    NearWords,
    about,
    capped,
    confirm,
    counted_noun,
    incomplete,
    listed,
    mend,
    missing_words,
    sentence,
)
from cds_service.cards.selection import CardOptions, SelectedTrial, out_of_date
from cds_service.cards.summary import title
from cds_service.cards.trial_views import TrialView, TrialViews
from cds_service.fhir import is_material
from cds_service.trials import Trial

MOST_NAMED = 10


class Contents:
    """Writes the cards of one match, for the clinicians and the client of `options`."""

    def __init__(self, reader: TrialViews, options: CardOptions) -> None:
        self.reader = reader
        self.home = options.home
        self.profile = options.profile
        self.as_of = reader.match.as_of
        self.names = reader.prepared.names
        self.missing = missing_words(self.names)
        self.near = NearWords(reader, self.names)
        self.evidence_lines = EvidenceLines(reader, self.names)

    def of(
        self, choice: SelectedTrial, found: MissingData, left_out: Sequence[str], skipped: int
    ) -> tuple[str, Detail]:
        """The summary and the detail of one card.

        The last card names the trials that were `left_out`, and says how many were `skipped` for want of time.
        """
        if choice.unread is not None:
            return self._of_unread(choice.unread, left_out, skipped)
        miss = choice.near
        reading = self.reader.read(choice.result) if miss is None else miss.reading
        recorded, above = self.evidence_lines.recorded([one for one in reading.criteria if one.result.criterion.gate])
        detail = Detail(
            paragraphs=(
                Paragraph("Why", self._why(reading, recorded)),
                Paragraph("Next", self._next(choice, found)),
                *self._open_and_where(reading.trial),
            ),
            sections=(
                *self._to_do(choice, reading, found),
                DetailSection("Evidence", self.evidence_lines.lines(reading.criteria, above)),
            ),
            closing=(*self._cohorts(choice, reading), self._trial(reading.trial)),
            notes=(self._incomplete(reading), self._unread(), _left_out(left_out), _skipped(skipped)),
        )
        return self._title(choice, reading, found), detail

    def _of_unread(self, found: MendableEntries, left_out: Sequence[str], skipped: int) -> tuple[str, Detail]:
        """A card for information: what has to be mended before the trial can be judged."""
        trial, count = found.reading.trial, len(found.entries)
        gates = listed([r.result.criterion.text for r in found.reading.criteria if r.result.criterion.gate])
        entries = counted_noun(count, "entry", "entries")
        why = f"{gates} is named by {entries} of the record that could not be read for certain."
        step = f"check and mend the {entries if count > 1 else 'entry'} in the chart"
        detail = Detail(
            paragraphs=(
                Paragraph("Why", f"{why} The trial was not judged."),
                Paragraph("Next", sentence(f"{step}; the trial is judged when the chart is opened again.")),
                *self._open_and_where(trial),
            ),
            sections=(DetailSection("To mend", mend.lines(found.entries, self.reader.match.issues)),),
            closing=(self._trial(trial),),
            notes=(self._incomplete(found.reading), _left_out(left_out), _skipped(skipped)),
        )
        mended = "an unreadable entry" if count == 1 else f"{count} unreadable entries"
        return title("Not judged", trial, f"mend {mended}", "mend the record"), detail

    def _open_and_where(self, trial: Trial) -> tuple[Paragraph, ...]:
        return (
            Paragraph("Recruiting", about.recruiting(trial, self.as_of), fixed=True),
            Paragraph("Where", about.where(trial, self.home), fixed=True),
        )

    def _to_do(self, choice: SelectedTrial, reading: TrialView, found: MissingData) -> tuple[DetailSection, ...]:
        """What has to happen; for a trial that takes no patients only what its source leaves open and what no rule
        decides, and for one whose record is out of date, which may take some, all that is to check."""
        gaps = about.gaps(reading.trial)
        check = DetailSection("To check", confirm.lines(reading.criteria, found.undecidable), fixed=True)
        if choice.kind == "closed":
            missing = DetailSection("Missing", gaps, fixed=True)
            if not out_of_date(reading.trial, self.as_of):
                left = confirm.left_open(reading.criteria, found.undecidable)
                check = DetailSection("To check", left, fixed=True)
            return (missing, check)
        missing = DetailSection("Missing", (*gaps, *self.missing.lines(found), *self._not_understood(reading)))
        if choice.near is not None:
            return (DetailSection("Not yet", self.near.lines(choice.near)), missing)
        return (missing, check)

    def _not_understood(self, reading: TrialView) -> tuple[str, ...]:
        """The question about entries that were not understood and on which criteria of this trial wait."""
        if not self.reader.unread_entries:
            return ()  # nearly always
        sources: set[str] = set()
        waiting = 0
        for read in reading.having("unknown"):
            unread = [e for ref in read.result.facts for e in self.reader.evidence(ref) if e["reason"] == UNREAD]
            waiting += bool(unread)
            sources.update(e["source"] for e in unread)
        return self.missing.unread([one for one in self.reader.unread_entries if one.source in sources], waiting)

    def _trial(self, trial: Trial) -> Paragraph:
        named = record_link(trial, self.profile) is not None
        return Paragraph("Trial", about.line(trial, self.home, named=named), fixed=True)

    def _title(self, choice: SelectedTrial, reading: TrialView, found: MissingData) -> str:
        """The verdict, the trial, and the one thing to do next."""
        trial = reading.trial
        if choice.near is not None:
            return title("May fit later", trial, *self.near.steps(choice.near))
        if choice.kind == "closed":
            certain = choice.result.verdict == "likely_eligible"
            return title("Would fit" if certain else "Might fit", trial, about.closed_step(trial, self.as_of))
        undecided, missing = len(reading.having("unknown")), found.missing
        count = len(missing) + len(trial.source_gaps)
        if missing:
            more = f" (+{count - 1} more)" if count > 1 else ""
            results = f"get {len(missing)} missing results" if len(missing) > 1 else "get a missing result"
            return title("May fit", trial, f"{self.missing.step(missing[0])}{more}", results)
        if trial.source_gaps:
            return title("May fit", trial, "look up what the registry omits", "see the registry")
        if undecided:
            return title("May fit", trial, f"check {counted_noun(undecided, 'criterion', 'criteria')} by hand")
        if trial.status == "not_yet_recruiting":
            return title("Likely fits", trial, "ask whether it is open yet", "ask if it is open")
        return title("Likely fits", trial, "refer to the study team", "refer")

    def _why(self, reading: TrialView, recorded: str) -> str:
        """The diagnosis as recorded, and how many criteria pass.

        A criterion's text may say more than the record holds, so it is the fact that is named here.
        """
        computed, passed = len(reading.computed), len(reading.having("pass"))
        failing, undecided = len(reading.having("fail")), len(reading.having("unknown"))
        counts = [
            f"all {computed} computed criteria pass"
            if passed == computed
            else f"{passed} of {computed} computed criteria pass"
        ]
        if failing:
            counts.append(f"{failing} {'fail' if failing > 1 else 'fails'}")
        if undecided:
            counts.append(f"{undecided} {'is' if undecided == 1 else 'are'} open")
        return sentence("; ".join(filter(None, [recorded, ", ".join(counts)]))) + "."

    def _next(self, choice: SelectedTrial, found: MissingData) -> str:
        trial = choice.result.trial
        if choice.near is not None:
            return self._later(choice.near)
        if choice.kind == "closed":
            text = f"No referral: {about.why_closed(trial, self.as_of)}."
            if out_of_date(trial, self.as_of):
                text += " Ask whether it still recruits."
                if found.missing:
                    text += f" {counted_noun(len(found.missing), 'result')} would then be missing."
            return text
        count = len(found.missing)
        steps = [f"get {f'{count} missing results' if count > 1 else 'the missing result'}"] if count else []
        steps += ["look up what the registry omits"] if trial.source_gaps else []
        steps.append("check the points below")
        opened = "ask whether it is open yet" if trial.status == "not_yet_recruiting" else ""
        return f"{', '.join(steps)}, then {opened or 'refer'}.".capitalize()

    def _later(self, miss: NearMiss) -> str:
        steps = []
        if miss.repeats:
            steps.append(f"repeat {listed([self.names.test(repeat.order) for repeat in miss.repeats])}")
        if miss.until is not None:
            steps.append(f"look again on or after {miss.until}")
        return f"{sentence(listed(steps))}. Today it does not fit."

    def _cohorts(self, choice: SelectedTrial, reading: TrialView) -> tuple[Paragraph, ...]:
        if choice.kind == "closed":
            return ()
        fitting = [c for c in reading.result.cohorts if c.verdict in ("likely_eligible", "possibly_eligible")]
        words = {"likely_eligible": "likely", "possibly_eligible": "may fit"}
        text = "; ".join(f"{c.cohort.id} ({words[c.verdict]}): {c.cohort.title}" for c in fitting)
        return (Paragraph("Cohorts that fit", text),)

    def _incomplete(self, reading: TrialView) -> str:
        gaps = self.reader.match.gaps
        return incomplete.note(gaps, self.reader.types_read(reading.trial.id)) if gaps else ""

    def _unread(self) -> str:
        count = sum(map(is_material, self.reader.match.issues))
        if not count:
            return ""
        return f"{counted_noun(count, 'entry', 'entries')} of the record could not be read and did not count."


def _left_out(ids: Sequence[str]) -> str:
    if not ids:
        return ""
    return f"Further trials, not shown for lack of room: {listed(capped(ids, MOST_NAMED))}."


def _skipped(count: int) -> str:
    if not count:
        return ""
    return f"There was no time to look at {counted_noun(count, 'further trial', 'further trials')}: others may fit too."
