"""For commands that ask once and leave: a Kafka that does not answer is one line, not a wait."""

from collections.abc import Iterator
from contextlib import contextmanager

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.errors import Unavailable


@contextmanager
def answering(settings: KafkaSettings) -> Iterator[None]:
    """Turn TransactionFailed inside the body into Unavailable, naming host and port."""
    try:
        yield
    except TransactionFailed as fault:
        raise Unavailable(f"Kafka at {settings.bootstrap_servers} does not answer: {fault}") from fault
