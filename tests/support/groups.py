"""Who is in a consumer group, and how far it has come."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin, open_consumer
from harmonystate.edges.kafka.offsets import committed, end_offsets, partitions_of
from harmonystate.edges.kafka.transaction import TransactionFailed
from tests.support.kafka import PATIENT_MS, wait_until

# The first group of a new broker has no coordinator yet.
_NOT_YET = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)


def members(settings: KafkaSettings, group: str) -> set[str]:
    """Return the instances that share the work of a group; none while it rebalances."""
    with open_admin(settings) as admin:
        try:
            described: Mapping[str, Any] = admin.describe_groups([group])[group]
        except _NOT_YET:
            return set()
    if described["group_state"] != "Stable":
        return set()
    return {member["group_instance_id"] for member in described["members"] if member["member_assignment"]}


@contextmanager
def member_of(
    settings: KafkaSettings, group: str, topic: str, *, instance: str | None = None, **ours: Any
) -> Iterator[Any]:
    """Yield the plain client's consumer, which has all partitions of the topic; one with a name has not left after."""
    patient = {"bootstrap_timeout_ms": PATIENT_MS, **ours}
    consumer = open_consumer(settings, topic, group_id=group, group_instance_id=instance, **patient)
    # A leader that does not know the partitions yet would give itself an empty share.
    partitions_of(consumer, topic)
    wait_until(lambda: consumer.poll(100) or consumer.assignment(), within_s=120, what="the member's share")
    yield consumer
    consumer.close(autocommit=False)


class Goal:
    """All that stands in a topic now."""

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        self._settings, self._topic = settings, topic
        self._ends = end_offsets(settings, topic)

    def is_reached(self, group: str) -> bool:
        """Say whether the group has done all of it."""
        try:
            done = committed(self._settings, group, self._topic)
        except TransactionFailed:  # whoever was to decide on offsets of the group is frozen, or dead
            return False
        return all(done.get(partition, (0, ""))[0] >= end for partition, end in self._ends.items())
