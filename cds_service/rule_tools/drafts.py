"""A trial as it stands in an editor: compiled with a library's catalogue, without touching the rules folder."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cds_service.errors import Finding
from cds_service.library import Library
from cds_service.rule_files import trial_folder
from cds_service.rule_tools.cases import CaseReport, ReadSample, load_cases, run_cases
from cds_service.trials import CASE_FINDINGS, CASES_FILE, CompiledTrial, load_trials, titles_of

TRIAL_FILE = "trial.json"


@dataclass(frozen=True, slots=True)
class Draft:
    """A trial's text, checked. `trial` and `library` (that trial alone) are None where the trial has an error.

    `findings` are of the trial's file and of its cases' file; `cases` is how the cases ran.
    """

    trial: CompiledTrial | None
    library: Library | None
    findings: tuple[Finding, ...]
    cases: CaseReport | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the files unusable."""
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def sound(self) -> bool:
        """Whether nothing is to mend: no error, and every case comes out as it says."""
        return self.trial is not None and not self.errors and (self.cases is None or not self.cases.mismatches)

    @property
    def may_be_saved(self) -> bool:
        """Whether it is sound, or is one that gives no card and of which only the cases are not finished."""
        if self.trial is None or self.trial.state == "active":
            return self.sound
        return all(one.code in CASE_FINDINGS for one in self.errors)


def compile_draft(
    library: Library, trial_id: str, text: str, cases: str | None = None, read_sample: ReadSample | None = None
) -> Draft:
    """Check `text` as the `trial.json` of `trial_id`, and `cases` (where given) as the `cases.json` beside it. Raises
    PlaceError for an id that is no plain name."""
    with TemporaryDirectory(prefix="cds-draft-") as made:
        folder = trial_folder(Path(made), trial_id)
        folder.mkdir(parents=True)
        (folder / TRIAL_FILE).write_text(text, encoding="utf-8")
        compiled, findings = load_trials(Path(made), library.catalogue)
        trial = compiled.trial(trial_id)
        report = None
        if cases is not None:
            (folder / CASES_FILE).write_text(cases, encoding="utf-8")
        if trial is not None and cases is not None:
            loaded = load_cases(trial, Path(made), library.catalogue)
            report = run_cases(loaded, compiled, titles_of(library.catalogue), read_sample or (lambda *_: None))
            findings = (*findings, *report.findings)
    if trial is None:
        return Draft(None, None, findings)
    return Draft(trial, replace(library, compiled=compiled), findings, report)


def trial_id_of(text: str) -> str | None:
    """The `id` that the text of a trial file gives, where that can be read."""
    try:
        found = json.loads(text).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    # It names a folder.
    return found if isinstance(found, str) and found.isalnum() else None
