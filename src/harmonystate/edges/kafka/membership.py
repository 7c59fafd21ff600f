"""Being a member of a consumer group under a name of one's own (static membership)."""

from contextlib import suppress
from typing import Any

from kafka.admin import MemberToRemove
from kafka.errors import KafkaError
from kafka.structs import MemberState

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin


def is_member(member: Any) -> bool:
    """Say whether `KafkaConsumer.group_metadata()` speaks for a member of the group.

    A member that was thrown out reads back generation -1 and no id, and a commit without an identity is not fenced.
    """
    return bool(member.generation_id >= 0 and member.member_id)


def is_settled(member: Any) -> bool:
    """Say whether what the member is assigned is all of its share.

    While the group rebalances, a member has a generation and an assignment that is empty or about to go.
    """
    return is_member(member) and bool(member.state == MemberState.STABLE)


def leave(settings: KafkaSettings, *, group: str, instance: str) -> None:
    """Give this name's partitions to the others now; they would wait for the session to time out.

    A static member does not leave on close. Best effort: whoever cannot say goodbye is missed after the timeout.
    """
    with suppress(KafkaError), open_admin(settings) as admin:
        admin.remove_group_members(group, [MemberToRemove(group_instance_id=instance, reason="stopped")])
