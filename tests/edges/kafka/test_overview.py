import pytest

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.offsets import end_offsets
from harmonystate.edges.kafka.overview import Observer
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import TransactionFailed
from tests.support.kafka import wait_until, write

pytestmark = pytest.mark.services

GROUPS = ("reads-some", "reads-nothing")


@pytest.fixture
def topic(config):
    create_topics(config.kafka)
    return config.kafka.topics.global1


def groups(topic):
    """Groups of this test alone: other tests read by other names."""
    return {f"{topic}-{name}": topic for name in GROUPS}


def test_a_topic_is_as_large_as_what_was_written_and_the_markers_of_its_transactions(config, topic):
    write(config.kafka, [Outgoing(topic, b"%d" % number, b"{}") for number in range(40)])

    with Observer(config.kafka, [topic, config.kafka.topics.alert], {}) as observer:
        sizes = observer.look().topics

    assert sizes[topic].partitions == 4
    assert 40 <= sizes[topic].records <= 44
    assert sizes[config.kafka.topics.alert] == (4, 0, 0)


def test_the_lag_is_what_a_group_has_not_committed_and_all_of_it_for_one_that_never_did(config, topic):
    write(config.kafka, [Outgoing(topic, b"%d" % number, b"{}") for number in range(40)])
    some, none = groups(topic)
    ends = end_offsets(config.kafka, topic)
    write(config.kafka, [], offsets={(topic, partition): end - 1 for partition, end in ends.items()}, group=some)

    with Observer(config.kafka, [topic], groups(topic)) as observer:
        lags = observer.look().lags

    assert lags == {some: 4, none: sum(ends.values())}


def test_a_later_look_sees_what_came_since_the_last(config, topic):
    with Observer(config.kafka, [topic], {}) as observer:
        assert observer.look().topics[topic].records == 0
        write(config.kafka, [Outgoing(topic, b"7", b"{}")])

        # A commit is answered before its markers are written; what they end is readable after that.
        wait_until(lambda: observer.look().topics[topic].records == 2, what="the record and its marker")


def test_a_topic_that_is_not_there_is_left_out_and_is_not_made(config):
    missing = config.kafka.topics.global1

    for _ in range(2):
        with Observer(config.kafka, [missing], groups(missing)) as observer:
            seen = observer.look()

        assert seen.topics == {}
        assert set(seen.lags.values()) == {0}


def test_without_kafka_it_cannot_be_opened(offline_config):
    with pytest.raises(TransactionFailed):
        Observer(offline_config.kafka, ["global1"], {})
