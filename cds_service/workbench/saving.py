"""Writing a trial's files: only what has passed every check, only over the version that was edited, all at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from cds_service.errors import CdsError
from cds_service.rule_files import PlaceError, check_inside, trial_folder
from cds_service.trials import CASES_FILE

FILES = ("trial.json", CASES_FILE)


class ConflictError(CdsError):
    """The files are no longer those that were edited."""


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """The texts of a trial's files by name, as they were read. One that is not there is empty.

    `rules_dir` is the rules folder, and `folder` the trial's in it.
    """

    rules_dir: Path
    folder: Path
    texts: Mapping[str, str]


def open_files(rules_dir: Path, trial_id: str) -> TrialFiles:
    """Read a trial's files. Raises OSError, and PlaceError for an id that is no plain name."""
    folder = trial_folder(rules_dir, trial_id)
    return TrialFiles(rules_dir, folder, {name: _text(folder / name) for name in FILES})


def save_files(opened: TrialFiles, texts: Mapping[str, str]) -> TrialFiles:
    """Write those texts that differ from what was opened. Raises ConflictError where somebody else changed a file
    meanwhile, PlaceError for a file that is not one of the trial's or not in the rules folder, and OSError."""
    for name in texts:
        if name not in FILES:
            raise PlaceError(f"{name!r} is none of a trial's files")
        check_inside(opened.folder / name, opened.rules_dir)
    if {name: _text(opened.folder / name) for name in FILES} != dict(opened.texts):
        raise ConflictError("The files were changed on disk since this page opened them. Reload the page first.")
    for name, text in texts.items():
        if text != opened.texts[name]:
            _replace(opened.folder / name, text)
    return TrialFiles(opened.rules_dir, opened.folder, {**opened.texts, **texts})


def _text(path: Path) -> str:
    # Bytes first: universal newlines would change a file that was not edited.
    return path.read_bytes().decode("utf-8") if path.is_file() else ""


def _replace(path: Path, text: str) -> None:
    """Whoever reads the file finds the old text or the new one, never a part of it."""
    mode = path.stat().st_mode & 0o777 if path.is_file() else 0o644
    with NamedTemporaryFile("wb", dir=path.parent, prefix=".saving-", delete=False) as made:
        made.write(text.encode("utf-8"))
        made.flush()
        os.fsync(made.fileno())
    try:
        os.chmod(made.name, mode)
        os.replace(made.name, path)
    except OSError:
        Path(made.name).unlink(missing_ok=True)
        raise
