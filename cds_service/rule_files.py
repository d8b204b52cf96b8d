"""Reading the JSON files that people edit: every fault becomes a finding with its place, and the rest still loads."""

import difflib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from cds_service.errors import CdsError, Finding

Stamp = tuple[int, int, int, int, int]
"""Device, inode, size and both times of change of a file: while they stay, it is taken to be the same."""

SITE = "site:"
"""What the names of a site's own files begin with: in findings, and wherever files of both folders stand together."""

_NAME = re.compile(r"(?!\.)[^/\\\x00-\x1f\x7f]{1,64}")
"""Of a trial's folder, which is its id: no way into another folder. What an id may be besides is for its schema."""

_FOLLOWED = 2
"""Levels below the folder where a link to a directory is followed: its parts and the folders of its trials."""


class PlaceError(CdsError):
    """A name that leads out of the folder that it is a name in. The text says which."""


def trial_folder(rules_dir: Path, trial_id: str) -> Path:
    """The folder of a trial. Raises PlaceError where its id is no plain name, such as `../other` or `/etc`."""
    if not _NAME.fullmatch(trial_id):
        raise PlaceError(f"{trial_id!r} is no name of a trial's folder")
    return rules_dir / "trials" / trial_id


def check_inside(path: Path, folder: Path) -> None:
    """Raise PlaceError where `path`, with every link on the way followed, is not inside `folder`, or can't be told."""
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a ring, a NUL
        inside = False
    if not inside:
        raise PlaceError(f"{path} is a link that leads out of {folder}: edit the file where it stands")


def stamp_of(status: os.stat_result) -> Stamp:
    """What tells whether a file or a directory has changed."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@dataclass(frozen=True, slots=True)
class Layers:
    """A rules folder, and the folder that a site lays over it, if any.

    A file's name is its path below its folder; the site's begin with `site:`.
    """

    rules: Path
    site: Path | None = None

    def files(self, pattern: str, in_site: str | None = None) -> Iterator[tuple[str, Path]]:
        """Name and path of the files of a pattern: first those of the rules, then the site's, each in order.

        `in_site`: the pattern there, where a site has them in another place.
        """
        for path in sorted(self.rules.glob(pattern)):
            yield path.relative_to(self.rules).as_posix(), path
        if self.site is not None:
            for path in sorted(self.site.glob(in_site or pattern)):
                yield SITE + path.relative_to(self.site).as_posix(), path

    def path(self, name: str) -> Path:
        """Where the file of that name is."""
        if self.site is not None and name.startswith(SITE):
            return self.site / name.removeprefix(SITE)
        return self.rules / name


class LayeredFolders:
    """The JSON files of all layers, looked at again and again as `Folder` does."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._folders = [("", Folder(layers.rules))]
        if layers.site is not None:
            self._folders.append((SITE, Folder(layers.site)))

    def stamps(self) -> dict[str, Stamp]:
        """Each file's name and its stamp."""
        return {mark + name: stamp for mark, folder in self._folders for name, stamp in folder.stamps().items()}


class Folder:
    """The JSON files below a folder, looked at again and again.

    To look costs a `stat` for each file and directory. A directory is listed again only if it has changed since the
    last look, or had when that was made: its time of change is too coarse to tell two changes in a row apart. One that
    holds `enough`, the only file there that matters, is not looked at itself as long as its files are there.
    """

    def __init__(self, path: Path, enough: str = "trial.json") -> None:
        self.path = path
        self._enough = f"/{enough}"
        self._start = f"{path}/"
        self._listed: dict[str, _Listed] = {}

    def stamps(self) -> dict[str, Stamp]:
        """Each file's path below the folder, in order, and its stamp. A file that vanishes meanwhile is left out."""
        found: dict[str, Stamp] = {}
        known, self._listed = self._listed, {}
        self._look("", 0, known, found)
        return dict(sorted(found.items()))

    def _look(self, name: str, level: int, known: dict[str, "_Listed"], found: dict[str, Stamp]) -> None:
        listed = known.get(name)
        if listed is None or not listed.settled or name + self._enough not in listed.files:
            listed = self._list(name, level, listed)
        if listed is None:
            return
        self._listed[name] = listed
        for part in listed.files:
            try:
                found[part] = stamp_of(os.stat(self._start + part))
            except OSError:
                self._listed.pop(name, None)
        for part in listed.folders:
            self._look(part, level + 1, known, found)

    def _list(self, name: str, level: int, listed: "_Listed | None") -> "_Listed | None":
        """What is in a directory now; `listed` is what was there. None where it can't be read."""
        path = self._start + name
        try:
            stamp = stamp_of(os.stat(path))
            changed = listed is None or listed.stamp != stamp
            if listed is None or changed or not listed.settled:
                return _listing(path, name, stamp, level < _FOLLOWED, settled=not changed)
        except OSError:
            return None
        return listed


