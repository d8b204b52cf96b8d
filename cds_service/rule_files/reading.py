"""Reading the JSON files that people edit: every fault becomes a finding with its place, and the rest still loads."""

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from cds_service.errors import Finding
from cds_service.rule_files.bad_values import bad_value
from cds_service.rule_files.json_text import NotJsonError, decode, shown
from cds_service.rule_files.opening import is_there, read_file

Stamp = tuple[int, int, int, int, int]
"""Device, inode, size and both times of change of a file: while they stay, it is taken to be the same."""

SITE = "site:"
"""What the names of a site's own files begin with: in findings, and wherever files of both folders stand together."""

MAPS = "conceptmaps/"
"""Where maps of codes lie, in a site's folder or, as sites had them before, in the rules folder."""

MOST_OF_A_KIND = 50
"""Findings of one code in one file that are shown."""

READ_ENDINGS = (".json", ".json.gz", ".words", "lexicon.txt.gz", "terminology.lock")
"""What the names of rule files end with: whatever an answer depends on."""

_FOLLOWED = 2
"""Levels below the folder where a link to a directory is followed: its parts and the folders of its trials."""


def stamp_of(status: os.stat_result) -> Stamp:
    """What tells whether a file or a directory has changed."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def stamp_at(path: Path | str) -> Stamp | None:
    """The stamp of what has that name: of the link itself where it leads nowhere. None where nothing has."""
    for look in (os.stat, os.lstat):
        try:
            return stamp_of(look(path))
        except OSError:
            continue
    return None


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
        for path in _matching(self.rules, pattern):
            yield path.relative_to(self.rules).as_posix(), path
        if self.site is not None:
            for path in _matching(self.site, in_site or pattern):
                yield SITE + path.relative_to(self.site).as_posix(), path

    def path(self, name: str) -> Path:
        """Where the file of that name is."""
        if self.site is not None and name.startswith(SITE):
            return self.site / name.removeprefix(SITE)
        return self.rules / name


def _matching(folder: Path, pattern: str) -> list[Path]:
    """What has such a name, in order. A pattern without `*` is a name, and a link of that name may lead nowhere."""
    if "*" in pattern:
        return sorted(folder.glob(pattern))
    return [folder / pattern] if is_there(folder / pattern) else []


class LayeredFolders:
    """The rule files of all layers, looked at again and again as `Folder` does."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._folders = [("", Folder(layers.rules))]
        if layers.site is not None:
            self._folders.append((SITE, Folder(layers.site)))

    def stamps(self) -> dict[str, Stamp]:
        """Each file's name and its stamp."""
        return {mark + name: stamp for mark, folder in self._folders for name, stamp in folder.stamps().items()}


class Folder:
    """The rule files below a folder, looked at again and again: those whose names end as `READ_ENDINGS` say.

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
        """Each file's path below the folder, in order, and its stamp. A file that vanishes meanwhile is left out.

        What has a file's name and is none is there too, and so is a link that leads nowhere: who reads it says so. A
        folder that can't be listed stands there with `/` behind its name.
        """
        found: dict[str, Stamp] = {}
        known, self._listed = self._listed, {}
        self._look("", 0, known, found)
        return dict(sorted(found.items()))

    def _look(self, name: str, level: int, known: dict[str, "_Listed"], found: dict[str, Stamp]) -> None:
        listed = known.get(name)
        if listed is None or not listed.settled or name + self._enough not in listed.files:
            listed = self._list(name, level, listed)
        if listed is None:
            stamp = stamp_at(self._start + name)
            if stamp is not None:
                found[f"{name or '.'}/"] = stamp
            return
        self._listed[name] = listed
        for part in listed.files:
            stamp = stamp_at(self._start + part)
            if stamp is not None:
                found[part] = stamp
                continue
            self._listed.pop(name, None)
            if is_there(self._start + part):
                found[f"{name or '.'}/"] = listed.stamp  # its names may be read, and nothing else of it
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
    """A directory's rule files and directories by name, as they were at `stamp`."""

    stamp: Stamp
    files: tuple[str, ...]
    folders: tuple[str, ...]
    settled: bool


