"""Which reports go into one transaction: those that are due."""

import time
from collections.abc import Callable, Iterator

from harmonystate.core.fleet import Made
from harmonystate.core.pace import Pace

TICK_MS = 20.0
# What an outage has piled up is written in pieces: memory stays as large as the largest transaction ever took
# (73 MB with 5,000, 65 MB with this, at the same CPU seconds for each report).
TICK_REPORTS = 1_000


def clock_ms() -> float:
    """Return the time, in milliseconds since 1970."""
    return time.time() * 1000


def ticks(
    reports: Iterator[Made], pace: Pace, wait: Callable[[float], bool], clock: Callable[[], float] = clock_ms
) -> Iterator[list[Made]]:
    """Yield the reports that are due, in order, at most TICK_REPORTS at once; waits until there are any.

    A report that comes after a pause is yielded at once; when reports come closer to each other than TICK_MS, those
    of TICK_MS are yielded together.

    Args:
        wait: waits so many seconds, or until asked to stop, and says whether it was; what is not yielded by then is
            never made.
    """
    tick: list[Made] = []
    began = clock() - TICK_MS
    for report in reports:
        until = pace.until_ms(report.time_ms, clock())
        if tick and (until > 0 or len(tick) == TICK_REPORTS):
            yield tick
            tick = []
            until = pace.until_ms(report.time_ms, clock())
        if not tick:
            if wait(max(0.0, _rest_ms(until, clock() - began)) / 1000):
                return
            began = clock()
        tick.append(report)
    if tick:
        yield tick


def _rest_ms(until: float, since_last: float) -> float:
    """Return how long to wait with the next tick: not at all when the last one ended far behind."""
    return max(until, TICK_MS - since_last) if until > -TICK_MS else until
