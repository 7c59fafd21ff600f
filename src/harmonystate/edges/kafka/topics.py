"""Makes the topics."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import InvalidReplicationFactorError, NoError, PolicyViolationError, TopicAlreadyExistsError, for_code

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin_or_explain
from harmonystate.errors import Misconfigured, Unavailable

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


def create_topics(settings: KafkaSettings) -> list[str]:
    """Make the topics that are not there; change none that is. Safe to run again, and by several at once.

    Returns:
        lines that say what was made, what was there, what differs from the config.

    Raises:
        Unavailable: when Kafka does not answer.
        Misconfigured: when Kafka refuses to make one, such as with more replicas than brokers.
    """
    wanted = plans(settings)
    with open_admin_or_explain(settings) as admin:
        made = {plan.name for plan in wanted if _create(admin, plan)}
        admin.wait_for_topics([plan.name for plan in wanted])
        lines = [_say_made(plan) if plan.name in made else _say_there(admin, plan) for plan in wanted]
        return lines + _retention_warnings(admin, wanted)


def _config(settings: KafkaSettings, name: str, kept: dict[str, str]) -> dict[str, str]:
    config = {"compression.type": "lz4", **kept}
    if name == settings.topics.dead_letter:
        config["max.message.bytes"] = str(DEAD_LETTER_BYTES)
    if settings.replication >= 3:
        # With one replica in sync an acknowledged record could be lost with its broker.
        config["min.insync.replicas"] = "2"
    return config


def _create(admin: KafkaAdminClient, plan: Plan) -> bool:
    """Make one topic; say whether it was us, and nobody before or beside us."""
    options = {"num_partitions": plan.partitions, "replication_factor": plan.replication, "configs": plan.config}
    (result,) = admin.create_topics({plan.name: options}, raise_errors=False)["topics"]
    error = for_code(result["error_code"])
    if error is NoError:
        return True
    if error is TopicAlreadyExistsError:
        return False
    problem = f"Kafka does not make topic {plan.name}: {result.get('error_message') or error.description}"
    if issubclass(error, InvalidReplicationFactorError | PolicyViolationError) or not error.retriable:
        raise Misconfigured(problem)
    raise Unavailable(f"{problem}; try again")


def _say_made(plan: Plan) -> str:
    return f"topic {plan.name}: made, partitions {plan.partitions}, replication {plan.replication}"


def _say_there(admin: KafkaAdminClient, plan: Plan) -> str:
    (topic,) = admin.describe_topics([plan.name])
    (described,) = admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, plan.name, list(plan.config))], config_filter="all"
    ).values()
    actual = {
        "partitions": str(len(topic["partitions"])),
        "replication": str(min(len(partition["replica_nodes"]) for partition in topic["partitions"])),
        **{key: str(entry["value"]) for key, entry in described[plan.name].items()},
    }
    planned = {"partitions": str(plan.partitions), "replication": str(plan.replication), **plan.config}
    differing = [f"{key} {actual[key]}, not {planned[key]}" for key in planned if actual.get(key, "?") != planned[key]]
    return f"topic {plan.name}: " + ("there, left as it is: " + "; ".join(differing) if differing else "there")


def _retention_warnings(admin: KafkaAdminClient, wanted: Iterable[Plan]) -> list[str]:
    """Warn when a group that sleeps could lose its offsets before its records are gone: it would start over."""
    key = "offsets.retention.minutes"
    broker = str(admin.describe_cluster()["brokers"][0]["broker_id"])
    described = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, broker, [key])], config_filter="all")
    entries: dict[str, Any] = described["broker"][broker]
    kept_ms = int(entries[key]["value"]) * 60_000 if key in entries else None
    longest_ms = max(int(plan.config.get("retention.ms", 0)) for plan in wanted)
    if kept_ms is None or kept_ms >= longest_ms:
        return []
    days = longest_ms // DAY_MS
    return [f"warning: {key} of the cluster is below {days} days: a group that sleeps longer than that starts over"]
