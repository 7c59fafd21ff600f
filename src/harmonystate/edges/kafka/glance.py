"""Looks at what is newest in some topics: a little back at first, then what comes; what is too much is skipped."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import NamedTuple, Self

from kafka import TopicPartition

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import partitions_of, position_of
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.transaction import translated

# Whoever looks has a screen to fill, and is to notice soon that nobody answers.
PATIENCE_MS = 5_000


class Seen(NamedTuple):
    """What one look at a topic brought: records, and over how many offsets they were spread."""

    records: Sequence[Record]
    offsets: int


class Glance:
    """The newest records of some topics, as no member of any group."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str], *, most: int) -> None:
        """Open it.

        Args:
            settings: where Kafka is.
            topics: what to read.
            most: how many offsets of each topic one look reads at most, the newest; also at the first.

        Raises:
            TransactionFailed: when Kafka does not answer; so does `new`.
        """
        with translated(), ExitStack() as opening:
            self._consumer = open_consumer(settings, max_partition_fetch_bytes=256 * 1024)
            opening.callback(self._consumer.close, autocommit=False)
            self._places = [place for topic in dict.fromkeys(topics) for place in partitions_of(self._consumer, topic)]
            self._consumer.assign(self._places)
            self._consumer.seek_to_beginning(*self._places)
            shares = Counter(place.topic for place in self._places)
            self._most = {place: max(1, most // shares[place.topic]) for place in self._places}
            self._opened = opening.pop_all()

    def new(self) -> dict[str, Seen]:
        """Return what has come since the last look, by topic; those of a partition in their order."""
        with translated():
            ends = self._consumer.end_offsets(self._places, timeout_ms=PATIENCE_MS)
            begins = {place: self._skip(place, end) for place, end in ends.items()}
            records = self._read_to(ends)
            moved: Counter[str] = Counter()
            for place, begin in begins.items():
                moved[place.topic] += max(0, self._position(place) - begin)
        return {topic: Seen(records[topic], moved[topic]) for topic in moved}

    def _skip(self, place: TopicPartition, end: int) -> int:
        """Leave out what is too much; return where the reading begins."""
        position = self._position(place)
        if end - position > self._most[place]:
            position = end - self._most[place]
            self._consumer.seek(place, position)
        return position

    def _read_to(self, ends: dict[TopicPartition, int]) -> dict[str, list[Record]]:
        """Read up to where each partition ended; what has not come soon is left for the next look."""
        found: defaultdict[str, list[Record]] = defaultdict(list)
        while any(self._position(place) < end for place, end in ends.items()):
            batches = self._consumer.poll(timeout_ms=200)
            if not batches:
                break
            for place, batch in batches.items():
                found[place.topic] += batch
        return found

    def _position(self, place: TopicPartition) -> int:
        return position_of(self._consumer, place, timeout_ms=PATIENCE_MS)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close the connection."""
        self._opened.close()
