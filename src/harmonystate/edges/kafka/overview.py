"""How much stands in each topic, and how far behind each group is: for status and the dashboard."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import NamedTuple, Self

from kafka import TopicPartition
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin, open_consumer
from harmonystate.edges.kafka.offsets import ANSWER_MS, partitions_of
from harmonystate.edges.kafka.transaction import translated

_NOT_YET = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)


class TopicSize(NamedTuple):
    """A topic's partitions, and about how many records: transaction markers take offsets too.

    Attributes:
        end: where it ends, its partitions added up.
    """

    partitions: int
    records: int
    end: int


class Overview(NamedTuple):
    """What stands in Kafka now.

    Attributes:
        topics: by name; those that are not there are left out.
        lags: by group, about how many records it has yet to handle; a topic that is not there has none.
    """

    topics: dict[str, TopicSize]
    lags: dict[str, int]


class Observer:
    """Looks at Kafka again and again over the same two connections."""

    def __init__(
        self, settings: KafkaSettings, topics: list[str], groups: Mapping[str, str], *, patience_ms: int = ANSWER_MS
    ) -> None:
        """Open it.

        Args:
            settings: where Kafka is.
            topics: whose size to tell.
            groups: consumer groups, each with the one topic it reads.
            patience_ms: how long an answer may take.

        Raises:
            TransactionFailed: when Kafka does not answer.
        """
        self._topics = topics
        self._groups = groups
        self._patience_ms = patience_ms
        with translated(), ExitStack() as opening:
            self._consumer = open_consumer(settings)
            opening.callback(self._consumer.close, autocommit=False)
            self._admin = opening.enter_context(open_admin(settings))
            self._opened = opening.pop_all()

    def look(self) -> Overview:
        """Return what stands in Kafka now.

        Raises:
            TransactionFailed: when Kafka does not answer.
        """
        with translated():
            places = {topic: partitions_of(self._consumer, topic) for topic in self._topics}
            everywhere = [place for partitions in places.values() for place in partitions]
            starts = self._consumer.beginning_offsets(everywhere, timeout_ms=self._patience_ms)
            ends = self._consumer.end_offsets(everywhere, timeout_ms=self._patience_ms)
            committed = self._committed()
        topics = {
            topic: TopicSize(
                len(partitions),
                sum(ends[place] - starts[place] for place in partitions),
                sum(ends[place] for place in partitions),
            )
            for topic, partitions in places.items()
            if partitions
        }
        lags = {
            group: sum(_behind(place, committed.get(group, {}), starts, ends) for place in places.get(topic, ()))
            for group, topic in self._groups.items()
        }
        return Overview(topics, lags)

    def _committed(self) -> dict[str, dict[TopicPartition, object]]:
        """Ask for all groups; the first one ever to ask makes the broker create its offsets topic, and waits for it."""
        deadline = time.monotonic() + self._patience_ms / 1000
        while True:
            try:
                return dict(self._admin.list_group_offsets(dict.fromkeys(self._groups)))
            except _NOT_YET:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close both connections."""
        self._opened.close()


def _behind(
    place: TopicPartition,
    committed: Mapping[TopicPartition, object],
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> int:
    done = getattr(committed.get(place), "offset", -1)
    return int(max(0, ends[place] - max(done, starts[place])))
