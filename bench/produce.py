"""produce: reports/s to stdout, and into both topics of a broker that is there; CPU and memory of the process.

    HARMONY_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:19092 .venv/bin/python -m bench.produce [reports]

Topics of its own, removed at the end. Wall time is from the start of the process to its end, generation included.
"""

import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from harmonystate import config
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.topics import create_topics

HARMONY = str(Path(sys.executable).with_name("harmony"))


def main(count: int = 300_000) -> dict[str, float]:
    """Measure, print, and return the figures by name."""
    run = f"bench-{uuid.uuid4().hex[:8]}"
    topics = {name: f"{run}.{name}" for name in ("global1", "global2", "alert", "delivery")}
    settings = config.load(None, kafka={"topics": {**topics, "dead_letter": f"{run}.dead-letter"}})
    create_topics(settings.kafka)
    names = settings.kafka.topics.model_dump()
    try:
        with tempfile.TemporaryDirectory() as home:
            environment = os.environ | {"HARMONY_LOCAL__HOME": home}
            environment |= {f"HARMONY_KAFKA__TOPICS__{name}".upper(): topic for name, topic in names.items()}
            figures = _measure("print", ["--output", "-"], count, environment)
            figures |= _measure("kafka", ["--start", "48h", "--instance", run], count, environment)
    finally:
        with open_admin(settings.kafka) as admin:
            admin.delete_topics(list(names.values()))
    for name, figure in figures.items():
        print(f"produce {name:28} {figure:>12,.1f}")
    return figures


def _measure(name: str, options: list[str], count: int, environment: dict[str, str]) -> dict[str, float]:
    """Run it once; its own resources are read from the process as it ends."""
    command = [HARMONY, "produce", "--count", str(count), "--drones", "1000", "--seed", "1", *options, "--quiet"]
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    if status:
        raise SystemExit(f"bench: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return {
        f"{name} reports/s": count / wall,
        f"{name} CPU us/report": (used.ru_utime + used.ru_stime) / count * 1e6,
        f"{name} resident MB": used.ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
