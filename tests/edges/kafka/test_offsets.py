"""What readers without a group do when Kafka does not say where they stand: kafka-python returns None then."""

from collections.abc import Callable

import pytest
from kafka import TopicPartition

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Place
from harmonystate.edges.kafka import glance, offsets, reading, silences, survey
from harmonystate.edges.kafka.freshness import oldest_waiting
from harmonystate.edges.kafka.places import record_at
from harmonystate.edges.kafka.transaction import TransactionFailed

HERE = TopicPartition("alert", 0)


class GoneMeanwhile:
    """A consumer of one partition with 5 records; all that is not named here goes well, and returns nothing."""

    def __getattr__(self, _name):
        return lambda *_, **__: None

    def partitions_for_topic(self, _topic):
        return {HERE.partition}

    def beginning_offsets(self, places, **_):
        return dict.fromkeys(places, 0)

    def end_offsets(self, places, **_):
        return dict.fromkeys(places, 5)

    def poll(self, **_):
        return {}

    def position(self, _place, **_):
        return None


def look(settings: KafkaSettings) -> None:
    with glance.Glance(settings, [HERE.topic], most=5) as opened:
        opened.new()


READERS: dict[str, Callable[[KafkaSettings], object]] = {
    "all": lambda settings: list(reading.read_all(settings, HERE.topic)),
    "tail": lambda settings: reading.Tail(settings, HERE.topic),
    "place": lambda settings: record_at(settings, Place(*HERE, 3)),
    "silences": silences.read_silences,
    "audit": lambda settings: list(survey.Surveyor(settings).read(HERE.topic)),
    "glance": look,
    "age": lambda settings: oldest_waiting(settings, {"alert-bot": HERE.topic}),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_kafka_that_does_not_say_where_a_reader_stands_is_away(offline_config, monkeypatch, read):
    for module in (glance, offsets, reading, silences, survey):
        monkeypatch.setattr(module, "open_consumer", lambda *_, **__: GoneMeanwhile())

    with pytest.raises(TransactionFailed, match=r"does not say where to read .*, partition 0"):
        read(offline_config.kafka)