def _listing(path: str, name: str, stamp: Stamp, follow: bool, *, settled: bool) -> _Listed:
    before = f"{name}/" if name else ""
    files, folders = [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=follow) and not entry.name.endswith(READ_ENDINGS):
                folders.append(before + entry.name)
            elif _counts_as_file(entry):
                files.append(before + entry.name)
    return _Listed(stamp, tuple(sorted(files)), tuple(sorted(folders)), settled)


def _counts_as_file(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a rule file or would be one if it were sound. Editors lay hidden links that lead nowhere."""
    if entry.name.startswith("."):
        return entry.name.endswith(READ_ENDINGS) and entry.is_file()
    return entry.name.endswith(READ_ENDINGS) or (entry.is_symlink() and not os.path.exists(entry.path))


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
        data, _ = read_file(path)
    except OSError as problem:
        return None, [unreadable(name, problem)]
    return parse_json(data, name, decimals=decimals)


def is_of_a_site(name: str) -> bool:
    """Whether a file is what a site teaches the service. What is wrong with it is left out and never stops anything."""
    return name.startswith((SITE, MAPS))


def unreadable(name: str, problem: OSError) -> Finding:
    """The finding about a file that can't be read."""
    return Finding(name, "", "unreadable-file", "error", f"can't be read: {problem.strerror}")


def parse_json(data: bytes, name: str, *, decimals: bool = False) -> tuple[Any, list[Finding]]:
    """As `read_json`, from the content of the file."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        message = "can't be read: it is not UTF-8 text"
        return None, [Finding(name, "", "unreadable-file", "error", message, "save it as UTF-8", line)]
    try:
        content, faults = decode(text, decimals=decimals)
    except NotJsonError as problem:
        return None, [Finding(name, "", "not-json", "error", str(problem), problem.hint, problem.line)]
    return content, [Finding(name, pointer(f.steps), f.code, "error", f.message, f.hint) for f in faults]


def invalid(problem: ValidationError, name: str, model: type[BaseModel], at: Sequence[str | int] = ()) -> list[Finding]:
    """Findings for what pydantic says against a file or a part of it, which stands at `at`."""
    findings: list[Finding] = []
    for error in problem.errors(include_url=False):
        steps = (*at, *error["loc"])
        match error["type"]:
            case "extra_forbidden":
                key = str(error["loc"][-1])
                # To look for what was meant takes long, and nobody is shown it of more.
                hint = nearest(key, _keys(model)) if len(findings) < MOST_OF_A_KIND else ""
                findings.append(
                    Finding(name, pointer(steps), "unknown-key", "error", f"unknown key {shown(key)}", hint)
                )
            case "missing":
                key = str(error["loc"][-1])
                findings.append(Finding(name, pointer(steps), "missing-key", "error", f"the key {key!r} is missing"))
            case _:
                findings.append(Finding(name, pointer(steps), "bad-value", "error", *bad_value(error)))
    return findings


def few_of_each(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in order, of one kind in one file not more than anybody reads: the last of them counts the rest."""
    every = tuple(findings)
    times = Counter(map(_kind, every))
    seen: Counter[tuple[str, str, str]] = Counter()
    kept = []
    for one in every:
        kind = _kind(one)
        seen[kind] += 1
        if times[kind] <= MOST_OF_A_KIND or seen[kind] < MOST_OF_A_KIND:
            kept.append(one)
        elif seen[kind] == MOST_OF_A_KIND:
            more = f"and {times[kind] - MOST_OF_A_KIND + 1:,} more of this kind in this file"
            kept.append(Finding(one.file, "", one.code, one.severity, more))
    return tuple(kept)


def _kind(one: Finding) -> tuple[str, str, str]:
    return one.file, one.code, one.severity


@cache
def _keys(model: type[BaseModel]) -> list[str]:
    """Every key of a model and of the models inside it."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for part in parts for key in part.get("properties", {})})
