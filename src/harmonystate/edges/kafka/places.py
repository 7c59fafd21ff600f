"""Looks up single records by where they stand."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set

from kafka import KafkaConsumer, TopicPartition

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Place
from harmonystate.edges.kafka.offsets import ANSWER_MS, consuming, partitions_of, position_of
from harmonystate.edges.kafka.reading import polling
from harmonystate.edges.kafka.records import Record

# Where the next wanted record is farther than this, going there costs less than reading on.
READ_ON = 5_000


def records_at(settings: KafkaSettings, places: Iterable[Place]) -> Iterator[Record]:
    """Yield the records at these places, by topic and partition in order; without those that are not there.

    Raises:
        TransactionFailed: when Kafka does not answer.
    """
    wanted: defaultdict[TopicPartition, set[int]] = defaultdict(set)
    for place in places:
        wanted[TopicPartition(place.topic, place.partition)].add(place.offset)
    if not wanted:
        return
    with consuming(settings) as consumer:
        for where, offsets in sorted(wanted.items()):
            if where in partitions_of(consumer, where.topic):
                yield from _in_partition(consumer, where, offsets)


def record_at(settings: KafkaSettings, place: Place) -> Record | None:
    """Return the record at a place, if it is there; raises as `records_at` does."""
    return next(records_at(settings, [place]), None)


def _in_partition(consumer: KafkaConsumer, where: TopicPartition, offsets: Set[int]) -> Iterator[Record]:
    (first,) = consumer.beginning_offsets([where], timeout_ms=ANSWER_MS).values()
    (end,) = consumer.end_offsets([where], timeout_ms=ANSWER_MS).values()
    left = sorted((offset for offset in offsets if first <= offset < end), reverse=True)
    consumer.assign([where])
    position = -READ_ON
    polls = polling(consumer, [where])
    while left:
        if left[-1] - position >= READ_ON:
            consumer.seek(where, left[-1])
        for record in next(polls).get(where, ()):
            if left and record.offset == left[-1]:
                yield record
            while left and left[-1] <= record.offset:
                left.pop()
        position = position_of(consumer, where)
        # A transaction's marker is no record: the position tells that it was passed.
        while left and left[-1] < position:
            left.pop()