@dataclass(frozen=True, slots=True)
class _Listed:
    """A directory's JSON files and directories by name, as they were at `stamp`."""

    stamp: Stamp
    files: tuple[str, ...]
    folders: tuple[str, ...]
    settled: bool


def _listing(path: str, name: str, stamp: Stamp, follow: bool, *, settled: bool) -> _Listed:
    before = f"{name}/" if name else ""
    files, folders = [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=follow):
                folders.append(before + entry.name)
            elif entry.name.endswith(".json") and entry.is_file():
                files.append(before + entry.name)
    return _Listed(stamp, tuple(sorted(files)), tuple(sorted(folders)), settled)


def pointer(steps: Iterable[str | int]) -> str:
    """An RFC 6901 JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or an empty text where no known name is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def read_json(path: Path, name: str, *, decimals: bool = False) -> tuple[Any, list[Finding]]:
    """The decoded content of a JSON file, and findings about it.

    `name` is what findings call the file. With `decimals`, fractions are read as `Decimal`, exactly as written.
    The content is None where the file can't be read at all.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        return None, [unreadable(name, problem)]
    return parse_json(data, name, decimals=decimals)


def unreadable(name: str, problem: OSError) -> Finding:
    """The finding about a file that can't be read."""
    return Finding(name, "", "unreadable-file", "error", f"can't be read: {problem.strerror}")


def parse_json(data: bytes, name: str, *, decimals: bool = False) -> tuple[Any, list[Finding]]:
    """As `read_json`, from the content of the file."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None, [Finding(name, "", "unreadable-file", "error", "can't be read: it is not UTF-8 text")]
    repeated: list[_Repeated] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            repeated.append(_Repeated(items))
            return repeated[-1]
        return made

    def constant(word: str) -> Any:
        raise ValueError(f"{word} is not a JSON number")

    try:
        content = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_float=Decimal if decimals else float
        )
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        return None, [Finding(name, "", "not-json", "error", f"not JSON at {place}: {problem.msg}")]
    except (ValueError, RecursionError) as problem:
        return None, [Finding(name, "", "not-json", "error", f"not JSON: {problem}")]
    return content, list(_duplicate_keys(content, name, ())) if repeated else []


class _Repeated(dict[str, Any]):
    """A JSON object some of whose keys stood there twice."""

    def __init__(self, items: list[tuple[str, Any]]) -> None:
        super().__init__(items)
        keys = [key for key, _ in items]
        self.repeated = tuple(sorted({key for key in keys if keys.count(key) > 1}))


def _duplicate_keys(value: Any, name: str, steps: tuple[str | int, ...]) -> Iterable[Finding]:
    if isinstance(value, dict):
        for key in value.repeated if isinstance(value, _Repeated) else ():
            message = f"the key {key!r} stands here more than once; only the last would count"
            yield Finding(name, pointer((*steps, key)), "duplicate-key", "error", message, "keep one of them")
        for key, inner in value.items():
            yield from _duplicate_keys(inner, name, (*steps, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _duplicate_keys(inner, name, (*steps, i))


def invalid(problem: ValidationError, name: str, model: type[BaseModel], at: Sequence[str | int] = ()) -> list[Finding]:
    """Findings for what pydantic says against a file or a part of it, which stands at `at`."""
    findings = []
    for error in problem.errors(include_url=False):
        steps = (*at, *error["loc"])
        match error["type"]:
            case "extra_forbidden":
                key = str(error["loc"][-1])
                hint = nearest(key, _keys(model))
                findings.append(Finding(name, pointer(steps), "unknown-key", "error", f"unknown key {key!r}", hint))
            case "missing":
                key = str(error["loc"][-1])
                findings.append(Finding(name, pointer(steps), "missing-key", "error", f"the key {key!r} is missing"))
            case _:
                message = error["msg"].removeprefix("Value error, ")
                findings.append(Finding(name, pointer(steps), "bad-value", "error", message))
    return findings


def _keys(model: type[BaseModel]) -> set[str]:
    """Every key of a model and of the models inside it."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}
