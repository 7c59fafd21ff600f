"""How records flow: rates, lags, how long the oldest waits, and who stalls; worked out from looks at offsets.

Offsets are not records: the markers of transactions take some. How many records an offset is worth is learnt from the
topics that are read.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

RATE_OVER_S = 10.0
# Longer than a micro-batch of ingest takes, the first one with the start of Spark, and than a rebalance.
STALLED_AFTER_S = 60.0
# What has waited longer than we have looked, has waited at least so long.
REMEMBERED_S = 900.0
# A topic's worth is that of about its last hundred looks.
_FADES = 0.99


class Look(NamedTuple):
    """What stood in Kafka at one moment.

    Attributes:
        at: seconds of a clock that only rises.
        ends: where each topic ends, its partitions added up.
        committed: how far each group is, likewise.
    """

    at: float
    ends: Mapping[str, int]
    committed: Mapping[str, int]


class Flow:
    """What follows from the looks of the last minutes."""

    def __init__(self, readers: Mapping[str, str], *, like: Mapping[str, str]) -> None:
        """Begin without any look.

        Args:
            readers: groups, each with the topic it reads.
            like: topics that nobody reads here, each with the one that is written in the same transactions.
        """
        self._readers, self._like = readers, like
        self._looks: deque[Look] = deque()
        self._read: dict[str, tuple[float, float]] = {}

    def note_read(self, topic: str, *, records: int, offsets: int) -> None:
        """Note how many records were read of a topic, over how many offsets."""
        before = self._read.get(topic, (0.0, 0.0))
        self._read[topic] = (before[0] * _FADES + records, before[1] * _FADES + offsets)

    def note(self, look: Look) -> None:
        """Take in a look; what is older than anybody asks for is let go."""
        self._looks.append(look)
        while look.at - self._looks[0].at > REMEMBERED_S:
            self._looks.popleft()

    def rate(self, topic: str) -> float:
        """Return how many records are written to a topic, per second."""
        return self._per_second(lambda look: look.ends.get(topic, 0)) * self._worth(topic)

    def handled(self, group: str) -> float:
        """Return how many records a group gets done, per second."""
        return self._per_second(lambda look: look.committed.get(group, 0)) * self._worth(self._readers[group])

    def lag(self, group: str) -> int:
        """Return about how many records a group has yet to handle."""
        return self.records(self._readers[group], self._behind(self._looks[-1], group)) if self._looks else 0

    def records(self, topic: str, offsets: int) -> int:
        """Return about how many records so many offsets of a topic hold."""
        return round(offsets * self._worth(topic))

    def waits_s(self, group: str) -> float:
        """Return how long the oldest record has waited that a group has not handled; 0 when there is none."""
        if not self._looks or not self._behind(self._looks[-1], group):
            return 0.0
        now, topic = self._looks[-1], self._readers[group]
        done = now.committed.get(group, 0)
        first = next((look for look in self._looks if look.ends.get(topic, 0) > done), now)
        return now.at - first.at

    def stalls_s(self, group: str) -> float:
        """Return for how long a group has got nothing done while there was something to do."""
        if not self._looks:
            return 0.0
        now = since = self._looks[-1]
        for look in reversed(self._looks):
            if look.committed.get(group) != now.committed.get(group) or not self._behind(look, group):
                break
            since = look
        return now.at - since.at

    def _behind(self, look: Look, group: str) -> int:
        return max(0, look.ends.get(self._readers[group], 0) - look.committed.get(group, 0))

    def _worth(self, topic: str) -> float:
        records, offsets = self._read.get(self._like.get(topic, topic), (0.0, 0.0))
        return records / offsets if offsets else 1.0

    def _per_second(self, count: Callable[[Look], int]) -> float:
        if len(self._looks) < 2:
            return 0.0
        now = self._looks[-1]
        then = next(look for look in self._looks if now.at - look.at <= RATE_OVER_S)
        return max(0.0, (count(now) - count(then)) / (now.at - then.at)) if now.at > then.at else 0.0
