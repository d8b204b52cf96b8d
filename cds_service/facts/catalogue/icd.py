"""ICD-9-CM and ICD-10-PCS: the two volumes kept apart, what a diagnosis of ICD-9-CM means in ICD-10-CM, which codes
there are.

`rules/codesystems/icd.json.gz`, made by tools/icd, has the equivalents of each diagnosis: alternatives with blanks
between; of a combination (`A+B`) each part says a part of it, and `A|B` leaves open which of two. A diagnosis is
certainly in a set that holds every alternative, whatever was meant; a combination is in a set that holds a part of it.
In a set that holds some of them it may be. Read when the first such code is met.
"""

import zlib
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from cds_service.errors import Finding
from cds_service.facts.catalogue.codesystems import ICD9CM, ICD9CM_OPERATIONS, ICD10CM, ICD10PCS, Key
from cds_service.facts.catalogue.findings import finding
from cds_service.rule_files import is_there, read_file, unzipped

_FILE = "codesystems/icd.json.gz"
BY_SET = frozenset({ICD9CM, ICD9CM_OPERATIONS, ICD10PCS})
"""Systems of which a code says that something is not meant only where the set was made with codes of the system."""

_BEGINNING = 4
"""Characters of an ICD-10-PCS code with which the file keeps its ends once for all codes that have the same."""
_OPERATION = 4
_CATEGORY, _CATEGORY_E = 3, 4

SetsOf = Callable[[Key], frozenset[str]]
_Alternative = tuple[tuple[str, ...], ...]
"""The parts of a combination, each with the codes of which one is chosen."""


class IcdFile(msgspec.Struct, frozen=True):
    """The content of the file. `operations` are the codes of volume 3, with blanks between; `pcs` has the codes of
    ICD-10-PCS: the last three characters of some, and the first four of all codes that end with exactly these."""

    source: str
    equivalents: dict[str, str]
    operations: str
    pcs: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """As it is written."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


_EMPTY = IcdFile("", {}, "", {})


class Icd:
    """The file as look-ups. Without one no code of these systems is known to exist."""

    def __init__(self, content: Callable[[], IcdFile] = lambda: _EMPTY) -> None:
        self._content = content

    @cached_property
    def _file(self) -> IcdFile:
        return self._content()

    @cached_property
    def _operations(self) -> frozenset[str]:
        codes = self._file.operations.split()
        return frozenset(code[:length] for code in codes for length in range(2, len(code) + 1))

    @cached_property
    def _pcs(self) -> dict[str, frozenset[str]]:
        """The ends of the codes of ICD-10-PCS by their beginning."""
        groups = ((frozenset(ends.split()), beginnings) for ends, beginnings in self._file.pcs.items())
        return {beginning: ends for ends, beginnings in groups for beginning in beginnings.split()}

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        """By category, and what stands between it and a code, the codes."""
        found: dict[str, list[str]] = {}
        for code in self._file.equivalents:
            for length in range(_CATEGORY_E if code[0] == "E" else _CATEGORY, len(code)):
                found.setdefault(code[:length], []).append(code)
        return found

    def _alternatives(self, code: str) -> tuple[_Alternative, ...]:
        texts = self._file.equivalents.get(code, "").split()
        return tuple(tuple(tuple(part.split("|")) for part in text.split("+")) for text in texts)

    def equivalents(self, code: str) -> tuple[Key, ...]:
        """Every code of ICD-10-CM that a diagnosis, or one below it, may stand for."""
        codes = [code, *self._below.get(code, ())]
        every = (one for own in codes for parts in self._alternatives(own) for part in parts for one in part)
        return tuple((ICD10CM, one) for one in dict.fromkeys(every))

    def certain(self, code: str, sets_of: SetsOf) -> frozenset[str]:
        """The sets that hold a diagnosis whatever of its equivalents was meant."""
        return _all(_any(_all(sets_of((ICD10CM, one)) for one in part) for part in a) for a in self._alternatives(code))

    def possible(self, code: str, members: SetsOf, above: SetsOf) -> frozenset[str]:
        """The sets that hold one of its equivalents, or a code below one; of a category those of the codes in it."""
        return _any(members(key) | above(key) for key in self.equivalents(code))

    def exists(self, key: Key) -> bool:
        """Whether the release has such a code, so that its place among the others is known. A diagnosis without an
        equivalent has none; an extension of an operation's code has that of the code."""
        system, code = key
        if system == ICD10PCS:
            return code[_BEGINNING:] in self._pcs.get(code[:_BEGINNING], ())
        if system == ICD9CM_OPERATIONS:
            stem = code.partition("X")[0][:_OPERATION]
            # China's clinical edition fills up with zeros: 31.1 is 31.1x00.
            return stem in self._operations or stem.rstrip("0") in self._operations
        codes = [code] if code in self._file.equivalents else self._below.get(code, [])
        return bool(codes) and all(self._file.equivalents[one] for one in codes)


def _any(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    listed = list(sets)
    return listed[0].intersection(*listed[1:]) if listed else frozenset()


def load_icd(rules_dir: Path, *, check: bool = True) -> tuple[Icd, tuple[Finding, ...]]:
    """`rules_dir/codesystems/icd.json.gz`, which is not required. `check`: read it now, with a finding for a file that
    can't be; otherwise it is read when it is needed, and one that can't be counts for nothing."""
    path = rules_dir / _FILE
    if not is_there(path):
        return Icd(), ()
    if not check:
        return Icd(lambda: _read(path)[0]), ()
    content, problem = _read(path)
    found = () if problem is None else (finding("icd-unreadable", _FILE, "", problem),)
    return Icd(lambda: content), found


def _read(path: Path) -> tuple[IcdFile, str | None]:
    """The content, and what is wrong with it."""
    try:
        return msgspec.json.decode(unzipped(read_file(path)[0]), type=IcdFile), None
    except (EOFError, zlib.error):
        return _EMPTY, "it is cut short or no gzip file"
    except (OSError, msgspec.MsgspecError, UnicodeError) as problem:
        return _EMPTY, getattr(problem, "strerror", None) or f"{type(problem).__name__}: {problem}"
