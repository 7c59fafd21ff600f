"""How long to wait before the next try."""

from collections.abc import Iterator


def backoff(first: float = 1.0, longest: float = 60.0) -> Iterator[float]:
    """Yield waits in seconds, each twice the one before, for ever; none beyond `longest`."""
    wait = first
    while True:
        yield wait
        wait = min(wait * 2, longest)
