"""Who is in a consumer group, and how far it has come."""

from collections.abc import Mapping
from typing import Any

from kafka.errors import CoordinatorNotAvailableError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.offsets import committed, end_offsets
from harmonystate.edges.kafka.transaction import TransactionFailed


def members(settings: KafkaSettings, group: str) -> set[str]:
    """Return the instances that share the work of a group; none while it rebalances."""
    with open_admin(settings) as admin:
        try:
            described: Mapping[str, Any] = admin.describe_groups([group])[group]
        except CoordinatorNotAvailableError:  # the first group of a new broker has none yet
            return set()
    if described["group_state"] != "Stable":
        return set()
    return {member["group_instance_id"] for member in described["members"] if member["member_assignment"]}


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
