"""What a running command shows of its work: a live table on a terminal, elsewhere one log line every 10 s."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import structlog

from harmonystate.core.histogram import Histogram

LINE_EVERY_S = 10.0
# What is read is counted by so many: each count takes a lock.
_READS = 1_000
# What goes wrong is no measure of the work.
_NO_RATE = ("resets", "retries")
_T = TypeVar("_T")  # PEP 695 needs Python 3.12


class Meter:
    """Counts of one stage, safe to use from several threads.

    Attributes:
        stage: the command's name.
    """

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._lock = threading.Lock()
        self._words: Mapping[str, str] = {}
        self._counts: dict[str, int] = {}
        self._states: dict[str, object] = {}
        self._spans: dict[str, Histogram] = {}
        self._goal: Callable[[], int | None] = lambda: None
        self._last_alert: float | None = None
        self._last: tuple[float, int] = (time.monotonic(), 0)

    def rename(self, words: Mapping[str, str]) -> None:
        """Count under other names, such as alerts for what the topic of alerts is called."""
        self._words = words

    def add(self, **counts: int) -> None:
        """Add to counts, such as `reports=10, alerts=1`; the first one ever named gives the rate."""
        with self._lock:
            for given, count in counts.items():
                name = self._words.get(given, given)
                self._counts[name] = self._counts.get(name, 0) + count
                if name == "alerts" and count:
                    self._last_alert = time.monotonic()

    def show(self, **states: object) -> None:
        """Set what is true now, such as `lag=17, state="waiting for Kafka"`; None takes a state away.

        A state may be a function, which is asked whenever it is to be shown: what grows while nothing happens.
        """
        with self._lock:
            self._states.update(states)
            self._states = {name: state for name, state in self._states.items() if state is not None}

    def reading(self, store: str, items: Iterable[_T]) -> Iterator[_T]:
        """Yield these, which are read of a store, and count them by the thousand."""
        for count, item in enumerate(items, start=1):
            if count % _READS == 0:
                self.add(read=_READS)
                self.show(reads=store)
            yield item

    def observe(self, **spans_s: float) -> None:
        """Note spans of seconds, such as `age_s=1.3`; the newest one is shown."""
        with self._lock:
            for name, span_s in spans_s.items():
                self._spans.setdefault(name, Histogram()).note(span_s)

    def aim(self, goal: Callable[[], int | None]) -> None:
        """Say what the first count is to reach; asked whenever it is shown, None = that is not known (any more)."""
        self._goal = goal

    def counts(self) -> dict[str, int]:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)

    def states(self) -> dict[str, object]:
        """Return what is true now."""
        with self._lock:
            found = {name: state() if callable(state) else state for name, state in self._states.items()}
        return {name: state for name, state in found.items() if state is not None}

    def histograms(self) -> dict[str, Histogram]:
        """Return the spans so far, by name."""
        with self._lock:
            return dict(self._spans)

    def progress(self) -> tuple[int, int] | None:
        """Return how much is done, and of how much; None when there is no known end."""
        goal = self._goal()
        return None if goal is None else (min(self._done(), goal), goal)

    def snapshot(self) -> dict[str, object]:
        """Return counts, the rate per second since the last snapshot, and states, in the order to show them."""
        counts, states, spans, done = self.counts(), self.states(), self.histograms(), self._done()
        with self._lock:
            now = time.monotonic()
            then, before = self._last
            self._last = (now, done)
        ages = {name: round(span.last, 2) for name, span in spans.items() if span.last is not None}
        rate = round((done - before) / max(now - then, 1e-9), 1)
        last = {} if self._last_alert is None else {"last_alert_s": round(now - self._last_alert)}
        return {**counts, "rate_per_s": rate, **ages, **last, **states}

    def _done(self) -> int:
        return next((count for name, count in self.counts().items() if name not in _NO_RATE), 0)


@contextmanager
def metering(stage: str) -> Iterator[Meter]:
    """Show a Meter while the body runs; quiet with -q, and never on stdout."""
    meter = Meter(stage)
    if not logging.getLogger("harmony").isEnabledFor(logging.INFO):
        yield meter
        return
    stopped = threading.Event()
    show = _live if sys.stderr.isatty() else _lines
    shower = threading.Thread(target=show, args=(meter, stopped), name="meter", daemon=True)
    shower.start()
    try:
        yield meter
    finally:
        stopped.set()
        shower.join(timeout=2)


def _lines(meter: Meter, stopped: threading.Event) -> None:
    log = structlog.get_logger(f"harmony.{meter.stage}")
    while not stopped.wait(LINE_EVERY_S):
        log.info("progress", **meter.snapshot())


def _live(meter: Meter, stopped: threading.Event) -> None:
    from harmonystate.edges.console.live import show_live

    show_live(meter, stopped)
