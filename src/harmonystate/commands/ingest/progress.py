"""What ingest shows of its work."""

import time
from collections.abc import Callable

import structlog

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra.connect import reachable, where
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.spark.micro_batch import Outcome

# A batch takes a second or two; after so long we look whether Cassandra is there, and how often.
_SLOW_S = 10.0
_LOOK_EVERY_S = 5.0

_log = structlog.get_logger("harmony.ingest")


class Progress:
    """Shows what the stream does, and names Cassandra when a batch waits for it.

    Args:
        cassandra: where to look for it.
        meter: what shows it.
        lag: says how many offsets are not done with, or None when Kafka does not answer.
    """

    def __init__(self, cassandra: CassandraSettings, meter: Meter, *, lag: Callable[[], int | None]) -> None:
        self._cassandra = cassandra
        self._lag = lag
        self._meter = meter
        self._looked_at = 0.0
        self._waiting = False

    def stored(self, outcome: Outcome) -> None:
        """Count a batch."""
        self._meter.add(rows=outcome.rows, dead_letters=outcome.dead_letters, expired=outcome.expired)
        self._meter.show(batch_age_s=outcome.age_s)

    def look(self, *, in_hand_s: float) -> None:
        """Show the lag; look for Cassandra when a batch takes long, since the connector waits without a word."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        self._meter.show(lag=self._lag())
        self._note(waiting=in_hand_s > _SLOW_S and not reachable(self._cassandra))

    def _note(self, *, waiting: bool) -> None:
        if waiting == self._waiting:
            return
        self._waiting = waiting
        name = where(self._cassandra)
        _log.warning(f"waiting for {name}" if waiting else f"{name} is back")
        self._meter.show(state=f"waiting for {name}" if waiting else None)
