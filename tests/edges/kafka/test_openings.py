"""What opens two things closes the first when the second cannot be had, and waits as long as the config says."""

from contextlib import contextmanager

import pytest
from kafka.errors import KafkaConnectionError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka import connect, glance, overview
from harmonystate.edges.kafka.glance import Glance
from harmonystate.edges.kafka.overview import Observer
from harmonystate.edges.kafka.transaction import TransactionFailed


class Consumer:
    """Notes that it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self, *, autocommit: bool) -> None:
        assert not autocommit
        self.closed += 1


@pytest.fixture
def consumer(monkeypatch):
    """The one that is opened."""
    consumer = Consumer()
    for module in (glance, overview):
        monkeypatch.setattr(module, "open_consumer", lambda *_, **__: consumer)
    return consumer


def fails(*_):
    raise KafkaConnectionError("gone again")


def test_a_glance_that_cannot_be_taken_leaves_no_consumer_open(consumer, monkeypatch):
    monkeypatch.setattr(glance, "partitions_of", fails)

    with pytest.raises(TransactionFailed):
        Glance(KafkaSettings(), ["global1"], most=1)

    assert consumer.closed == 1


def test_an_observer_without_its_second_connection_closes_the_first(consumer, monkeypatch):
    monkeypatch.setattr(overview, "open_admin", fails)

    with pytest.raises(TransactionFailed):
        Observer(KafkaSettings(), ["global1"], {})

    assert consumer.closed == 1


def test_an_observer_closes_both_once(consumer, monkeypatch):
    ended = []

    @contextmanager
    def open_admin(_):
        yield
        ended.append("admin")

    monkeypatch.setattr(overview, "open_admin", open_admin)

    with Observer(KafkaSettings(), ["global1"], {}):
        assert (consumer.closed, ended) == (0, [])

    assert (consumer.closed, ended) == (1, ["admin"])


def test_an_observer_waits_for_kafka_as_long_as_the_config_says(consumer, monkeypatch):
    opened = []

    class Admin:
        DEFAULT_CONFIG = connect.KafkaAdminClient.DEFAULT_CONFIG

        def __init__(self, **options: object) -> None:
            opened.append(options["bootstrap_timeout_ms"])

        def close(self) -> None:
            """There is nothing to close."""

    monkeypatch.setattr(connect, "KafkaAdminClient", Admin)

    with Observer(KafkaSettings(client={"bootstrap_timeout_ms": 1234}), ["global1"], {}):
        assert opened == [1234]
