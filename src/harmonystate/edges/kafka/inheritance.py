"""Aborts what an instance that is gone has left open, for those who take over its partitions."""

from contextlib import suppress

import structlog
from kafka.admin import TransactionState
from kafka.errors import KafkaError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor
from harmonystate.errors import Misconfigured


def abort_what_was_left(settings: KafkaSettings, *, group: str, instance: str, prefix: str) -> None:
    """Abort the open transactions of instances that are no longer members of their group.

    Killed in a transaction, an instance holds what it wrote, and the offsets that it was about to commit, until the
    broker gives it up, after 40 to 50 s: so long nobody can read on there. One that is only frozen could not commit any
    more either. Best effort: without the right to it, the broker it is.

    Args:
        settings: where Kafka is.
        group: the consumer group, in which we are a member by now.
        instance: our own name.
        prefix: what stands before the instance's name in a transactional id.
    """
    with suppress(KafkaError, TransactionFailed, Misconfigured):
        for name in _left_behind(settings, group, instance, prefix):
            structlog.get_logger(f"harmony.{group}").warning("aborting what another has left open", transaction=name)
            Transactor(settings, name).close()


def _left_behind(settings: KafkaSettings, group: str, instance: str, prefix: str) -> list[str]:
    with open_admin(settings) as admin:
        # In this order: whoever begins a transaction is a member already.
        listings = [listing for of_broker in admin.list_transactions().values() for listing in of_broker]
        members = admin.describe_groups([group])[group]["members"]
    present = {member["group_instance_id"] for member in members}
    if instance not in present:
        return []  # then we know nothing of the others either
    names = {listing.transactional_id for listing in listings if listing.state is TransactionState.ONGOING}
    known = {f"{prefix}{name}" for name in present}
    return sorted(name for name in names - known if name.startswith(prefix))
