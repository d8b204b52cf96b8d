"""What lies where rules could be and is read by nobody, or lies elsewhere: told, so that no file is silently no rule.

A link is followed. Kubernetes lays a ConfigMap as links within its own folder (`trial.json` to `..data/trial.json`),
which is nothing to tell. One that leads out of the folder is followed too, and told: who may write there may change
the rules.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cds_service.errors import Finding
from cds_service.rule_files.opening import is_there
from cds_service.rule_files.reading import READ_ENDINGS, SITE, Layers, nearest

TRIALS = "trials"
"""The folder of a rules folder that has a folder for each trial."""
TRIAL_FILE = "trial.json"
CASES_FILE = "cases.json"
"""What lies beside a trial for its author; no answer depends on it."""


def trial_paths(folder: Path) -> list[Path]:
    """Every `*/trial.json` of a folder, in order, whatever has that name: a link that leads nowhere too."""
    paths = (folder / name / TRIAL_FILE for name in _folders(folder))
    return [path for path in paths if is_there(path)]


def about_places(layers: Layers, names: Iterable[str]) -> Iterator[Finding]:
    """Findings about the places in all layers: `names` are those of the files there, as they were looked at."""
    names = sorted(names)
    yield from (_unreadable(name) for name in names if name.endswith("/"))
    yield from (_leads_nowhere(name) for name in names if not name.endswith((*READ_ENDINGS, "/")))
    yield from _no_trials(layers.rules, names)
    yield from _outside(layers, names)


def _unreadable(name: str) -> Finding:
    message = "can't be read: the folder, or a file in it, may not be looked at"
    return Finding(name, "", "unreadable-file", "error", message)


def _leads_nowhere(name: str) -> Finding:
    return Finding(name, "", "unreadable-file", "error", "can't be read: it is a link that leads nowhere")


def _no_trials(rules_dir: Path, names: Iterable[str]) -> Iterator[Finding]:
    """What lies in `trials/` and is no trial. Hidden files and folders are for programs."""
    hint = f"a trial is {TRIALS}/<registry number>/{TRIAL_FILE}"
    folders = set()
    for name in names:
        top, *parts = name.split("/")
        if top != TRIALS or any(part.startswith(".") for part in parts) or not name.endswith(".json"):
            continue
        in_place = len(parts) == 2
        if in_place and parts[1] == TRIAL_FILE:
            folders.add(parts[0])
        elif not (in_place and parts[1] == CASES_FILE):
            near = nearest(parts[-1], [TRIAL_FILE]) if in_place else ""
            yield Finding(name, "", "no-trial-file", "warning", "this file is not read", near or hint)
    for name in _folders(rules_dir / TRIALS):
        if name not in folders and not name.startswith("."):
            yield Finding(f"{TRIALS}/{name}", "", "no-trial-file", "warning", f"there is no {TRIAL_FILE} here", hint)


def _folders(path: Path) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.endswith(".json"))
    except OSError:
        return []  # none there, or told of as one that can't be listed


def _outside(layers: Layers, names: Iterable[str]) -> Iterator[Finding]:
    """Links that lead out of their folder, each once however many files lie behind it."""
    looked: set[str] = set()
    for mark, folder in (("", layers.rules), (SITE, layers.site)):
        if folder is None:
            continue
        root = os.path.realpath(folder)
        for name in names:
            if name.startswith(SITE) != bool(mark):
                continue
            place = ""
            for part in name.removeprefix(mark).split("/"):
                place = f"{place}/{part}"
                if mark + place in looked:
                    continue
                looked.add(mark + place)
                if os.path.islink(f"{folder}{place}") and not _is_below(f"{folder}{place}", root):
                    message = "a link leads out of the folder: who may write there may change what is read"
                    yield Finding(mark + place[1:], "", "link-outside", "warning", message, "copy what it leads to")


def _is_below(path: str, root: str) -> bool:
    return os.path.realpath(path).startswith(f"{root}/")
