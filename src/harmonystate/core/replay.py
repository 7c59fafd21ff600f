"""Dead letters on their way back: which may go, and which have gone.

What has gone is remembered as offset metadata of the group `dead-letters`, written in the transaction that sends the
records back, so that none goes twice.
"""

from bisect import bisect_right
from collections.abc import Iterable, Set
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from harmonystate.core.dead_letter import REPLAYED_FROM, Burial

GROUP = "dead-letters"
# Kafka takes no longer metadata with an offset (offset.metadata.max.bytes).
MOST_METADATA = 4096


def is_returned(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Say whether a record, or the one that a dead letter keeps, had been sent back before."""
    return any(name == REPLAYED_FROM for name, _ in headers)


class Fate(StrEnum):
    """What becomes of a dead letter in a replay."""

    REPLAY = "goes back"
    REPLAYED = "has gone back already"
    AGAIN = "came back from a replay: --again sends it all the same"
    CUT = "cannot: only its first MiB is kept"
    FOREIGN = "cannot: it does not come from a topic of ours"


def fate_of(burial: Burial | None, *, replayed: bool, returned: bool, again: bool, sources: Set[str]) -> Fate:
    """Decide.

    Args:
        burial: what the letter says of its record.
        replayed: the record, by this letter or another one, has been sent back.
        returned: it had been sent back before it was buried.
        again: send back even that.
        sources: the topics that stages of ours read.
    """
    if burial is None or burial.place.topic not in sources:
        return Fate.FOREIGN
    if replayed:
        return Fate.REPLAYED
    if burial.size is not None:
        return Fate.CUT
    return Fate.AGAIN if returned and not again else Fate.REPLAY


class Runs:
    """Offsets of a partition as runs, which is what fits into an offset's metadata: `5+3,20+1` = 5, 6, 7 and 28.

    Each part is the gap since the run before, and the run's length.
    """

    def __init__(self, text: str = "") -> None:
        """Read what `spell` wrote."""
        self._ends: list[int] = []
        self._firsts: list[int] = []
        at = 0
        for part in filter(None, text.split(",")):
            gap, length = map(int, part.split("+"))
            self._firsts.append(at + gap)
            at += gap + length
            self._ends.append(at)

    def __contains__(self, offset: int) -> bool:
        run = bisect_right(self._firsts, offset) - 1
        return run >= 0 and offset < self._ends[run]

    @staticmethod
    def spell(letters: Iterable[tuple[int, bool]]) -> str:
        """Write the offsets of letters that have gone back.

        Args:
            letters: each with whether it has, rising, all that the partition holds. Between two that have and stand
                side by side there is no letter, so one run covers both.
        """
        parts, at = [], 0
        for gone, run in groupby(letters, key=itemgetter(1)):
            if gone:
                offsets = [offset for offset, _ in run]
                parts.append(f"{offsets[0] - at}+{offsets[-1] + 1 - offsets[0]}")
                at = offsets[-1] + 1
        return ",".join(parts)
