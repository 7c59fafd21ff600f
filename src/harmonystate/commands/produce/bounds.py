"""Where a run begins, where it ends, and how fast its event time goes: the options that do not shape a report."""

from datetime import UTC, datetime, timedelta
from math import isfinite

from msgspec import Struct

from harmonystate.core.durations import parse_duration, parse_moment
from harmonystate.core.moments import to_ms
from harmonystate.core.schedule import Schedule
from harmonystate.errors import BadUsage

# Later reports would be dead letters (contract: years 2000..2100).
FIRST_MOMENT, END_OF_TIME = datetime(2000, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)


class Bounds(Struct, frozen=True):
    """The bounds of a run.

    Attributes:
        count: stop after so many reports of the run; None = no such bound.
        duration: stop after so much event time; None = no such bound.
        speed: event time runs so many times as fast as the clock, once it has reached it; above 0.
        start: event time of the first report; None = now.
        start_is_relative: `start` was given as a duration before now, so it differs each time.
    """

    count: int | None = None
    duration: timedelta | None = None
    speed: float = 1.0
    start: datetime | None = None
    start_is_relative: bool = False

    @classmethod
    def parse(
        cls,
        *,
        count: int | None,
        duration: str | None,
        speed: float,
        start: str | None,
        backfill: str | None,
        now: datetime | None = None,
    ) -> "Bounds":
        """Parse the command line's options.

        Raises:
            BadUsage: naming the option.
        """
        try:
            span = parse_duration(duration) if duration else None
        except ValueError as fault:
            raise BadUsage(f"--duration {duration}: {fault}") from None
        if not isfinite(speed):
            raise BadUsage(f"--speed {speed}: expected a finite number")
        option, begin = ("--backfill", backfill) if backfill else ("--start", start)
        if begin is None:
            return cls(count, span, speed)
        return cls(count, span, speed, _parse_begin(option, begin, now or datetime.now(UTC)), _is_duration(begin))

    def total(self, schedule: Schedule, start_ms: int) -> int:
        """Return how many reports the run has in all; a run for ever ends with the year 2100."""
        end_ms = to_ms(END_OF_TIME)
        if self.duration is not None:
            end_ms = min(end_ms, start_ms + int(self.duration / timedelta(milliseconds=1)))
        in_time = schedule.count_before(end_ms)
        return in_time if self.count is None else min(in_time, self.count)


def _parse_begin(option: str, text: str, now: datetime) -> datetime:
    try:
        start = parse_moment(text, now=now)
    except ValueError as fault:
        raise BadUsage(f"{option} {text}: {fault}") from None
    if not FIRST_MOMENT <= start < END_OF_TIME:
        raise BadUsage(f"{option} {text}: expected a year from 2000 to 2100")
    return start


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True
