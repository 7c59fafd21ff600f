"""The window that is analysed: whole UTC hours."""

from collections.abc import Iterator
from datetime import MAXYEAR, UTC, datetime, timedelta

from msgspec import Struct

from harmonystate.core.durations import parse_moment

HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Window(Struct, frozen=True):
    """The hours from `since` up to, not including, `until`: both whole UTC hours, since < until."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        """Return the window's name in the store and in JSON: `since/until`, an interval of ISO 8601."""
        return f"{self.since:%Y-%m-%dT%H:%M:%SZ}/{self.until:%Y-%m-%dT%H:%M:%SZ}"

    def __contains__(self, moment: datetime) -> bool:
        """Say whether a moment lies in the window."""
        return self.since <= moment < self.until

    def days(self) -> Iterator[datetime]:
        """Yield the midnight before each hour of the window, once, rising."""
        day = self.since.replace(hour=0)
        while day < self.until:
            yield day
            day += _DAY


# It holds every report: these are of the years 2000 to 2100 (contract).
EVERYTHING = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(2101, 1, 2, tzinfo=UTC))


def parse_window(since: str, until: str | None, *, now: datetime) -> Window:
    """Parse `--since` (down to the whole hour) and `--until` (up; None = now), as `parse_moment` reads them.

    Raises:
        ValueError: when one is not a moment, or the window would be empty.
    """
    start = floor_to_hour(_parse("since", since, now))
    end = _ceiling(now.astimezone(UTC) if until is None else _parse("until", until, now))
    if start >= end:
        raise ValueError(f"--since {start:%Y-%m-%dT%H:%M:%SZ} is not before --until {end:%Y-%m-%dT%H:%M:%SZ}")
    return Window(start, end)


def floor_to_hour(moment: datetime) -> datetime:
    """Cut a UTC moment to its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _parse(option: str, text: str, now: datetime) -> datetime:
    try:
        moment = parse_moment(text, now=now)
    except ValueError as fault:
        raise ValueError(f"--{option} {text}: {fault}") from None
    if moment.year == MAXYEAR:  # its last hour has no end
        raise ValueError(f"--{option} {text}: expected a year before {MAXYEAR}")
    return moment


def _ceiling(moment: datetime) -> datetime:
    hour = floor_to_hour(moment)
    return hour if hour == moment else hour + HOUR
