"""A record of a topic, as far as the rules care: where one stood, and one that is to be written."""

from collections.abc import Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """Where a record stands."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Return topic/partition/offset."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Outgoing(NamedTuple):
    """A record to be written.

    Attributes:
        headers: names with their bytes, in order.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
