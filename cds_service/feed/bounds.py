"""What unpacking may come to: a small file that unpacks to a very large one is refused as it is read, not afterwards.

Deflate packs at most 1032 bytes into one (https://zlib.net/zlib_tech.html); exports of FHIR come to between 5 and 60.
"""

import io
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class UnpackingBounds(NamedTuple):
    """`unpacked`: bytes that one file may unpack to. `ratio`: how many times its size that may be, where it is more
    than `free` bytes. `members`: files in one archive."""

    unpacked: int = 16 << 30
    ratio: int = 250
    free: int = 64 << 20
    members: int = 100_000


BOUNDS = UnpackingBounds()


class TooMuchUnpackedError(OSError):
    """A file unpacks to more than it may."""


class UnpackingBudget:
    """What one file has unpacked to, all its members together."""

    def __init__(self, bounds: UnpackingBounds) -> None:
        self.bounds = bounds
        self._unpacked = 0

    @property
    def is_spent(self) -> bool:
        """Whether no more of the file may be unpacked."""
        return self._unpacked > self.bounds.unpacked

    def spend(self, amount: int) -> None:
        """Count what was unpacked. Raises `TooMuchUnpackedError`."""
        self._unpacked += amount
        if self.is_spent:
            raise TooMuchUnpackedError(
                f"unpacks to more than {self.bounds.unpacked >> 20} MB: what came before it counts"
            )


class Unpacked(io.RawIOBase):
    """What is unpacked from a stream, as long as it is no more than it may be; `packed` gives how many bytes it came
    from so far."""

    def __init__(self, stream: IO[bytes], packed: Callable[[], int], budget: UnpackingBudget) -> None:
        super().__init__()
        self._stream, self._packed, self._budget = stream, packed, budget
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self._given += len(data)
        self._budget.spend(len(data))
        bounds = self._budget.bounds
        if self._given > bounds.free and self._given > bounds.ratio * max(1, self._packed()):
            times = f"unpacks to more than {bounds.ratio} times its size"
            raise TooMuchUnpackedError(f"{times}, as no export does: what came before it counts")
        return len(data)


class Counted:
    """A stream that knows how much was read of it, as far as `gzip` reads."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.given += len(data)
        return data

    def as_file(self) -> IO[bytes]:
        """Itself, as what `gzip.GzipFile` reads from: it asks for nothing but `read`."""
        return cast("IO[bytes]", self)
