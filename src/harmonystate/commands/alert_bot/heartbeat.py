"""Says in the channel that no report came for a while, and that they come again."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from harmonystate.commands.alert_bot.silences import Silences
from harmonystate.config import KafkaSettings
from harmonystate.core.delivery import Posted
from harmonystate.core.heartbeat import beat_of
from harmonystate.core.message import Undelivered
from harmonystate.edges.kafka.freshness import newest_records
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.errors import HarmonyError, Unavailable

Say = Callable[[str, str], "Future[list[Posted]]"]
LONGEST_WAIT_S = 30.0
SHORTEST_WAIT_S = 0.5
# So many looks in the time after which it is said.
LOOKS = 20
ANSWER_S = 30.0


class Heartbeat:
    """Looks at global1 in a thread of its own; what it has said stands in the topic silence."""

    def __init__(
        self, settings: KafkaSettings, after: timedelta, *, silences: Silences, say: Say, now: Callable[[], datetime]
    ) -> None:
        self._settings, self._after, self._silences, self._say, self._now = settings, after, silences, say, now
        self._started = now()
        self._last: datetime | None = None
        self._quiet = self._seen = silences.quiet
        self._log = structlog.get_logger("harmony.alert-bot")

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Look again and again while the body runs, or until a right or the token turns out to be missing."""
        left = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(left,), name="heartbeat", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            left.set()

    def look(self) -> None:
        """Look once, and say what is to be said; what cannot be said or noted now is tried at the next look."""
        if self._silences.quiet != self._seen:  # another instance has said something
            self._seen = self._quiet = self._silences.quiet
        self._read()
        beat = beat_of(self._quiet, self._last, started=self._started, now=self._now(), after=self._after)
        if beat is not None:
            self._log.warning(beat.text)
            self._say(beat.text, beat.nonce).result(ANSWER_S)
            self._quiet = beat.quiet
        if self._quiet != self._seen:
            self._silences.note_quiet(self._quiet)
            self._seen = self._quiet

    def _read(self) -> None:
        """Read when the last report came; while Kafka is away, none comes."""
        topic = self._settings.topics.global1
        try:
            self._last = newest_records(self._settings, [topic]).get(topic, self._last)
        except TransactionFailed as fault:
            self._log.debug("Kafka does not say when the last report came", because=str(fault))

    def _watch(self, left: threading.Event) -> None:
        wait_s = min(max(self._after.total_seconds() / LOOKS, SHORTEST_WAIT_S), LONGEST_WAIT_S)
        while not left.wait(wait_s):
            try:
                self.look()
            except (Undelivered, TransactionFailed, Unavailable, TimeoutError) as fault:
                self._log.debug("the heartbeat waits", because=str(fault))
            except HarmonyError as fault:
                self._log.error("no heartbeat from here on", because=str(fault))
                return
