"""Waits for a broker that went away, and says so once."""

import time
from collections.abc import Callable
from typing import Protocol

import structlog
from kafka.errors import KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError

from harmonystate.config import KafkaSettings
from harmonystate.core.backoff import backoff
from harmonystate.edges.kafka.memory import give_back
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed
from harmonystate.errors import Misconfigured

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
# By then what piled up has been worked off.
SETTLED_AFTER_S = 30.0
FENCED_TWICE_WITHIN_S = 60.0
NO_ANSWER = (KafkaTimeoutError, KafkaConnectionError, NodeNotReadyError)


class Stop(Protocol):
    """Whether to leave; `edges.local.stop.Stop` and `threading.Event` are such."""

    def is_set(self) -> bool:
        """Say whether to leave."""
        ...

    def wait(self, seconds: float, /) -> bool:
        """Wait so long, or until asked to leave; say whether to leave."""
        ...


class Patience:
    """What a stage does between a failure and its next try."""

    def __init__(
        self,
        settings: KafkaSettings,
        stop: Stop,
        *,
        stage: str,
        note: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without a failure; `note` is called at each."""
        self._where = settings.bootstrap_servers
        self._stop = stop
        self._note = note
        self._clock = clock
        self._log = structlog.get_logger(f"harmony.{stage}")
        self._failures = 0
        self._waits = backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._said = False
        self._fenced_at: float | None = None
        self._settled_at: float | None = None

    def bear(self, fault: TransactionFailed) -> None:
        """Wait before the next try, longer each time; returns at once when asked to stop.

        Raises:
            Misconfigured: when we were fenced twice in a minute: somebody else bears our name.
        """
        if isinstance(fault, Fenced):
            self._note_fenced()
        self._failures += 1
        self._note()
        # A failure of another kind, such as a rebalance, is mostly over before anybody could read of it.
        if self._failures > 2 or isinstance(fault.__cause__, NO_ANSWER):
            self._say(str(fault))
        self._stop.wait(next(self._waits))

    def hear_nothing(self, call: str) -> None:
        """Say already, from whatever thread, that a call is long without an answer, which is yet to fail or to come."""
        self._say(f"no answer yet to {call}")

    def relieved(self) -> None:
        """Note that it works, or still does: memory that an outage took is given back when all is settled."""
        if self._said:
            self._log.warning(f"Kafka at {self._where} is back")
            self._settled_at = self._clock() + SETTLED_AFTER_S
        elif self._settled_at is not None and self._clock() >= self._settled_at:
            self._settled_at = None
            give_back()
        self._failures, self._said, self._waits = 0, False, backoff(FIRST_WAIT_S, LONGEST_WAIT_S)

    def _say(self, because: str) -> None:
        if not self._said:
            self._said = True
            if self._settled_at is not None:  # the outage before this one has left its own
                give_back()
            self._log.warning(f"waiting for Kafka at {self._where}", because=because)

    def _note_fenced(self) -> None:
        now = self._clock()
        if self._fenced_at is not None and now - self._fenced_at < FENCED_TWICE_WITHIN_S:
            raise Misconfigured("another process has this one's name: start this one with another --instance")
        self._fenced_at = now
