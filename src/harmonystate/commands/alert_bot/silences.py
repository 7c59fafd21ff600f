"""What is silenced at present, kept up to date beside the loop: reading it never keeps an alert waiting."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import structlog

from harmonystate.config import KafkaSettings
from harmonystate.core.silence import Silence, active_at, silence_record, tombstones
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.silences import SilenceFeed, read_silences, write_silences
from harmonystate.edges.kafka.transaction import TransactionFailed

AGAIN_S = 5.0


class Silences:
    """The topic silence as this process knows it; for several threads."""

    def __init__(self, settings: KafkaSettings, known: Mapping[str, Silence]) -> None:
        self._settings = settings
        self._known = dict(known)

    def active(self, now: datetime) -> tuple[Silence, ...]:
        """Return those that mute something now."""
        return active_at(now, self._known.values())

    def add(self, silence: Silence, now: datetime) -> None:
        """Write a silence; it mutes from then on.

        Raises:
            TransactionFailed: when Kafka does not answer.
        """
        topic = self._settings.topics.silence
        over = tombstones(self._known.values(), topic=topic, now=now)
        write_silences(self._settings, [silence_record(silence, topic=topic), *over])
        self._known = {**self._known, silence.id: silence}

    def follow(self, left: threading.Event) -> None:
        """Take in what others write, until `left` is set."""
        while not left.is_set():
            try:
                with SilenceFeed(self._settings) as feed:
                    self._known = dict(feed.silences)
                    while not left.is_set():
                        if feed.read_on():
                            self._known = dict(feed.silences)
            except TransactionFailed as fault:
                structlog.get_logger("harmony.alert-bot").debug("silences are as they were", because=str(fault))
                left.wait(AGAIN_S)


@contextmanager
def following(settings: KafkaSettings) -> Iterator[Silences]:
    """Know all silences before the first alert is told, and follow them while the body runs.

    Raises:
        Unavailable: when Kafka does not answer.
    """
    with answering(settings):
        silences = Silences(settings, read_silences(settings))
    left = threading.Event()
    follower = threading.Thread(target=silences.follow, args=(left,), name="silences", daemon=True)
    follower.start()
    try:
        yield silences
    finally:
        left.set()
        follower.join(timeout=2)
