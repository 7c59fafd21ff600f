"""What ingest shows of its work."""

import time
from collections.abc import Callable

import structlog

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra.causes import where
from harmonystate.edges.cassandra.connect import reachable
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.spark.micro_batch import Outcome

# A batch takes a second or two; after so long we look whether Cassandra is there, and how often.
_SLOW_S = 10.0
_LOOK_EVERY_S = 5.0
# With more records to come it catches up; with fewer they are those of the batch in hand.
_CATCHES_UP = 20_000

_log = structlog.get_logger("harmony.ingest")


class Progress:
    """Shows what the stream does, and names the service that a batch waits for.

    Args:
        kafka: its servers, to be named.
        cassandra: where to look for it.
        meter: what shows it.
        lag: says how many offsets are not done with, or None when Kafka does not answer.
    """

    def __init__(
        self, kafka: str, cassandra: CassandraSettings, meter: Meter, *, lag: Callable[[], int | None]
    ) -> None:
        self._kafka = kafka
        self._cassandra = cassandra
        self._meter = meter
        self._lag = lag
        self._looked_at = 0.0
        self._behind = False
        self._missing: set[str] = set()
        self._goal: int | None = None
        meter.aim(lambda: self._goal)

    def stored(self, outcome: Outcome) -> None:
        """Count a batch."""
        self._meter.add(rows=outcome.rows, dead_letters=outcome.dead_letters, expired=outcome.expired)
        self._meter.observe(age_s=outcome.age_s)

    def failed(self) -> None:
        """Count a query that is started again."""
        self._meter.add(retries=1)

    def look(self, *, in_hand_s: float) -> bool:
        """Show the lag; look for Cassandra when a batch takes long, since the connector waits without a word.

        Returns:
            whether records wait, as far as Kafka says.
        """
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return self._behind
        self._looked_at = now
        lag = self._lag()
        self._behind = bool(lag)
        self._meter.show(lag=lag)
        self._goal = self._meter.counts().get("rows", 0) + lag if lag and lag >= _CATCHES_UP else None
        if lag is None:
            # Whether Cassandra was there when it was last looked for holds until the next look for it.
            self._note({f"Kafka at {self._kafka}", *self._missing})
        elif in_hand_s > _SLOW_S and not reachable(self._cassandra):
            self._note({where(self._cassandra)})
        else:
            self._note(set())
        return self._behind

    def _note(self, missing: set[str]) -> None:
        """Say what is back, and then what is missing, each once."""
        for service in sorted(self._missing - missing):
            _log.warning(f"{service} is back")
        for service in sorted(missing - self._missing):
            _log.warning(f"waiting for {service}")
        if missing != self._missing:
            self._meter.show(state=f"waiting for {' and '.join(sorted(missing))}" if missing else None)
        self._missing = missing
