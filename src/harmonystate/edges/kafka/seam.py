"""The private parts of kafka-python 3.0.12 that we stand on, all of them in this file.

Why at all: docs/decisions/0003-kafka-python.md. What holds them: tests/edges/kafka/test_seam.py.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaConnectionError, KafkaError

JOIN_S = 5.0


def keep_requests(producer: KafkaProducer) -> None:
    """Cure the sender of losing a request when the coordinator's connection is refused.

    `Sender._maybe_send_pending_request` puts the request in hand (AddPartitions, EndTxn, InitProducerId) back only
    when `await_ready` answers False. It raises instead, and then flush times out and commit never returns, also when
    the broker is back.
    """
    client = producer._sender._client
    ready: Callable[..., bool] = client.await_ready

    def await_ready(*args: Any, **kwargs: Any) -> bool:
        try:
            return ready(*args, **kwargs)
        except KafkaConnectionError:
            return False

    client.await_ready = await_ready


def epoch_of(producer: KafkaProducer) -> tuple[int, int]:
    """Return the producer id and epoch under which it writes now.

    When they change inside a transaction, the broker has aborted it, and the client would report success.
    """
    current = producer._transaction_manager.producer_id_and_epoch
    return current.producer_id, current.epoch


def drop(producer: KafkaProducer) -> None:
    """Get rid of a producer at once, whatever state it is in.

    `close` alone begins with a flush, which raises while batches are open and leaves the sender thread spinning.
    """
    producer._sender.force_close()
    producer._sender.join(JOIN_S)
    with suppress(KafkaError):
        producer.close(timeout=0)
