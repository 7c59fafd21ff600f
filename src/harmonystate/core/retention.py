"""How long what is stored is kept: from the time of the event, so that a replay never lengthens it."""

from datetime import datetime, timedelta


def seconds_to_keep(event: datetime, *, keep: timedelta, now: datetime) -> int:
    """Return the TTL of a row: until `keep` after its event, at most twice `keep` from now.

    The bound lets a report from the future be stored: Cassandra refuses expiry dates after 2038.

    Returns:
        whole seconds; zero or less when the row's time is over, and it must not be stored.
    """
    return int(min(event + keep - now, 2 * keep).total_seconds() // 1)
