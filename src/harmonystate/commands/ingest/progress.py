"""What ingest shows of its work."""

import time

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
    """Shows what the stream does, and names Cassandra when a batch waits for it."""

    def __init__(self, cassandra: CassandraSettings, meter: Meter) -> None:
        self._cassandra = cassandra
        self._meter = meter
        self._looked_at = 0.0
        self._waiting = False

    def stored(self, outcome: Outcome) -> None:
        """Count a batch."""
        self._meter.add(rows=outcome.rows, dead_letters=outcome.dead_letters, expired=outcome.expired)
        self._meter.show(batch_age_s=outcome.age_s)

    def look(self, *, behind: int, in_hand_s: float) -> None:
        """Show the lag; look for Cassandra when a batch takes long, since the connector waits without a word."""
        self._meter.show(lag=behind)
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        self._note(waiting=in_hand_s > _SLOW_S and not reachable(self._cassandra))

    def _note(self, *, waiting: bool) -> None:
        if waiting == self._waiting:
            return
        self._waiting = waiting
        name = where(self._cassandra)
        _log.warning(f"waiting for {name}" if waiting else f"{name} is back")
        self._meter.show(state=f"waiting for {name}" if waiting else None)
