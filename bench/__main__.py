"""Measures the project on services of its own, and holds it against the goals.

    .venv/bin/python -m bench [module ...]

Prints one table and writes it to bench/results/<date>.md, all figures to the .json beside it. Without names all
modules run. What else the machine does is not kept out: the load before the start stands in the results.
"""

import importlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import goals
from bench.place import run_harmony
from harmonystate.edges.local import jars
from harmonystate.edges.local.jar_lock import read_lock
from harmonystate.edges.local.ports import free_ports

MODULES = ("command_line", "produce", "stream_alerts", "ingest", "analyze", "demo")
RESULTS = Path(__file__).with_name("results")
SERVERS = {"kafka_2.13": "Kafka", "cassandra-all": "Cassandra"}
PACKAGES = ("harmonystate", "kafka-python", "pyspark", "cassandra-driver", "msgspec")

Figures = dict[str, dict[str, float]]


def main(modules: tuple[str, ...]) -> None:
    """Measure these modules one after the other, and write down what came out."""
    circumstances = _circumstances()
    jars.fetch(["kafka", "cassandra", "spark"])
    figures: Figures = {}
    with _services() as seconds:
        figures["up"] = {"seconds": seconds}
        for name in modules:
            print(f"bench: {name}", file=sys.stderr)
            figures[name] = importlib.import_module(f"bench.{name}").main()
    _write_down(figures, circumstances)


@contextmanager
def _services() -> Iterator[float]:
    """Run Kafka and Cassandra on free ports in a home of their own; yields how many seconds their start took.

    Ours and our children's environment lead to them, and to nothing else.
    """
    for name in [name for name in os.environ if name.startswith("HARMONY_")]:
        del os.environ[name]
    kafka_port, cassandra_port = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="harmony-bench-") as home:
        os.environ |= {
            "HARMONY_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka_port}",
            "HARMONY_CASSANDRA__PORT": str(cassandra_port),
            "HARMONY_LOCAL__HOME": home,
        }
        started = time.monotonic()
        try:
            run_harmony(os.environ, "up")
            yield time.monotonic() - started
        finally:
            run_harmony(os.environ, "down")


def _circumstances() -> dict[str, str]:
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    servers = {SERVERS[jar.name]: jar.version for jar in read_lock() if jar.name in SERVERS}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "load before (1, 5, 15 min)": load,
        "Python": platform.python_version(),
        **servers,
        **{package: version(package) for package in PACKAGES},
    }


def _write_down(figures: Figures, circumstances: Mapping[str, str]) -> None:
    table = goals.as_table(goals.lines(figures))
    print(table)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / circumstances["date"][:10]
    head = "\n".join(f"- {name}: {value}" for name, value in circumstances.items())
    file.with_suffix(".md").write_text(f"# Measured on {circumstances['date']}\n\n{table}\n\n{head}\n")
    content = {"circumstances": circumstances, "figures": figures}
    file.with_suffix(".json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or MODULES)
