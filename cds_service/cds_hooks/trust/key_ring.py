"""A client's keys by their ids, so that a token costs the same however many keys its client has."""

from collections.abc import Iterable

from cds_service.cds_hooks.trust.keys import Algorithm, VerifyKey

MOST_OF_ONE_ID = 4
"""Keys with one `kid` for one algorithm: one, and a few more while a client rotates without a new id (though ids should
differ: RFC 7517, 4.5). Each is tried for every token that names it."""


class KeyRing:
    """Of the keys with one id for one algorithm it keeps the first `MOST_OF_ONE_ID`, in the order of the key set."""

    def __init__(self, keys: Iterable[VerifyKey] = ()) -> None:
        """`left_out`: how many keys are not used because of this."""
        self._keys: dict[tuple[str, Algorithm], list[VerifyKey]] = {}
        self.left_out = 0
        for key in keys:
            same = self._keys.setdefault((key.kid, key.algorithm), [])
            if len(same) < MOST_OF_ONE_ID:
                same.append(key)
            else:
                self.left_out += 1

    def find(self, kid: str, algorithm: Algorithm) -> tuple[VerifyKey, ...]:
        """The keys that a token may have been signed with; none where there is no such key."""
        return tuple(self._keys.get((kid, algorithm), ()))
