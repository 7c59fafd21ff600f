"""What a group has committed, where a topic ends, and the lag between."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.transaction import translated

ANSWER_MS = 10_000


@contextmanager
def consuming(settings: KafkaSettings, **ours: Any) -> Iterator[KafkaConsumer]:
    """Open a consumer for the body only; what it raises is raised as one of ours."""
    with translated():
        consumer = open_consumer(settings, **ours)
        try:
            yield consumer
        finally:
            consumer.close(autocommit=False)


def committed(settings: KafkaSettings, group: str, topic: str) -> dict[int, tuple[int, str]]:
    """Return the next offset to read and its metadata, by partition; without those that have none.

    Offsets of a transaction that is not over yet are waited for.

    Raises:
        TransactionFailed: when Kafka does not answer.
        Misconfigured: when it gives us no right.
    """
    # Only a read_committed consumer waits for pending offsets (require_stable), and ours all are.
    with consuming(settings, group_id=group) as consumer:
        found = {
            where.partition: consumer.committed(where, metadata=True, timeout_ms=ANSWER_MS)
            for where in partitions_of(consumer, topic)
        }
    return {partition: (at.offset, at.metadata or "") for partition, at in found.items() if at is not None}


def end_offsets(settings: KafkaSettings, topic: str) -> dict[int, int]:
    """Return where a reader of committed records ends now, by partition; raises as `committed` does."""
    with consuming(settings) as consumer:
        ends = consumer.end_offsets(partitions_of(consumer, topic), timeout_ms=ANSWER_MS)
    return {where.partition: end for where, end in ends.items()}


def first_offsets(settings: KafkaSettings, topic: str) -> dict[int, int]:
    """Return the first offset that Kafka still has, by partition; raises as `committed` does."""
    with consuming(settings) as consumer:
        firsts = consumer.beginning_offsets(partitions_of(consumer, topic), timeout_ms=ANSWER_MS)
    return {where.partition: first for where, first in firsts.items()}


def lag(settings: KafkaSettings, group: str, topic: str) -> int:
    """Return how many offsets the group is behind: about as many records, since transactions take offsets too."""
    done = committed(settings, group, topic)
    ends = end_offsets(settings, topic)
    return sum(max(0, end - done.get(partition, (0, ""))[0]) for partition, end in ends.items())


def partitions_of(consumer: Any, topic: str) -> list[TopicPartition]:
    """Return the partitions of `topic`, in order; none when it is not there."""
    return [TopicPartition(topic, partition) for partition in sorted(consumer.partitions_for_topic(topic) or ())]


def position_of(consumer: KafkaConsumer, place: TopicPartition, *, timeout_ms: int = ANSWER_MS) -> int:
    """Return the next offset to read.

    Raises:
        KafkaTimeoutError: when Kafka does not say where; kafka-python keeps that to itself, and returns None.
    """
    position: int | None = consumer.position(place, timeout_ms=timeout_ms)
    if position is None:
        raise KafkaTimeoutError(f"Kafka does not say where to read {place.topic}, partition {place.partition}")
    return position
