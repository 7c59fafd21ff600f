"""Reads topics for an audit, and says how much of each was there to be read."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from harmonystate.config import KafkaSettings
from harmonystate.core.audit import Extent
from harmonystate.core.moments import to_ms
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import ANSWER_MS, partitions_of, position_of
from harmonystate.edges.kafka.reading import polling, seek_since
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.transaction import translated

# Records of one partition are nearly in order of time: their writers' clocks differ.
CLOCKS_DIFFER = timedelta(minutes=5)
_GONE_MS = 2**62


class Surveyor:
    """Reads one topic after the other over the same connection.

    Attributes:
        extents: how much there was, by topic, once it is read to its end.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        """Open it.

        Raises:
            TransactionFailed: when Kafka does not answer; so does the reading.
        """
        self.extents: dict[str, Extent] = {}
        with translated():
            self._consumer = open_consumer(settings)

    def read(self, topic: str, *, since: datetime | None = None) -> Iterator[Record]:
        """Yield what is committed now, in order within each partition; with `since`, what was written from then on."""
        with translated():
            places = partitions_of(self._consumer, topic)
            firsts = self._consumer.beginning_offsets(places, timeout_ms=ANSWER_MS)
            ends = self._consumer.end_offsets(places, timeout_ms=ANSWER_MS)
            self._consumer.assign(places)
            oldest = self._consumer.offsets_for_times(dict.fromkeys(places, 0), timeout_ms=ANSWER_MS)
            seek_since(self._consumer, places, since)
            polls = polling(self._consumer, places)
            while any(position_of(self._consumer, place) < ends[place] for place in places):
                for place, batch in next(polls).items():
                    yield from (record for record in batch if record.offset < ends[place])
        oldest_ms = {place.partition: found.timestamp for place, found in oldest.items() if found is not None}
        ranges = {place.partition: (firsts[place], ends[place]) for place in places}
        self.extents[topic] = extent_of(ranges, oldest_ms, since)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)


def extent_of(ranges: Mapping[int, tuple[int, int]], oldest_ms: Mapping[int, int], since: datetime | None) -> Extent:
    """Return how much of a topic was read.

    Args:
        ranges: by partition, the first offset that Kafka has, and the one behind the last.
        oldest_ms: when the oldest record that Kafka has of each partition was written, whether it was read or not: all
            that was written there later is there.
        since: from when on it was read.
    """
    margin_ms = CLOCKS_DIFFER // timedelta(milliseconds=1)
    floors = [oldest_ms.get(partition, _GONE_MS) + margin_ms for partition, (first, _) in ranges.items() if first > 0]
    if since is not None:
        floors.append(to_ms(since) + margin_ms)
    return Extent(max(floors, default=-1), ranges)
