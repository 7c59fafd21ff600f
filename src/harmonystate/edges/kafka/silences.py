"""The topic silence: compacted, so that it holds the last word on each silence, and of the heartbeat."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self
from uuid import uuid4

import structlog

from harmonystate.config import KafkaSettings
from harmonystate.core import heartbeat
from harmonystate.core.heartbeat import Quiet
from harmonystate.core.record import Outgoing
from harmonystate.core.silence import Silence, decode_silence
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import ANSWER_MS, partitions_of, position_of
from harmonystate.edges.kafka.reading import POLL_MS, polling, records_of
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.transaction import Transactor, translated


class SilenceFeed:
    """The silences that stand in the topic, and what becomes of them from then on.

    Attributes:
        silences: by id, as far as they were read.
        quiet: what the heartbeat has said last.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        """Read all that stands there now.

        Raises:
            TransactionFailed: when Kafka does not answer.
        """
        self.silences: dict[str, Silence] = {}
        self.quiet: Quiet | None = None
        with translated():
            self._consumer = open_consumer(settings)
        try:
            self._read_all(settings.topics.silence)
        except BaseException:
            self.close()
            raise

    def read_on(self) -> bool:
        """Take in what comes within POLL_MS; say whether anything did. A Kafka that is away gives nothing."""
        with translated():
            records = records_of(self._consumer.poll(timeout_ms=POLL_MS))
        for record in records:
            self._take(record)
        return bool(records)

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def _read_all(self, topic: str) -> None:
        with translated():
            places = partitions_of(self._consumer, topic)
            ends = self._consumer.end_offsets(places, timeout_ms=ANSWER_MS)
            self._consumer.assign(places)
            self._consumer.seek_to_beginning(*places)
            polls = polling(self._consumer, places)
            while any(position_of(self._consumer, place) < ends[place] for place in places):
                for record in records_of(next(polls)):
                    self._take(record)

    def _take(self, record: Record) -> None:
        key = (record.key or b"").decode(errors="replace")
        if record.key == heartbeat.KEY:
            self.quiet = heartbeat.decode_quiet(record.value)
        elif not record.value:
            self.silences.pop(key, None)
        elif silence := decode_silence(record.value):
            self.silences[key] = silence
        else:
            structlog.get_logger("harmony.silence").warning("a record of the topic is no silence", offset=record.offset)


def read_silences(settings: KafkaSettings) -> dict[str, Silence]:
    """Return the silences in the topic, by id, those that have ended among them.

    Raises:
        TransactionFailed: when Kafka does not answer.
    """
    with SilenceFeed(settings) as feed:
        return feed.silences


def write_silences(settings: KafkaSettings, outgoings: Iterable[Outgoing]) -> None:
    """Write these, all or none; raises as `Transactor` does."""
    # Several may write at once, and no writer has to be known again: it reads nothing that it would commit.
    transactor = Transactor(settings, f"harmony-silence-{uuid4()}")
    try:
        transactor.commit(outgoings)
    except BaseException:
        transactor.discard()
        raise
    transactor.close()
