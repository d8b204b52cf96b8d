"""Opening a file that somebody else laid there: it may be a pipe, a device, a dangling link, or endless.

Whatever lies there, nothing waits for it: what is no plain file is never opened, and no more is read than allowed.
"""

import errno
import os
import stat
import zlib
from pathlib import Path

MOST_BYTES = 50_000_000
"""Of one file that people edit. The largest that comes with this service is below one million."""
_NO_FILE = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_file(path: Path | str, most: int = MOST_BYTES) -> tuple[bytes, os.stat_result]:
    """The content of a plain file, and what it was when it was read.

    Raises OSError, whose `strerror` says why: it is no plain file, holds more than `most` bytes, or can't be read.
    """
    _check(os.stat(path), path, most)
    # It may be another thing by now: without O_NONBLOCK a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        status = os.fstat(file.fileno())
        _check(status, path, most)
        data = file.read(most + 1)
    if len(data) > most:
        raise _too_large(path, most)
    return data, status


def is_there(path: Path | str) -> bool:
    """Whether anything has that name, a file or not. What can't be told counts as there: who reads it says why."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def unzipped(data: bytes, most: int = MOST_BYTES) -> bytes:
    """What a gzip file holds. Raises OSError where that is more than `most` bytes, EOFError where the file is cut
    short, and zlib.error where it is none."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    found = unpacker.decompress(data, most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, f"it unpacks to more than {most:,} bytes")
    if not unpacker.eof:
        raise EOFError
    return found


def _check(status: os.stat_result, path: Path | str, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _NO_FILE.get(stat.S_IFMT(status.st_mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, no file", str(path))
    if status.st_size > most:
        raise _too_large(path, most)


def _too_large(path: Path | str, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it holds more than {most:,} bytes", str(path))
