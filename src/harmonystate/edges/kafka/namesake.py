"""Keeps a process from taking the name of one that lives elsewhere, where Kafka's fence would come too late.

Whoever joins a group under a name fences out who bore it before, and that one learns of it up to a heartbeat later:
what it does outside of Kafka until then, both do. So the name is left to whoever has it, until the group has thrown it
out for its silence; that lasts a session, as if a process of another name took over.
"""

import time
from typing import Any

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin, session_s
from harmonystate.edges.kafka.patience import Stop
from harmonystate.edges.kafka.transaction import translated
from harmonystate.errors import Misconfigured

LOOK_EVERY_S = 0.5
# In sessions: by then the group has thrown out whoever is dead.
LONGEST = 1.5


def await_name(settings: KafkaSettings, *, group: str, instance: str, client_id: str, stop: Stop) -> bool:
    """Wait until nobody elsewhere bears our name in the group; False when asked to stop meanwhile.

    Args:
        settings: where Kafka is.
        group: the consumer group.
        instance: our name in it.
        client_id: of every process that may bear the name in our place, for no two of those are alive at once.
        stop: asks to leave.

    Raises:
        Misconfigured: when it is still there after all that time, so it lives.
        TransactionFailed: when Kafka does not answer.
    """
    until = time.monotonic() + LONGEST * session_s(settings)
    while _is_elsewhere(settings, group, instance, client_id):
        if time.monotonic() > until:
            raise Misconfigured("another process has this one's name: start this one with another --instance")
        if stop.wait(LOOK_EVERY_S):
            return False
    return True


def _is_elsewhere(settings: KafkaSettings, group: str, instance: str, client_id: str) -> bool:
    with translated(name=group), open_admin(settings) as admin:
        members: list[dict[str, Any]] = admin.describe_groups([group])[group]["members"]
    return any(member["group_instance_id"] == instance and member["client_id"] != client_id for member in members)
