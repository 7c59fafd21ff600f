"""Memory, open files and lag of a chain at work, sampled beside it and kept as CSV."""

import csv
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression
from typing import NamedTuple, Self

import psutil

from harmonystate.edges.kafka.transaction import TransactionFailed

EVERY_S = 5.0
TEN_MINUTES_S = 600

Point = tuple[float, float]  # seconds, value


class Sample(NamedTuple):
    """One value.

    Attributes:
        at_s: seconds since sampling began.
        measure: "memory" (MB resident), "files" (open ones, sockets too) or "lag" (records).
        who: a process's name, which outlives the process; of a lag, the stage.
        pid: the process; 0 where it is none.
    """

    at_s: float
    measure: str
    who: str
    pid: int
    value: float


class Sampler:
    """Samples in threads of its own while the body of a `with` runs.

    Args:
        living: the pid of each process there is now, by name.
        lags: how far each stage is behind, by name; may take long, or fail while Kafka is away.
    """

    def __init__(self, living: Callable[[], Mapping[str, int]], lags: Mapping[str, Callable[[], int]]) -> None:
        self._living = living
        self.samples: list[Sample] = []
        self._done = threading.Event()
        looks = [
            self._look_at_processes,
            *(lambda who=who, lag=lag: self._look_at_lag(who, lag) for who, lag in lags.items()),
        ]
        self._threads = [threading.Thread(target=self._repeat, args=(look,), name="sampler") for look in looks]

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def now_s(self) -> float:
        return time.monotonic() - self._began

    def of(self, measure: str) -> dict[tuple[str, int], list[Point]]:
        """Return (seconds, value) of a measure, by name and pid, in order."""
        found = defaultdict(list)
        for sample in self.samples:
            if sample.measure == measure:
                found[sample.who, sample.pid].append((sample.at_s, sample.value))
        return dict(found)

    def write(self, path: Path) -> None:
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(Sample._fields)
            rows.writerows((f"{s.at_s:.1f}", s.measure, s.who, s.pid, f"{s.value:g}") for s in self.samples)

    def _repeat(self, look: Callable[[], None]) -> None:
        while not self._done.wait(EVERY_S):
            look()

    def _look_at_processes(self) -> None:
        for who, pid in self._living().items():
            try:
                process = psutil.Process(pid)
                memory, files = process.memory_info().rss / 2**20, process.num_fds()
            except psutil.Error:  # killed a moment ago: that is what the test is about
                continue
            if not memory:  # dead, and not yet waited for
                continue
            self._note("memory", who, pid, round(memory, 2))
            self._note("files", who, pid, files)

    def _look_at_lag(self, who: str, lag: Callable[[], int]) -> None:
        with suppress(TransactionFailed):  # Kafka is away: that is what the test is about
            self._note("lag", who, 0, lag())

    def _note(self, measure: str, who: str, pid: int, value: float) -> None:
        self.samples.append(Sample(self.now_s(), measure, who, pid, value))


def slopes(sampler: Sampler, measure: str, lives: Mapping[str, int], *, after_s: float) -> dict[str, float]:
    """Return by how much a measure grows in ten minutes, by least squares, in these lives, warm-up left out."""
    late = {
        who: [point for point in sampler.of(measure).get((who, pid), []) if point[0] >= after_s]
        for who, pid in lives.items()
    }
    return {
        who: linear_regression(*zip(*points, strict=True)).slope * TEN_MINUTES_S
        for who, points in late.items()
        if len(points) > 1
    }


def longest_above_s(points: Sequence[Point], level: float) -> float:
    """Return the longest time that passed between two samples at or below a level; infinity if it ends above."""
    below = [at for at, value in points if value <= level]
    if not below or below[-1] != points[-1][0]:
        return float("inf")
    return max((later - at for at, later in pairwise(below)), default=0.0)
