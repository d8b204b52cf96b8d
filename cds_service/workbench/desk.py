"""What the pages work with: the rules in use, the sample patients, and records that were uploaded."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from pathlib import Path
from threading import Lock
from typing import Any

from cds_service.as_of import AsOf
from cds_service.errors import CdsError, RecordError
from cds_service.fhir import Record, read_bundle
from cds_service.library import Library
from cds_service.rule_tools import (
    AnswerReport,
    EntryAnswer,
    Ground,
    answer_entry,
    sample_bundle,
    sample_people,
    sample_reader,
    sample_request,
    samples_day,
)
from cds_service.rule_tools.cases import ReadSample
from cds_service.workbench.feeds import SeenFeeds
from cds_service.workbench.uploads import UPLOADED, Uploads
from cds_service.workbench.views import Matrix

HOOK = "patient-view"
"""Which of the hooks the EHR view calls: that of a chart that is opened."""


class NotAllowedError(CdsError):
    """The workbench may not write here."""


@dataclass(frozen=True, slots=True)
class OpenChart:
    """A chart that was opened: who it is, their record, and what an EHR sends with the hook; None where there is no
    request of this person."""

    who: str
    record: Record
    request: Mapping[str, Any] | None


@dataclass(slots=True)
class Desk:
    """`library` gives the rules in use, `trouble` why newer ones are not in use, and `reload` looks for newer ones now.

    `today` is the clock, and `zone` that in which a day ends that is asked for; `samples_dir` has `patients/` and
    `requests/`; `site_dir` is the site's own folder, if any.
    """

    library: Callable[[], Library]
    rules_dir: Path
    samples_dir: Path
    today: Callable[[], date]
    editable: bool = False
    trouble: Callable[[], tuple[str, ...]] = tuple
    reload: Callable[[], None] = lambda: None
    zone: tzinfo = UTC
    site_dir: Path | None = None
    uploads: Uploads = field(default_factory=Uploads)
    feeds: SeenFeeds = field(default_factory=SeenFeeds)
    _answering: Lock = field(default_factory=Lock)
    _matrix: Matrix | None = None
    _read: dict[Path, tuple[int, Record]] = field(default_factory=dict)

    def samples_day(self) -> date:
        """The day that the samples were written for: later their results are too old. Today where nobody says."""
        day = samples_day(self.samples_dir)
        return self.today() if day is None else AsOf.of(day, self.zone)

    def day(self, patient: str | None = None) -> date:
        """The day that counts where the address names none."""
        return self.today() if patient is not None and patient.startswith(UPLOADED) else self.samples_day()

    def samples(self) -> dict[str, Record]:
        """Every readable sample by its story."""
        found = {}
        for path in sorted((self.samples_dir / "patients").glob("*.json")):
            record = self._sample(path)
            if record is not None:
                found[path.stem] = record
        return found

    def record(self, name: str) -> Record | None:
        """A sample, or an uploaded record. None too where an upload with several patients has one without a record."""
        if not name.startswith(UPLOADED):
            return self.samples().get(name)
        person = self.uploads.get(name)
        try:
            return None if person is None else person.record
        except RecordError:
            return None

    def people(self) -> dict[str, str]:
        """Every readable sample by its story, with who it is: `Woman of 41 with lupus`."""
        known = sample_people(self.samples_dir)
        return {story: known.get(story, story) for story in self.samples()}

    def called(self, name: str) -> str:
        """The words for a patient: a sample's own, or that it was uploaded."""
        if not name.startswith(UPLOADED):
            return self.people().get(name, name)
        person = self.uploads.get(name)
        return "Uploaded record" if person is None or "." not in name else f"Uploaded record: {person.title}"

    def matrix(self, as_of: date) -> Matrix:
        """The verdicts of the rules in use on a day, as far as they were worked out."""
        library = self.library()
        if self._matrix is None or self._matrix.library is not library or self._matrix.as_of != as_of:
            self._matrix = Matrix(library, as_of)
        return self._matrix

    def request(self, name: str) -> Mapping[str, Any] | None:
        """The hook request of an EHR that opens this chart today: a sample's, or one with an uploaded record and
        nothing else. None where there is no such record."""
        if name.startswith(UPLOADED):
            person = self.uploads.get(name)
            try:
                return None if person is None else person.request(HOOK)
            except RecordError:
                return None
        if name not in self.samples():
            return None
        return sample_request(self.samples_dir, name, HOOK, self.today())

    def open_chart(self, name: str) -> OpenChart | None:
        """The chart of a person as if it were opened today: a sample with all its dates moved along, or an uploaded
        record as it is. None where there is no such person."""
        if name.startswith(UPLOADED):
            record = self.record(name)
            return None if record is None else OpenChart(self.called(name), record, self.request(name))
        who = self.people().get(name)
        bundle = None if who is None else sample_bundle(self.samples_dir, name, self.today())
        if who is None or bundle is None:
            return None
        return OpenChart(who, read_bundle(json.dumps(bundle)), self.request(name))

    def answer(self, answer: EntryAnswer) -> AnswerReport:
        """Write what a person says of an unread entry into the site's folder, if nothing speaks against it, and use
        it. Raises PhraseError where it can't be written, NotAllowedError where nothing may be."""
        if self.site_dir is None or not self.editable:
            raise NotAllowedError("this workbench writes to no site's folder")
        # One after the other: each is tried on what the one before has written.
        with self._answering:
            ground = Ground(self.rules_dir, self.site_dir, self.samples_dir, self.samples(), self.samples_day())
            report = answer_entry(answer, ground, self.library())
            if report.path is not None:
                self.reload()
        return report

    def read_sample(self) -> ReadSample:
        """What test cases read sample patients with."""
        return sample_reader(self.library(), self.samples_dir)

    def _sample(self, path: Path) -> Record | None:
        try:
            changed = path.stat().st_mtime_ns
            known = self._read.get(path)
            if known is None or known[0] != changed:
                known = self._read[path] = (changed, read_bundle(path.read_bytes()))
        except (OSError, RecordError):
            return None
        return known[1]
