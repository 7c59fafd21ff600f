"""How long topics keep what is written to them."""

from collections.abc import Iterable
from datetime import timedelta

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin_or_explain
from harmonystate.edges.kafka.topic_state import topic_configs

_KEY = "retention.ms"


def kept_for(settings: KafkaSettings, topics: Iterable[str]) -> dict[str, timedelta | None]:
    """Return how long each topic keeps a record, at least; None = for ever.

    Raises:
        Unavailable: when Kafka does not answer.
        Misconfigured: when it gives us no right.
    """
    with open_admin_or_explain(settings) as admin:
        found = topic_configs(admin, {topic: [_KEY] for topic in topics})
    values = {topic: int(entries[_KEY]) for topic, entries in found.items()}
    return {topic: None if ms < 0 else timedelta(milliseconds=ms) for topic, ms in values.items()}
