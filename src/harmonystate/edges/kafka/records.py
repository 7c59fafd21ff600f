"""What the rest of the program needs of a consumed record."""

from collections.abc import Sequence
from typing import Protocol

from harmonystate.core.record import Place


class Record(Protocol):
    """A record as it stands in a topic; kafka-python's ConsumerRecord is one, and so is a test's named tuple.

    Attributes:
        timestamp: when it was written, milliseconds since 1970 UTC.
    """

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...  # noqa: D102


def place_of(record: Record) -> Place:
    """Return where `record` stands."""
    return Place(record.topic, record.partition, record.offset)
