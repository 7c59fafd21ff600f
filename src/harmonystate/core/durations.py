"""Spans and moments as people write them: `10m`, `1/min`, `24h` ago, `2026-11-24`."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

_SECONDS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86400)}
_PER_MINUTE: dict[str, Fraction | int] = {
    "s": 60,
    "sec": 60,
    "m": 1,
    "min": 1,
    "h": Fraction(1, 60),
    "d": Fraction(1, 1440),
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", re.ASCII)
_NO_DURATION = "expected a duration above zero such as 90s, 15m, 24h or 30d"
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|sec|m|min|h|d)", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Parse `90s`, `15m`, `24h`, `30d` or `250ms`; above zero.

    Raises:
        ValueError: when it is not one.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(_NO_DURATION)
    try:
        duration = timedelta(microseconds=round(Fraction(match[1]) * _SECONDS[match[2]] * 1_000_000))
    except OverflowError:
        raise ValueError("expected a duration below a million days") from None
    if not duration:  # also below a microsecond
        raise ValueError(_NO_DURATION)
    return duration


def spell_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that makes it a whole number; `parse_duration` gives it back."""
    for unit, seconds in reversed(_SECONDS.items()):
        one = timedelta(seconds=float(seconds))
        if not duration % one:
            return f"{duration // one}{unit}"
    milliseconds, rest = divmod(duration, timedelta(milliseconds=1))
    return f"{milliseconds}.{rest.microseconds:03}ms"


def parse_rate(text: str) -> Fraction:
    """Parse `1/min`, `60/min`, `2/s` or `6/h` into reports per minute, exactly; above zero.

    Raises:
        ValueError: when it is not one.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None or not (rate := Fraction(match[1]) * _PER_MINUTE[match[2]]):
        raise ValueError("expected a rate above zero such as 1/min, 2/s or 6/h")
    return rate


def parse_moment(text: str, *, now: datetime) -> datetime:
    """Parse a moment: a duration before `now`, or an ISO 8601 date or time (UTC where it names no zone).

    Returns:
        a UTC time, cut to the millisecond.

    Raises:
        ValueError: when it is neither.
    """
    try:
        moment = now - parse_duration(text) if _DURATION.fullmatch(text.strip()) else _parse_iso(text.strip())
        return _cut(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise ValueError("expected a duration such as 24h, or a time such as 2026-11-24T16:00:00Z") from None


def _parse_iso(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _cut(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
