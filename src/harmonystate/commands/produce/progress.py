"""How far a run has come, kept in Kafka as the offset of a group, which the transaction of the reports commits."""

from collections.abc import Mapping
from typing import Any

import msgspec

from harmonystate.commands.produce.begin import Begun
from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.offsets import committed
from harmonystate.errors import Misconfigured


class Progress:
    """The progress of one run.

    Attributes:
        group: a consumer group of this run alone; its offset at partition 0 of global1 is the number of reports made.
    """

    def __init__(self, settings: KafkaSettings, group: str) -> None:
        self._settings = settings
        self.group = group
        self._where = (settings.topics.global1, 0)

    def read(self) -> tuple[int, Begun] | None:
        """Return how many reports are committed, and of which run; None where nothing is.

        Raises:
            TransactionFailed: when Kafka does not answer.
            Misconfigured: when the group is not ours.
        """
        topic, partition = self._where
        found = committed(self._settings, self.group, topic).get(partition)
        if found is None:
            return None
        number, metadata = found
        try:
            return number, msgspec.json.decode(metadata, type=Begun)
        except msgspec.DecodeError:
            raise Misconfigured(f"the consumer group {self.group} is not a run's: give another --run") from None

    def after(self, number: int, begun: Begun) -> Mapping[str, Any]:
        """Return what `Transactor.commit` needs to know to keep that `number` reports are made."""
        metadata = msgspec.json.encode(begun).decode()
        return {"offsets": {self._where: number}, "group": self.group, "metadata": metadata}
