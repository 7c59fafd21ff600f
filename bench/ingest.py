"""ingest: rows/s from a full topic into Cassandra, start of Spark included and left out; CPU of the process.

    HARMONY_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:19092 HARMONY_CASSANDRA__PORT=19042 \\
        .venv/bin/python -m bench.ingest [reports]

Topics and keyspace of its own, removed at the end. The steady rate is from the first to the last batch: batches of
100,000 offsets, timed by what the group `ingest` has committed; Kafka and Cassandra share the cores.
"""

import os
import sys
import time

from bench.place import Place, own_place
from harmonystate.edges.kafka.offsets import committed


def main(count: int = 1_000_000) -> dict[str, float]:
    """Measure, print, and return the figures by name."""
    with own_place(one_global_topic=True, tables=True) as place:
        place.run("produce", "--count", str(count), "--drones", "10000", "--seed", "1", "--start", "24h")
        figures = _measure(place, count)
    for name, figure in figures.items():
        print(f"ingest {name:28} {figure:>12,.1f}")
    return figures


def _measure(place: Place, count: int) -> dict[str, float]:
    """Run it once; its own resources, those of its JVM among them, are read from the process as it ends."""
    kafka, started = place.config.kafka, time.monotonic()
    child = place.start("ingest", "--once")
    batches: list[tuple[float, int]] = []
    while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
        done = sum(offset for offset, _ in committed(kafka, "ingest", kafka.topics.global2).values())
        if done and (not batches or done != batches[-1][1]):
            batches.append((time.monotonic(), done))
        time.sleep(0.1)
    _, status, used = ended
    wall = time.monotonic() - started
    if status:
        raise SystemExit(f"bench: harmony ingest ended with {os.waitstatus_to_exitcode(status)}")
    (first_at, first), (last_at, last) = batches[0], batches[-1]
    return {
        "rows/s": count / wall,
        "steady rows/s": (last - first) / (last_at - first_at),
        "CPU us/row": (used.ru_utime + used.ru_stime) / count * 1e6,
        "first batch after s": first_at - started,
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
