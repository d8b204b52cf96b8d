"""Where a program may write: a name leads into no other folder, and so does no link."""

import re
from pathlib import Path

from cds_service.errors import CdsError
from cds_service.rule_files.places import TRIALS

_NAME = re.compile(r"(?!\.)[^/\\\x00-\x1f\x7f]{1,64}")
"""Of a trial's folder, which is its id: no way into another folder. What an id may be besides is for its schema."""


class PlaceError(CdsError):
    """A name that leads out of the folder that it is a name in. The text says which."""


def trial_folder(rules_dir: Path, trial_id: str) -> Path:
    """The folder of a trial. Raises PlaceError where its id is no plain name, such as `../other` or `/etc`."""
    if not _NAME.fullmatch(trial_id):
        raise PlaceError(f"{trial_id!r} is no name of a trial's folder")
    return rules_dir / TRIALS / trial_id


def check_inside(path: Path, folder: Path) -> None:
    """Raise PlaceError where `path`, with every link on the way followed, is not inside `folder`, or can't be told."""
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a ring, a NUL
        inside = False
    if not inside:
        raise PlaceError(f"{path} is a link that leads out of {folder}: edit the file where it stands")
