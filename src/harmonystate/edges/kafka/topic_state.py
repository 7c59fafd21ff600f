"""Topics as they are, beside how they are to be."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAuthorizationFailedError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin_or_explain
from harmonystate.edges.kafka.plans import DAY_MS, Plan, plans
from harmonystate.edges.kafka.rights import refused


class Difference(NamedTuple):
    """A property of a topic that is not as planned: partitions, replication, or a key of its config."""

    name: str
    actual: str
    planned: str

    def __str__(self) -> str:
        return f"{self.name} {self.actual}, not {self.planned}"


class TopicState(NamedTuple):
    """A topic beside its plan; `differences` is None when it is not there."""

    plan: Plan
    differences: list[Difference] | None


def compare(settings: KafkaSettings) -> list[TopicState]:
    """Compare every topic with the config.

    Raises:
        Unavailable: when Kafka does not answer.
        Misconfigured: when it gives us no right.
    """
    wanted = plans(settings)
    with open_admin_or_explain(settings) as admin:
        described = {topic["name"]: topic for topic in admin.describe_topics([plan.name for plan in wanted])}
        there = {name for name, topic in described.items() if topic["error_code"] == 0}
        return [
            TopicState(plan, differences(admin, plan, described[plan.name]) if plan.name in there else None)
            for plan in wanted
        ]


def differences(admin: KafkaAdminClient, plan: Plan, topic: Mapping[str, Any]) -> list[Difference]:
    """Return how a topic, as `describe_topics` tells of it, differs from its plan."""
    planned = {"partitions": str(plan.partitions), "replication": str(plan.replication), **plan.config}
    actual = {
        "partitions": str(len(topic["partitions"])),
        "replication": str(min(len(partition["replica_nodes"]) for partition in topic["partitions"])),
        **topic_configs(admin, {plan.name: plan.config})[plan.name],
    }
    found = [Difference(name, actual.get(name, "?"), value) for name, value in planned.items()]
    return [difference for difference in found if difference.actual != difference.planned]


def topic_configs(admin: KafkaAdminClient, asked: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
    """Return what these keys of the config are for each topic; every topic has them.

    Raises:
        Misconfigured: when Kafka gives us no right.
    """
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic, list(keys)) for topic, keys in asked.items()]
    described = admin.describe_configs(resources, config_filter="all")["topic"]
    # The client does not pass on that it was refused: it returns no keys.
    if hidden := [topic for topic in asked if not described[topic]]:
        raise refused(TopicAuthorizationFailedError(hidden), to="DESCRIBE_CONFIGS")
    return {topic: {key: str(entry["value"]) for key, entry in described[topic].items()} for topic in asked}


def kept_too_short(settings: KafkaSettings) -> list[str]:
    """Return `retention_warnings` over a connection of its own; raises as `compare` does."""
    with open_admin_or_explain(settings) as admin:
        return retention_warnings(admin, plans(settings))


def retention_warnings(admin: KafkaAdminClient, wanted: Iterable[Plan]) -> list[str]:
    """Warn when a group that sleeps could lose its offsets before its records are gone: it would start over.

    Warn too when that is not for us to know.
    """
    key = "offsets.retention.minutes"
    broker = str(admin.describe_cluster()["brokers"][0]["broker_id"])
    described = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, broker, [key])], config_filter="all")
    entries: dict[str, Any] = described["broker"][broker]
    if key not in entries:
        return [f"{key} of the cluster is not known: grant kafka.username DESCRIBE_CONFIGS on the cluster"]
    longest_ms = max(int(plan.config.get("retention.ms", 0)) for plan in wanted)
    if int(entries[key]["value"]) * 60_000 >= longest_ms:
        return []
    days = longest_ms // DAY_MS
    return [f"{key} of the cluster is below {days} days: a group that sleeps longer than that starts over"]
