"""Writing a trial's files: only what has passed every check, only over the version that was edited, all at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from cds_service.errors import CdsError
from cds_service.trials import CASES_FILE

FILES = ("trial.json", CASES_FILE)


class ConflictError(CdsError):
    """The files are no longer those that were edited."""


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """The texts of a trial's files by name, as they were read. One that is not there is empty."""

    folder: Path
    texts: Mapping[str, str]


def open_files(rules_dir: Path, trial_id: str) -> TrialFiles:
    """Read a trial's files. Raises OSError."""
    folder = rules_dir / "trials" / trial_id
    return TrialFiles(folder, {name: _text(folder / name) for name in FILES})


def save_files(opened: TrialFiles, texts: Mapping[str, str]) -> TrialFiles:
    """Write those texts that differ from what was opened. Raises ConflictError where somebody else changed a file
    meanwhile, and OSError."""
    if {name: _text(opened.folder / name) for name in FILES} != dict(opened.texts):
        raise ConflictError("The files were changed on disk since this page opened them. Reload the page first.")
    for name, text in texts.items():
        if text != opened.texts[name]:
            _replace(opened.folder / name, text)
    return TrialFiles(opened.folder, {**opened.texts, **texts})


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
