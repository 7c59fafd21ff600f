"""The two clients of a stage that reads and commits in transactions: they live and fail together."""

import time
from types import TracebackType
from typing import Any, Protocol, Self

from kafka import TopicPartition

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.group_reader import GroupReader
from harmonystate.edges.kafka.inheritance import abort_what_was_left
from harmonystate.edges.kafka.transaction import Transactor

LOOK_EVERY_S = 5.0


class Meter(Protocol):
    """Where progress is shown; `edges.console.meter.Meter` is such, and so is a test's dictionary."""

    def add(self, **counts: int) -> None:
        """Add to counts."""
        ...

    def show(self, **states: object) -> None:
        """Set what is true now."""
        ...

    def observe(self, **spans_s: float) -> None:
        """Note spans of seconds."""
        ...


class Session:
    """One life of both clients, from the opening to the first failure.

    Every method raises TransactionFailed when Kafka is away or the group rebalances: close it, open a new one, go on
    from what is committed.
    """

    def __init__(
        self, settings: KafkaSettings, topic: str, *, stage: str, instance: str, meter: Meter, **reading: Any
    ) -> None:
        """Open both; `reading` is for the reader, `stage` the group's name too."""
        # First of all: this resolves what the session before left pending, and only then are offsets worth reading.
        self._settings, self._group, self._instance = settings, stage, instance
        self._transactor = Transactor(settings, f"{self._prefix}{instance}")
        try:
            self._reader = GroupReader(settings, topic, group=stage, instance=instance, **reading)
        except BaseException:
            self._transactor.discard()
            raise
        self._meter = meter
        self._generation: int | None = None
        # Of each partition: the next offset to commit, as far as it is known.
        self._committed: dict[TopicPartition, int] = {}
        self._looked_at = time.monotonic()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Close both clients; after an error nothing is flushed or committed any more."""
        if kind is None:
            self._transactor.close()
        else:
            self._transactor.discard()
        self._reader.close()

    @property
    def _prefix(self) -> str:
        """Return what stands before an instance's name in its transactional id."""
        return f"harmony-{self._group}-"

    def _inherit(self) -> None:
        """Make readable what came to us from an instance that is gone; call it when our share is settled."""
        abort_what_was_left(self._settings, group=self._group, instance=self._instance, prefix=self._prefix)

    @property
    def is_member(self) -> bool:
        """Say whether the group has given us a share in this life: opening the clients alone proves nothing."""
        return self._generation is not None

    def ends(self) -> dict[TopicPartition, int]:
        """Return where the topic's committed records end now."""
        return self._reader.ends()

    def _moved(self) -> dict[TopicPartition, int]:
        """Return the positions that are not committed: behind the last record, what ends a transaction is read too."""
        return dict(self._reader.positions().items() - self._committed.items())

    def _look(self) -> None:
        """Show the lag, from time to time."""
        if time.monotonic() - self._looked_at > LOOK_EVERY_S:
            self._meter.show(lag=self._reader.lag(self._committed))
            self._looked_at = time.monotonic()
