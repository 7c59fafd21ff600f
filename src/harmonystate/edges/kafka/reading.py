"""Reads a topic without a group: all that is committed now, or what comes from now on."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from harmonystate.config import KafkaSettings
from harmonystate.core.moments import to_ms
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import ANSWER_MS, consuming, partitions_of, position_of
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.transaction import translated

POLL_MS = 500
LOOK_RECORDS = 20_000
# Longer than a leader takes to move to another broker (12 s seen).
STANDSTILL_S = 30.0


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
        polls = polling(consumer, places)
        while any(position_of(consumer, place) < ends[place.partition] for place in places):
            yield from (record for record in records_of(next(polls)) if record.offset < ends[record.partition])


def polling(consumer: KafkaConsumer, places: Sequence[TopicPartition]) -> Iterator[dict[TopicPartition, list[Record]]]:
    """Yield what each poll brings, without end: how far to go is the caller's.

    Raises:
        KafkaTimeoutError: when no place has moved for STANDSTILL_S: where Kafka is away, a consumer polls on for ever,
            and says nothing.
    """
    waited_s, stand = 0.0, [position_of(consumer, place) for place in places]
    while True:
        began, before = time.monotonic(), stand
        polled = consumer.poll(timeout_ms=POLL_MS)
        stand = [position_of(consumer, place) for place in places]
        waited_s = 0.0 if stand != before else waited_s + time.monotonic() - began
        if waited_s > STANDSTILL_S:
            raise KafkaTimeoutError(f"nothing of {places[0].topic} has come for {STANDSTILL_S:.0f} s")
        yield polled


class Tail:
    """The records of a topic that come after it is opened."""

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        """Open it.

        Raises:
            TransactionFailed: when Kafka does not answer.
        """
        with translated():
            self._consumer = open_consumer(settings)
        try:
            self._go_to_end(topic)
        except BaseException:
            self.close()
            raise

    def new(self) -> list[Record]:
        """Return what has come since the last look, at most LOOK_RECORDS and some; waits for nothing."""
        found: list[Record] = []
        with translated():
            while len(found) < LOOK_RECORDS and (batch := records_of(self._consumer.poll(timeout_ms=0))):
                found += batch
        return found

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)

    def _go_to_end(self, topic: str) -> None:
        with translated():
            places = partitions_of(self._consumer, topic)
            self._consumer.assign(places)
            self._consumer.seek_to_end(*places)
            for place in places:
                position_of(self._consumer, place)


def seek_since(consumer: KafkaConsumer, places: list[TopicPartition], since: datetime | None) -> None:
    """Go to the first record that was written from `since` on; None goes to the beginning."""
    if since is None:
        consumer.seek_to_beginning(*places)
        return
    moment = to_ms(since)
    for place, found in consumer.offsets_for_times(dict.fromkeys(places, moment), timeout_ms=ANSWER_MS).items():
        if found is None:
            consumer.seek_to_end(place)
        else:
            consumer.seek(place, found.offset)


def records_of(polled: dict[TopicPartition, list[Record]]) -> list[Record]:
    """Return what a poll brought, partition by partition."""
    return [record for batch in polled.values() for record in batch]
