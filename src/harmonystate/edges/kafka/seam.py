"""The private parts of kafka-python 3.0.12 that we stand on, all in this file, in batches.py, and in two imports:

connect.py closes the connections of a client that did not come to be (kafka.net.compat), and hangup.py has a login's
answers made (kafka.net.sasl).

Why at all: docs/decisions/0003-kafka-python.md. What holds them: tests/edges/kafka/test_seam.py.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.heartbeat import Heartbeat
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from kafka.partitioner.default import murmur2

from harmonystate.core.record import Outgoing

JOIN_S = 5.0
ORDINARY_BYTES = 512 * 1024
_NO_HEADERS: list[tuple[str, bytes]] = []
# It goes on while a laptop sleeps, as the broker's elsewhere does (https://man7.org/linux/man-pages/man2/clock_gettime.2.html).
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


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


def send_all(producer: KafkaProducer, outgoings: Iterable[Outgoing]) -> list[Any]:
    """Send records within a transaction, at half of what `producer.send` for each of them costs; return their futures.

    `send` asks for metadata, state and right at every single record; here that is done once a partition. Whatever is
    out of the ordinary takes its way.
    """
    append, wakeup = producer._accumulator.append, producer._sender.wakeup
    topics: dict[str, list[TopicPartition]] = {}
    added: set[TopicPartition] = set()
    futures = []
    for topic, key, value, headers in outgoings:
        if key is None or value is None or headers or len(value) > ORDINARY_BYTES:
            futures.append(producer.send(topic, value, key, list(headers)))
            continue
        places = topics.get(topic) or topics.setdefault(topic, _places(producer, topic))
        # As the default partitioner, which Java's shares: the same key goes the same way, whoever writes it.
        place = places[(murmur2(key) & 0x7FFFFFFF) % len(places)]
        if place not in added:
            producer._transaction_manager.maybe_add_partition_to_transaction(place)
            added.add(place)
        future, is_full, is_new, _ = append(place, None, key, value, _NO_HEADERS)
        futures.append(future)
        if is_full or is_new:
            wakeup()
    return futures


def send_offsets(
    producer: KafkaProducer, offsets: Mapping[TopicPartition, Any], member: Any, *, timeout_s: float
) -> None:
    """Do what `send_offsets_to_transaction` does, but not for ever: it waits for an absent broker without a limit."""
    result = producer._transaction_manager.send_offsets_to_transaction(dict(offsets), member)
    _await(producer, result, timeout_s)


def commit(producer: KafkaProducer, *, timeout_s: float) -> None:
    """Do what `commit_transaction` does, but not for ever."""
    _await(producer, producer._transaction_manager.begin_commit(), timeout_s)


def epoch_of(producer: KafkaProducer) -> tuple[int, int]:
    """Return the producer id and epoch under which it writes now.

    When they change inside a transaction, the broker has aborted it, and the client would report success.
    """
    current = producer._transaction_manager.producer_id_and_epoch
    return current.producer_id, current.epoch


class AnsweredHeartbeat(Heartbeat):  # type: ignore[misc] # kafka-python has no types
    """Notes when the last heartbeat was sent that the group has answered.

    The client's own clock starts anew whenever the coordinator is looked up, which says nothing about us, and then it
    is silent for an interval: for 3 s a member that was thrown out while it was frozen knows nothing of it. Here the
    group is asked at once.
    """

    def __init__(self, **configs: Any) -> None:
        super().__init__(**configs)
        self._sent_at = self._answered_at = float("-inf")

    @property
    def age_s(self) -> float:
        """How long ago it was sent."""
        return time.clock_gettime(_CLOCK) - self._answered_at

    def sent_heartbeat(self) -> None:
        """Note that one is on its way."""
        super().sent_heartbeat()
        self._sent_at = time.clock_gettime(_CLOCK)

    def received_heartbeat(self) -> None:
        """Note that it was answered: the group has known us since it was sent, at the least."""
        super().received_heartbeat()
        self._answered_at = self._sent_at

    def time_to_next_heartbeat(self) -> float:
        """Return how long to wait, in seconds: not at all, when a coordinator was found, or the group joined, since."""
        if self.last_receive < self.last_reset:
            return float(max(0, self.last_send + self.config["retry_backoff_ms"] / 1000 - time.monotonic()))
        return float(super().time_to_next_heartbeat())


def note_answers(consumer: KafkaConsumer) -> AnsweredHeartbeat:
    """Have a consumer that has not joined yet note when the group has answered; return where it does."""
    heartbeat = AnsweredHeartbeat(**consumer.config)
    consumer._coordinator.heartbeat = heartbeat
    return heartbeat


def is_unheard(consumer: KafkaConsumer) -> bool:
    """Say whether a member of a group has had no answer to its heartbeats for a whole session.

    The client itself goes on: once its heartbeat is fenced, it sends no more, believes itself a member for ever,
    receives nothing, and polls without a pause (`BaseCoordinator._do_heartbeat`).
    """
    coordinator = consumer._coordinator
    return bool(coordinator.stable() and coordinator.heartbeat.session_timeout_expired())


def is_fenced(consumer: KafkaConsumer) -> bool:
    """Say whether the heartbeats of a member have ended because another process has joined under its name."""
    coordinator = consumer._coordinator
    return bool(coordinator.stable() and not coordinator._heartbeat_enabled)


def is_called(consumer: KafkaConsumer) -> bool:
    """Say whether the group waits for a member to join it anew, which its next poll does."""
    return bool(consumer._coordinator.need_rejoin())


@contextmanager
def staying(consumer: KafkaConsumer) -> Iterator[None]:
    """Keep a poll in the body from joining anew: the word that the group waits may come at any moment.

    The group gives away nothing of a member's as long as its heartbeats come, which need no poll
    (`BaseCoordinator._heartbeat_loop`), and it has not joined anew, or let `max_poll_interval_ms` (5 min) pass.
    """
    coordinator = consumer._coordinator
    asked, coordinator.need_rejoin = coordinator.need_rejoin, lambda: False
    try:
        yield
    finally:
        coordinator.need_rejoin = asked


def note_resets(consumer: KafkaConsumer) -> dict[TopicPartition, int]:
    """Have a consumer note where it stood when it was sent to the beginning; return what it fills, to be emptied.

    Where Kafka no longer has the offset that is next, the client goes on with the first that is there, and tells
    nobody (`Fetcher._parse_fetched_data`).
    """
    stood_at: dict[TopicPartition, int] = {}
    subscription = consumer._subscription
    request: Callable[..., None] = subscription.request_offset_reset

    def request_offset_reset(place: TopicPartition, *strategy: Any) -> None:
        position = subscription.assignment[place].position
        if position is not None:
            stood_at.setdefault(place, position.offset)
        request(place, *strategy)

    subscription.request_offset_reset = request_offset_reset
    return stood_at


def known_brokers(admin: KafkaAdminClient) -> list[Any]:
    """Return the brokers as the bootstrap server has named them; `describe_cluster` would ask one of these."""
    brokers: list[Any] = admin._manager.cluster.brokers()
    return brokers


def drop(producer: KafkaProducer) -> None:
    """Get rid of a producer at once, whatever state it is in.

    `close` alone begins with a flush, which raises while batches are open and leaves the sender thread spinning.
    """
    producer._sender.force_close()
    producer._sender.join(JOIN_S)
    with suppress(KafkaError):
        producer.close(timeout=0)


def _places(producer: KafkaProducer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, partition) for partition in sorted(producer.partitions_for(topic))]


def _await(producer: KafkaProducer, result: Any, timeout_s: float) -> None:
    producer._sender.wakeup()
    if not result.wait(timeout_ms=timeout_s * 1000):
        raise KafkaTimeoutError(f"no answer within {timeout_s:.0f} s")
