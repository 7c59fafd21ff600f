"""Notices work that never ends: with Cassandra away the connector tries again without end, and says nothing."""

import threading
import time
from collections.abc import Callable

from harmonystate.edges.spark.lives import SparkLost
from harmonystate.errors import Busy

# Longer than anything that an outlet does between two jobs of Spark: a Kafka transaction gives up after a minute.
_STUCK_S = 120.0


class StallClock:
    """Runs while records wait or are in hand, over all tries of their batch; safe to use from several threads.

    Attributes:
        finished: how many batches were.
    """

    def __init__(self, limit_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._lock = threading.Lock()
        self._since: float | None = None
        self._behind_since: float | None = None
        self._idle_since: float | None = None
        self.finished = 0

    def begin(self) -> None:
        """Note that there is a batch in hand; for its second try the first still counts."""
        with self._lock:
            if self._since is None:
                self._since = self._clock()
            self._idle_since = None

    def finish(self) -> None:
        """Note that the batch in hand is done."""
        with self._lock:
            self._since = self._behind_since = None
            self.finished += 1

    def note_lag(self, *, behind: bool) -> None:
        """Note whether records wait: a query that fails before its first batch never has one in hand."""
        with self._lock:
            if not behind:
                self._behind_since = None
            elif self._behind_since is None:
                self._behind_since = self._clock()

    def in_hand_s(self) -> float:
        """Return for how long the batch in hand has been so; 0 when there is none."""
        with self._lock:
            return 0.0 if self._since is None else self._clock() - self._since

    def is_stalled(self) -> bool:
        """Say whether records have waited for longer than the limit, in hand or not."""
        with self._lock:
            since = [moment for moment in (self._since, self._behind_since) if moment is not None]
            return bool(since) and self._clock() - min(since) > self._limit_s

    def require_progress(self, remedy: str = "see that Kafka and Cassandra are up", *, because: str = "") -> None:
        """Raise Busy, saying what to do and why the last try failed, if one has, when it is stalled."""
        if self.is_stalled():
            raise Busy(
                f"no batch was stored for {self._limit_s:g} s although records are waiting (spark.stall_after): "
                f"{remedy}{f' ({because})' if because else ''}, and start ingest again"
            )

    def note_jobs(self, *, running: bool) -> None:
        """Note whether Spark is working on anything; to be called every second or so.

        Raises:
            SparkLost: when there is a batch in hand, and it has not been for two minutes: the Java driver of Cassandra
                is waiting for an answer that it lost with a connection, without end.
        """
        with self._lock:
            if running or self._since is None:
                self._idle_since = None
                return
            now = self._clock()
            self._idle_since = now if self._idle_since is None else self._idle_since
            if now - self._idle_since > _STUCK_S:
                raise SparkLost(f"Spark did nothing for {_STUCK_S:g} s, though a batch is in hand")
