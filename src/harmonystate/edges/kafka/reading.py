"""Reads a topic without a group: all that is committed now, or what comes from now on."""

from collections.abc import Iterator
from datetime import datetime

from kafka import KafkaConsumer, TopicPartition

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import ANSWER_MS, consuming, partitions_of, position_of
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.transaction import translated

POLL_MS = 500
LOOK_RECORDS = 20_000


def read_all(settings: KafkaSettings, topic: str, *, since: datetime | None = None) -> Iterator[Record]:
    """Yield every committed record that stands in `topic` when the reading begins, in order within each partition.

    Args:
        settings: where Kafka is.
        topic: what to read.
        since: leave out what was written before; None begins at the beginning.

    Raises:
        TransactionFailed: when Kafka does not answer.
    """
    with consuming(settings) as consumer:
        places = partitions_of(consumer, topic)
        ends = {at.partition: end for at, end in consumer.end_offsets(places, timeout_ms=ANSWER_MS).items()}
        consumer.assign(places)
        seek_since(consumer, places, since)
        while any(position_of(consumer, place) < ends[place.partition] for place in places):
            yield from (record for record in _poll(consumer) if record.offset < ends[record.partition])


class Tail:
    """The records of a topic that come after it is opened."""

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        """Open it.

        Raises:
            TransactionFailed: when Kafka does not answer.
        """
        with translated():
            self._consumer = open_consumer(settings)
            places = partitions_of(self._consumer, topic)
            self._consumer.assign(places)
            self._consumer.seek_to_end(*places)
            for place in places:
                position_of(self._consumer, place)

    def new(self) -> list[Record]:
        """Return what has come since the last look, at most LOOK_RECORDS and some; waits for nothing."""
        found: list[Record] = []
        with translated():
            while len(found) < LOOK_RECORDS and (batch := _poll(self._consumer, timeout_ms=0)):
                found += batch
        return found

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)


def seek_since(consumer: KafkaConsumer, places: list[TopicPartition], since: datetime | None) -> None:
    """Go to the first record that was written from `since` on; None goes to the beginning."""
    if since is None:
        consumer.seek_to_beginning(*places)
        return
    moment = int(since.timestamp() * 1000)
    for place, found in consumer.offsets_for_times(dict.fromkeys(places, moment), timeout_ms=ANSWER_MS).items():
        if found is None:
            consumer.seek_to_end(place)
        else:
            consumer.seek(place, found.offset)


def _poll(consumer: KafkaConsumer, *, timeout_ms: int = POLL_MS) -> list[Record]:
    return [record for batch in consumer.poll(timeout_ms=timeout_ms).values() for record in batch]
