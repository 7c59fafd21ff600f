"""What is where: services, topics, lag, stored hours, the last analysis; and whether any of it is too old.

looking.py    one look
freshness.py  --max-age: what is how old
watching.py   --watch: again and again
"""

import json
import sys
from datetime import UTC, datetime, timedelta

from harmonystate.commands.status.freshness import ages, say_too_old
from harmonystate.commands.status.looking import look
from harmonystate.commands.status.watching import watch
from harmonystate.config import Config
from harmonystate.core.durations import parse_duration
from harmonystate.edges.console.status import show
from harmonystate.errors import BadUsage, CheckFailed

__all__ = ["run", "watch"]


def run(config: Config, *, output: str, max_age: str | None = None) -> int:
    """Print it as a table or as JSON; exit 0 only when Kafka and Cassandra are there and set up.

    Args:
        max_age: nothing may be older than that.

    Raises:
        CheckFailed: naming what is too old.
    """
    limit = _limit(max_age)
    found, faults = look(config)
    if limit is not None and not faults:
        found["ages"] = ages(config, found, now=datetime.now(UTC))
    if output == "json":
        json.dump(found, sys.stdout, indent=2, default=str)
        print()
    else:
        show(found)
    if faults:
        raise faults[0]
    if limit is not None and (said := say_too_old(found["ages"], limit)):
        raise CheckFailed(f"older than {max_age}: {said}")
    return 0


def _limit(max_age: str | None) -> timedelta | None:
    try:
        return parse_duration(max_age) if max_age else None
    except ValueError as fault:
        raise BadUsage(f"--max-age {max_age}: {fault}") from None
