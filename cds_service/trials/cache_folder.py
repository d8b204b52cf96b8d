"""A folder in the user's cache for what can be made again at any time: nothing here raises, and nothing is relied on.

A file is its owner's alone, written beside its place and put there by one rename, and read only if it is whole. What is
foreign, broken or too large counts as not there. The least used files go when there are too many.
"""

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

MOST_FILES = 8
MOST_BYTES = 128_000_000
"""Of all files together, and so of one."""
_MARK = b"cds-service cache 1\n"
_SUFFIX = ".cache"
_UNFINISHED = ".unfinished-"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class CacheFolder:
    """Files by name below `path`, which is made when the first is written, for its owner only.

    On systems without POSIX ownership nothing is kept.
    """

    def __init__(self, path: Path, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_files = most_files
        self._most_bytes = most_bytes

    def read(self, name: str) -> bytes | None:
        """What was written under this name; None where there is nothing, or nothing that can be trusted."""
        if os.name != "posix":
            return None
        try:
            if not _is_own(os.lstat(self._path), stat.S_IFDIR):
                return None
            # A pipe in the place of the file must not stop us, nor a link lead elsewhere.
            handle = os.open(self._path / (name + _SUFFIX), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(handle, "rb") as file:
                status = os.fstat(handle)
                if not _is_own(status, stat.S_IFREG) or status.st_size > self._most_bytes:
                    return None
                data = file.read(self._most_bytes + 1)
                with contextlib.suppress(OSError):
                    os.utime(handle)  # it was of use now
        except OSError:
            return None
        return _unpacked(data)

    def write(self, name: str, content: bytes) -> None:
        """Keep this under this name, if the folder can be written."""
        if os.name != "posix" or len(content) > self._most_bytes - len(_packed(b"")):
            return
        with contextlib.suppress(OSError):
            for folder in (self._path.parent, self._path):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = os.lstat(self._path)
            if not _is_own(status, stat.S_IFDIR):
                return
            if stat.S_IMODE(status.st_mode) != 0o700:
                self._path.chmod(0o700)
            self._replace(self._path / (name + _SUFFIX), _packed(content))
            self._prune()

    def _replace(self, path: Path, data: bytes) -> None:
        handle, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=self._path)  # mode 0600
        try:
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(unfinished, path)
        except OSError:
            os.unlink(unfinished)
            raise

    def _prune(self) -> None:
        """Remove the files that were used least lately, as many as are too many; those of killed writers among them."""
        with os.scandir(self._path) as entries:
            ours = [e for e in entries if e.name.endswith(_SUFFIX) or e.name.startswith(_UNFINISHED)]
        found = sorted(((e.stat(follow_symlinks=False), e.path) for e in ours), key=lambda f: -f[0].st_mtime_ns)
        size = 0
        for count, (status, path) in enumerate(found, start=1):
            size += status.st_size
            if count > self._most_files or size > self._most_bytes:
                with contextlib.suppress(OSError):
                    os.unlink(path)


def _is_own(status: os.stat_result, kind: int) -> bool:
    """Whether it is of this kind, ours, and nobody else may write to it."""
    own = status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
    return own and stat.S_IFMT(status.st_mode) == kind


def _packed(content: bytes) -> bytes:
    return _MARK + hashlib.sha256(content).digest() + content


def _unpacked(data: bytes) -> bytes | None:
    start = len(_MARK) + hashlib.sha256().digest_size
    content = data[start:]
    return content if data[:start] + content == _packed(content) else None
