"""How the topics are to be, and who reads which."""

from typing import NamedTuple

from harmonystate.config import KafkaSettings, Topics

DAY_MS = 24 * 3600 * 1000
# A record of the largest size a topic takes by default, with the headers of its dead letter, is larger than that.
DEAD_LETTER_BYTES = 4 * 1024 * 1024


class Plan(NamedTuple):
    """How a topic is to be."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


def plans(settings: KafkaSettings) -> list[Plan]:
    """Return how each topic is to be (docs/glossary.md); the two global topics may be one."""
    topics = settings.topics
    kept_days = {topics.global1: 7, topics.global2: 7, topics.alert: 30, topics.dead_letter: 30, topics.delivery: 30}
    streams = [
        Plan(
            name,
            settings.partitions,
            settings.replication,
            _config(settings, name, {"retention.ms": str(days * DAY_MS)}),
        )
        for name, days in kept_days.items()
    ]
    silences = _config(settings, topics.silence, {"cleanup.policy": "compact"})
    return [*streams, Plan(topics.silence, 1, settings.replication, silences)]


def readers_of(topics: Topics) -> dict[str, str]:
    """Return the consumer groups, each with the one topic that it reads."""
    return {"stream-alerts": topics.global1, "alert-bot": topics.alert, "ingest": topics.global2}


def _config(settings: KafkaSettings, name: str, kept: dict[str, str]) -> dict[str, str]:
    config = {"compression.type": "lz4", **kept}
    if name == settings.topics.dead_letter:
        config["max.message.bytes"] = str(DEAD_LETTER_BYTES)
    if settings.replication >= 3:
        # With one replica in sync an acknowledged record could be lost with its broker.
        config["min.insync.replicas"] = "2"
    return config
