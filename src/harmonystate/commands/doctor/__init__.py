"""doctor: looks at everything that harmony needs, and says of what is wrong what to do and where to read on.

It changes nothing, and what is broken is never an error of its own: it is the report.

examining.py   a category of checks, and what runs it
a category each: python.py settings.py java.py kafka.py cassandra.py spark.py discord.py grafana.py clock.py disk.py
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from harmonystate.commands.doctor import spark
from harmonystate.commands.doctor.cassandra import CASSANDRA
from harmonystate.commands.doctor.clock import CLOCK
from harmonystate.commands.doctor.discord import DISCORD
from harmonystate.commands.doctor.disk import DISK
from harmonystate.commands.doctor.examining import Category, examine_until
from harmonystate.commands.doctor.grafana import GRAFANA
from harmonystate.commands.doctor.java import JAVA
from harmonystate.commands.doctor.kafka import KAFKA
from harmonystate.commands.doctor.python import PYTHON
from harmonystate.commands.doctor.settings import read
from harmonystate.config import Config
from harmonystate.core.checkup import Examined, has_failed
from harmonystate.core.durations import parse_duration
from harmonystate.edges.console.checkup import show, write_json
from harmonystate.edges.console.tables import open_console
from harmonystate.errors import BadUsage, CheckFailed


def run(path: Path | None, *, wait: str | None, start_spark: bool, output: str) -> int:
    """Look at all, print it as it comes, or with `output` json as one document.

    Args:
        path: the config file, as `config.find` returns it.
        wait: look again at what fails, for so long; None = once.
        start_spark: start a Spark session too.

    Returns:
        1 when anything failed, else 0.
    """
    examined = look(path, is_over=_deadline(wait), start_spark=start_spark)
    if output == "json":
        found = list(examined)
        write_json(found, sys.stdout)
    else:
        found = show(examined, open_console())
    return CheckFailed.exit_code if any(has_failed(category.checks) for category in found) else 0


def look(path: Path | None, *, is_over: Callable[[], bool], start_spark: bool = False) -> Iterator[Examined]:
    """Yield what each category comes to, in the order in which one needs the other."""
    config, settings = read(path)
    yield examine_until(PYTHON, config or Config(), is_over=is_over)
    yield settings
    if config is None:
        return
    for category in categories(start_spark=start_spark):
        yield examine_until(category, config, is_over=is_over)


def categories(*, start_spark: bool) -> tuple[Category, ...]:
    """Return what is looked at once there is a config."""
    return (JAVA, KAFKA, CASSANDRA, spark.category(start=start_spark), DISCORD, GRAFANA, CLOCK, DISK)


def _deadline(wait: str | None) -> Callable[[], bool]:
    try:
        patience_s = parse_duration(wait).total_seconds() if wait else 0.0
    except ValueError as fault:
        raise BadUsage(f"--wait {wait}: {fault}") from None
    until = time.monotonic() + patience_s
    return lambda: time.monotonic() >= until
