"""One transaction: records, and the offsets they stand for, or nothing."""

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import kafka.errors as kafka_errors
from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from harmonystate import crash
from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import rights, seam
from harmonystate.edges.kafka.connect import open_producer, thrown_out_after_s
from harmonystate.edges.kafka.markers import await_markers
from harmonystate.edges.kafka.watchdog import Watchdog
from harmonystate.errors import Misconfigured

TRANSACTION_TIMEOUT_MS = 40_000
# Longer than a coordinator or a leader takes to move to another broker (12 s seen); short enough for SIGTERM's 20 s.
ANSWER_S = 15.0
CLOSE_S = 5.0

_FENCED = (
    kafka_errors.ProducerFencedError,
    kafka_errors.InvalidProducerEpochError,
    kafka_errors.FencedInstanceIdError,
)
# What no other try can mend, and what can.
_FOR_EVER = {
    kafka_errors.InvalidSessionTimeoutError: "set kafka.client.session_timeout_ms to what the broker allows "
    "(group.min.session.timeout.ms, group.max.session.timeout.ms)",
    kafka_errors.GroupMaxSizeReachedError: "the group has as many members as group.max.size of the broker allows",
    kafka_errors.InconsistentGroupProtocolError: "a consumer of another kind is in the group: stop it",
    kafka_errors.UnsupportedCodecError: "install what reads it (python-snappy, zstandard) beside harmony, or "
    "have those who write it write gzip or lz4",
}
_TOO_LARGE = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)


class TransactionFailed(Exception):
    """A transaction did not go through, as far as is known; the clients that took part in it are of no more use.

    It may have been committed all the same, where the answer was lost. A new Transactor of the same id makes sure that
    it is either committed or aborted; what is committed then tells which.
    """


class Fenced(TransactionFailed):
    """Another process has taken over our name, or the broker gave us up for dead."""


class Transactor:
    """Writes transactions, one after the other; not for several threads.

    After any failure: `discard()` it, open a new one with the same id, go on from what is committed.
    """

    def __init__(
        self, settings: KafkaSettings, transactional_id: str, *, on_silence: Callable[[str], None] | None = None
    ) -> None:
        """Open it; whatever an earlier one of this id left pending is committed or aborted by now.

        Args:
            settings: where Kafka is.
            transactional_id: no two writers may bear it at once.
            on_silence: told, in another thread, of a call that has had no answer for a while.

        Raises:
            TransactionFailed: when Kafka does not answer.
            Misconfigured: when Kafka refuses us.
        """
        self._settings, self._id = settings, transactional_id
        self._has_committed = False
        self._thrown_out_after_s = thrown_out_after_s(settings)
        # One that failed hangs in circles with all that it was to send: several side by side, in an outage, would leave
        # memory as large as all of them (produce: 84 MB at most and 72 after 20 s, not 75 and 66).
        gc.collect()
        with translated(to="WRITE", name=transactional_id):
            self._producer = open_producer(
                settings,
                transactional_id=transactional_id,
                transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            )
        self._watchdog = Watchdog(bark=on_silence)
        try:
            seam.keep_requests(self._producer)
            with (
                translated(to="WRITE", name=transactional_id),
                self._watchdog.watching("init_transactions"),
            ):
                self._producer.init_transactions()
        except BaseException:
            self.discard()
            raise

    def commit(
        self,
        outgoings: Iterable[Outgoing],
        *,
        offsets: Mapping[tuple[str, int], int] | None = None,
        group: str | None = None,
        member: Any = None,
        metadata: str = "",
    ) -> None:
        """Write `outgoings` and commit `offsets` for the group, in one transaction.

        Args:
            outgoings: in order; the same key keeps its order.
            offsets: the next offset to read, by topic and partition.
            group: whose offsets they are, when nobody has joined the group; `member` otherwise.
            member: what `KafkaConsumer.group_metadata()` said right after the poll: it fences a zombie.
            metadata: kept with each offset.

        Raises:
            TransactionFailed: nothing is committed, or, where the answer was lost, all of it. Fenced is one.
            Misconfigured: when Kafka refuses us or a record, for ever.
        """
        began = time.monotonic()
        try:
            self._commit(outgoings, offsets or {}, member or group, metadata)
        except Fenced as fault:
            if time.monotonic() - began > self._thrown_out_after_s:
                # It says nothing of another process with our name: we were frozen, and whoever took over our share has
                # aborted what we had left open.
                raise TransactionFailed(fault) from fault
            raise

    def _commit(
        self, outgoings: Iterable[Outgoing], offsets: Mapping[tuple[str, int], int], owner: Any, metadata: str
    ) -> None:
        with translated(to="WRITE", name=self._id):
            self._producer.begin_transaction()
            epoch = seam.epoch_of(self._producer)
            self._write(outgoings)
            crash.passing("after-send")
            if offsets:
                with self._watchdog.watching("send_offsets_to_transaction"):
                    seam.send_offsets(self._producer, _as_kafka(offsets, metadata), owner, timeout_s=ANSWER_S)
            if seam.epoch_of(self._producer) != epoch:
                raise Fenced(f"the broker has aborted a transaction of {self._id}")
            crash.passing("before-commit")
            with self._watchdog.watching("commit_transaction"):
                seam.commit(self._producer, timeout_s=ANSWER_S)
        self._has_committed = True
        crash.passing("after-commit")

    def close(self) -> None:
        """Close it between two transactions, once the last one can be read."""
        self._watchdog.close()
        try:
            self._producer.close(timeout=CLOSE_S)
        except kafka_errors.KafkaError:
            seam.drop(self._producer)
        if self._has_committed:
            await_markers(self._settings, self._id)

    def discard(self) -> None:
        """Throw it away, whatever state it is in; what is pending stays so until a new one of this id opens."""
        self._watchdog.close()
        seam.drop(self._producer)

    def _write(self, outgoings: Iterable[Outgoing]) -> None:
        """Send, and make sure of every single record: a commit would succeed without those that expired."""
        with self._watchdog.watching("send"):
            futures = seam.send_all(self._producer, outgoings)
            self._producer.flush(timeout=ANSWER_S)
        for future in futures:
            if not future.succeeded():
                future.get(0)


@contextmanager
def translated(*, to: str = "READ", name: str = "") -> Iterator[None]:
    """Raise what kafka-python raises as one of ours; `to` and `name` are as for `rights.refused`."""
    try:
        yield
    except kafka_errors.KafkaError as fault:
        causes = [fault, *(argument for argument in fault.args if isinstance(argument, kafka_errors.KafkaError))]
        for cause in causes:
            if isinstance(cause, kafka_errors.AuthorizationError):
                raise rights.refused(cause, to=to, name=name) from fault
        raise _translate(fault, causes) from fault


def _translate(fault: Exception, causes: Sequence[Exception]) -> Exception:
    if any(isinstance(cause, _FENCED) for cause in causes):
        return Fenced(fault)
    for kind, remedy in _FOR_EVER.items():
        if any(isinstance(cause, kind) for cause in causes):
            return Misconfigured(f"{fault}: {remedy}")
    if any(isinstance(cause, _TOO_LARGE) for cause in causes):
        return Misconfigured(
            "a record is larger than max.message.bytes of its topic allows: "
            f"raise that to what `harmony setup` gives a new topic: {fault}"
        )
    return TransactionFailed(fault)


def _as_kafka(offsets: Mapping[tuple[str, int], int], metadata: str) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*where): OffsetAndMetadata(offset, metadata, -1) for where, offset in offsets.items()}
