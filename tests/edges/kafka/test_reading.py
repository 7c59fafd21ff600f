from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.connect import open_producer
from harmonystate.edges.kafka.reading import Tail, read_all
from harmonystate.edges.kafka.topics import create_topics
from tests.support.kafka import wait_until, write

pytestmark = pytest.mark.services


@pytest.fixture
def topic(config):
    create_topics(config.kafka)
    return config.kafka.topics.global1


def numbered(topic, *numbers):
    return [Outgoing(topic, b"%d" % (number % 7), b"%d" % number) for number in numbers]


def left_open(settings, topic, *numbers):
    """Write records in a transaction that is never committed."""
    producer = open_producer(settings, transactional_id=f"{topic}-open")
    producer.init_transactions()
    producer.begin_transaction()
    for outgoing in numbered(topic, *numbers):
        producer.send(topic, key=outgoing.key, value=outgoing.value)
    producer.flush()
    return producer


def test_all_that_is_committed_is_read_in_the_order_of_each_key(config, topic):
    for begin in range(0, 300, 100):
        write(config.kafka, numbered(topic, *range(begin, begin + 100)))

    values = [(record.key, int(record.value)) for record in read_all(config.kafka, topic)]

    assert sorted(number for _, number in values) == list(range(300))
    for key in {key for key, _ in values}:
        of_key = [number for other, number in values if other == key]
        assert of_key == sorted(of_key)


def test_what_is_aborted_or_not_committed_yet_is_not_read(config, topic):
    write(config.kafka, numbered(topic, 1, 2))
    producer = left_open(config.kafka, topic, 3, 4)
    try:
        while_open = sorted(int(record.value) for record in read_all(config.kafka, topic))
        producer.abort_transaction()
    finally:
        producer.close()
    write(config.kafka, numbered(topic, 5))

    assert while_open == [1, 2]
    assert sorted(int(record.value) for record in read_all(config.kafka, topic)) == [1, 2, 5]


def test_an_empty_topic_ends_at_once(config, topic):
    assert list(read_all(config.kafka, topic)) == []


def test_since_leaves_out_what_was_written_before(config, topic):
    write(config.kafka, numbered(topic, 1, 2))
    (first, *_) = read_all(config.kafka, topic)
    wait_until(lambda: datetime.now(UTC).timestamp() * 1000 > first.timestamp + 1, what="the next millisecond")
    middle = datetime.now(UTC)
    write(config.kafka, numbered(topic, 3))

    assert [int(record.value) for record in read_all(config.kafka, topic, since=middle)] == [3]
    assert list(read_all(config.kafka, topic, since=middle + timedelta(hours=1))) == []


def test_a_tail_sees_what_comes_after_it_was_opened_once(config, topic):
    write(config.kafka, numbered(topic, 1, 2))
    tail = Tail(config.kafka, topic)
    write(config.kafka, numbered(topic, *range(3, 53)))
    seen = []

    wait_until(lambda: seen.extend(tail.new()) or len(seen) >= 50, what="50 records")
    tail.close()

    assert sorted(int(record.value) for record in seen) == list(range(3, 53))
