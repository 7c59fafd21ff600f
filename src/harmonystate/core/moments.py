"""Moments as Kafka counts them, in milliseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta

_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970, cut."""
    return (moment - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """Return milliseconds since 1970 as a UTC time; outside the years 1000 to 9000 the nearer end of these.

    The record of a foreign client bears any number: microseconds are of the year 55,900, which a datetime cannot hold.
    To what is returned something may be added. -1, which is no time at all, is the millisecond before 1970.
    """
    return _EPOCH + min(max(ms, _FIRST_MS), _LAST_MS) * _MS


_FIRST_MS, _LAST_MS = (to_ms(datetime(year, 1, 1, tzinfo=UTC)) for year in (1000, 9000))
