"""How long topics keep what is written to them."""

from collections.abc import Iterable
from datetime import timedelta

from kafka.admin import ConfigResource, ConfigResourceType

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin_or_explain

_KEY = "retention.ms"


def kept_for(settings: KafkaSettings, topics: Iterable[str]) -> dict[str, timedelta | None]:
    """Return how long each topic keeps a record, at least; None = for ever.

    Raises:
        Unavailable: when Kafka does not answer.
    """
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic, [_KEY]) for topic in dict.fromkeys(topics)]
    with open_admin_or_explain(settings) as admin:
        found = admin.describe_configs(asked, config_filter="all")
    values = {topic: int(entries[_KEY]["value"]) for topic, entries in found["topic"].items()}
    return {topic: None if ms < 0 else timedelta(milliseconds=ms) for topic, ms in values.items()}
