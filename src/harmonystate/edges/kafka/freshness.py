"""How old what waits is, and what came last: by the records' own timestamps, which are those of writing."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec

from harmonystate.config import KafkaSettings
from harmonystate.core.moments import from_ms
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.offsets import ANSWER_MS, committed, consuming, partitions_of, position_of
from harmonystate.edges.kafka.reading import POLL_MS
from harmonystate.edges.kafka.transaction import translated

# A partition whose committed place cannot be read so long is left out.
_PATIENCE_S = 5.0


def newest_records(settings: KafkaSettings, topics: list[str]) -> dict[str, datetime]:
    """Return when the newest record of each topic was written; without topics that are empty or not there.

    Raises:
        TransactionFailed: when Kafka does not answer.
    """
    with consuming(settings) as consumer:
        places = [place for topic in topics for place in partitions_of(consumer, topic)]
    with translated(), open_admin(settings) as admin:
        found = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.MAX_TIMESTAMP)) if places else {}
    newest: dict[str, int] = {}
    for place, at in found.items():
        if at.timestamp >= 0:
            newest[place.topic] = max(at.timestamp, newest.get(place.topic, 0))
    return {topic: from_ms(ms) for topic, ms in newest.items()}


def oldest_waiting(settings: KafkaSettings, groups: Mapping[str, str]) -> dict[str, datetime]:
    """Return when the oldest record was written that each group has yet to handle; without those that are done.

    Args:
        settings: where Kafka is.
        groups: consumer groups, each with the one topic it reads.

    Raises:
        TransactionFailed: when Kafka does not answer.
    """
    waiting: dict[str, datetime] = {}
    for group, topic in groups.items():
        done = {partition: offset for partition, (offset, _) in committed(settings, group, topic).items()}
        with consuming(settings) as consumer:
            moments = list(_first_behind(consumer, topic, done))
        if moments:
            waiting[group] = from_ms(min(moments))
    return waiting


def _first_behind(consumer: KafkaConsumer, topic: str, done: Mapping[int, int]) -> Iterator[int]:
    """Yield the timestamp of the first record behind each committed offset, where there is one."""
    places = partitions_of(consumer, topic)
    firsts = consumer.beginning_offsets(places, timeout_ms=ANSWER_MS)
    ends = consumer.end_offsets(places, timeout_ms=ANSWER_MS)
    for place in places:
        begin = max(done.get(place.partition, 0), firsts[place])
        if begin < ends[place] and (timestamp := _timestamp_from(consumer, place, begin, ends[place])) is not None:
            yield timestamp


def _timestamp_from(consumer: KafkaConsumer, place: TopicPartition, begin: int, end: int) -> int | None:
    consumer.assign([place])
    consumer.seek(place, begin)
    give_up = time.monotonic() + _PATIENCE_S
    # What is left may be no record, but what ends a transaction: then the position passes it.
    while position_of(consumer, place) < end and time.monotonic() < give_up:
        if records := consumer.poll(timeout_ms=POLL_MS, max_records=1).get(place):
            return int(records[0].timestamp)
    return None
