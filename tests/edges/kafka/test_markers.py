"""What a writer has closed can be read by whoever comes next."""

from contextlib import contextmanager
from types import SimpleNamespace

import kafka.errors
import pytest
from kafka import TopicPartition
from kafka.admin import TransactionState

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import markers
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.markers import await_markers
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import Transactor

UNDER_WAY, DONE = TransactionState.PREPARE_COMMIT, TransactionState.COMPLETE_COMMIT


@contextmanager
def closing(client):
    try:
        yield client
    finally:
        client.close(autocommit=False)


def ends_of(settings, topic, **options):
    with closing(open_consumer(settings, **options)) as consumer:
        return consumer.end_offsets([TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic))])


@pytest.mark.services
def test_a_transaction_can_be_read_once_its_writer_is_closed(config):
    create_topics(config.kafka)
    topic = config.kafka.topics.global1
    undecided = []

    for number in range(10):
        transactor = Transactor(config.kafka, "test-markers")
        transactor.commit([Outgoing(topic, b"%d" % key, b"%d" % number) for key in range(40)])
        transactor.close()
        readable, written = (
            ends_of(config.kafka, topic, isolation_level=level) for level in ("read_committed", "read_uncommitted")
        )
        undecided += [(number, where.partition) for where in written if readable[where] != written[where]]

    assert undecided == []


@pytest.fixture
def told(monkeypatch):
    """Let the broker answer with these states, one after the other."""
    states = []

    @contextmanager
    def open_admin(*_, **__):
        if not states:
            raise kafka.errors.KafkaConnectionError("away")
        yield SimpleNamespace(describe_transactions=lambda names: {names[0]: SimpleNamespace(state=states.pop(0))})

    monkeypatch.setattr(markers, "open_admin", open_admin)
    return states


def test_it_looks_until_the_markers_are_written(told):
    told += [UNDER_WAY, UNDER_WAY, DONE, DONE]

    await_markers(KafkaSettings(), "a")

    assert told == [DONE]


def test_it_does_not_look_for_ever(told, monkeypatch):
    monkeypatch.setattr(markers, "WITHIN_S", -1)
    told += [UNDER_WAY] * 10

    await_markers(KafkaSettings(), "a")

    assert told == [UNDER_WAY] * 9


def test_a_broker_that_went_after_the_commit_is_no_failure(told):
    await_markers(KafkaSettings(), "a")
