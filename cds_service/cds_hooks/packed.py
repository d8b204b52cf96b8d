"""Unpacking a body in gzip (RFC 1952) as it comes, never into more bytes than allowed."""

import zlib
from collections.abc import Iterator

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 65_536
ENCODINGS = frozenset({"gzip", "x-gzip"})
"""https://www.rfc-editor.org/rfc/rfc9110.html#section-8.4.1.3: `x-gzip` is the same."""


class PackingError(ValueError):
    """It is not gzip, damaged, or cut off."""


class Unpacker:
    """Unpacks one body. Several members after each other are one text (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._has_begun = False

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        """The unpacked bytes, in pieces of 64 kB at most, so that whoever counts can stop. Raises PackingError."""
        try:
            while packed:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP)
                self._has_begun = True
                full = True
                # What went in may come out in several pieces, also when all of it is in.
                while full and not self._member.eof:
                    piece = self._member.decompress(packed, _PIECE)
                    packed = self._member.unconsumed_tail
                    full = len(piece) == _PIECE
                    if piece:
                        yield piece
                packed = self._member.unused_data or packed
        except zlib.error as problem:
            raise PackingError from problem

    def finish(self) -> None:
        """Raises PackingError where there should have been more. No bytes at all are an empty body."""
        if self._has_begun and not self._member.eof:
            raise PackingError
