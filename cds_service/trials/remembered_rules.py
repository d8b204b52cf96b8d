"""The results of checking a rules folder, kept for the next start with the same files: docs/decisions/0014-start-up.md.

Kept are the tables of the value sets, and what the checks found of each trial. Not kept is what is evaluated: trials
and facts are always read from the folder. The name of what is kept is made from all that it depends on: the content of
every rule file, the versions of this service, its language and its engine, and the state of this program's files.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from cds_service import __version__
from cds_service.errors import Finding
from cds_service.facts.catalogue import SetTables, ValueSets
from cds_service.logic import LANGUAGE_VERSION
from cds_service.rule_files import read_file, stamp_of
from cds_service.trials.cache_folder import CacheFolder
from cds_service.trials.stored import MOST_BYTES, StoredTrial

ENGINE = "datalogic-py"
_NO_STAMP = (0, 0, 0, 0, 0)


class RememberedRules(msgspec.Struct, frozen=True):
    """Of a folder without errors: its value sets, the findings about facts, and its trials without their content."""

    tables: SetTables
    about_facts: tuple[Finding, ...]
    trials: tuple[StoredTrial, ...]

    @classmethod
    def of(
        cls, valuesets: ValueSets, about_facts: Iterable[Finding], stored: Iterable[StoredTrial]
    ) -> "RememberedRules":
        """The part of a library that is kept."""
        trials = tuple(replace(one, stamp=_NO_STAMP, source=b"") for one in stored)
        return cls(valuesets.tables, tuple(about_facts), trials)

    def stored_trials(self, rules_dir: Path) -> dict[str, StoredTrial]:
        """The trials by file, read again; without those whose files have changed."""
        found = {}
        for one in self.trials:
            try:
                data, status = read_file(rules_dir / one.file, MOST_BYTES)
            except OSError:
                continue
            if hashlib.sha256(data).hexdigest() == one.digest:
                found[one.file] = replace(one, stamp=stamp_of(status), source=zlib.compress(data))
        return found


class RulesMemory:
    """Kept results in a folder. Where it is missing, read-only or full, everything is checked again."""

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder

    @classmethod
    def below(cls, path: Path | None) -> "RulesMemory | None":
        """In its own folder below the cache folder of this service; None where there is none."""
        return None if path is None else cls(CacheFolder(path / "rules"))

    def find(self, files: Mapping[str, str]) -> RememberedRules | None:
        """What is known of a folder with these files (name and SHA-256 of the content); None if nothing."""
        data = self._folder.read(_name(files))
        if data is None:
            return None
        try:
            return msgspec.msgpack.decode(data, type=RememberedRules)
        except msgspec.MsgspecError:
            return None

    def keep(self, files: Mapping[str, str], rules: RememberedRules) -> None:
        """Remember it for the next time."""
        self._folder.write(_name(files), msgspec.msgpack.encode(rules))


def _name(files: Mapping[str, str]) -> str:
    """A digest over everything on which the kept results depend."""
    parts = [__version__, LANGUAGE_VERSION, version(ENGINE), _program(), sorted(files.items())]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


@cache
def _program() -> list[tuple[str, int, int]]:
    """Every file of this program with its size and time: who works on the checks does not change the version."""
    package = Path(__file__).resolve().parents[1]
    stats = ((path, path.stat()) for path in sorted(package.rglob("*.py")))
    return [(path.relative_to(package).as_posix(), status.st_size, status.st_mtime_ns) for path, status in stats]
