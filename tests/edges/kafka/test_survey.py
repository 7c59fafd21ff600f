from datetime import UTC, datetime, timedelta

import pytest
from kafka import TopicPartition

from harmonystate.core.record import Outgoing, Place
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.survey import CLOCKS_DIFFER, Surveyor, extent_of
from harmonystate.edges.kafka.topics import create_topics
from tests.support.kafka import read, write

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MARGIN_MS = CLOCKS_DIFFER // timedelta(milliseconds=1)


def test_a_topic_that_still_has_its_first_records_was_read_whole():
    extent = extent_of({0: (0, 10), 1: (0, 0)}, {0: 1_000}, None)

    assert extent.whole
    assert [extent.holds(Place("t", partition, 9)) for partition in (0, 1, 2)] == [True, False, False]


def test_what_was_written_before_the_first_record_that_is_left_may_be_gone():
    extent = extent_of({0: (5, 10), 1: (7, 9), 2: (0, 3)}, {0: 1_000, 1: 3_000, 2: 9_000}, None)

    assert (extent.whole, extent.floor_ms) == (False, 3_000 + MARGIN_MS)


def test_of_a_partition_that_was_emptied_nobody_knows_what_it_held():
    assert extent_of({0: (5, 5)}, {}, None).floor_ms > NOW.timestamp() * 1000 * 1000


def test_what_was_written_before_the_reading_began_was_not_read():
    assert extent_of({0: (0, 5)}, {0: 1}, NOW).floor_ms == NOW.timestamp() * 1000 + MARGIN_MS


def test_where_older_records_are_left_all_that_was_written_since_is_there():
    hour_ms = 3_600_000
    since_ms = round(NOW.timestamp() * 1000)

    extent = extent_of({0: (5, 10), 1: (7, 9)}, {0: since_ms - hour_ms, 1: since_ms - 2 * hour_ms}, NOW)

    assert extent.floor_ms == since_ms + MARGIN_MS


@pytest.mark.services
def test_a_trimmed_partition_that_is_silent_hides_nothing_that_was_written_since(config):
    create_topics(config.kafka)
    topic = config.kafka.topics.dead_letter
    write(config.kafka, [Outgoing(topic, b"7", b"%d" % number) for number in range(3)])
    (partition,) = {record.partition for record in read(config.kafka, topic)}
    since = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)  # below a millisecond, to_ms cuts

    with open_admin(config.kafka) as admin, Surveyor(config.kafka) as surveyor:
        floors = []
        for gone in (1, 4):  # the marker of the transaction stands at 3
            admin.delete_records({TopicPartition(topic, partition): gone})
            assert list(surveyor.read(topic, since=since)) == []
            floors.append(surveyor.extents[topic].floor_ms)

    assert floors[0] == round(since.timestamp() * 1000) + MARGIN_MS
    assert floors[1] > floors[0], "of a partition that was emptied nobody knows what it held"


@pytest.mark.services
def test_topics_are_read_one_after_the_other_over_one_connection(config):
    create_topics(config.kafka)
    topics = config.kafka.topics
    write(
        config.kafka, [Outgoing(topic, b"7", b"%d" % n) for n in range(3) for topic in (topics.alert, topics.delivery)]
    )

    with Surveyor(config.kafka) as surveyor:
        read = {topic: [record.value for record in surveyor.read(topic)] for topic in (topics.alert, topics.delivery)}
        later = list(surveyor.read(topics.alert, since=datetime.now(UTC) + timedelta(hours=1)))

    assert read == {topics.alert: [b"0", b"1", b"2"], topics.delivery: [b"0", b"1", b"2"]}
    assert later == []
    # The transaction's marker takes an offset too.
    assert sum(end for _, end in surveyor.extents[topics.delivery].ranges.values()) == 4
