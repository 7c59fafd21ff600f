"""produce: reports/s to stdout, and into both topics of a broker that is there; CPU and memory of the process.

    HARMONY_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:19092 .venv/bin/python -m bench.produce [reports]

Topics of its own, removed at the end. Wall time is from the start of the process to its end, generation included.
"""

import os
import sys
import time

from bench.place import Place, own_place


def main(count: int = 300_000) -> dict[str, float]:
    """Measure, print, and return the figures by name."""
    with own_place() as place:
        figures = _measure(place, "print", ["--output", "-"], count)
        figures |= _measure(place, "kafka", ["--start", "48h"], count)
    for name, figure in figures.items():
        print(f"produce {name:28} {figure:>12,.1f}")
    return figures


def _measure(place: Place, name: str, options: list[str], count: int) -> dict[str, float]:
    """Run it once; its own resources are read from the process as it ends."""
    command = ["produce", "--count", str(count), "--drones", "1000", "--seed", "1", *options]
    started = time.monotonic()
    child = place.start(*command)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    if status:
        raise SystemExit(f"bench: harmony {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return {
        f"{name} reports/s": count / wall,
        f"{name} CPU us/report": (used.ru_utime + used.ru_stime) / count * 1e6,
        f"{name} resident MB": used.ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
