"""analyze: seconds from the start of the process to the answers, for a day of 100 drones; all of it, one hour, nothing.

    HARMONY_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:19092 HARMONY_CASSANDRA__PORT=19042 \\
        .venv/bin/python -m bench.analyze [drones]

The day before yesterday, 24 hours of it, stored by produce and ingest into a keyspace of its own.
"""

import sys
import time
from datetime import UTC, datetime, timedelta

from bench.place import Place, own_place
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.hours import mark_changed

REPEATS = 3


def main(drones: int = 100) -> dict[str, float]:
    """Measure, print, and return the figures by name."""
    now = datetime.now(UTC)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    window = [f"{since + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (0, 1)]
    with own_place(one_global_topic=True, tables=True) as place:
        day = ("--start", window[0], "--duration", "24h", "--drones", str(drones), "--seed", "1")
        place.run("produce", *day)
        place.run("ingest", "--once")
        figures = _measure(place, *window)
    for name, figure in figures.items():
        print(f"analyze {name:28} {figure:>12,.1f}")
    return figures


def _measure(place: Place, since: str, until: str) -> dict[str, float]:
    """Analyse a day of which all hours are dirty, then again with one that is, then with none."""
    options = ("analyze", "--since", since, "--until", until, "--output", "json")
    everything = _seconds(place, *options)
    one_hour = []
    for _ in range(REPEATS):
        with open_session(place.config.cassandra) as session:
            hour = datetime.fromisoformat(since) + timedelta(hours=12)
            mark_changed(session, [hour], settings=place.config.cassandra, now=datetime.now(UTC))
        one_hour.append(_seconds(place, *options))
    return {
        "a day, all dirty s": everything,
        "a day, one hour dirty s": min(one_hour),
        "a day, nothing dirty s": _seconds(place, *options),
    }


def _seconds(place: Place, *arguments: str) -> float:
    started = time.monotonic()
    place.run(*arguments)
    return time.monotonic() - started


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
