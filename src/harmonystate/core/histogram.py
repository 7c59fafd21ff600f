"""Counts of spans of time by how long they were, in buckets that never change: cheap to keep, good to add up."""

from bisect import bisect_left

# From a record that is copied at once to one that waited for an hour.
BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


class Histogram:
    """Spans in seconds.

    Attributes:
        last: the newest one; None = there is none yet.
        sum_s: of all.
    """

    def __init__(self) -> None:
        self.last: float | None = None
        self.sum_s = 0.0
        self._counts = [0] * (len(BOUNDS_S) + 1)

    def note(self, span_s: float) -> None:
        """Count one; a clock that is behind makes none below 0."""
        self.last = max(span_s, 0.0)
        self.sum_s += self.last
        self._counts[bisect_left(BOUNDS_S, self.last)] += 1

    def cumulative(self) -> list[tuple[float, int]]:
        """Return for each bound how many spans were at most so long; the last bound is infinite, and counts all."""
        reached, total = [], 0
        for bound, count in zip((*BOUNDS_S, float("inf")), self._counts, strict=True):
            total += count
            reached.append((bound, total))
        return reached
