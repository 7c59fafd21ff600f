"""Chance as a function: the same key and number, the same draws, in any order and on any version of Python.

Every report draws from its own number, so a run can go on at report 1,000,000 without making those before it.
"""

import struct
from hashlib import blake2b

DRAWS = 16
_unpack = struct.Struct(f"<{DRAWS}I").unpack


class Chance:
    """A stream of draws for each purpose of a run.

    Args:
        key: what the draws depend on.
        purpose: keeps the draws of one part of the simulation apart from those of another.
    """

    def __init__(self, key: str, purpose: str) -> None:
        self._keyed = blake2b(purpose.encode(), key=blake2b(key.encode(), digest_size=64).digest())

    def draws(self, number: int) -> tuple[int, ...]:
        """Return DRAWS uniform ints 0..2^32-1 for `number` (0..2^64-1)."""
        keyed = self._keyed.copy()
        keyed.update(number.to_bytes(8, "little"))
        return _unpack(keyed.digest())

    def shares(self, number: int) -> tuple[float, ...]:
        """Return DRAWS uniform numbers of 0 <= x < 1 for `number`."""
        return tuple([draw / 2**32 for draw in self.draws(number)])


def scale(draw: int, size: int) -> int:
    """Map a draw evenly onto 0..size-1."""
    return draw * size >> 32
