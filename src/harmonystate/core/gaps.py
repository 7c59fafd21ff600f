"""What Kafka let go of before it was read."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Gap(NamedTuple):
    """Offsets of a partition that were not read and that Kafka no longer has: from `first` to `last`."""

    partition: int
    first: int
    last: int


def gaps(read: Mapping[int, int], firsts: Mapping[int, int]) -> Iterator[Gap]:
    """Yield what is gone and was not read.

    Args:
        read: by partition, the offset up to which all was read; a partition that is absent was never read.
        firsts: by partition, the first offset that Kafka has.
    """
    for partition, first in sorted(firsts.items()):
        if partition in read and read[partition] < first:
            yield Gap(partition, read[partition], first - 1)
