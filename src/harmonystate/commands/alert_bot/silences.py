"""What is silenced at present, kept up to date beside the loop: reading it never keeps an alert waiting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from harmonystate.config import KafkaSettings
from harmonystate.core.heartbeat import Quiet, quiet_record
from harmonystate.core.silence import Silence, active_at, silence_record, tombstones
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.silences import SilenceFeed, write_silences
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.errors import HarmonyError

AGAIN_S = 5.0


class Silences:
    """The topic silence as this process knows it; for several threads."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Know of none; `following` reads them."""
        self._settings = settings
        self._known: dict[str, Silence] = {}
        self._quiet: Quiet | None = None

    @property
    def quiet(self) -> Quiet | None:
        """What the heartbeat of any instance has said last."""
        return self._quiet

    def active(self, now: datetime) -> tuple[Silence, ...]:
        """Return those that mute something now."""
        return active_at(now, self._known.values())

    def add(self, silence: Silence, now: datetime) -> None:
        """Write a silence; it mutes from then on.

        Raises:
            Unavailable: when Kafka does not answer.
        """
        topic = self._settings.topics.silence
        over = tombstones(self._known.values(), topic=topic, now=now)
        with answering(self._settings):
            write_silences(self._settings, [*over, silence_record(silence, topic=topic)])
        self._known = {**self._known, silence.id: silence}

    def note_quiet(self, quiet: Quiet | None) -> None:
        """Write what the heartbeat has said; raises as `add` does."""
        with answering(self._settings):
            write_silences(self._settings, [quiet_record(quiet, topic=self._settings.topics.silence)])
        self._quiet = quiet

    @contextmanager
    def following(self) -> Iterator[None]:
        """Know all before the first alert is told, and take in what others write while the body runs.

        Raises:
            Unavailable: when Kafka does not answer at the start.
        """
        with answering(self._settings), SilenceFeed(self._settings) as feed:
            self._take(feed)
        left = threading.Event()
        follower = threading.Thread(target=self._follow, args=(left,), name="silences", daemon=True)
        follower.start()
        try:
            yield
        finally:
            left.set()
            follower.join(timeout=2)

    def _follow(self, left: threading.Event) -> None:
        log, said = structlog.get_logger("harmony.alert-bot"), False
        while not left.is_set():
            try:
                with SilenceFeed(self._settings) as feed:
                    self._take(feed)
                    said = False
                    while not left.is_set():
                        if feed.read_on():
                            self._take(feed)
            except (TransactionFailed, HarmonyError) as fault:
                if not said:
                    log.warning("silences are as they were", because=str(fault))
                said = True
                left.wait(AGAIN_S)

    def _take(self, feed: SilenceFeed) -> None:
        self._known, self._quiet = dict(feed.silences), feed.quiet
