"""What becomes of the entries of records that others wrote, collection by collection, by the survey of `codes seen`."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cds_service.facts import FactReaders
from cds_service.feed import UnreadPlace, documents
from cds_service.terminology.seen import SightingCounts, Survey

COLLECTIONS = Path(__file__).with_name("collections.json")
"""Title -> how the names of its files begin, the narrower one before the wider."""
_SUFFIXES = (".json", ".ndjson")
_ENOUGH = 1


class Collection(NamedTuple):
    """The entries of one collection. `unreadable`: files, lines and entries."""

    title: str
    files: int
    unreadable: int
    tally: SightingCounts


class ArchiveError(Exception):
    """The archive of records can't be read. The message names it."""


def collections_in(archive: Path, knowledge: FactReaders) -> list[Collection]:
    """Every collection in a zip of records, in the order of `collections.json`; folders that it does not name come
    after, by name. Raises ArchiveError."""
    known: Mapping[str, list[str]] = json.loads(COLLECTIONS.read_bytes())
    try:
        with zipfile.ZipFile(archive) as files:
            by_title: dict[str, list[str]] = {title: [] for title in known}
            for name in sorted(files.namelist()):
                if name.endswith(_SUFFIXES):
                    by_title.setdefault(_title(name, known), []).append(name)
            return [_collection(title, names, files, knowledge) for title, names in by_title.items() if names]
    except (OSError, zipfile.BadZipFile) as problem:
        raise ArchiveError(f"{archive}: {problem}") from problem


def _title(name: str, known: Mapping[str, list[str]]) -> str:
    found = (title for title, starts in known.items() if name.startswith(tuple(starts)))
    return next(found, "/".join(name.split("/")[:-1][:2]) or name)


def _collection(title: str, names: list[str], files: zipfile.ZipFile, knowledge: FactReaders) -> Collection:
    problems: list[UnreadPlace] = []
    survey = Survey(knowledge, _ENOUGH, problems.append)

    def lost(problem: UnreadPlace) -> None:
        problems.append(problem)
        survey.lost()

    for name in names:
        with files.open(name) as stream:
            for document in documents(name, stream, lost):
                survey.add(document)
    return Collection(title, len(names), len(problems), survey.finish())
