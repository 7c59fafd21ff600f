"""What tests of Kafka's clients share: fill a topic, read it to its end, wait for what must come."""

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kafka.admin import TransactionState
from kafka.errors import KafkaError

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.connect import open_admin, open_consumer
from harmonystate.edges.kafka.offsets import partitions_of
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed, Transactor

# A writer whose call took longer than a group waits for a member takes its fence for the end of its absence.
UNHURRIED = {"session_timeout_ms": 120_000}
# A busy broker has minutes, not the seconds after which a command of ours would look up.
PATIENT_MS = 60_000
_UNDER_WAY = (TransactionState.PREPARE_COMMIT, TransactionState.PREPARE_ABORT)


def write(settings: KafkaSettings, outgoings: Iterable[Outgoing], **more: Any) -> None:
    """Write these in one transaction, and wait until they can be read; `more` as `Transactor.commit` takes it."""
    transactor = Transactor(settings, name := f"test-{uuid.uuid4()}")
    transactor.commit(outgoings, **more)
    transactor.discard()
    await_readable(settings, name)


def await_readable(settings: KafkaSettings, transactional_id: str) -> None:
    """Wait, however long the broker takes, until all that was committed under this id can be read.

    Whoever closes a writer waits so too, but for seconds: see edges/kafka/markers.py.
    """
    with open_admin(settings, bootstrap_timeout_ms=PATIENT_MS) as admin:
        wait_until(
            lambda: admin.describe_transactions([transactional_id])[transactional_id].state not in _UNDER_WAY,
            what=f"the end of the transaction of {transactional_id}",
            every_s=0.02,
        )


def read(settings: KafkaSettings, topic: str) -> list[Any]:
    """Return all committed records of a topic; those of a partition in their order."""
    consumer = open_consumer(settings, bootstrap_timeout_ms=PATIENT_MS)
    try:
        partitions = partitions_of(consumer, topic)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions, timeout_ms=PATIENT_MS)
        found = []
        while any((consumer.position(where) or 0) < end for where, end in ends.items()):
            found += [record for records in consumer.poll(1_000).values() for record in records]
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        consumer.close(autocommit=False)


# However long a look takes.
RAREST_S = 1.0
_Seen = TypeVar("_Seen")


def wait_until(
    condition: Callable[[], _Seen], *, within_s: float = 180, what: str = "the condition", every_s: float = 0.05
) -> _Seen:
    """Wait for `condition` to hold, and return what it has returned.

    Where a look is dear it is rare, so that looking leaves the machine to others. One that Kafka has not answered in
    time has seen nothing: there is another one.
    """
    deadline = time.monotonic() + within_s
    unanswered: Exception | None = None
    while True:
        began = time.monotonic()
        try:
            if seen := condition():
                return seen
        except Fenced:  # an answer
            raise
        except (KafkaError, TransactionFailed) as fault:
            unanswered = fault
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what} did not come about within {within_s} s") from unanswered
        time.sleep(max(every_s, min(RAREST_S, 3 * (time.monotonic() - began))))
