"""What a running command shows of its work: a live table on a terminal, elsewhere one log line every 10 s."""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from rich.table import Table

LINE_EVERY_S = 10.0


class Meter:
    """Counts of one stage, safe to use from several threads.

    Attributes:
        stage: the command's name.
    """

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._states: dict[str, object] = {}
        self._started = time.monotonic()
        self._last: tuple[float, int] = (self._started, 0)

    def add(self, **counts: int) -> None:
        """Add to counts, such as `reports=10, alerts=1`; the first one ever named gives the rate."""
        with self._lock:
            for name, count in counts.items():
                self._counts[name] = self._counts.get(name, 0) + count

    def show(self, **states: object) -> None:
        """Set what is true now, such as `lag=17, state="waiting for Kafka"`; None takes a state away.

        A state may be a function, which is asked whenever it is to be shown: what grows while nothing happens.
        """
        with self._lock:
            self._states.update(states)
            self._states = {name: state for name, state in self._states.items() if state is not None}

    def counts(self) -> dict[str, int]:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)

    def snapshot(self) -> dict[str, object]:
        """Return counts, the rate per second since the last snapshot, and states, in the order to show them."""
        with self._lock:
            now, done = time.monotonic(), next(iter(self._counts.values()), 0)
            then, before = self._last
            rate = round((done - before) / max(now - then, 1e-9), 1)
            self._last = (now, done)
            states = {name: state() if callable(state) else state for name, state in self._states.items()}
            shown = {name: state for name, state in states.items() if state is not None}
            return {**self._counts, "rate_per_s": rate, **shown}


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
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, redirect_stdout=False) as live:
        while not stopped.wait(0.5):
            live.update(_table(meter), refresh=True)
        live.update(_table(meter), refresh=True)


def _table(meter: Meter) -> "Table":
    from rich.table import Table

    snapshot = meter.snapshot()
    table = Table(title=f"harmony {meter.stage}", title_justify="left")
    for name in snapshot:
        table.add_column(name.replace("_per_s", "/s").replace("_", " "), justify="right")
    table.add_row(*(f"{value:,}" if isinstance(value, int | float) else str(value) for value in snapshot.values()))
    return table
