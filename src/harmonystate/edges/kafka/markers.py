"""Waits for what a commit leaves to be done after its answer: until then a reader of committed records ends before it.

The coordinator answers as soon as the outcome is decided, and then has the end of the transaction written into each
partition: https://cwiki.apache.org/confluence/display/KAFKA/KIP-98 (section 5, "Committing or Aborting a Transaction").
"""

import time
from contextlib import suppress

from kafka.admin import TransactionState
from kafka.errors import KafkaError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import BOOTSTRAP_MS, open_admin

# A busy broker takes some 100 ms for it.
WITHIN_S = 5.0
LOOK_EVERY_S = 0.02
_UNDER_WAY = (TransactionState.PREPARE_COMMIT, TransactionState.PREPARE_ABORT)


def await_markers(settings: KafkaSettings, transactional_id: str) -> None:
    """Return once all that was committed under this id can be read, so that the next command finds it.

    Best effort, for it is committed whatever comes of this: without an answer it returns after 10 s at most.
    """
    until = time.monotonic() + WITHIN_S
    with suppress(KafkaError), open_admin(settings, request_timeout_ms=BOOTSTRAP_MS) as admin:
        while admin.describe_transactions([transactional_id])[transactional_id].state in _UNDER_WAY:
            if time.monotonic() > until:
                return
            time.sleep(LOOK_EVERY_S)
